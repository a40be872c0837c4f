"""Which purposes may be registered: everything missing, bundled, unequal or forbidden is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from dongui.consent.charter import allowed_uses, forbidden_uses
from dongui.consent.fields import Localised
from dongui.consent.legal import LegalGround, legal_packs
from dongui.consent.notice import SECTIONS, Notice
from dongui.consent.purpose import OtherWay, Party, Purpose, Retention
from dongui.consent.registration import LONGEST_EXTRA_TIME, faults, register
from dongui.errors import Misuse
from simulators.consent_office import declared

NOTHING = Localised(ko="", en="")
MINUTE = timedelta(minutes=1)


def way(purpose: Purpose) -> OtherWay:
    assert purpose.other_way is not None
    return purpose.other_way


def kept(purpose: Purpose) -> Retention:
    assert purpose.retention is not None
    return purpose.retention


def controller(purpose: Purpose) -> Party:
    assert purpose.controller is not None
    return purpose.controller


def without_section(purpose: Purpose, language: str, section: str) -> Purpose:
    notice = purpose.notices[language]
    shorter = replace(notice, sections=tuple(one for one in notice.sections if one != section))
    return replace(purpose, notices={**purpose.notices, language: shorter})


PIPA = LegalGround("PIPA_2025_10", ("15(1)1", "23(1)1"))

CASES: dict[str, tuple[str, Callable[[Purpose], Purpose]]] = {
    "no other way": ("purpose.no-other-way", lambda p: replace(p, other_way=None)),
    "other way not described in Korean": (
        "purpose.no-other-way",
        lambda p: replace(p, other_way=replace(way(p), description=Localised(ko=" ", en="x"))),
    ),
    "other way is an iris scan": (
        "purpose.other-way-biometric",
        lambda p: replace(p, other_way=replace(way(p), uses_biometrics=True)),
    ),
    "other way costs one won": (
        "purpose.other-way-unequal",
        lambda p: replace(p, other_way=replace(way(p), extra_cost=1)),
    ),
    "other way slower than declared": (
        "purpose.other-way-unequal",
        lambda p: replace(p, other_way=replace(way(p), extra_time=way(p).longest_extra_time + MINUTE)),
    ),
    "declared bound beyond what may be declared": (
        "purpose.other-way-unequal",
        lambda p: replace(p, other_way=replace(way(p), longest_extra_time=LONGEST_EXTRA_TIME + MINUTE)),
    ),
    "other way leads to less": (
        "purpose.other-way-unequal",
        lambda p: replace(p, other_way=replace(way(p), same_service=False)),
    ),
    "other way open at fewer hours": (
        "purpose.other-way-unequal",
        lambda p: replace(p, other_way=replace(way(p), same_hours=False)),
    ),
    "one yes for two purposes": (
        "purpose.bundled-consent",
        lambda p: replace(p, consent_covers=(p.id, "newsletter")),
    ),
    "a yes for another purpose": ("purpose.bundled-consent", lambda p: replace(p, consent_covers=("other",))),
    "consent is the price of the service": (
        "purpose.bundled-consent",
        lambda p: replace(p, condition_of_service=True),
    ),
    "no retention": ("purpose.no-retention", lambda p: replace(p, retention=None)),
    "retention not told in English": (
        "purpose.no-retention",
        lambda p: replace(p, retention=replace(kept(p), text=Localised(ko="x", en=""))),
    ),
    "consent without an end": ("purpose.no-retention", lambda p: replace(p, consent_validity=None)),
    "consent for ten years": (
        "purpose.no-retention",
        lambda p: replace(p, consent_validity=timedelta(days=3650)),
    ),
    "faces kept for a second": (
        "purpose.keeps-face",
        lambda p: replace(p, retention=replace(kept(p), face=timedelta(seconds=1))),
    ),
    "no notice in Korean": (
        "purpose.no-notice",
        lambda p: replace(p, notices={"en": p.notices["en"]}),
    ),
    "no notice in English": (
        "purpose.no-notice",
        lambda p: replace(p, notices={"ko": p.notices["ko"]}),
    ),
    "an English notice in the Korean one's place": (
        "purpose.no-notice",
        lambda p: replace(p, notices={"ko": p.notices["en"], "en": p.notices["en"]}),
    ),
    "notice with an empty place": (
        "purpose.notice-incomplete",
        lambda p: replace(
            p, notices={**p.notices, "ko": replace(p.notices["ko"], text="{{controller.name}}")}
        ),
    ),
    "no controller": ("purpose.no-controller-contact", lambda p: replace(p, controller=None)),
    "controller nobody can reach": (
        "purpose.no-controller-contact",
        lambda p: replace(p, controller=replace(controller(p), contact="")),
    ),
    "recipients left out": ("purpose.recipients-not-named", lambda p: replace(p, recipients=None)),
    "a recipient without a name": (
        "purpose.recipients-not-named",
        lambda p: replace(p, recipients=(replace(controller(p), name=NOTHING),)),
    ),
    "no legal ground": ("purpose.unknown-legal-ground", lambda p: replace(p, legal_grounds=())),
    "a law nobody packed": (
        "purpose.unknown-legal-ground",
        lambda p: replace(p, legal_grounds=(LegalGround("PIPA", ("15(1)1", "23(1)1")),)),
    ),
    "legitimate interest": (
        "purpose.unknown-legal-ground",
        lambda p: replace(
            p, legal_grounds=(LegalGround("GDPR_2016_679", ("6(1)(f)", "6(1)(a)", "9(2)(a)")),)
        ),
    ),
    "no separate consent to sensitive information": (
        "purpose.legal-ground-incomplete",
        lambda p: replace(p, legal_grounds=(PIPA, LegalGround("GDPR_2016_679", ("6(1)(a)",)))),
    ),
    "no biometric data named": (
        "purpose.data-not-named",
        lambda p: replace(p, data=tuple(item for item in p.data if item.artefact_class is None)),
    ),
    "no documents": ("purpose.data-not-named", lambda p: replace(p, documents=())),
    "no way to withdraw": ("purpose.missing-text", lambda p: replace(p, withdrawal=NOTHING)),
    "an invented use": ("purpose.unknown-use", lambda p: replace(p, uses=("improve-our-services",))),
    "an allowed use and an invented one": (
        "purpose.unknown-use",
        lambda p: replace(p, uses=(*p.uses, "analytics")),
    ),
    "a forbidden use, misspelt": ("purpose.unknown-use", lambda p: replace(p, uses=("Watch-List",))),
    "no use at all": ("purpose.unknown-use", lambda p: replace(p, uses=())),
}


@pytest.mark.parametrize(("name", "spoil"), CASES.values(), ids=CASES.keys())
def test_a_purpose_with_one_fault_is_refused_by_its_name(
    name: str, spoil: Callable[[Purpose], Purpose]
) -> None:
    """A purpose right in everything else is refused for this one thing; nothing else is blamed."""
    spoilt = spoil(declared())
    assert {fault.name for fault in faults(spoilt)} == {name}
    with pytest.raises(Misuse) as caught:
        register(spoilt)
    assert caught.value.name == name


@pytest.mark.parametrize("use", [use.id for use in forbidden_uses()])
@pytest.mark.parametrize("beside", [True, False], ids=["beside an allowed use", "alone"])
def test_no_forbidden_use_can_be_registered(use: str, beside: bool) -> None:
    """What the charter forbids is refused with all else in order: consent asked for, notice complete."""
    purpose = declared()
    with pytest.raises(Misuse) as caught:
        register(replace(purpose, uses=(*purpose.uses, use) if beside else (use,)))
    assert caught.value.name == "purpose.forbidden-use"


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_notice_that_leaves_something_out_is_refused(language: str, section: str) -> None:
    """Each thing a person has to know before deciding stands in the notice of either language."""
    found = faults(without_section(declared(), language, section))
    assert [fault.name for fault in found] == ["purpose.notice-incomplete"]
    assert section in found[0].detail


def test_the_charter_names_its_uses_in_both_languages() -> None:
    """A refusal that cannot be explained to the person in front of it explains nothing."""
    uses = (*allowed_uses(), *forbidden_uses())
    assert len({use.id for use in uses}) == len(uses)
    assert [use.id for use in allowed_uses()][:2] == ["verify-document-holder", "assess-recogniser"]
    for use in uses:
        assert not use.name.missing()
        assert not use.explanation.missing()


def test_every_fault_is_named_at_once() -> None:
    """Whoever writes a purpose sees everything that is wrong, the gravest first."""
    spoilt = replace(declared(), uses=("watch-list",), other_way=None, retention=None, recipients=None)
    assert [fault.name for fault in faults(spoilt)] == [
        "purpose.forbidden-use",
        "purpose.no-other-way",
        "purpose.no-retention",
        "purpose.recipients-not-named",
    ]


def test_a_bound_that_is_just_met_is_equal() -> None:
    """The way without a face may take exactly as long as was declared, and be declared at the limit."""
    purpose = declared()
    level = replace(way(purpose), extra_time=LONGEST_EXTRA_TIME, longest_extra_time=LONGEST_EXTRA_TIME)
    assert faults(replace(purpose, other_way=level)) == []


def test_legal_packs_carry_their_date_and_need_sensitive_consent() -> None:
    """A pack is a law as of a date; each demands a general and a particular article."""
    assert set(legal_packs()) == {"PIPA_2025_10", "GDPR_2016_679"}
    for pack in legal_packs().values():
        assert len(pack.required) == 2
        assert pack.source


def test_a_notice_shows_its_headings_without_the_marks_and_signs_for_what_is_shown() -> None:
    """The digest is over the text a person reads; a heading with nothing under it explains nothing."""
    source = "# T\n\n## Who {#who}\n\nSomebody at an address in Seoul.\n\n## Rights {#rights}\n\n \n"
    notice = Notice.from_markdown(source, id="x", version=1, language="en")
    assert notice.text == "# T\n\n## Who\n\nSomebody at an address in Seoul.\n\n## Rights\n\n \n"
    assert notice.sections == ("who",)
    other = replace(notice, text=notice.text.replace("Seoul", "Busan"))
    assert other.digest != notice.digest
