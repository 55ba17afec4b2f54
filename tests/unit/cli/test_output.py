from pathlib import Path

import pytest

from pyimagesearch.cli import output
from pyimagesearch.tagger import Tagged


def test_control_characters_in_names_are_escaped_in_plain_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tagged = Tagged(("r\x9bed\n",), {"r\x9bed\n": 0.5}, False)
    output.text_writer(is_detailed=True, top_k=None)(Path("a\x1b[31mb\nc.jpg"), tagged)
    assert capsys.readouterr().out.splitlines() == [
        r"a\x1b[31mb\nc.jpg: r\x9bed\n 50.0%",
        r"r\x9bed\n: 50.00%",
    ]
