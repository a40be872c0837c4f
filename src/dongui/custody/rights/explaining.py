"""Why somebody's records were not handed over: a decision's reasons in words, with their articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dongui.custody.record_columns import OpenTable, ids, open_table, small
from dongui.custody.release_opening import VerifiedRelease
from dongui.custody.rule_pack import RulePack, rule_packs
from dongui.custody.schema import REASONS
from dongui.custody.withdrawal import positions_of
from dongui.errors import Refused, failures

__all__ = ["ExplainedReason", "Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class ExplainedReason:
    """One reason, how many of the person's records it kept back, and where it stands in the law."""

    name: str
    records: int
    articles: str
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision about one person: ``released`` says whether any record was, ``reasons`` why the others not.

    No model scored or ranked anybody for it: rules were applied to what the ledger holds, and the manifest
    names them by digest.
    """

    release: bytes
    log_index: int
    pack: str
    released: bool
    reasons: tuple[ExplainedReason, ...]


def explain(release: VerifiedRelease, person: int | bytes) -> Explanation:
    """Explain what a release decided about one person.

    ``person`` is a number in the sorted layout, 16 bytes in the general one. Raises ``Refused``
    (``release.manifest-malformed``), ``Misuse`` (``snapshot.truncated``).
    """
    question = release.manifest["question"]
    rules = question.get("rules") if isinstance(question, dict) else None
    pack = str(rules.get("pack", "")) if isinstance(rules, dict) else ""
    if not pack:
        raise Refused("release.manifest-malformed", "it names no rules")
    known = rule_packs().get(pack)
    reasons = tuple(_explained(name, count, known) for name, count in _reasons(release, person))
    return Explanation(
        release.id, release.logged.index, pack, positions_of(release, person) is not None, reasons
    )


def _explained(name: str, count: int, pack: RulePack | None) -> ExplainedReason:
    policies = () if pack is None else pack.policies
    articles = ", ".join(dict.fromkeys(policy.article for policy in policies if policy.reason == name))
    said = failures()[name]
    return ExplainedReason(name, count, articles, said.meaning, said.meaning_ko)


def _reasons(release: VerifiedRelease, person: int | bytes) -> list[tuple[str, int]]:
    found: Counter[int] = Counter()
    for path in sorted((release.path / "refused").glob("*.parquet")):
        table = open_table(path, "refused")
        starts = table.first_people()
        wanted = np.array([person], dtype=starts.dtype)[0]
        file = OpenTable(table)
        first = max(0, int(np.searchsorted(starts, wanted, "left")) - 1)
        for group in range(first, int(np.searchsorted(starts, wanted, "right"))):
            batch = file.group(group, ("person", "reason"))
            column = ids(batch, "person")
            low, high = (int(np.searchsorted(column, wanted, side)) for side in ("left", "right"))
            found.update(small(batch, "reason")[low:high].tolist())
    return [(REASONS[code - 1], count) for code, count in sorted(found.items())]
