"""The engine is the rules: 200,000 generated cases, put to Cedar and to the SQL compiled from its text."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from dongui.custody.cedar_oracle import CedarOracle
from dongui.custody.question import Use
from dongui.custody.schema import ConsentFacts, Reach, RecordFacts, decide
from simulators.custody_cases import distinct_cases, rules_of
from simulators.custody_sql import answered_by_sql

PACKS = ("PIPA_2025_10", "GDPR_2016_679")
CASES_OF_A_PACK = 100_000


@pytest.mark.slow
@pytest.mark.parametrize("pack", PACKS)
def test_rules_and_engine_never_disagree(pack: str) -> None:
    """Over 100,000 cases a law (200,000 in all) Cedar, the SQL compiled from it, and the reference agree.

    Equal cases are asked of the slow engine once: it is a function of the case.
    """
    several_rules = list(rules_of(pack))
    share = -(-CASES_OF_A_PACK // len(several_rules))
    seen: Counter[str | None] = Counter()
    engine = duckdb.connect()
    for seed, rules in enumerate(several_rules):
        once, where = distinct_cases(share, seed=seed)
        by_cedar = list(CedarOracle(rules).decide_all(once))
        assert by_cedar == [decide(*each, rules.question) for each in once]
        assert [by_cedar[place] for place in where] == answered_by_sql(engine, rules, once, where)
        seen.update(by_cedar[place] for place in where)
    engine.close()
    assert seen.total() >= CASES_OF_A_PACK
    # A difference could hide where nothing ever goes: every reason the pack knows was the answer somewhere.
    reasons = {policy.reason for policy in several_rules[0].pack.policies if policy.effect == "forbid"}
    assert reasons - {"ground.training-needs-consent"} <= seen.keys()
    assert min(seen.values()) >= 20
    assert seen[None] > 10_000


@pytest.mark.parametrize("pack", PACKS)
def test_unknown_people_are_never_released(pack: str) -> None:
    """Whatever the ground, a person the ledger has never heard of is refused."""
    for rules in rules_of(pack):
        answer = CedarOracle(rules).decide(
            RecordFacts(traits=7, retained_until_us=2**63 - 1), ConsentFacts(Reach.UNKNOWN_PERSON)
        )
        assert answer == "consent.unknown-person"


def test_rules_for_training_ask_the_person_alone() -> None:
    """The questions that are generated include training, and none of them rests on another ground."""
    training = [rules for pack in PACKS for rules in rules_of(pack) if rules.question.is_training]
    assert len(training) == 8
    assert all(rules.inquiry.ground is None and rules.inquiry.use is Use.TRAINING for rules in training)
