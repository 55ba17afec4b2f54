"""Tag any number of photos with several processes or machines, into parquet files.

The photos are divided into parts, in the order in which a single process tags them. Each part
becomes one file, which is written completely or not at all. So if a worker is lost, its part is
tagged again by another one; a second run tags only the parts that are missing; and the files, read
one after the other, hold the photos in order. Every machine must see the photos and the output
under the same names: on shared storage, or by URL.
"""

import hashlib
import json
import math
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs, parquet
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.cluster import object_store
from pyimagesearch.cluster.session import last_line, session
from pyimagesearch.console import CommandError
from pyimagesearch.images import find
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.tagger import Tagged, Tagger

PART_SIZE = 256  # photos, four batches; more if there would be more than MAX_PARTS parts
MAX_PARTS = 10_000
# Readers of parquet folders ignore names that begin with an underscore.
RUN_FILE = "_run.json"
UNFINISHED = "_unfinished-"


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs to know."""

    model: bytes  # the contents of the two files that train.py saved
    labelbin: bytes
    engine: str
    threshold: float | None
    max_pixels: int
    output: str  # a folder, absolute, or a URL
    root: str  # the folder to which relative paths of photos are relative

    def digest(self, photos: Sequence[str]) -> str:
        """Return a hash of the model, the options and the names of the photos."""
        digest = hashlib.sha256(self.model + self.labelbin)
        digest.update(repr((self.engine, self.threshold, self.max_pixels, self.root)).encode())
        for photo in photos:
            digest.update(os.fsencode(photo) + b"\0")
        return digest.hexdigest()


def find_photos(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the photos that --image asks for, in order; those below a URL are listed."""
    for name in find.expand_paths(arguments):
        yield from (
            object_store.find_images(name) if object_store.is_url(name) else (str(Path(name)),)
        )


def make_job(
    model: Path,
    labelbin: Path,
    engine: str,
    threshold: float | None,
    max_pixels: int,
    output: str,
) -> Job:
    """Return the job of tagging photos with the model in the two files.

    Raises CommandError if the model cannot be loaded, or does not tag photos.
    """
    if not Tagger.load(model, labelbin, engine, threshold).config.image_size:
        raise CommandError(f"--workers: {model} tags rows of tables, not photos")
    place = output if object_store.is_url(output) else str(Path(output).absolute())
    files = model.read_bytes(), labelbin.read_bytes()
    return Job(*files, engine, threshold, max_pixels, place, str(Path.cwd()))


def schema(labels: Iterable[str]) -> pa.Schema:
    """Return the columns of the output; unreadable photos only have `image` and `error`."""
    return pa.schema(
        [
            ("image", pa.string()),
            ("tags", pa.list_(pa.string())),
            ("new_combination", pa.bool_()),
            ("unknown_groups", pa.list_(pa.string())),
            ("probabilities", pa.struct([(label, pa.float32()) for label in labels])),
            ("error", pa.string()),
        ]
    )


def row(photo: str, result: Tagged | ImageError) -> dict[str, object]:
    """Return one row of the output; bytes of a name that are not UTF-8 become escapes."""
    image = os.fsencode(photo).decode(errors="backslashreplace")
    if isinstance(result, ImageError):
        return {"image": image, "error": str(result)}
    return {
        "image": image,
        "tags": result.tags,
        "new_combination": result.is_new_combination,
        "unknown_groups": result.unknown_groups,
        "probabilities": result.probabilities,
    }


class PartTagger:
    """A worker: it loads the tagger once, and tags one part at each call."""

    def __init__(self, job: Job) -> None:
        """Load the tagger; it uses one thread."""
        self.job = job
        with tempfile.TemporaryDirectory() as folder:
            model, labelbin = Path(folder, "model"), Path(folder, "labelbin")
            model.write_bytes(job.model)
            labelbin.write_bytes(job.labelbin)
            self.tagger = Tagger.load(model, labelbin, job.engine, job.threshold, threads=1)

    def __call__(self, part: dict[str, Any]) -> dict[str, Any]:
        """Tag `part["photos"]`, write the file of the part, and return the errors."""
        photos = [os.fsdecode(name) for name in part["photos"]]
        rows = [row(photo, result) for photo, result in self._tagged(photos)]
        table = pa.Table.from_pylist(rows, schema(self.tagger.config.labels))
        write_part(table, self.job.output, part["name"])
        errors = [f"{row['image']}: {row['error']}" for row in rows if "error" in row]
        return {"photos": len(photos), "errors": errors}

    def _tagged(self, photos: Sequence[str]) -> Iterator[tuple[str, Tagged | ImageError]]:
        names = (
            name if object_store.is_url(name) else str(Path(self.job.root, name)) for name in photos
        )
        errors: dict[Path, str] = {}
        with tempfile.TemporaryDirectory() as folder:
            copies = object_store.local_copies(names, Path(folder), errors)
            results = self.tagger.tag_files(copies, self.job.max_pixels, processes=1)
            for photo, (path, result) in zip(photos, results, strict=True):
                if path.parent == Path(folder):
                    path.unlink(missing_ok=True)
                yield photo, ImageError(errors[path]) if path in errors else result


