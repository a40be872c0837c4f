"""Does a score that needs no group label and no stored face treat the worst group better? Tried, and counted.

    DONGUI_TEST_DATA=../shared python -m benchmarks.score_fairness [--write]

Everything is fitted on 200 rendered people who do not exist and judged on the 51 people of the London set,
who were not used for fitting. Each score is brought to the mean and spread of the unchanged one over mated
comparisons, so that the shipped bounds stand for one FNMR (as far as mated scores are normally distributed).
``--write`` puts the figures into ``benchmarks/score_fairness.json`` and the tables into
``docs/explanation/score-fairness.md``. Only rates of groups leave: no score, no picture, no pair.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from benchmarks.score_candidates import (
    TUNED_AT_FNMR,
    Candidate,
    Faces,
    Indices,
    Numbers,
    candidates,
    every_pair,
    london,
    rendered,
    unchanged,
)
from numpy.typing import NDArray

from dongui.assessment.acquisition import Acquired
from dongui.assessment.bootstrap import FEWEST_PEOPLE, bootstrap
from dongui.assessment.consent_ground import ConsentedTable
from dongui.assessment.error_rates import Kind
from dongui.assessment.groups import EVERYONE, Grouping, grouping_of
from dongui.assessment.intervals import BOOTSTRAP_FROM_DONGUI_2026_11
from dongui.assessment.measurement import Measurement
from dongui.assessment.result import Method, RecogniserFacts, shown_rates
from dongui.assessment.score_store import Bounds, ScoreStore
from dongui.assessment.seeds import seed_of
from dongui.biometrics.instruments import Instruments

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "score-fairness.md"
FIGURES = Path(__file__).with_suffix(".json")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BOUNDS: Final = Bounds(0.42, 0.60)
# A seed that stands here, so that whoever runs this gets the very figures of the page.
METHOD: Final = Method(confidence=0.95, draws=1000, seed="fa12fa12fa12fa12fa12fa12fa12fa12")
#: What is held equal when the worst group is looked at before and after, and how the page calls it.
EQUAL: Final = {
    "fnmr": "at equal FNMR, mated scores taken as normal",
    "everyone": "at an equal share of everyone's",
    "observed": "FMR where every mated comparison is accepted",
    "pooled": "everyone's, at equal FNMR",
}
SHOWN: Final = (Kind.FMR, Kind.UNDETERMINED_NON_MATED, Kind.FNMR, Kind.UNDETERMINED_MATED)

Figure: TypeAlias = dict[str, str | int | float]


# Judging


@dataclass(frozen=True, slots=True)
class Trial:
    """Scores of every pair of some people, the people of each, and the groups judged (people x groups)."""

    scores: Numbers = field(repr=False)
    one: Indices = field(repr=False)
    other: Indices = field(repr=False)
    groups: NDArray[np.bool_] = field(repr=False)

    def matched(self, base: Trial, weights: Numbers) -> Numbers:
        """Return the scores brought to ``base``'s mean and spread over mated comparisons, people weighed."""
        mated = self.one == self.other
        counted = weights[self.one[mated]]
        mine, theirs = (_moments(trial.scores[mated], counted) for trial in (self, base))
        return np.asarray((self.scores - mine[0]) / mine[1] * theirs[1] + theirs[0])

    def shares(self, scores: Numbers, bound: float, weights: Numbers) -> Numbers:
        """Return each group's share of non-mated comparisons within it that lie below ``bound``."""
        apart = self.one != self.other
        one, other = self.one[apart], self.other[apart]
        counted = self.groups[one] & self.groups[other]
        weighed = counted * (weights[one] * weights[other])[:, None]
        tried = weighed.sum(axis=0)
        below = weighed[scores[apart] < bound].sum(axis=0)
        return np.asarray(np.where(tried > 0, below / np.maximum(tried, 1), 0.0))

    def bound_at(self, share: float, scores: Numbers, weights: Numbers) -> float:
        """Return the bound below which ``share`` of everyone's non-mated comparisons lie."""
        apart = self.one != self.other
        weighed = (weights[self.one] * weights[self.other])[apart]
        order = np.argsort(scores[apart])
        reached = np.cumsum(weighed[order])
        # Sums of whole numbers: half of one more is past rounding, and short of the next comparison.
        place = np.searchsorted(reached, share * reached[-1] + 0.5, side="right")
        return float(scores[apart][order][min(place, len(order) - 1)])

    def pooled(self) -> Trial:
        """Return the same comparisons with everyone as the only group."""
        return replace(self, groups=np.ones((len(self.groups), 1), np.bool_))

    def highest_mated(self, scores: Numbers, weights: Numbers) -> float:
        """Return the highest score of the mated comparisons of those who were drawn."""
        drawn = (self.one == self.other) & (weights[self.one] > 0)
        return float(scores[drawn].max())


