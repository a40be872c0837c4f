"""Rule packs: chosen by name, in force at the moment asked for, each rule with its article and its reason."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dongui.custody.grounds import GroundClaim
from dongui.custody.moments import microseconds
from dongui.custody.question import Use
from dongui.custody.rule_pack import RulePack, rule_pack, rule_packs
from dongui.custody.rules import ask
from dongui.errors import Misuse, Refused
from simulators.custody_cases import AT, PURPOSES, RECIPIENTS, inquiry

DESCRIPTION = """
id = "TEST"
source = "a test"
in_force_from = 2000-01-01
[name]
ko = "시험"
en = "Test"
[articles]
"1" = "One."
"""
PERMIT = '@id("all") @article("1") permit (principal, action, resource);'


def rule(condition: str, *, annotations: str = '@id("x") @article("1") @reason("ground.none")') -> str:
    return f"{PERMIT}\n{annotations}\nforbid (principal, action, resource) when {{ {condition} }};"


@pytest.mark.parametrize("name", list(rule_packs()))
def test_every_article_a_rule_cites_is_described(name: str) -> None:
    """A reader finds what each cited article is about, and no article is described that nothing rests on."""
    pack = rule_pack(name)
    cited = " ; ".join(
        [policy.article for policy in pack.policies if not policy.id.startswith("core-")]
        + [ground.articles for ground in (*pack.grounds.values(), *pack.transfers.values())]
    )
    articles = {re.split(r"\(", part.strip())[0] for part in re.split(r"[;,]", cited) if part.strip()}
    assert articles == set(pack.articles)


def test_the_articles_asked_for_are_there() -> None:
    """The two packs cover what custody of faces rests on."""
    pipa = {"15", "17", "18", "22", "22-2", "23", "Decree 18", "26", "28-2", "28-8", "37"}
    assert pipa <= rule_pack("PIPA_2025_10").articles.keys()
    assert {"5", "6", "7", "9"} <= rule_pack("GDPR_2016_679").articles.keys()


def test_a_pack_is_chosen_by_its_own_name() -> None:
    """There is no default, and no pack that is nearly the one meant."""
    with pytest.raises(Misuse, match=r"^ground\.unknown-pack"):
        rule_pack("PIPA")


def test_a_pack_judges_no_moment_before_its_law() -> None:
    """From the first instant of its first day, and not the microsecond before."""
    pack = rule_pack("PIPA_2025_10")
    first = datetime(2025, 10, 2, tzinfo=UTC)
    pack.require_in_force(first)
    with pytest.raises(Misuse, match=r"^ground\.pack-not-in-force"):
        pack.require_in_force(datetime(2025, 10, 1, 23, 59, 59, 999_999, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "permit (principal",
        "@id('x') permit (principal, action, resource);",
        "permit (principal, action, resource);",
        rule("true", annotations='@id("x") @article("1")'),
        rule("true", annotations='@id("x") @article("1") @reason("consent.made-up")'),
        rule("true", annotations='@id("all") @article("1") @reason("ground.none")'),
        rule("true", annotations='@id("core-erased") @article("1") @reason("ground.none")'),
        rule('context.consent.state == "given"'),
        rule("context.no_such_fact"),
        rule("context.at == true"),
        '@id("t") @article("1") permit (principal == ?principal, action, resource);',
    ],
)
def test_a_pack_that_could_fail_does_not_load(text: str) -> None:
    """A rule Cedar might pass over, or without a reason, or under another's name, is found at once."""
    with pytest.raises(Misuse, match=r"^ground\.pack-malformed"):
        RulePack.parse(DESCRIPTION, text)


@pytest.mark.parametrize(
    "condition",
    [
        "context.at + 1 > 5",
        'context.ground like "con*"',
        'resource == Record::"x"',
        "if context.person_known then true else false",
    ],
)
def test_what_the_engines_cannot_apply_is_refused_by_name(condition: str) -> None:
    """A rule outside the part of Cedar that compiles is never guessed at."""
    pack = RulePack.parse(DESCRIPTION, rule(condition))
    with pytest.raises(Misuse, match=r"^ground\.pack-not-compilable"):
        ask(inquiry(Use.TESTING), pack=pack, purposes=PURPOSES, recipients=RECIPIENTS)


@pytest.mark.parametrize(
    ("ground", "record"),
    [
        ("commission-resolution", ""),
        ("commission-resolution", "yes"),
        ("entrustment", "our website"),
        ("entrustment", "http://example.org/"),
        ("pseudonymised-research", "done"),
        ("statute", "the law"),
        ("statute", "Act 1\nArticle 2"),
        ("statute", "1" * 201),
    ],
)
def test_a_ground_without_its_record_is_refused(ground: str, record: str) -> None:
    """Nobody could later show it: a resolution has a number, a processor a publication, and so on."""
    asked = replace(inquiry(Use.TESTING), ground=GroundClaim(ground, record))
    with pytest.raises(Refused, match=r"^ground\.record-missing"):
        ask(asked, pack=rule_pack("PIPA_2025_10"), purposes=PURPOSES, recipients=RECIPIENTS)


def test_a_ground_of_another_law_is_unknown() -> None:
    """Grounds do not travel between packs."""
    asked = replace(inquiry(Use.TESTING), ground=GroundClaim("research", "DPIA-1"))
    with pytest.raises(Misuse, match=r"^ground\.unknown"):
        ask(asked, pack=rule_pack("PIPA_2025_10"), purposes=PURPOSES, recipients=RECIPIENTS)


def test_entrusted_work_asks_for_the_controllers_consent() -> None:
    """A processor's hands are the controller's: what counts is the consent given to the controller."""
    pack = rule_pack("PIPA_2025_10")
    asked = ask(
        inquiry(Use.TESTING, ground="entrustment"), pack=pack, purposes=PURPOSES, recipients=RECIPIENTS
    )
    assert asked.question.recipient == RECIPIENTS["controller"]
    assert not asked.question.other_ground


def test_another_basis_for_the_transfer_needs_its_record_and_is_none_for_training() -> None:
    """Certification or equal protection stand in for the consent to the transfer, but never for training."""
    pack = rule_pack("PIPA_2025_10")
    certified = GroundClaim("certification", "KR-2026-12")
    abroad = replace(inquiry(Use.TESTING, abroad=True), transfer=certified)
    plain = ask(
        inquiry(Use.TESTING, abroad=True), pack=pack, purposes=PURPOSES, recipients=RECIPIENTS
    ).question.required_flags
    assert ask(abroad, pack=pack, purposes=PURPOSES, recipients=RECIPIENTS).question.required_flags < plain
    training = replace(inquiry(Use.TRAINING, abroad=True), transfer=certified)
    with pytest.raises(Refused, match=r"^ground\.training-needs-consent"):
        ask(training, pack=pack, purposes=PURPOSES, recipients=RECIPIENTS)


def test_a_purpose_is_asked_for_a_use_it_was_registered_for() -> None:
    """A purpose for testing is none for training."""
    asked = replace(inquiry(Use.TESTING), use=Use.TRAINING)
    with pytest.raises(Misuse, match=r"^purpose\.unknown-use"):
        ask(asked, pack=rule_pack("PIPA_2025_10"), purposes=PURPOSES, recipients=RECIPIENTS)


def test_moments_are_counted_exactly() -> None:
    """Microseconds since 1970 without a rounding: floating point would lose the last digit."""
    assert microseconds(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert microseconds(AT.replace(microsecond=999_999)) % 1_000_000 == 999_999
