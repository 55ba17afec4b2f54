from pathlib import Path

import pytest

from benchmarks import processes
from pyimagesearch.console import CommandError


def test_the_stdout_of_a_process_is_returned_without_its_messages() -> None:
    script = "import sys; print('tags'); print('progress', file=sys.stderr)"
    assert processes.run("-c", script).split() == ["tags"]


def test_a_process_that_fails_is_reported_with_its_last_message() -> None:
    script = "print('first'); raise SystemExit('photo.jpg: cannot be read')"
    with pytest.raises(CommandError, match=r"photo\.jpg: cannot be read$"):
        processes.run("-c", script)


def test_photos_are_linked_again_and_again_in_their_order(tmp_path: Path) -> None:
    photos = [tmp_path / "a.jpg", tmp_path / "b.png"]
    for photo in photos:
        photo.write_text(photo.name)
    links = processes.link_photos(photos, tmp_path / "links", 3)
    assert [link.name for link in links] == ["000000.jpg", "000001.png", "000002.jpg"]
    assert [link.read_text() for link in links] == ["a.jpg", "b.png", "a.jpg"]
