"""Files on this machine and in object stores (s3://, gs://, abfs://), through pyarrow.

Everything after the bucket is the name of the file, taken literally, without percent-encoding.
Credentials and endpoints come from where the store's own tools keep them, such as AWS_ENDPOINT_URL.
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
READERS = 16  # an answer of a store takes tens of milliseconds, but many can be awaited at once


def is_url(name: str) -> bool:
    """Return whether `name` is a URL and not a path."""
    return "://" in name


def resolve(place: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of a path or URL, and the path in it.

    Raises CommandError if pyarrow cannot use the URL.
    """
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
    """Return the first line of the message of `error`."""
    return str(error).strip().partition("\n")[0]


def find_images(url: str) -> list[str]:
    """Return `url` if it has the extension of an image, else the images below it, sorted.

    As in folders, hidden files are skipped; unlike in folders, images are recognised by their
    extension only. Raises CommandError if the URL cannot be listed.
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
    """Yield a local file for each name, in order; a few are fetched ahead.

    A path is yielded unchanged. The file behind a URL is copied into `folder`, and the caller has
    to remove the copy. If it cannot be read, there is no copy, and `errors` has the reason.
    """

    def fetch(name: str, copy: Path) -> Path:
        if not is_url(name):
            return Path(name)
        try:
            system, path = resolve(name)
            with system.open_input_file(path) as source, copy.open("wb") as file:
                if source.size() > MAX_BYTES:
                    raise OSError(f"{source.size()} bytes; the limit is {MAX_BYTES}")
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
