"""Groups of people: each value of each column, and the intersections of two columns.

Everybody belongs to one *cell*, the combination of everything they said. Every group is a union of cells, so
counting by pairs of cells counts for all groups at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.people_table import PeopleTable
from dongui.errors import Misuse

__all__ = ["EVERYONE", "MAX_CELLS", "MAX_GROUPS", "Group", "Grouping", "grouping_of"]

EVERYONE = "everyone"
MAX_CELLS = 128
MAX_GROUPS = 256
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    """People who gave ``values`` in ``columns``; everyone where both are empty.

    ``cells`` marks the cells it is made of.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    cells: Cells = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The values, joined; "everyone" for the group of all."""
        return ", ".join(self.values) or EVERYONE


@dataclass(frozen=True, slots=True)
class Grouping:
    """``cell_of`` gives each person's cell; ``groups`` begins with everyone."""

    columns: tuple[str, ...]
    cell_of: NDArray[np.int64] = field(repr=False)
    cell_count: int
    groups: tuple[Group, ...]

    @property
    def everyone(self) -> Group:
        """The group of all."""
        return self.groups[0]

    def members(self, group: Group) -> NDArray[np.bool_]:
        """Return who belongs to ``group``, one flag a person."""
        return np.asarray(group.cells[self.cell_of])


def grouping_of(table: PeopleTable) -> Grouping:
    """Return every group: one column's values, then two columns' combinations that somebody belongs to.

    Raises ``Misuse`` (``assessment.too-many-groups``): a column of ages or names groups nobody.
    """
    cells = sorted(set(table.values))
    if len(cells) > MAX_CELLS:
        detail = f"people gave {len(cells)} different combinations of answers; the limit is {MAX_CELLS}"
        raise Misuse("assessment.too-many-groups", detail)
    groups = [Group((), (), np.ones(len(cells), dtype=np.bool_))]
    places = range(len(table.columns))
    for chosen in (*((one,) for one in places), *itertools.combinations(places, 2)):
        groups += _groups_by(chosen, table.columns, cells)
    if len(groups) > MAX_GROUPS:
        raise Misuse("assessment.too-many-groups", f"{len(groups)} groups; the limit is {MAX_GROUPS}")
    number = {cell: index for index, cell in enumerate(cells)}
    cell_of = np.array([number[said] for said in table.values], dtype=np.int64)
    return Grouping(table.columns, cell_of, len(cells), tuple(groups))


def _groups_by(
    chosen: Sequence[int], columns: Sequence[str], cells: Sequence[tuple[str, ...]]
) -> list[Group]:
    said = [tuple(cell[place] for place in chosen) for cell in cells]
    named = tuple(columns[place] for place in chosen)
    return [
        Group(named, values, np.array([one == values for one in said], dtype=np.bool_))
        for values in sorted({one for one in said if all(one)})
    ]
