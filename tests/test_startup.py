import signal
import subprocess
import sys

import pytest
from conftest import ROOT

INTERRUPT = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_ctrl_c_while_the_rest_loads_leaves_no_traceback() -> None:
    result = run(f"from pyimagesearch import startup; {INTERRUPT}")
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


def test_afterwards_it_raises_as_ever() -> None:
    result = run(f"from pyimagesearch import startup; startup.done(); {INTERRUPT}")
    assert result.stderr.endswith("KeyboardInterrupt\n")


def test_a_process_that_is_to_ignore_ctrl_c_does() -> None:
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    result = run(f"{ignore}; from pyimagesearch import startup; startup.done(); {INTERRUPT}")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("command", ["train.py", "classify.py", "search_bing_api.py"])
def test_every_command_imports_it_first(command: str) -> None:
    lines = (ROOT / command).read_text().splitlines()
    first = next(line for line in lines if line.startswith(("import ", "from ")))
    assert first == "from pyimagesearch import startup"