def write_part(table: pa.Table, output: str, name: str) -> None:
    """Write `table` to the file `name` in the folder or URL `output`, completely or not at all."""
    system, folder = object_store.resolve(output)
    unfinished = f"{folder}/{UNFINISHED}{uuid.uuid4().hex}-{name}"
    parquet.write_table(table, unfinished, filesystem=system)
    system.move(unfinished, f"{folder}/{name}")


def make_parts(photos: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the parts of `photos`; they do not depend on the number of workers."""
    size = max(PART_SIZE, math.ceil(len(photos) / MAX_PARTS))
    for number, start in enumerate(range(0, len(photos), size)):
        names = [os.fsencode(name) for name in photos[start : start + size]]
        yield {"name": f"part-{number:05}.parquet", "photos": names}


def finished_parts(job: Job, photos: Sequence[str]) -> set[str]:
    """Return the file names of the parts that an earlier run of the same job wrote.

    Creates the output if there is none. Raises CommandError if it holds something else, or cannot
    be written.
    """
    system, folder = object_store.resolve(job.output)
    try:
        system.create_dir(folder)
        entries = system.get_file_info(fs.FileSelector(folder))
        names = {e.base_name for e in entries if not e.base_name.startswith(UNFINISHED)}
        record = {"photos": len(photos), "digest": job.digest(photos)}
        if names <= {RUN_FILE}:
            unfinished = f"{folder}/{UNFINISHED}{uuid.uuid4().hex}"
            with system.open_output_stream(unfinished) as file:
                file.write(json.dumps(record).encode())
            system.move(unfinished, f"{folder}/{RUN_FILE}")
        else:
            with system.open_input_stream(f"{folder}/{RUN_FILE}") as file:
                if json.loads(file.read()) != record:
                    raise ValueError("tags of another run")
    except (ValueError, FileNotFoundError):
        raise CommandError(
            f"{job.output}: does not hold the tags of these photos from this model with these "
            "options; choose another --output or remove it"
        ) from None
    except OSError as error:
        raise CommandError(
            f"{job.output}: cannot be written ({object_store.reason(error)}); choose another "
            "--output"
        ) from None
    return {name for name in names if name.startswith("part-")}


def count_errors(job: Job, name: str) -> int:
    """Return how many photos of the finished part `name` could not be read."""
    system, folder = object_store.resolve(job.output)
    errors = parquet.read_table(f"{folder}/{name}", columns=["error"], filesystem=system)["error"]
    return len(errors) - int(errors.null_count)


def tag(job: Job, photos: Sequence[str], workers: int) -> None:
    """Write the tags of `photos` into the parquet files of `job.output`.

    Photos that cannot be read are reported on stderr, and their rows hold the error. If an earlier
    call was stopped, only the missing parts are tagged. Raises CommandError if there are no photos,
    if none of them can be read, or if the workers cannot be started or fail.
    """
    if not photos:
        raise CommandError("nothing to tag: no photos found")
    finished = finished_parts(job, photos)
    parts = list(make_parts(photos))
    missing = [part for part in parts if part["name"] not in finished]
    count = sum(len(part["photos"]) for part in missing)
    if count < len(photos):
        console.status(f"{len(photos) - count} of {len(photos)} photos were already tagged")
    unreadable = sum(count_errors(job, name) for name in finished)
    if missing:
        with (
            session(workers) as ray,
            tqdm(total=count, desc="tagging", unit="photo", disable=None) as bar,
        ):
            for done in run(ray, job, missing, workers):
                for error in done["errors"]:
                    console.warn(f"{error}; skipped")
                unreadable += len(done["errors"])
                bar.update(done["photos"])
    if unreadable == len(photos):
        raise CommandError("nothing to tag: none of the photos can be read")
    if unreadable:
        console.status(f"{unreadable} of {len(photos)} photos skipped")
    console.status(f"wrote {job.output}: {len(photos)} rows in the order of the photos")


def run(
    ray: Any, job: Job, parts: Sequence[dict[str, Any]], workers: int
) -> Iterator[dict[str, Any]]:
    """Yield what the workers return for each of `parts`, in any order."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield from (
            ray.data.from_items(parts, override_num_blocks=len(parts))
            .map(
                PartTagger,
                fn_constructor_args=(job,),
                compute=ray.data.ActorPoolStrategy(size=min(workers, len(parts))),
                num_cpus=1,
            )
            .iter_rows()
        )
    except ray.exceptions.RayError as error:
        raise CommandError(f"a worker failed: {last_line(error)}") from None
