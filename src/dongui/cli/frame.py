"""What every command shares: ``--json``, ``--language`` and ``--debug``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command, get_group

from dongui.cli import output
from dongui.cli.output import Language

__all__ = ["build"]


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


def _common_parameters() -> list[TyperOption]:
    """Return the options every command has. Typer makes them from a function's signature, so one is given."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def _declared(json: _Json = False, language: _Language = None, debug: _Debug = False) -> None:
        """Declare; never run."""

    return [parameter for parameter in get_command(app).params if isinstance(parameter, TyperOption)]


def build(app: typer.Typer) -> TyperGroup:
    """Return the command tree of ``app``, every command with the common options after its own."""
    root = get_group(app)
    _complete(root)
    return root


def _complete(group: TyperGroup) -> None:
    for member in group.commands.values():
        if isinstance(member, TyperGroup):
            _complete(member)
        else:
            member.params += _common_parameters()
