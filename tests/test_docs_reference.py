"""The reference says what the program says: generated, committed, compared."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

import dongui
from dongui.cli.main import command
from dongui.cli.reference import PAGES, helps
from dongui.cli.reference_api import public_members
from dongui.errors import failures

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_what_is_committed_is_what_is_made(name: str) -> None:
    """A help text, a failure or a public name cannot change without its page (`make reference`)."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make reference`"


def parameters(group: TyperGroup, path: str) -> Iterator[tuple[str, TyperArgument | TyperOption]]:
    """Every argument and option of every command, with the command's name."""
    for name, member in group.commands.items():
        if isinstance(member, TyperGroup):
            yield from parameters(member, f"{path} {name}")
        for parameter in member.params:
            assert isinstance(parameter, TyperArgument | TyperOption)
            yield f"{path} {name}", parameter


PROMISED = {
    "bench",
    "consent give",
    "consent list",
    "consent show",
    "consent withdraw",
    "demo",
    "document check",
    "document show",
    "issue mdoc",
    "log check",
    "log prove",
    "log show",
    "purpose check",
    "purpose list",
    "purpose show",
    "receipt check",
    "receipt redeem",
    "receipt show",
    "recogniser list",
    "recogniser show",
    "session open",
    "session show",
    "verify",
}


def test_every_promised_command_is_there() -> None:
    """A command whose module went missing does not go unnoticed."""
    assert {f"dongui {name}" for name in PROMISED} <= {path for path, _ in helps(command())}


def test_every_option_and_argument_has_a_help() -> None:
    """Nobody has to guess what an option does; each text is a sentence."""
    without = []
    for path, parameter in parameters(command(), "dongui"):
        told = parameter.help or ""
        if not told.endswith("."):
            without.append(f"{path} {parameter.name}: {told!r}")
    assert without == []


def test_every_command_has_a_help() -> None:
    """Each command and each noun says what it does, in a sentence."""
    for path, told in helps(command()):
        description = told.split("\n\n")[1].strip()
        assert not description.startswith("Options:"), path
        assert description.endswith((".", "?")), path


def test_every_command_has_the_common_options() -> None:
    """``--json``, ``--language`` and ``--debug`` are everywhere, and no command declares them otherwise."""
    names: dict[str, list[str]] = {}
    for path, parameter in parameters(command(), "dongui"):
        names.setdefault(path, []).extend(parameter.opts)
    assert names
    for path, options in names.items():
        for option in ("--json", "--language", "--debug"):
            assert options.count(option) == 1, f"{path} {option}"


def test_help_is_the_same_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page does not depend on who makes it: not on width, colour, language or folders."""
    before = PAGES["cli.md"]()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setenv("DONGUI_LANGUAGE", "ko")
    monkeypatch.setenv("DONGUI_DESK", "/somewhere")
    assert PAGES["cli.md"]() == before
    monkeypatch.setenv("HOME", "/elsewhere")
    assert PAGES["cli.md"]() == before
    assert str(Path(__file__).parent.parent) not in before


def test_every_failure_is_a_heading() -> None:
    """Whoever searches the reference for a failure's name lands on its heading."""
    headings = {line[3:] for line in PAGES["failures.md"]().splitlines() if line.startswith("## ")}
    assert headings == set(failures())


@pytest.mark.parametrize("name", dongui.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    """Each public name says in its own words what it is, and so does each of its methods."""
    thing = getattr(dongui, name)
    assert (inspect.getdoc(thing) or "").strip()
    if isinstance(thing, type):
        assert thing.__doc__, f"{name} has no words of its own"
        for member_name, member in public_members(thing):
            assert (inspect.getdoc(member) or "").strip(), f"{name}.{member_name}"


def test_a_typer_context_is_all_a_help_needs() -> None:
    """Making the pages runs no command."""
    ran: list[str] = []
    app = typer.Typer(add_completion=False)

    @app.callback()
    def _root() -> None:
        ran.append("root")

    @app.command()
    def act() -> None:
        """Do it."""
        ran.append("act")

    tree = typer.main.get_group(app)
    assert [path for path, _ in helps(tree)] == ["dongui", "dongui act"]
    assert ran == []
