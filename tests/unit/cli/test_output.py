from pathlib import Path

import pytest

from pyimagesearch.cli import output
from pyimagesearch.tagger import Tagged


def test_names_cannot_steer_the_terminal_nor_break_the_lines_of_the_text_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tagged = Tagged(("r\x9bed\n",), {"r\x9bed\n": 0.5}, False)
    output.text_writer(is_detailed=True, top_k=None)(Path("a\x1b[31mb\nc.jpg"), tagged)
    assert capsys.readouterr().out.splitlines() == [
        r"a\x1b[31mb\nc.jpg: r\x9bed\n 50.0%",
        r"r\x9bed\n: 50.00%",
    ]