@dataclass(frozen=True, slots=True)
class WorstChange:
    """The change of the worst group's share of non-mated comparisons below a bound, by who was drawn.

    ``equal`` says what is held equal: ``"fnmr"``, the upper bound that ships after matching the mated scores;
    ``"everyone"``, everyone's share below that bound; ``"observed"``, the bound that accepts every mated
    comparison, whatever their distribution. ``"pooled"`` is ``"fnmr"`` with everyone as the only group.
    """

    base: Trial
    tried: Trial
    equal: str

    @property
    def width(self) -> int:
        """Numbers held for a draw."""
        return len(self.base.scores)

    def under(self, weights: Numbers) -> Numbers:
        """Return the change for each row of ``weights``; below zero is better."""
        shares = np.array([self.worst(row) for row in weights])
        return np.asarray(shares[:, 1] - shares[:, 0])

    def worst(self, weights: Numbers) -> tuple[float, float]:
        """Return the worst group's share before and after."""
        base, tried = self.base, self.tried
        scores = tried.matched(base, weights)
        before, after = self._bounds(scores, weights)
        return (
            float(base.shares(base.scores, before, weights).max()),
            float(tried.shares(scores, after, weights).max()),
        )

    def _bounds(self, scores: Numbers, weights: Numbers) -> tuple[float, float]:
        base, upper = self.base, BOUNDS.non_mated_from
        if self.equal == "observed":
            return base.highest_mated(base.scores, weights), self.tried.highest_mated(scores, weights)
        if self.equal == "everyone":
            share = float(base.pooled().shares(base.scores, upper, weights)[0])
            return upper, self.tried.bound_at(share, scores, weights)
        return upper, upper


def _moments(values: Numbers, weights: Numbers) -> tuple[float, float]:
    mean = float(np.average(values, weights=weights))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weights))) or 1.0


def judged_groups(grouping: Grouping) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the groups with enough people for a bootstrap, but not everyone: names, people x groups."""
    groups = [group for group in grouping.groups if group.name != EVERYONE]
    large = [group for group in groups if grouping.members(group).sum() >= FEWEST_PEOPLE]
    return [group.name for group in large], np.column_stack([grouping.members(one) for one in large])


def figures(
    consented: ConsentedTable, faces: Faces, fitted: Mapping[str, Candidate]
) -> dict[str, list[Figure]]:
    """Judge every candidate: what became of the worst group, and every group's rates."""
    grouping = grouping_of(consented.table)
    one, other = every_pair(faces)
    who = faces.person[one], faces.person[other], judged_groups(grouping)[1]
    base = Trial(unchanged(faces, one, other), *who)
    found: dict[str, list[Figure]] = {"changes": [], "rates": []}
    everybody = np.ones(len(grouping.cell_of))
    for name, candidate in fitted.items():
        tried = Trial(candidate.scoring(faces, one, other), *who)
        shown: Figure = {"candidate": name, "setting": candidate.setting, "kept_out": candidate.kept_out}
        found["changes"] += [
            {**shown, **change} for change in changes(base, tried, candidates=len(fitted) - 1)
        ]
        found["rates"] += rates(name, tried.matched(base, everybody), consented, grouping, faces)
    return found


