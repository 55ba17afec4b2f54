import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.model_file import save_load
from pyimagesearch.model_file.guard import labelbin


@pytest.mark.parametrize("read", [save_load.load_config, labelbin.read_labels])
def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opening would wait for ever"))
    with pytest.raises(CommandError, match=r"pipe: is not a regular file; name another$"):
        read(pipe)
    with pytest.raises(CommandError, match="is not a regular file"):
        read(Path(os.devnull))


@pytest.mark.parametrize("read", [save_load.load_config, labelbin.read_labels])
def test_a_missing_file_and_a_link_to_itself_are_named(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(CommandError, match="gone: no such"):
        read(tmp_path / "gone")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CommandError, match=r"loop: cannot be read \(Too many levels"):
        read(tmp_path / "loop")
