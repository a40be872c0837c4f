"""Writes the reference: every command's help, every failure, every public name.

``python -m dongui.cli.reference DIRECTORY`` writes ``cli.md``, ``failures.md`` and ``api.md``. A test keeps
what is committed equal to what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup

from dongui.cli.main import EXIT_UNEXPECTED, command
from dongui.cli.reference_api import MADE, api_page
from dongui.errors import DonguiError, Failure, Misuse, Refused, Trouble, Undetermined, failures

__all__ = ["PAGES", "cli_page", "failures_page", "helps"]

# However wide the terminal: the page must come out the same everywhere.
_WIDTH = 100

_FAMILIES: dict[str, type[DonguiError]] = {
    kind.family: kind for kind in (Misuse, Refused, Undetermined, Trouble)
}


def helps(tree: TyperGroup) -> Iterator[tuple[str, str]]:
    """Yield every command's whole name and its help, the program itself first."""
    root = typer.Context(tree, info_name="dongui", terminal_width=_WIDTH)
    yield root.command_path, root.get_help()
    yield from _members(tree, root)


def _members(group: TyperGroup, above: typer.Context) -> Iterator[tuple[str, str]]:
    for name, member in group.commands.items():
        context = typer.Context(member, parent=above, info_name=name, terminal_width=_WIDTH)
        yield context.command_path, context.get_help()
        if isinstance(member, TyperGroup):
            yield from _members(member, context)


def cli_page() -> str:
    """Return the help of every command, as ``--help`` shows it on a terminal 100 characters wide."""
    sections = [f"## {path}\n\n```text\n{text.rstrip()}\n```\n" for path, text in helps(command())]
    introduction = (
        "Every command takes `--json`, `--language` and `--debug`. What a run ends with stands at the end of"
        " the first help; every [failure](failures.md) has its exit code.\n"
    )
    return "\n".join(["# The command line\n", MADE + "\n", introduction, *sections])


def failures_page() -> str:
    """Return every failure under its name, in English and Korean."""
    introduction = (
        "One failure, one name: the same in the library (`error.name`), in the command line's JSON"
        " (`failure.name`) and here. *Refused* says that a proof failed; *undetermined* that it cannot be"
        " told, which counts against nobody; *trouble* that the surroundings failed; *misuse* that the caller"
        " is wrong.\n"
    )
    sections = [_failure(failure) for failure in failures().values()]
    return "\n".join(["# Failures\n", MADE + "\n", introduction, *sections])


def _failure(failure: Failure) -> str:
    code = _FAMILIES[failure.family].exit_code
    if failure.name == "internal.unexpected":
        code = EXIT_UNEXPECTED
    return (
        f"## {failure.name}\n\n*{failure.family}*, exit code {code}.\n\n"
        f"{failure.meaning}\n**What to do:** {failure.next_step}\n\n"
        f"{failure.meaning_ko}\n**할 일:** {failure.next_step_ko}\n"
    )


PAGES = {"cli.md": cli_page, "failures.md": failures_page, "api.md": api_page}
"""What is written, by file name."""


def _write(directory: Path) -> None:
    for name, page in PAGES.items():
        (directory / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
