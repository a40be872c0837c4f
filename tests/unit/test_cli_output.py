"""How the command line speaks and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated

import pytest
import typer
from rich.text import Text
from typer.core import TyperGroup

from dongui.cli import output
from dongui.cli.frame import build
from dongui.cli.main import run
from dongui.errors import DonguiError, Misuse, Refused, Trouble, Undetermined, failures

PERSONAL = "M12345678"


def tree_of(action: Callable[[], None]) -> TyperGroup:
    """A command line of one noun and one command that does ``action``."""
    noun = typer.Typer()

    @noun.command()
    def act(count: Annotated[int, typer.Option(help="How often.")] = 1) -> None:
        for _ in range(count):
            action()

    @noun.command()
    def rest() -> None:
        """Do nothing."""

    root = typer.Typer(add_completion=False, rich_markup_mode=None)
    root.add_typer(noun, name="noun")

    @root.command()
    def other() -> None:
        """Do nothing."""

    return build(root)


def end_of(action: Callable[[], None], *arguments: str) -> int:
    """The exit code of a run that does ``action``."""
    with pytest.raises(SystemExit) as end:
        run(["noun", "act", *arguments], tree=tree_of(action))
    assert isinstance(end.value.code, int)
    return end.value.code


def raising(error: BaseException) -> Callable[[], None]:
    """An action that fails."""

    def act() -> None:
        raise error

    return act


def failure_of_family(family: type[DonguiError]) -> DonguiError:
    """Any failure of that family."""
    name = next(name for name, failure in failures().items() if failure.family == family.family)
    return family(name, "the value is 7; the limit is 5")


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("DONGUI_LANGUAGE", raising=False)


def test_a_result_is_one_object_under_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--json`` standard output holds exactly one object, and nothing is rendered."""
    code = end_of(lambda: output.show({"size": 3}, lambda: pytest.fail("rendered")), "--json")
    assert code == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"outcome": "ok", "result": {"size": 3}}
    assert captured.err == ""


def test_a_result_is_text_without_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Without ``--json`` the rendering alone is printed, uncut however narrow the terminal."""
    assert end_of(lambda: output.show({"size": 3}, "long " * 60)) == 0
    assert capsys.readouterr().out == "long " * 60 + "\n"


FAMILIES = [
    pytest.param(family, id=family.__name__)
    for family in (Misuse, Refused, Undetermined, Trouble)
    if any(failure.family == family.family for failure in failures().values())
]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_failure_ends_with_its_own_code(
    family: type[DonguiError], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each family has its exit code; name, meaning, detail and next step stand on standard error."""
    error = failure_of_family(family)
    assert end_of(raising(error)) == family.exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    for part in (error.name, error.failure.meaning, error.detail, error.failure.next_step):
        assert part in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("family", FAMILIES)
