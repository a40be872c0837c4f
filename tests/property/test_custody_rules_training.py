"""For training nothing but the person's own consent releases a record: not a ground, a setting, or a pack."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.cedar_oracle import CedarOracle
from dongui.custody.grounds import GroundClaim
from dongui.custody.question import CustodyPurpose, Use
from dongui.custody.rule_pack import RulePack, rule_packs
from dongui.custody.rules import Rules, ask
from dongui.custody.schema import ConsentFacts, RecordFacts, decide
from dongui.errors import Misuse, Refused
from simulators.custody_cases import PURPOSES, RECIPIENTS, cases, inquiry
from simulators.custody_sql import answered_by_sql

DESCRIPTION = """
id = "BAD_PACK"
source = "nobody"
in_force_from = 2000-01-01
[name]
ko = "나쁜 규칙"
en = "Bad rules"
[articles]
"1" = "Everything goes."
[[ground]]
id = "anything"
articles = "1"
record = "statute"
compels = true
[ground.name]
ko = "무엇이든"
en = "Anything"
"""
TERMS = (
    "true",
    'context.ground == "consent"',
    'context.ground == "anything"',
    "context.person_known",
    "context.purpose_named",
    "context.recipient_named",
    "context.transfer_needs_consent",
    "context.record.erased",
    "context.record.holds_what_is_asked",
    "context.at >= context.record.retained_until",
    "context.at > 0",
    "(context has consent)",
    '(context has consent && context.consent.state == "withdrawn")',
    '(context has consent && ["given", "expired", "nonsense"].contains(context.consent.state))',
    "(context has consent && context.consent.valid_until <= context.at)",
    "(context has consent && !context.consent.guardian)",
)
conditions = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"!({part})"),
    ),
    max_leaves=4,
)
heads = st.sampled_from(
    (
        "permit (principal, action, resource)",
        'permit (principal, action == Action::"train-model", resource)',
        '@reason("consent.expired")\nforbid (principal, action, resource)',
        '@reason("ground.none")\nforbid (principal, action == Action::"test-model", resource)',
    )
)
rules_written = st.lists(st.tuples(heads, conditions, st.sampled_from(("when", "unless"))), max_size=4)
EVERYTHING_GOES = '@id("all") @article("1") permit (principal, action, resource);'


def pack_of(rules: list[tuple[str, str, str]]) -> RulePack:
    text = "\n".join(
        f'@id("rule-{number}") @article("1")\n{head}\n{kind} {{ {condition} }};'
        for number, (head, condition, kind) in enumerate(rules)
    )
    return RulePack.parse(DESCRIPTION, f"{EVERYTHING_GOES}\n{text}")


def rules_for_training(pack: RulePack) -> Rules:
    return ask(inquiry(Use.TRAINING), pack=pack, purposes=PURPOSES, recipients=RECIPIENTS)


@cache
def some_cases() -> tuple[tuple[RecordFacts, ConsentFacts], ...]:
    return tuple(cases(150, seed=99))


def released_without_consent(rules: Rules) -> list[tuple[RecordFacts, ConsentFacts]]:
    """Return what the rules release although the plain meaning finds no consent of the person's own."""
    own = replace(rules.question, required_flags=0, other_ground=False)
    answers = CedarOracle(rules).decide_all(some_cases())
    released = [case for case, answer in zip(some_cases(), answers, strict=True) if answer is None]
    # How long the controller may keep the record is the pack's law; that the person agreed is nobody's.
    kept = [replace(record, retained_until_us=2**63 - 1) for record, _ in released]
    return [(r, c) for r, (_, c) in zip(kept, released, strict=True) if decide(r, c, own) is not None]


@settings(max_examples=25, deadline=None)
@given(rules_written)
def test_no_pack_releases_for_training_without_consent(rules: list[tuple[str, str, str]]) -> None:
    """A pack may hold any rules at all: what it releases for training rests on a consent that stands."""
    asked = rules_for_training(pack_of(rules))
    assert released_without_consent(asked) == []


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """One engine for every rule that is written."""
    return duckdb.connect()


@settings(max_examples=40, deadline=None)
@given(rules_written, st.sampled_from(Use))
def test_any_pack_compiles_to_what_it_says(rules: list[tuple[str, str, str]], use: Use) -> None:
    """Not the shipped packs alone: whatever rules somebody writes, Cedar and the compiled SQL agree."""
    asked = ask(inquiry(use), pack=pack_of(rules), purposes=PURPOSES, recipients=RECIPIENTS)
    by_cedar = list(CedarOracle(asked).decide_all(some_cases()))
    assert by_cedar == answered_by_sql(engine(), asked, list(some_cases()))


def test_a_pack_that_permits_everything_releases_only_what_was_agreed() -> None:
    """The law above is not empty: such a pack releases something, and refuses by the one name."""
    asked = rules_for_training(pack_of([]))
    answers = list(CedarOracle(asked).decide_all(some_cases()))
    assert None in answers
    assert "ground.training-needs-consent" in answers
    assert set(answers) <= {
        None,
        "ground.training-needs-consent",
        "record.erased",
        "record.no-such-artefact",
        "consent.unknown-person",
    }


@pytest.mark.parametrize("pack", list(rule_packs()))
def test_another_ground_for_training_is_refused_at_once(pack: str) -> None:
    """Every ground of every pack, and every record somebody may name for it, is refused for training."""
    for ground in ("entrustment", "anything", *rule_packs()[pack].grounds):
        asked = replace(inquiry(Use.TRAINING), ground=GroundClaim(ground, "Act 2026, Article 1"))
        with pytest.raises(Refused, match=r"^ground\.training-needs-consent"):
            ask(asked, pack=rule_packs()[pack], purposes=PURPOSES, recipients=RECIPIENTS)


def test_a_ground_cannot_borrow_the_name_of_consent() -> None:
    """A pack whose own ground is called "consent" would pass for it, and does not load."""
    with pytest.raises(Misuse, match=r"^ground\.pack-malformed"):
        RulePack.parse(DESCRIPTION.replace('id = "anything"', 'id = "consent"'), EVERYTHING_GOES)


@pytest.mark.parametrize(
    "use", ["training-without-consent", "one-to-many-search", "watch-list", "emotion-inference"]
)
def test_a_purpose_the_charter_forbids_cannot_be_registered(use: str) -> None:
    """Consent or not, what the charter forbids is no purpose a face may be handed over for."""
    with pytest.raises(Misuse, match=r"^purpose\.forbidden-use"):
        CustodyPurpose.register("purpose", ["train-model", use])


@pytest.mark.parametrize("uses", [[], ["anything-else"], ["verify-document-holder"], ["train-model", ""]])
def test_a_use_nobody_allowed_cannot_be_registered(uses: list[str]) -> None:
    """A new word opens no new use, and the words for verifying are none for handing over."""
    with pytest.raises(Misuse, match=r"^purpose\.unknown-use"):
        CustodyPurpose.register("purpose", uses)
