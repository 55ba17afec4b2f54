import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.pictures.plain import write_picture

from pyimagesearch.console import CommandError
from pyimagesearch.data import cache
from pyimagesearch.images import decoder, pool
from pyimagesearch.images.decoder import MAX_PIXELS, ImageError
from pyimagesearch.labels import Sample


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    colours = {"red": (0, 0, 200), "blue": (200, 0, 0)}
    return [
        Sample(write_picture(tmp_path / "photos" / f"{name}{n}.png", colour), (name,))
        for name, colour in colours.items()
        for n in range(10)
    ]


def load(samples: list[Sample], folder: Path) -> tuple[list[Sample], NDArray[np.uint8]]:
    return cache.load(samples, cache.pictures(16), MAX_PIXELS, 0.1, folder)


def count_decodings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    decoded: list[Path] = []
    original = pool.load_many

    def counting(paths: Sequence[Path], *arguments: int) -> Iterator[tuple[Path, object]]:
        decoded.extend(paths)
        return original(paths, *arguments)

    monkeypatch.setattr(pool, "load_many", counting)
    return decoded


def test_pictures_are_those_of_the_decoder_in_the_order_of_the_samples(
    samples: list[Sample], tmp_path: Path
) -> None:
    kept, pixels = load(samples, tmp_path / "cache")
    assert kept == samples
    expected = np.stack([decoder.load(sample.path, 16) for sample in samples])
    np.testing.assert_array_equal(pixels, expected)


def test_the_second_run_decodes_nothing(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = load(samples, tmp_path / "cache")
    decoded = count_decodings(monkeypatch)
    _, second = load(samples, tmp_path / "cache")
    assert decoded == []
    np.testing.assert_array_equal(first, second)


def test_a_changed_a_new_and_a_missing_photo_are_noticed(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(samples, tmp_path / "cache")
    decoded = count_decodings(monkeypatch)
    status = samples[3].path.stat()
    write_picture(samples[3].path, (0, 200, 0))
    os.utime(samples[3].path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    _, pixels = load(samples, tmp_path / "cache")
    assert len(decoded) == 20
    assert pixels[3].mean(axis=(0, 1)).argmax() == 1
    assert len(load(samples[:-1], tmp_path / "cache")[1]) == 19
    assert len(decoded) == 39
    samples[0].path.unlink()
    assert len(load(samples, tmp_path / "cache")[1]) == 19


def test_unreadable_photos_are_left_out_and_reported_each_time(
    samples: list[Sample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples[4].path.write_bytes(b"not a picture")
    for _ in range(2):
        kept, pixels = load(samples, tmp_path / "cache")
        assert kept == samples[:4] + samples[5:]
        np.testing.assert_array_equal(pixels[4], decoder.load(samples[5].path, 16))
        said = capsys.readouterr().err
        assert "red4.png: is not an image" in said
        assert "1 of 20 photos skipped" in said


def test_a_photo_that_could_not_be_read_for_a_while_is_back_in_the_next_run(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_many = pool.load_many

    def a_disk_with_trouble(*arguments: Any) -> Iterator[tuple[Path, Any]]:
        for path, picture in load_many(*arguments):
            yield path, ImageError("I/O error") if path == samples[4].path else picture

    monkeypatch.setattr(pool, "load_many", a_disk_with_trouble)
    assert len(load(samples, tmp_path / "cache")[0]) == 19
    monkeypatch.undo()
    assert len(load(samples, tmp_path / "cache")[0]) == 20


def test_too_many_unreadable_photos_are_an_error_again_and_again(
    samples: list[Sample], tmp_path: Path
) -> None:
    for sample in samples[:3]:
        sample.path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(CommandError, match="3 of 20 photos cannot be read"):
            load(samples, tmp_path / "cache")


def test_a_cut_off_file_is_not_used(samples: list[Sample], tmp_path: Path) -> None:
    _, first = load(samples, tmp_path / "cache")
    expected = np.array(first)
    (file,) = (tmp_path / "cache").iterdir()
    cut_off = file.read_bytes()[:-7]
    file.unlink()  # `first` still maps the old one
    file.write_bytes(cut_off)
    np.testing.assert_array_equal(load(samples, tmp_path / "cache")[1], expected)


def test_a_run_keeps_its_pictures_if_another_run_removes_the_file(
    samples: list[Sample], tmp_path: Path
) -> None:
    _, pixels = load(samples, tmp_path / "cache")
    expected = np.array(pixels)
    for side in range(8, 8 + cache.KEPT_FILES):
        cache.load(samples, cache.pictures(side), MAX_PIXELS, 0.1, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == cache.KEPT_FILES
    np.testing.assert_array_equal(pixels, expected)


def test_memory_is_mapped_and_not_writable(samples: list[Sample], tmp_path: Path) -> None:
    _, pixels = load(samples, tmp_path / "cache")
    assert not pixels.flags.writeable
    base: object = pixels
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_a_cache_that_cannot_be_written_is_an_error(samples: list[Sample], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written"):
        load(samples, tmp_path / "file")


def test_a_file_that_is_in_use_is_never_replaced_as_windows_would_not_allow_it(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples[4].path.write_bytes(b"")
    _, first = load(samples, tmp_path / "cache")
    before = {path: path.stat().st_ino for path in (tmp_path / "cache").iterdir()}
    load_many = pool.load_many

    def a_disk_that_had_trouble(paths: Sequence[Path], *arguments: Any) -> Iterator[Any]:
        for path, picture in load_many(paths, *arguments):
            yield path, first[0] if path == samples[4].path else picture

    monkeypatch.setattr(pool, "load_many", a_disk_that_had_trouble)
    assert len(load(samples, tmp_path / "cache")[0]) == 20
    after = {path: path.stat().st_ino for path in (tmp_path / "cache").iterdir()}
    assert before.items() < after.items()


def test_a_stopped_run_continues_after_its_last_part(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "PART", 6)
    folder, genuine = tmp_path / "cache", pool.load_many

    def stopped(paths: Sequence[Path], *arguments: int) -> Iterator[tuple[Path, object]]:
        if paths[0] == samples[12].path:
            raise KeyboardInterrupt
        return genuine(paths, *arguments)

    monkeypatch.setattr(pool, "load_many", stopped)
    with pytest.raises(KeyboardInterrupt):
        load(samples, folder)
    monkeypatch.setattr(pool, "load_many", genuine)
    decoded = count_decodings(monkeypatch)
    kept, pixels = load(samples, folder)
    assert decoded == [sample.path for sample in samples[12:]]
    assert kept == samples
    np.testing.assert_array_equal(pixels[17], decoder.load(samples[17].path, 16))
    assert [path.suffix for path in folder.iterdir()] == [".rows"]


def test_rows_are_computed_from_the_photos_and_kept(samples: list[Sample], tmp_path: Path) -> None:
    made = []

    def make() -> cache.Convert:
        made.append(True)
        return lambda pixels: pixels.mean(axis=(1, 2, 3)).astype(np.float32)

    conversion = cache.Conversion("mean", 16, np.dtype(np.float32), make)
    for _ in range(2):
        _, means = cache.load(samples, conversion, MAX_PIXELS, 0.1, tmp_path / "cache")
    expected = [decoder.load(sample.path, 16).mean() for sample in samples]
    np.testing.assert_allclose(means, expected, rtol=1e-5)
    assert made == [True]
