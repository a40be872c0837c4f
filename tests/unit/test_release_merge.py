"""The merge says of every record what the plain reference says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dongui.custody import merge_engine, record_columns
from dongui.custody.decision import Merge, Task, plan_parts
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.record_columns import open_table
from dongui.custody.schema import REASONS, Layout
from simulators.release_tables import AT_US, Tables, expected_codes

QUESTIONS = {
    "consent": Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7),
    "training": Question(1, 2, Artefact.TEMPLATE, AT_US, Use.TRAINING, 7 | 32),
    "nobody asked": Question(-1, 2, Artefact.TEMPLATE, AT_US, Use.TRAINING, 7),
    "pseudonyms": Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7, True, False, True),
    "compelled": Question(1, 1, Artefact.IMAGE, AT_US, Use.SUPPLY, 7, True, True, False),
    "never": Question(1, 1, Artefact.IMAGE, AT_US, Use.TRAINING, 7, True, True, False),
}


def decided(task: Task) -> list[int]:
    """Every record's code, part by part."""
    merge = Merge(task)
    parts = plan_parts(task.records)
    return [code for part in parts for block in merge.blocks(part) for code in block.code.tolist()]


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_the_merge_says_what_the_reference_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, asked: str, layout: Layout
) -> None:
    """Whatever the tables, the layout, the sizes of row groups and blocks, wherever they cut a person."""
    monkeypatch.setattr(record_columns, "BLOCK_ROWS", (1 << 20, 70, 7, 1)[seed])
    monkeypatch.setattr(merge_engine, "_MAX_DENSE", 1 << 26 if seed % 2 else 3)
    tables = Tables(seed, records=900, people=(300, 2000, 40, 3)[seed], layout=layout)
    paths = tables.write(tmp_path, group_rows=(50, 1000, 13, 1)[seed], folded=seed == 1)
    task = Task(open_table(paths[0], "records"), open_table(paths[1], "consents"), QUESTIONS[asked])
    assert decided(task) == expected_codes(tables, QUESTIONS[asked])


def test_the_drawn_tables_have_every_reason() -> None:
    """The comparison above means something: no reason that a merge can give stays untried."""
    seen: set[int] = set()
    for question in QUESTIONS.values():
        seen.update(expected_codes(Tables(0, records=4000, people=1500), question))
    assert seen == set(range(len(REASONS) + 1)) - {REASONS.index("ground.none") + 1}


def test_parts_begin_at_row_groups_and_cover_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts follow one another without a gap, and deciding them in any order changes nothing."""
    monkeypatch.setattr("dongui.custody.decision._LEAST_PART_ROWS", 100)
    tables = Tables(7, records=2000, people=600)
    records, consents = tables.write(tmp_path, group_rows=30)
    question = QUESTIONS["consent"]
    task = Task(open_table(records, "records"), open_table(consents, "consents"), question)
    parts = plan_parts(task.records)
    assert len(parts) > 10
    assert [part.begin for part in parts] == [0, *np.cumsum([part.rows for part in parts])[:-1]]
    expected = expected_codes(tables, question)
    merge = Merge(task)
    for order in (parts, parts[::-1], parts[1::2] + parts[::2], [*parts[3:], *parts[:5]]):
        found = {
            part.begin: [code for block in merge.blocks(part) for code in block.code.tolist()]
            for part in order
        }
        assert [code for begin in sorted(found) for code in found[begin]] == expected
