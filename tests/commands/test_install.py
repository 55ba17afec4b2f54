"""`pip install .`: what is in the wheel, and the package in an environment of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from support.commands import EXAMPLE, ROOT, Trained
from support.environments import create_environment

import pyimagesearch


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the repository in which the commands have run."""
    source = tmp_path_factory.mktemp("source")
    for pattern in ("*.toml", "*.py", "*.txt", "*.md", "LICENSE"):
        for path in ROOT.glob(pattern):
            shutil.copy(path, source)
    for name in ("pyimagesearch", "benchmarks", "tools"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("fashion.model", "mlb.pickle", ".cache/photos.npy"):
        for folder in (source, source / "pyimagesearch"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"not part of the package")
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", folder, source)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that has the wheel, and the dependencies from here."""
    python, packages = create_environment(tmp_path_factory.mktemp("environment"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    return python


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "pyimagesearch").rglob("*.py")}
    assert modules == {name.replace(os.sep, "/") for name in expected} | {"pyimagesearch/py.typed"}


def test_the_wheel_names_its_licence_its_version_and_the_packages_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        assert any(name.endswith("/LICENSE") for name in archive.namelist())
        lines = archive.read(metadata).decode().splitlines()
    assert f"Version: {pyimagesearch.__version__}" in lines
    assert "License-Expression: MIT" in lines
    needed = [line for line in lines if line.startswith("Requires-Dist: ")]
    for name in ("tensorflow", "keras", "scikit-learn", "opencv-python", "onnxruntime"):
        assert any(line.startswith(f"Requires-Dist: {name}") for line in needed), name
    assert any("cleanlab" in line and 'extra == "audit"' in line for line in needed)
    assert any("ray" in line and 'extra == "workers"' in line for line in needed)


def test_an_installed_tagger_tags_a_photo_from_any_folder(
    installed_python: Path, trained: Trained, tmp_path: Path
) -> None:
    program = (
        "import sys, pyimagesearch; from pyimagesearch.tagger import Tagger; "
        "print(pyimagesearch.__file__); "
        "print(*Tagger.load(*sys.argv[1:3]).tag(sys.argv[3]).probabilities)"
    )
    model, labelbin = trained.folder / "fashion.model", trained.folder / "mlb.pickle"
    result = subprocess.run(
        [installed_python, "-I", "-c", program, model, labelbin, EXAMPLE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    package, labels = result.stdout.splitlines()
    assert Path(package).is_relative_to(installed_python.parents[1])
    assert sorted(labels.split()) == ["black", "blue", "dress", "jeans", "red", "shirt"]
