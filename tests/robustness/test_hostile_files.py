"""Each file is given to classify.py as a process, whose time and memory are measured."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import ROOT, Trained
from support.hostile.archives import ARCHIVES, changed, unpack, without_graph
from support.hostile.graphs import GRAPHS
from support.hostile.networks import CONFIGS, WEIGHTS, huge
from support.hostile.pickles import PICKLES

from pyimagesearch.model_file.archive import CONFIG, ONNX

MAX_SECONDS = 10.0  # of processors
KERAS_SECONDS = 12.0  # more, to load Keras before it is asked about the network
MAX_MB = 1000
# A parent of its own: what a process inherits at its start counts as its memory.
MEASURE = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
measured = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss
open(sys.argv[1], "w").write(json.dumps(measured))
"""


@dataclass(frozen=True)
class Victim:
    """A folder with a good model, and the command that uses it."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "fashion.model"

    @property
    def labels(self) -> Path:
        return self.folder / "mlb.pickle"

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    def refuses(self, file: Path, loading: float = 0.0) -> str:
        """Return the one line by which classify.py refuses, having checked that it costs little.

        `loading` is how many seconds it may take besides.
        """
        photo = ROOT / "examples" / "example_01.jpg"
        measured = self.folder / "measured"
        command = [sys.executable, ROOT / "classify.py", "-i", photo]
        done = subprocess.run(
            list(map(str, [sys.executable, "-c", MEASURE, measured, *command])),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        code, seconds, kilobytes = json.loads(measured.read_text())
        assert (code, done.stdout) == (1, ""), done.stderr
        line: str
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"classify.py: error: {file.name}"), line
        assert line.isprintable()
        assert seconds < MAX_SECONDS + loading
        assert kilobytes / 1024 < MAX_MB
        assert not self.canary.exists()
        assert not Path("/tmp/canary").exists()
        return line


@pytest.fixture
def victim(trained: Trained, tmp_path: Path) -> Victim:
    for name in ("fashion.model", "mlb.pickle"):
        shutil.copy(trained.folder / name, tmp_path)
    return Victim(tmp_path)


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_label_file_is_refused(name: str, victim: Victim) -> None:
    victim.labels.write_bytes(PICKLES[name](victim.canary))
    victim.refuses(victim.labels)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_refused(name: str, victim: Victim) -> None:
    victim.model.write_bytes(ARCHIVES[name](victim.model.read_bytes()))
    victim.refuses(victim.model)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_hostile_graph_is_refused(name: str, victim: Victim) -> None:
    good = victim.model.read_bytes()
    graph = GRAPHS[name](unpack(good)[ONNX])
    victim.model.write_bytes(changed(good, graph=graph))
    assert "its ONNX copy cannot be used" in victim.refuses(victim.model)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_hostile_network_is_refused(name: str, victim: Victim) -> None:
    good = without_graph(victim.model.read_bytes())
    config = CONFIGS[name](unpack(good)[CONFIG])
    victim.model.write_bytes(changed(good, config=config))
    victim.refuses(victim.model, KERAS_SECONDS)


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_hostile_weights_file_is_refused(name: str, victim: Victim) -> None:
    good = without_graph(victim.model.read_bytes())
    victim.model.write_bytes(changed(good, weights=WEIGHTS[name]()))
    victim.refuses(victim.model, KERAS_SECONDS)


def test_a_layer_of_400_million_units_is_refused_before_it_is_built(victim: Victim) -> None:
    good = without_graph(victim.model.read_bytes())
    victim.model.write_bytes(changed(good, config=huge(unpack(good)[CONFIG])))
    assert "weights and its weights file" in victim.refuses(victim.model, KERAS_SECONDS)


def test_the_same_files_unchanged_are_accepted(
    victim: Victim, run_command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Else everything above would be refused for no reason."""
    good = victim.model.read_bytes()
    victim.model.write_bytes(changed(good))
    result = run_command(
        "classify.py", "-i", ROOT / "examples" / "example_01.jpg", cwd=victim.folder
    )
    assert result.returncode == 0, result.stderr
