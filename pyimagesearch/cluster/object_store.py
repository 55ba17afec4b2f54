"""Files on this machine and in object stores (s3://, gs://, abfs://), by pyarrow.

Everything after the bucket is the file's name as it stands, without percent escapes. Credentials
and endpoints are read from where the store's own tools keep them (AWS_ENDPOINT_URL, for one).
"""

import shutil
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pyarrow import fs

from pyimagesearch.console import CommandError
from pyimagesearch.images.decoder import MAX_BYTES, SUFFIXES

CHUNK = 2**20  # bytes
READERS = 16  # a store answers after tens of milliseconds, but many at once


def is_url(name: str) -> bool:
    """Say whether `name` is a URL rather than a path."""
    return "://" in name


def resolve(place: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of a path or URL, and the path in it; raises CommandError."""
    if not is_url(place):
        return fs.LocalFileSystem(), str(Path(place).absolute())
    scheme, _, name = place.partition("://")
    bucket, _, key = name.partition("/")
    system, root = _bucket(f"{scheme}://{bucket}/")
    return system, f"{root.rstrip('/')}/{key}"


@lru_cache
def _bucket(url: str) -> tuple[fs.FileSystem, str]:
    try:
        system, root = fs.FileSystem.from_uri(url)
    except (OSError, ValueError) as error:
        raise CommandError(f"{url}: cannot be used ({reason(error)})") from None
    return system, root


def reason(error: Exception) -> str:
    """Return the first line of what `error` says."""
    return str(error).strip().partition("\n")[0]


def find_images(url: str) -> list[str]:
    """Return `url` where it ends as an image does, else the images below it, sorted.

    As in folders, those with a hidden name are passed over; unlike there, others are known by
    their ending only. Raises CommandError where nothing can be listed.
    """
    if PurePosixPath(url).suffix.lower() in SUFFIXES:
        return [url]
    system, root = resolve(url)
    root = root.rstrip("/")
    try:
        entries = system.get_file_info(fs.FileSelector(root, recursive=True))
    except OSError as error:
        raise CommandError(f"{url}: cannot be listed ({reason(error)})") from None
    names = (entry.path[len(root) + 1 :] for entry in entries if entry.is_file)
    return sorted(
        f"{url.rstrip('/')}/{name}"
        for name in names
        if PurePosixPath(name).suffix.lower() in SUFFIXES and "/." not in f"/{name}"
    )


def local_copies(
    names: Iterable[str], folder: Path, errors: dict[Path, str]
) -> Generator[Path, None, None]:
    """Yield for each name a local file of its contents, in order, a few fetched ahead.

    A path stands for itself; what a URL names is copied into `folder`, for the caller to remove.
    Where it cannot be had, there is no file, and `errors` says why.
    """

    def fetch(name: str, copy: Path) -> Path:
        if not is_url(name):
            return Path(name)
        try:
            system, path = resolve(name)
            with system.open_input_file(path) as source, copy.open("wb") as file:
                if source.size() > MAX_BYTES:
                    raise OSError(f"{source.size()} bytes long; the limit is {MAX_BYTES}")
                shutil.copyfileobj(source, file, CHUNK)
        except (OSError, ValueError, CommandError) as error:
            errors[copy] = f"cannot be read: {reason(error)}"
        return copy

    waiting: deque[Future[Path]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for number, name in enumerate(names):
            waiting.append(pool.submit(fetch, name, folder / str(number)))
            if len(waiting) > READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