def test_a_failure_is_one_object_under_json(
    family: type[DonguiError], capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON of a failure says the same as the text, and the code it ends with."""
    error = failure_of_family(family)
    end_of(raising(error), "--json")
    captured = capsys.readouterr()
    assert captured.err == ""
    told = json.loads(captured.out)
    assert told["outcome"] in ("refused", "undetermined", "misuse")
    assert told["failure"] == {
        "name": error.name,
        "family": error.family,
        "detail": error.detail,
        "meaning": error.failure.meaning,
        "next_step": error.failure.next_step,
        "exit_code": family.exit_code,
    }


def test_korean_is_spoken_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--language ko``, DONGUI_LANGUAGE and a Korean locale each bring the Korean texts; the first wins."""
    error = failure_of_family(Misuse)
    end_of(raising(error), "--language", "ko")
    assert error.failure.meaning_ko in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    end_of(raising(error))
    assert error.failure.next_step_ko in capsys.readouterr().err
    monkeypatch.setenv("DONGUI_LANGUAGE", "en")
    end_of(raising(error))
    assert error.failure.next_step in capsys.readouterr().err


def test_an_unknown_language_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    """A language nobody wrote is refused by name, not silently English."""
    assert end_of(lambda: None, "--language", "fr") == 2
    assert "cli.usage" in capsys.readouterr().err


def test_a_wrong_option_is_told_in_the_form_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the options is an object too when ``--json`` stands among them."""
    assert end_of(lambda: None, "--json", "--colour") == 2
    assert json.loads(capsys.readouterr().out)["failure"]["name"] == "cli.usage"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_option_without_its_value_says_what_to_give(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--capture`` with nothing behind it names what it takes, not only that something is missing."""
    monkeypatch.setenv("DONGUI_LANGUAGE", language)
    with pytest.raises(SystemExit) as ended:
        run(["verify", "shown", "--capture"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "cli.usage" in said
    assert (
        "Option '--capture' requires an argument. The clip's frames in order, JPEG or PNG, 1 to 300" in said
    )


def test_an_unforeseen_exception_shows_its_type_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """No text of an unforeseen exception reaches the user: it may quote a document. The code is no answer."""
    assert end_of(raising(ValueError(f"bad number {PERSONAL}"))) == 70
    told = capsys.readouterr().err
    assert "internal.unexpected" in told
    assert "builtins.ValueError" in told
    assert "Traceback" not in told
    assert PERSONAL not in told


def test_debug_shows_places_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """``--debug`` names file and line of each failure in the chain, and neither locals nor messages."""

    def act() -> None:
        number = PERSONAL
        fields: dict[str, str] = {}
        try:
            fields[number]
        except KeyError as error:
            raise ValueError(number) from error

    assert end_of(act, "--debug") == 70
    told = capsys.readouterr().err
    assert "test_cli_output.py" in told
    assert told.index("builtins.KeyError") < told.rindex("builtins.ValueError")
    assert PERSONAL not in told


def test_an_interruption_is_told_by_its_code() -> None:
    """Ctrl-C ends a run with 130, as a shell expects, and never as an answer."""
    assert end_of(raising(KeyboardInterrupt())) == 130


def test_nothing_rewrites_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """An escape sequence in a file name or a document's string is written out, not obeyed."""
    end_of(raising(Misuse("file.not-found", "capture \x1b[2Jx\r.jpg does not exist")))
    told = capsys.readouterr().err
    assert "\x1b[2J" not in told
    assert r"\x1b[2Jx\r.jpg" in told
    end_of(lambda: output.show({}, output.table(["name"], [["\x1b[1m[red]x"]])))
    assert r"\x1b[1m[red]x" in capsys.readouterr().out


def test_a_file_name_that_is_no_text_stays_valid_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A path of raw bytes comes out as escaped surrogates that lead back to the same path."""
    path = b"/tmp/\xff.jpg".decode("utf-8", "surrogateescape")
    end_of(raising(Misuse("file.not-found", path)), "--json")
    assert json.loads(capsys.readouterr().out)["failure"]["detail"] == path


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a pipe or a log file no spinner is written."""

    def act() -> None:
        with output.progress("loading", "불러오는 중") as say:
            say("half")
        output.show({}, Text("done"))

    assert end_of(act) == 0
    captured = capsys.readouterr()
    assert captured.out == "done\n"
    assert captured.err == ""


def test_an_unread_output_is_quiet() -> None:
    """A reader that goes away (``| head``) brings no traceback and no exit code that is an answer."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    finished = subprocess.run(
        [sys.executable, "-m", "dongui.cli", "--help"], stdout=write_end, stderr=subprocess.PIPE, check=False
    )
    os.close(write_end)
    assert finished.returncode == 141
    assert finished.stderr == b""


def test_alone_the_program_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """``dongui`` alone is a question, and the help is the answer."""
    with pytest.raises(SystemExit) as end:
        run([])
    assert end.value.code == 0
    assert "Exit codes:" in capsys.readouterr().out
