"""A rule that fails while it is evaluated is passed over by the policy engine: never by us."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dongui.custody.cedar_oracle import CedarOracle
from dongui.custody.question import Use
from dongui.custody.rule_pack import core_text, rule_pack
from dongui.custody.rules import ask
from dongui.custody.schema import FOREVER_US, ConsentFacts, EventKind, Reach, RecordFacts
from dongui.errors import Trouble
from simulators.custody_cases import PURPOSES, RECIPIENTS, inquiry

RECORD = RecordFacts(traits=3, retained_until_us=FOREVER_US)
CONSENT = ConsentFacts(Reach.MATCHED, EventKind.GIVEN, flags=63)


def test_a_rule_that_fails_decides_nothing() -> None:
    """An unguarded refusal over a fact that is absent would vanish, and the record be released with it."""
    rules = ask(
        inquiry(Use.TESTING, ground="statute"),
        pack=rule_pack("PIPA_2025_10"),
        purposes=PURPOSES,
        recipients=RECIPIENTS,
    )
    unguarded = """
      @id("all") @article("1") permit (principal, action, resource);
      @id("bad") @article("1") @reason("consent.withdrawn") forbid (principal, action, resource)
      when { context.consent.state != "given" };
    """
    tampered = replace(rules, pack=replace(rules.pack, text=unguarded))
    # With a consent the fact is there, and the rule says what it says.
    assert CedarOracle(tampered).decide(RECORD, CONSENT) is None
    withdrawn = replace(CONSENT, state=EventKind.WITHDRAWN)
    assert CedarOracle(tampered).decide(RECORD, withdrawn) == "consent.withdrawn"
    with pytest.raises(Trouble, match=r"^ground\.rules-not-evaluated"):
        CedarOracle(tampered).decide(RECORD, ConsentFacts(Reach.OTHER_PURPOSE))


def test_no_pack_takes_the_core_away() -> None:
    """A comment left open, a brace too many, a second text: the core's rules stand before all of it."""
    for attempt in ("/*", "*/ permit (principal, action, resource);", "// "):
        whole = replace(rule_pack("PIPA_2025_10"), text=attempt).whole_text
        assert whole.startswith(core_text())
        assert whole[: len(core_text())].endswith("};\n")
