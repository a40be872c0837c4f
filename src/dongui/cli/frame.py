"""What every command shares: ``--json``, ``--language``, ``--debug``; several values behind one option."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Annotated

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException
from typer.main import get_command, get_group

from dongui.cli import output
from dongui.cli.output import Language

__all__ = ["build", "spread_lists", "telling_values"]


def _set_json(value: bool) -> bool:
    output.use(replace(output.settings(), json=value))
    return value


def _set_language(value: Language | None) -> Language | None:
    if value is not None:
        output.use(replace(output.settings(), language=value))
    return value


def _set_debug(value: bool) -> bool:
    output.use(replace(output.settings(), debug=value))
    return value


_Json = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=_set_json,
        expose_value=False,
        help="Write one JSON object to standard output, for failures too.",
    ),
]
_Language = Annotated[
    Language | None,
    typer.Option(
        "--language",
        callback=_set_language,
        expose_value=False,
        envvar="DONGUI_LANGUAGE",
        help="Language of messages; the locale's by default.",
    ),
]
_Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        callback=_set_debug,
        expose_value=False,
        help="After a failure show where it arose: files and lines, no values.",
    ),
]


@cache
def _common_parameters() -> Sequence[TyperOption]:
    """Return the options every command has, the same for all: an option keeps nothing of a run.

    Typer makes them from a function's signature, so one is given.
    """
    app = typer.Typer(add_completion=False)

    @app.command()
    def _declared(json: _Json = False, language: _Language = None, debug: _Debug = False) -> None:
        """Declare; never run."""

    return [parameter for parameter in get_command(app).params if isinstance(parameter, TyperOption)]


def build(app: typer.Typer) -> TyperGroup:
    """Return the command tree of ``app``, every command with the common options after its own."""
    root = get_group(app)
    _complete(root, _common_parameters())
    return root


def _complete(group: TyperGroup, common: Sequence[TyperOption]) -> None:
    for member in group.commands.values():
        if isinstance(member, TyperGroup):
            _complete(member, common)
        else:
            for parameter in member.params:
                if isinstance(parameter, TyperArgument | TyperOption):
                    # Whoever reads a file names what is wrong with it; typer would call it a wrong usage.
                    parameter.type_descriptor.parameter_info.readable = False
            member.params += common


def spread_lists(arguments: Sequence[str], tree: TyperGroup) -> list[str]:
    """Return the arguments with the name of a list option before each of its values.

    ``--capture a.jpg b.jpg`` becomes ``--capture a.jpg --capture b.jpg``: its values go on until a word that
    begins with a dash. So what is no option's value stands before such a list, or behind another option.
    """
    lists = _list_options(arguments, tree)
    spread: list[str] = []
    current: str | None = None
    filled = False
    for place, word in enumerate(arguments):
        if word == "--":
            return [*spread, *arguments[place:]]
        if word.startswith("-"):
            name, separator, _ = word.partition("=")
            current, filled = (name if name in lists else None), bool(separator)
            spread.append(word)
        else:
            spread += [current, word] if current is not None and filled else [word]
            filled = True
    return spread


@contextmanager
def telling_values(arguments: Sequence[str], tree: TyperGroup) -> Iterator[None]:
    """Where an option lacks its value, let the failure say what it takes: the parser's words do not."""
    try:
        yield
    except TyperException as error:
        name = getattr(error, "option_name", None)
        for option in _options(arguments, tree):
            if name in option.opts and option.help:
                error.message += f" {option.help}"
        raise


def _list_options(arguments: Sequence[str], tree: TyperGroup) -> Collection[str]:
    """Return the names of the list options of the command the arguments call."""
    return {name for one in _options(arguments, tree) if one.multiple for name in one.opts}


def _options(arguments: Sequence[str], tree: TyperGroup) -> Sequence[TyperOption]:
    """Return the options of the command the arguments call."""
    member: object = tree
    for word in arguments:
        if isinstance(member, TyperGroup) and word in member.commands:
            member = member.commands[word]
    parameters = member.params if isinstance(member, TyperCommand) else []
    return [one for one in parameters if isinstance(one, TyperOption)]