def changes(base: Trial, tried: Trial, *, candidates: int) -> list[Figure]:
    """Return the worst group's share before and after, three ways; the intervals allow for all candidates."""
    people = len(base.groups)
    kinds = [
        WorstChange(base.pooled(), tried.pooled(), equal)
        if equal == "pooled"
        else WorstChange(base, tried, equal)
        for equal in EQUAL
    ]
    intervals = bootstrap(
        kinds,
        people=people,
        draws=METHOD.draws,
        seed=seed_of(METHOD, "change"),
        # Bonferroni: the best of several candidates must not win by their number.
        confidence=1 - (1 - METHOD.confidence) / candidates,
    )
    found: list[Figure] = []
    for kind, interval in zip(kinds, intervals, strict=True):
        before, after = kind.worst(np.ones(people))
        low, high = interval or (-1.0, 1.0)
        found.append({"equal": kind.equal, "before": before, "after": after, "low": low, "high": high})
    return found


def rates(
    name: str, scores: Numbers, consented: ConsentedTable, grouping: Grouping, faces: Faces
) -> list[Figure]:
    """Each group's rates at the shipped bounds, counted as an assessment counts them."""
    measured = _measured(scores, consented, grouping, faces)
    judged = {EVERYONE, *judged_groups(grouping)[0]}
    found: list[Figure] = []
    for group in (group for group in grouping.groups if group.name in judged):
        within = measured.rates_of(group, method=METHOD)
        shown = shown_rates(within.rates, people=within.people)
        for kind in (kind for kind in SHOWN if kind in shown):
            rate = shown[kind]
            found.append(
                {
                    "candidate": name,
                    "group": group.name,
                    "people": within.people,
                    "kind": kind.value,
                    "hits": rate.hits,
                    "trials": rate.trials,
                    "independent": rate.independent,
                    "low": rate.governing.low,
                    "high": rate.governing.high,
                }
            )
    return found


def _measured(scores: Numbers, consented: ConsentedTable, grouping: Grouping, faces: Faces) -> Measurement:
    store = ScoreStore(grouping, BOUNDS)
    one, other = every_pair(faces)
    # Both pictures of a London person are of one sitting.
    store.add(scores, faces.person[one], faces.person[other], same_session=np.ones(len(one), np.bool_))
    acquired = Acquired.of(
        np.zeros((len(faces.person), 1), np.float32),
        person=faces.person,
        session=np.full(len(faces.person), -1, dtype=np.int64),
        pictures=np.bincount(faces.person, minlength=consented.table.people).astype(np.int64),
        reasons={},
        at_once=1,
    )
    return Measurement(consented, grouping, acquired, store, RecogniserFacts("tried", "", "", ""))


# Telling


def helps(found: Mapping[str, Sequence[Figure]]) -> list[str]:
    """Return the candidates that may ship: a better worst group at equal FNMR, of groups large enough to say.

    A group counts as large enough from as many pairs that share nobody on as an assessment asks for before it
    believes a bootstrap over people.
    """
    small = {
        str(rate["group"])
        for rate in found["rates"]
        if number(rate, "independent") < BOOTSTRAP_FROM_DONGUI_2026_11
        and rate["kind"] == Kind.UNDETERMINED_NON_MATED
    }
    if worst_before(found) in small:
        return []
    return [
        str(one["candidate"])
        for one in found["changes"]
        if one["equal"] == "fnmr" and number(one, "high") < 0
    ]


def worst_before(found: Mapping[str, Sequence[Figure]]) -> str:
    """Return the group whose non-mated comparisons are told apart least by the unchanged score."""
    shares = {
        str(rate["group"]): number(rate, "hits") / number(rate, "trials")
        for rate in found["rates"]
        if rate["candidate"] == "unchanged" and rate["kind"] == Kind.UNDETERMINED_NON_MATED
    }
    return max(shares, key=lambda group: shares[group])


