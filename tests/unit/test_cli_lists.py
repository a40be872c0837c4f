"""Several values behind one option."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.core import TyperGroup

from dongui.cli import output
from dongui.cli.frame import build, spread_lists
from dongui.cli.main import run


def tree() -> TyperGroup:
    """A command that takes one thing, a list of frames, and a session."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    def look(
        thing: Annotated[str, typer.Argument(help="One.")],
        capture: Annotated[list[Path], typer.Option(help="Several.")],
        session: Annotated[str, typer.Option(help="One.")] = "none",
        loud: Annotated[bool, typer.Option(help="Flag.")] = False,
    ) -> None:
        text = f"{thing} {session} {loud} {' '.join(map(str, capture))}"
        output.show({"text": text}, text)

    @app.command()
    def rest() -> None:
        """Do nothing."""

    return build(app)


@pytest.mark.parametrize(
    "given",
    [
        "look doc --capture a b c --session s",
        "look doc --session s --capture a b c",
        "look doc --session s --capture a --capture b --capture c",
        "look doc --capture a b --session s --capture c",
        "look doc --capture=a b c --session=s",
        "look --capture a b c --session s doc",
        "look --session s --capture a b c -- doc",
    ],
)
def test_values_go_on_until_the_next_option(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One ``--capture`` with three values, three with one each, and mixtures mean the same."""
    with pytest.raises(SystemExit) as end:
        run(given.split(), tree=tree())
    assert (end.value.code, capsys.readouterr().out) == (0, "doc s False a b c\n")


def test_order_is_kept_for_many() -> None:
    """Ten thousand frames stay ten thousand frames, in their order."""
    frames = [f"{number}.jpg" for number in range(10_000)]
    spread = spread_lists(["look", "doc", "--capture", *frames, "--loud"], tree())
    assert spread[2:-1:2] == ["--capture"] * 10_000
    assert [*spread[3:-1:2], spread[-1]] == [*frames, "--loud"]


def test_other_options_take_one_value(capsys: pytest.CaptureFixture[str]) -> None:
    """A second word behind an option that takes one is a mistake, not a second value."""
    with pytest.raises(SystemExit) as end:
        run(["look", "doc", "--capture", "a", "--session", "s", "t"], tree=tree())
    assert end.value.code == 2
    assert "cli.usage" in capsys.readouterr().err


def test_nothing_is_changed_where_no_list_is_taken() -> None:
    """Arguments of commands without list options, of unknown ones and of none pass as they are."""
    for given in (["rest", "a", "b"], ["nothing", "--capture", "a", "b"], [], ["--json"], ["--"]):
        assert spread_lists(given, tree()) == given
