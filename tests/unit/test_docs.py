"""README.md and docs/: short, up to date, and right about what they point to."""

import argparse
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import write_commands
from support.commands import ROOT

import search_bing_api
from pyimagesearch.cli import classify_arguments, train_arguments

PAGES = [
    path
    for folder in ("", "benchmarks", "dataset", "docs")
    for path in (ROOT / folder).glob("*.md")
]
PARSERS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "train.py": train_arguments.make_parser,
    "classify.py": classify_arguments.make_parser,
    "search_bing_api.py": search_bing_api.make_parser,
}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def commands(page: Path) -> list[list[str]]:
    """The command lines of train.py, classify.py and search_bing_api.py on a page."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    candidates = [*text.splitlines(), *re.findall(r"`([^`\n]+)`", text)]
    found = [re.search(r"python (\w+\.py\b.*)", line) for line in candidates if "`" not in line]
    lines = [shlex.split(match[1].partition(">")[0], comments=True) for match in found if match]
    return [words for words in lines if words[0] in PARSERS]


def test_commands_md_is_what_make_docs_writes() -> None:
    assert write_commands.PAGE.read_text(encoding="utf-8") == write_commands.page()


def test_the_readme_has_at_most_130_lines() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_the_numbers_in_the_readme_are_those_in_results_md() -> None:
    readme, results = (
        (ROOT / name).read_text(encoding="utf-8").replace(",", "")
        for name in ("README.md", "docs/results.md")
    )
    section = readme.partition("## Five numbers")[2].partition("\n## ")[0]
    measured = [line.split("|")[2] for line in section.splitlines() if line.startswith("|")][2:]
    numbers = [number for cell in measured for number in re.findall(r"\d[\d.]*", cell)]
    assert len(measured) == 5
    assert [number for number in numbers if not re.search(rf"\b{number}\b", results)] == []


@each_page
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not (page.parent / link).exists()] == []


@each_page
def test_the_commands_on_a_page_are_accepted(page: Path) -> None:
    for script, *arguments in commands(page):
        PARSERS[script]().parse_args(arguments)


def test_the_readme_shows_all_three_commands() -> None:
    assert {words[0] for words in commands(ROOT / "README.md")} == set(PARSERS)


@each_page
def test_make_targets_and_benchmarks_on_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:`|^    )make ([\w-]+)", text, re.MULTILINE)) <= set(targets)
    modules = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    assert set(re.findall(r"python -m benchmarks\.(\w+)", text)) <= modules


def test_the_files_and_the_names_in_them_that_development_md_points_to_exist() -> None:
    text = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines(keepends=True) if line.startswith("|"))
    paths = re.findall(r"`([\w/.]+(?:\.py|/))`", rows)
    assert len(paths) > 20
    places = (ROOT, ROOT / "pyimagesearch")
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []
    names = re.findall(r"`([\w-]+)` in `([\w/.]+\.py)`", rows)
    assert len(names) > 5
    for name, path in names:
        (file,) = (place / path for place in places if (place / path).exists())
        assert name in file.read_text(encoding="utf-8"), (name, path)
