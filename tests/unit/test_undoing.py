"""What was begun and not finished is undone, whatever it ended with."""

from __future__ import annotations

import pytest

from dongui.undoing import on_failure


@pytest.mark.parametrize("failure", [ValueError("why"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_any_exception_undoes_and_goes_on(failure: BaseException) -> None:
    """An interrupt leaves no more behind than a failure does, and neither is swallowed."""
    undone: list[str] = []
    with pytest.raises(type(failure)) as ended, on_failure(lambda: undone.append("undone")):
        raise failure
    assert ended.value is failure
    assert undone == ["undone"]


def test_what_ends_well_stays() -> None:
    """A block that comes to its end, or returns from its function, undoes nothing."""
    undone: list[str] = []

    def returning() -> str:
        with on_failure(lambda: undone.append("undone")):
            return "made"

    assert returning() == "made"
    assert undone == []
