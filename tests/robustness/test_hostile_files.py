"""Hostile model files are refused for their own reasons, before they run code or take memory.

Files that are refused before a native library reads them are loaded in this process. Those that
Keras might read are loaded in one other process, whose memory the operating system measures.
"""

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import models
from support.commands import EXAMPLE, ROOT, Run, one_line_error
from support.hostile import load_each
from support.hostile.archives import ARCHIVES, changed, unpack, without_onnx
from support.hostile.graphs import GRAPHS
from support.hostile.networks import CONFIGS, WEIGHTS
from support.hostile.pickles import PICKLES

from pyimagesearch import console
from pyimagesearch.model_file import archive
from pyimagesearch.tagger import Tagger

MAX_MB = 100  # for one file that is refused by Python code
MAX_KERAS_MB = 300  # for all others together, after Keras was imported
MAX_LINE = 800  # characters
FILES = ["fashion.model", "mlb.pickle"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a good model."""
    folder = tmp_path_factory.mktemp("good")
    models.save_untrained(folder)
    return folder


@pytest.fixture
def model(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fashion.model in a copy of the good folder, which is the working directory."""
    for name in FILES:
        shutil.copy(good / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "fashion.model"


def check_refusal(stderr: str, file: str, reason: str) -> None:
    """Check that a command printed one short line about `file` that gives the reason."""
    (line,) = stderr.splitlines()
    assert f"error: {file}" in line
    assert reason in line
    assert line.isprintable()
    assert len(line) < MAX_LINE


def check_refused(capsys: pytest.CaptureFixture[str], file: str, reason: str) -> None:
    """Check how the model in the working directory is refused, and that it did nothing else."""
    tracemalloc.start()
    try:
        status = console.run(load_each.load_model, verbose=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    output = capsys.readouterr()
    assert (status, output.out) == (1, "")
    check_refusal(output.err, file, reason)
    assert peak < MAX_MB * 2**20
    assert sorted(path.name for path in Path.cwd().iterdir()) == FILES


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_label_file_is_refused(
    name: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, reason = PICKLES[name]
    model.with_name("mlb.pickle").write_bytes(make(model.with_name("canary")))
    check_refused(capsys, "mlb.pickle", reason)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_refused(
    name: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, reason = ARCHIVES[name]
    model.write_bytes(make(model.read_bytes()))
    check_refused(capsys, "fashion.model", reason)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_hostile_onnx_graph_is_refused(
    name: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, reason = GRAPHS[name]
    data = model.read_bytes()
    model.write_bytes(changed(data, {archive.ONNX: make(unpack(data)[archive.ONNX])}))
    check_refused(capsys, "fashion.model: its ONNX export is refused (", reason)


@dataclass(frozen=True)
class Loaded:
    """What another process said of the models in several folders."""

    root: Path
    results: dict[str, list[object]]  # exit status and stderr by folder
    megabytes: float | None


@pytest.fixture(scope="module")
def keras_models(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A good model without ONNX export and the hostile ones, loaded in folders of their names."""
    plain = without_onnx((good / "fashion.model").read_bytes())
    network = unpack(plain)[archive.NETWORK_CONFIG]
    files = {"good": plain}
    for name, (change, _) in CONFIGS.items():
        files[name] = changed(plain, {archive.NETWORK_CONFIG: change(network)})
    for name, (make, _) in WEIGHTS.items():
        files[name] = changed(plain, {archive.WEIGHTS: make()})
    root = tmp_path_factory.mktemp("keras")
    for name, content in files.items():
        (root / name).mkdir()
        (root / name / "fashion.model").write_bytes(content)
        shutil.copy(good / "mlb.pickle", root / name)
    done = subprocess.run(
        [sys.executable, load_each.__file__, *(root / name for name in files)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Loaded(root, **json.loads(done.stdout))


@pytest.mark.parametrize("name", [*CONFIGS, *WEIGHTS])
def test_a_hostile_keras_network_is_refused(name: str, keras_models: Loaded) -> None:
    status, stderr = keras_models.results[name]
    assert status == 1
    _, reason = (CONFIGS | WEIGHTS)[name]
    check_refusal(str(stderr), "fashion.model", reason)
    assert sorted(path.name for path in (keras_models.root / name).iterdir()) == FILES


def test_hostile_keras_networks_take_little_memory(keras_models: Loaded) -> None:
    if keras_models.megabytes is None:
        pytest.skip("this system does not say how much memory a process took")
    assert keras_models.megabytes < MAX_KERAS_MB


def test_the_good_model_is_accepted_from_both_of_its_networks(
    model: Path, keras_models: Loaded
) -> None:
    """Otherwise the hostile files might be refused for another reason."""
    model.write_bytes(changed(model.read_bytes(), {}))
    assert Tagger.load(model, engine="onnx").config == models.CONFIG
    assert keras_models.results["good"] == [0, ""]


def test_classify_refuses_a_hostile_label_file(model: Path, run_command: Run) -> None:
    make, reason = PICKLES["a call of os.system"]
    model.with_name("mlb.pickle").write_bytes(make(model.with_name("canary")))
    result = run_command("classify.py", "-i", EXAMPLE, cwd=model.parent)
    assert reason in one_line_error(result)
    assert sorted(path.name for path in model.parent.iterdir()) == FILES
