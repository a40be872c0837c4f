"""Rows of the model store: what an earlier form wrote is read on, and what was carried out is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongui.custody.model_register import Undoing
from dongui.encoding import cbor
from dongui.errors import Trouble
from dongui.storage.sqlite.model_rows import undoing_of, undoing_row
from dongui.storage.sqlite.model_store import SqliteModels

LIMITS = cbor.Limits(max_bytes=1 << 16, max_depth=3, max_items=1 << 10)
UNDOING = Undoing(bytes(16), (b"\0\0\0\1",), "made", "due", scope=(bytes([5] * 16),), positions=(7, 9))


def test_a_withdrawal_is_read_as_it_was_noted_also_in_its_first_form() -> None:
    """The first form had no scope: it was about everything there is, and about no act of the ledger."""
    row = undoing_row(UNDOING)[1]
    assert undoing_of(row) == UNDOING
    values = cbor.loads(row, limits=LIMITS)
    assert isinstance(values, list)
    first = undoing_of(cbor.dumps(values[:-2]))
    assert (first.scope, first.positions) == ((), ())
    assert first.reaches(bytes(16))
    assert UNDOING.reaches(bytes([5] * 16))
    assert not UNDOING.reaches(bytes(16))
    with pytest.raises(Trouble, match=r"storage\.damaged"):
        undoing_of(cbor.dumps(values[:-1]))


def test_acts_are_carried_out_when_their_receipt_was_handed_out_and_stay_so(tmp_path: Path) -> None:
    """Closing notes them; all before a place are one note; a second note changes nothing."""
    with SqliteModels.open(tmp_path / "models.sqlite") as store:
        store.note(UNDOING)
        assert 7 not in store.carried_out()
        store.close_undoing(UNDOING.id)
        store.close_undoing(UNDOING.id)
    with SqliteModels.open(tmp_path / "models.sqlite") as store:
        assert store.undoings() == []
        done = store.carried_out()
        assert [place in done for place in (6, 7, 8, 9, 10)] == [False, True, False, True, False]
        store.carry_out([20], through=8)
        store.carry_out([20], through=8)
        done = store.carried_out()
        assert [place in done for place in (0, 7, 8, 9, 20, 21)] == [True, True, False, True, True, False]
        assert done.through == 8
