"""Write docs/commands.md, the options of the three commands as their --help describes them.

python -m tools.write_commands
"""

import argparse
import textwrap
from pathlib import Path
from types import ModuleType

import classify
import search_bing_api
import train
from pyimagesearch.cli import classify_arguments, train_arguments

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
INTRODUCTION = """\
# Commands

<!-- Written by `make docs` from the help of the commands: change it there. -->

`python train.py` alone trains on `dataset/`; every option has a default, except for the photos that
`classify.py` tags and the phrase that `search_bing_api.py` searches for. Results are printed to
stdout, messages to stderr. An error is one line: which file, what was found, what to do.

| exit status | meaning |
|---|---|
| 0 | done; photos that could not be read were reported and skipped |
| 1 | the work failed; the last line says why |
| 2 | wrong arguments |
| 130 | stopped by Ctrl-C |
| 141 | the program that read the output has ended |
"""


def page() -> str:
    """Return the text of docs/commands.md."""
    commands = (
        (train, train_arguments.make_parser()),
        (classify, classify_arguments.make_parser()),
        (search_bing_api, search_bing_api.make_parser()),
    )
    return "\n".join((INTRODUCTION, *(describe(*command) for command in commands)))


def describe(script: ModuleType, parser: argparse.ArgumentParser) -> str:
    """Return the section about one command: its description, examples and options."""
    parts = [f"## {script.__name__}.py", parser.description or "", code(examples(script))]
    # argparse starts with its own two groups, which hold what is in no other.
    positional, ungrouped, *groups = parser._action_groups
    for group in (positional, *groups, ungrouped):
        actions = [action for action in group._group_actions if action.dest != "help"]
        if actions:
            title = "other options" if group is ungrouped else group.title
            parts += [f"### {title}", group.description or "", options(parser, actions)]
    parts.append(code(parser.epilog or ""))
    return "\n\n".join(filter(None, parts)) + "\n"


def examples(script: ModuleType) -> str:
    """Return the commands in the docstring of a script."""
    paragraphs = (script.__doc__ or "").split("\n\n")
    return "\n".join(
        textwrap.dedent(text) for text in paragraphs if f"{script.__name__}.py" in text
    )


def options(parser: argparse.ArgumentParser, actions: list[argparse.Action]) -> str:
    """Return a table of options."""
    formatter = argparse.HelpFormatter(parser.prog)
    lines = ["| option | meaning |", "|---|---|"]
    for action in actions:
        name = "{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper()
        value = formatter._format_args(action, name)
        flags = ", ".join(f"`{flag} {value}".rstrip() + "`" for flag in action.option_strings)
        cells = (flags, formatter._expand_help(action))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def code(text: str) -> str:
    """Return `text` as a block of code."""
    return f"```\n{text.rstrip()}\n```" if text else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
