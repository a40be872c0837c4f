"""The one place where the command line speaks: tables, JSON, failures, progress, two languages.

A command computes, then calls :func:`show` once. With ``--json`` every command, failed ones
too, writes exactly one object to standard output::

    {"outcome": "ok", "result": {...}}
    {"outcome": "refused" | "undetermined" | "misuse",
     "failure": {"name", "family", "detail", "meaning", "next_step", "exit_code"}}

A ``dongui verify`` that came to an answer has a ``result`` whatever the outcome: there is a receipt, and the
``reason`` in it is such a failure or null.

The failure is the problem object of RFC 9457 with this project's words: ``name`` is its ``type``,
``meaning`` its ``title``, ``exit_code`` its ``status``. Without ``--json`` results go to standard output,
failures and progress to standard error.
"""

from __future__ import annotations

import errno
import json as _json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO, TypeAlias

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from dongui.errors import DonguiError, Failure, Trouble

__all__ = [
    "FailureNotice",
    "JsonValue",
    "Language",
    "Settings",
    "choose",
    "describe",
    "note",
    "printable",
    "progress",
    "report",
    "settings",
    "show",
    "table",
    "use",
    "writing",
]

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What ``--json`` can hold."""


class Language(StrEnum):
    """A language the command line speaks."""

    EN = "en"
    KO = "ko"

    @classmethod
    def of_surroundings(cls) -> Language:
        """Return what DONGUI_LANGUAGE asks for, else the locale's language if it is Korean, else English."""
        asked = os.environ.get("DONGUI_LANGUAGE")
        if asked in (cls.EN, cls.KO):
            return cls(asked)
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return cls.KO if locale.startswith("ko") else cls.EN


@dataclass(frozen=True, slots=True)
class Settings:
    """How this run speaks: the three options every command has."""

    json: bool
    language: Language
    debug: bool


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """A failure as it is shown: its table entry, what happened this time, and the exit code."""

    failure: Failure
    detail: str
    exit_code: int

    @classmethod
    def of(cls, error: DonguiError) -> FailureNotice:
        """Make the notice of a failure raised on purpose."""
        return cls(error.failure, error.detail, error.exit_code)


_WIDTH_OF_A_FILE = 120

_settings: ContextVar[Settings] = ContextVar("settings")


def settings() -> Settings:
    """Return how this run speaks. Outside a run: text, the surroundings' language, no debugging."""
    return _settings.get(Settings(json=False, language=Language.of_surroundings(), debug=False))


def use(new: Settings) -> None:
    """Speak like this from now on."""
    _settings.set(new)


def choose(en: str, ko: str) -> str:
    """Return the text in the language of this run."""
    return ko if settings().language is Language.KO else en


def printable(text: str) -> str:
    """Return ``text`` with every control character written out.

    File names and a document's own strings reach messages; an escape sequence in one would otherwise
    rewrite what the operator sees on the terminal.
    """
    return "".join(
        character if character.isprintable() or character == "\n" else repr(character)[1:-1]
        for character in text
    )


def show(
    result: Mapping[str, JsonValue],
    rendered: RenderableType | Callable[[], RenderableType],
    *,
    outcome: str = "ok",
) -> None:
    """Write a command's result: ``result`` with ``--json``, otherwise ``rendered``.

    ``rendered`` may be a function, called only when text is wanted. A ``str`` is printed as it is, with
    control characters written out; markup in it has no meaning.
    """
    if settings().json:
        _write_json({"outcome": outcome, "result": result})
        return
    content = rendered() if callable(rendered) else rendered
    with writing():
        _console(sys.stdout).print(Text(printable(content)) if isinstance(content, str) else content)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None) -> Table:
    """Return a table of this project's one look. Cells are plain text or ``Text``; markup has no meaning."""
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    drawn.show_header = any(columns)  # pairs of name and value have no header, and no empty line for one
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    return drawn


def describe(notice: FailureNotice) -> dict[str, JsonValue]:
    """Return the failure object of the JSON output, in the language of this run."""
    failure = notice.failure
    return {
        "name": failure.name,
        "family": failure.family,
        "detail": notice.detail,
        "meaning": choose(failure.meaning, failure.meaning_ko),
        "next_step": choose(failure.next_step, failure.next_step_ko),
        "exit_code": notice.exit_code,
    }


_OUTCOMES = {
    "misuse": ("misuse", "사용 오류"),
    "refused": ("refused", "거부"),
    "undetermined": ("undetermined", "판단할 수 없음"),
    "trouble": ("undetermined", "판단할 수 없음"),
}
_COLOURS = {"misuse": "yellow", "refused": "red", "undetermined": "cyan", "trouble": "cyan"}


def report(notice: FailureNotice) -> int:
    """Write a failure and return its exit code."""
    family = notice.failure.family
    if settings().json:
        _write_json({"outcome": _OUTCOMES[family][0], "failure": describe(notice)})
        return notice.exit_code
    shown = describe(notice)
    text = Text()
    text.append(choose(*_OUTCOMES[family]), style=f"bold {_COLOURS[family]}")
    text.append(f": {shown['name']}\n", style="bold")
    text.append(f"  {shown['meaning']}\n")
    text.append(f"  {printable(notice.detail)}\n")
    text.append(choose("  What to do: ", "  할 일: "), style="bold")
    text.append(f"{shown['next_step']}")
    _console(sys.stderr).print(text)
    return notice.exit_code


def note(en: str, ko: str) -> None:
    """Say something beside the result, on standard error, with ``--json`` too."""
    _console(sys.stderr).print(Text(printable(choose(en, ko)), style="dim"))


@contextmanager
def writing() -> Iterator[None]:
    """Raise ``Trouble`` (``cli.output-unwritten``) where standard output takes no more.

    A reader who has enough (``BrokenPipeError``) is no trouble, and is left to :func:`dongui.cli.main.run`.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Trouble("cli.output-unwritten", f"standard output: {error.strerror}") from None


@contextmanager
def progress(en: str, ko: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on standard error while something long runs; silent where that is no terminal.

    Yields a function that replaces the text behind the spinner.
    """
    console = _console(sys.stderr)
    if not console.is_terminal:
        yield lambda _message: None
        return
    with console.status(Text(choose(en, ko))) as status:
        yield lambda message: status.update(Text(printable(message)))


class _Console(Console):
    """rich ends the process itself where a pipe was closed; here that is for :func:`run` to tell."""

    def on_broken_pipe(self) -> None:
        """Let the closed pipe be known as any other. Raises ``BrokenPipeError``."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _console(stream: TextIO) -> Console:
    # Made anew each time: tests and callers replace sys.stdout, and a console keeps the one it saw first.
    # A file or a pipe has no width: a table is given one it can be read in, unless COLUMNS says another.
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_FILE
    return _Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not stream.isatty(),
        width=width,
    )


def _write_json(value: JsonValue) -> None:
    text = _json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    # A file name that is not UTF-8 arrives as lone surrogates; written as \udcXX it is valid JSON again.
    with writing():
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
