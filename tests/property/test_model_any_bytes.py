"""Whatever bytes come as statistics, seal, notice or receipt: accepted as they are, or refused by name."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.fixed_point import FixedPoint
from dongui.custody.model_files import ModelSeal, SealReason, encode_parameters
from dongui.custody.schema import Layout
from dongui.custody.statistics import Statistics
from dongui.custody.tables import arrow_schema
from dongui.custody.training import people_of
from dongui.custody.undoing_receipt import check_undoing, pack_undoing, sign_undoing
from dongui.custody.withdrawal_notices import Notice, check_notice, sign_notice
from dongui.environment import SystemEntropy
from dongui.errors import Refused, Undetermined
from dongui.log.keys import SignerKey
from dongui.receipts.keys import OperatorKeys

KEY = SignerKey.generate("office.example/receipts", entropy=SystemEntropy())
OPERATOR = OperatorKeys(KEY.verifier, KEY.verifier)
MOMENT = "2026-11-22T00:00:00.000000Z"
FORM = FixedPoint(bytes(32), 2, 11)
NOTICE = sign_notice(
    Notice(number=bytes(16), controller="a.example", recipient="b.example", made=MOMENT, due=MOMENT), key=KEY
)
LINES = [("number", "00" * 16), ("from", "a"), ("made", MOMENT), ("destroyed", "contributions 0")]
WHOLE: tuple[tuple[bytes, Callable[[bytes], object]], ...] = (
    (Statistics.of_person(FORM, np.array([[1, -2], [3, 4]], np.int16)).encode(), Statistics.decode),
    (ModelSeal(bytes(16), 1, SealReason.TRAINED, bytes(16), bytes(32), bytes(32)).encode(), ModelSeal.decode),
    (NOTICE, lambda data: check_notice(data, key=KEY.verifier)),
    (
        pack_undoing(sign_undoing(LINES, key=KEY), blind=bytes(32), proof=b"proof"),
        lambda data: check_undoing(data, operator=OPERATOR),
    ),
)


@given(which=st.sampled_from(WHOLE), data=st.data())
@settings(max_examples=300, deadline=None)
def test_changed_bytes_are_read_or_refused(
    which: tuple[bytes, Callable[[bytes], object]], data: st.DataObject
) -> None:
    """Any few bytes of a whole file changed, taken out or put in: never another failure than a refusal."""
    whole, read = which
    place = data.draw(st.integers(0, len(whole)))
    taken = data.draw(st.integers(0, 8))
    with contextlib.suppress(Refused):
        read(whole[:place] + data.draw(st.binary(max_size=8)) + whole[place + taken :])


@given(which=st.sampled_from(WHOLE), anything=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused(which: tuple[bytes, Callable[[bytes], object]], anything: bytes) -> None:
    """Bytes nobody meant are none of these."""
    with contextlib.suppress(Refused):
        which[1](anything)


@given(counts=st.lists(st.integers(1, 5), max_size=12), layout=st.sampled_from(Layout), data=st.data())
@settings(max_examples=100, deadline=None)
def test_people_are_told_apart_across_batches(counts: list[int], layout: Layout, data: st.DataObject) -> None:
    """However a release's rows are cut into batches, each person comes once, with all records."""
    width = 4 if layout is Layout.SORTED else 16
    # Ids that end in zero bytes: fixed-size text would lose them.
    names = [((number + 1) << 8).to_bytes(width, "big") for number in range(len(counts))]
    rows = [
        (name, (place << 8).to_bytes(width, "big"))
        for name, count in zip(names, counts, strict=True)
        for place in range(count)
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    pieces = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    found = list(people_of(batch(piece, layout) for piece in pieces))
    assert found == [(name, [record for person, record in rows if person == name]) for name in names]


@given(
    counts=st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 5_000)),
    sums=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=8, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_sums_nobody_can_have_derive_to_nothing_worse(counts: tuple[int, int, int], sums: list[int]) -> None:
    """A file made up by hand gives some model, or none: no crash, no endless search for axes."""
    first, second, third = (np.array(part, np.int64) for part in (sums[:2], sums[2:5], sums[5:]))
    with contextlib.suppress(Refused, Undetermined):
        encode_parameters(Statistics(FORM, *counts, first, second, third).encode())


def batch(rows: list[tuple[bytes, bytes]], layout: Layout) -> pa.RecordBatch:
    schema = arrow_schema("released", layout)
    columns = [
        pa.array(
            [int.from_bytes(row[at], "big") if layout is Layout.SORTED else row[at] for row in rows],
            schema.field(name).type,
        )
        for at, name in enumerate(("person", "record"))
    ]
    return pa.RecordBatch.from_arrays(columns, names=["person", "record"])