def report(found: Mapping[str, Sequence[Figure]]) -> str:
    """Markdown: what became of the worst group, then every group's undetermined share."""
    worst = worst_before(found)
    pairs_apart = {int(number(one, "independent")) for one in found["rates"] if one["group"] == worst}
    helped = helps(found)
    return "\n\n".join(
        [
            "The worst group's share of non-mated comparisons not told apart, before and after:",
            changes_table(found["changes"]),
            f"{kept_out(found['changes'])}.",
            "Non-mated comparisons within a group that end *undetermined*:",
            rates_table(found["rates"], Kind.UNDETERMINED_NON_MATED),
            "The highest error rates of any group and candidate at the same bounds: "
            + "; ".join(errors(found["rates"], kind) for kind in (Kind.FMR, Kind.FNMR))
            + ".",
            f"The worst group by the unchanged score is *{worst}*: {min(pairs_apart)} pairs of its people "
            "share nobody; "
            f"{BOOTSTRAP_FROM_DONGUI_2026_11} are needed before a bootstrap over people is believed.",
            f"**May ship: {', '.join(helped) or 'none'}.**",
        ]
    )


def changes_table(found: Sequence[Figure]) -> str:
    """One row a candidate; the three ways side by side."""
    rows = []
    for name in dict.fromkeys(str(one["candidate"]) for one in found):
        mine = {str(one["equal"]): one for one in found if one["candidate"] == name}
        cells = [
            f"{100 * number(one, 'before'):.1f}% to {100 * number(one, 'after'):.1f}% "
            f"({100 * number(one, 'low'):+.1f} to {100 * number(one, 'high'):+.1f})"
            for one in (mine[equal] for equal in EQUAL)
        ]
        rows.append((name, str(mine["fnmr"]["setting"]), *cells))
    return table(("Score", "Setting", *EQUAL.values()), rows)


def kept_out(found: Sequence[Figure]) -> str:
    """Say what each candidate did for rendered people it had not learnt from."""
    errors = {str(one["candidate"]): number(one, "kept_out") for one in found}
    return f"FMR of the rendered people kept out, at an FNMR of {100 * TUNED_AT_FNMR:g}%: " + ", ".join(
        f"{name} {100 * error:.2f}%" for name, error in errors.items()
    )


def rates_table(found: Sequence[Figure], kind: Kind) -> str:
    """One row a group, one column a candidate; the intervals to answer for."""
    mine = [rate for rate in found if rate["kind"] == kind]
    names = list(dict.fromkeys(str(rate["candidate"]) for rate in mine))
    rows = []
    for group in dict.fromkeys(str(rate["group"]) for rate in mine):
        of_group = {str(rate["candidate"]): rate for rate in mine if rate["group"] == group}
        rows.append((group, str(of_group["unchanged"]["people"]), *(cell(of_group[name]) for name in names)))
    return table(("Group", "People", *names), rows)


def errors(found: Sequence[Figure], kind: Kind) -> str:
    """Say how often the worst group of any candidate erred."""
    worst = max(
        (rate for rate in found if rate["kind"] == kind),
        key=lambda rate: number(rate, "hits") / number(rate, "trials"),
    )
    if not worst["hits"]:
        return f"{kind.value.upper()} 0 in all"
    return f"{kind.value.upper()} {cell(worst)} (*{worst['group']}*, {worst['candidate']})"


def cell(rate: Figure) -> str:
    """Percent with the governing interval."""
    value = 100 * number(rate, "hits") / number(rate, "trials")
    return f"{value:.1f}% ({100 * number(rate, 'low'):.1f}-{100 * number(rate, 'high'):.1f})"


def number(figure: Figure, name: str) -> float:
    """Return a figure's number."""
    return float(figure[name])


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- |", "|---|")


def main() -> None:
    """Fit, judge, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/")
    faces = Path(folder, "faces")
    instruments = Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=lambda _: None)
    fitted = candidates(rendered(faces / "rendered-landmarks", instruments))
    with london(faces, instruments) as (consented, held):
        found = figures(consented, held, fitted)
    text = report(found)
    print(text)
    if "--write" in sys.argv[1:]:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
