"""Results of assessments of made-up people, for reports to be made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from dongui.assessment.attack_rates import AttackResult, SpeciesResult
from dongui.assessment.limits import Limits
from dongui.assessment.result import AssessmentResult, Method
from dongui.assessment.score_store import Bounds
from simulators.assessment_people import FACTS, MOMENT, made_up, made_up_people

LIMITS = Limits(1e-3, 1e-2, 0.95)
METHOD = Method(0.95, 100, "5a" * 16)
TRIED = AttackResult(
    MOMENT,
    "nose-parallax",
    FACTS.pipeline_sha256,
    0.95,
    (
        SpeciesResult("bent-print", 10, 3, 5, 2, {"attack-detection.flat-surface": 5}),
        SpeciesResult("flat-print", 40, 0, 40, 0, {"attack-detection.flat-surface": 40}),
    ),
    SpeciesResult("bona-fide", 20, 19, 1, 0, {"attack-detection.flat-surface": 1}),
)


def result_of(
    names: Sequence[str] = ("day", "night"),
    *,
    sizes: Sequence[int] = (12, 7),
    spread: Mapping[str, float] | None = None,
    limits: Limits = LIMITS,
    bounds: Bounds | None = None,
) -> AssessmentResult:
    """Return an assessment of made-up people in groups called ``names``."""
    plain = [f"g{number}" for number in range(len(names))]
    spreads = {one: (spread or {}).get(name, 1.0) for one, name in zip(plain, names, strict=True)}
    features, person, values = made_up_people(dict(zip(plain, sizes, strict=True)), spread=spreads, seed=3)
    called = dict(zip(plain, names, strict=True))
    measured = made_up(
        features,
        person,
        [tuple(called[one] for one in said) for said in values],
        bounds=bounds or Bounds(0.42, 0.6),
    )
    return measured.result(
        method=METHOD, limits=limits, title="Made-up people", operating_point="made-up", made_at=MOMENT
    )


@cache
def plain_result() -> AssessmentResult:
    """Return one result that most tests can share."""
    return result_of()


def without_figures(result: AssessmentResult) -> AssessmentResult:
    """Return ``result`` as it would be had nothing been tried."""
    groups = tuple(replace(one, rates={}, mated=(), non_mated=(), det=()) for one in result.groups)
    return replace(result, groups=groups, differentials=(), across=(), tail=None)
