"""The console entry ``dongui``: what commands there are, and how a run ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from types import TracebackType
from typing import Annotated, Literal, NoReturn, Self

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

import dongui
from dongui.cli import output
from dongui.cli.debugging import trace
from dongui.cli.frame import build, spread_lists, telling_values
from dongui.cli.output import FailureNotice, Language, Settings
from dongui.errors import DonguiError, Misuse, Trouble, failures

__all__ = ["EXIT_UNEXPECTED", "command", "run"]

# BSD's sysexits.h, EX_SOFTWARE: a fault of this program must never be read as "refused" (1).
EXIT_UNEXPECTED = 70
_EXIT_USAGE = 2
_EXIT_INTERRUPTED = 130
# What merely asking whether a path is there can end in, whichever of a command's paths it is.
_OUT_OF_REACH = frozenset({errno.ENAMETOOLONG, errno.EACCES})
# What a shell reports for a program ended by SIGPIPE.
_EXIT_BROKEN_PIPE = 141

_EPILOG = """\b
Exit codes:
  0    done; for verify: verified
  1    refused: a proof failed, the reason is named
  2    misuse: the command, or what it was given, is wrong
  3    undetermined: it cannot be told; take the other way
  70   a fault of this program; nothing was judged
  130  interrupted from the keyboard
  141  the output was not read to its end
"""

# A noun's module has an `app`; a single command's module has a function of the command's name.
_NOUNS = (
    *("session", "document", "chip", "issue", "consent", "purpose", "receipt", "log", "recogniser"),
    *("desk", "card"),
    *("assess", "operating-point", "release", "status", "trust", "proof", "rights", "custody", "model"),
    *("vault", "quality"),
)
_SINGLE = ("verify", "demo", "bench")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"dongui {dongui.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and end."),
    ] = False,
) -> None:
    del version


@cache
def command(*, only: str | None = None) -> TyperGroup:
    """Return the command tree: the whole, for help, reference and tests, or ``only`` one member of it.

    One member is all a run needs; the others' libraries would be loaded for nothing. Whoever gives several
    commands in one process has it made once: a tree keeps nothing of a run.
    """
    app = typer.Typer(
        name="dongui",
        help="Is this person the rightful holder of this document? With consent, a receipt, no face kept.",
        epilog=_EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 100},
    )
    app.callback()(_root)
    for name in _SINGLE + _NOUNS if only is None else (only,):
        module = import_module(f"dongui.cli.{name.replace('-', '_')}")
        if name in _NOUNS:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return build(app)


def run(arguments: Sequence[str] | None = None, *, tree: TyperGroup | None = None) -> NoReturn:
    """Run the command line and end the process; the console entry.

    ``arguments`` are those after the program's name, by default the process's own; ``tree`` is by default
    :func:`command`. Always raises ``SystemExit``; the help of ``dongui`` says what the codes mean.
    """
    _open_closed_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Before the options are parsed, so that a mistake in them is told in the form asked for.
    output.use(
        Settings(json="--json" in given, language=Language.of_surroundings(), debug="--debug" in given)
    )
    only = given[0] if given and given[0] in _SINGLE + _NOUNS else None
    with _Ending() as ending:
        whole = tree or command(only=only)
        with (
            telling_values(given, whole),
            whole.make_context("dongui", spread_lists(given, whole) or ["--help"]) as context,
        ):
            context.command.invoke(context)
    with _Ending() as flushing, output.writing():
        sys.stdout.flush()
    raise SystemExit(ending.code or flushing.code)


class _Ending:
    """Turns however a run ends into its exit code; nothing passes it."""

    code = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> Literal[True]:
        if error is not None:
            self.code = _code_of(error)
        return True


def _code_of(error: BaseException) -> int:
    if isinstance(error, Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | Abort):
        return _EXIT_INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return _EXIT_BROKEN_PIPE
    notice = _notice(error)
    if notice.failure.name == "cli.output-unwritten":
        _silence_stdout()
    # Where not even this can be written the code still says it: Python's own, 1, would read as "refused".
    with suppress(OSError, Trouble):
        output.report(notice)
        if output.settings().debug:
            sys.stderr.write(trace(error))
    return notice.exit_code


def _notice(error: BaseException) -> FailureNotice:
    if isinstance(error, DonguiError):
        return FailureNotice.of(error)
    if isinstance(error, TyperException):
        return FailureNotice(failures()["cli.usage"], error.format_message(), _EXIT_USAGE)
    if isinstance(error, OSError) and error.errno in _OUT_OF_REACH and error.filename is not None:
        return FailureNotice.of(Misuse("file.out-of-reach", f"{error.filename}: {error.strerror}"))
    # The type alone: the text of an unforeseen exception may quote what it choked on.
    detail = f"{type(error).__module__}.{type(error).__qualname__}"
    return FailureNotice(failures()["internal.unexpected"], detail, EXIT_UNEXPECTED)


def _open_closed_streams() -> None:
    """Where a caller closed standard output or error, what is written there is lost and no fault of ours."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _silence_stdout() -> None:
    # Python flushes standard output once more at its end and would then complain about the pipe or the disk.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
