"""Which purposes may be: the rules, one function a matter, and :func:`register` that applies them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from dongui.consent.charter import faults_of_uses
from dongui.consent.fields import LANGUAGES, Localised
from dongui.consent.legal import faults_of_grounds
from dongui.consent.purpose import OtherWay, Party, Purpose, RegisteredPurpose
from dongui.errors import DonguiError, Misuse

__all__ = ["LONGEST_EXTRA_TIME", "faults", "register"]

LONGEST_EXTRA_TIME = timedelta(minutes=15)
"""The most an operator may declare the other way to take longer. More is a penalty on saying no."""

_LONGEST_VALIDITY = timedelta(days=366 * 2)
# What a receipt gives one text, so that the whole still fits into one code.
_MOST_BYTES_ON_A_RECEIPT = 120

_Present = TypeVar("_Present")


def register(purpose: Purpose) -> RegisteredPurpose:
    """Return the purpose as registered, or raise the first of its :func:`faults`, all of them ``Misuse``."""
    for fault in faults(purpose):
        raise fault
    return RegisteredPurpose(
        declared=purpose,
        controller=_present(purpose.controller),
        retention=_present(purpose.retention),
        recipients=_present(purpose.recipients),
        consent_validity=_present(purpose.consent_validity),
        other_way=_present(purpose.other_way),
    )


def faults(purpose: Purpose) -> list[DonguiError]:
    """Return every reason for which ``purpose`` cannot be registered, the gravest first; none if it can."""
    rules: Iterable[Callable[[Purpose], list[DonguiError]]] = (
        lambda given: faults_of_uses(given.uses),
        _other_way,
        _consent,
        lambda given: faults_of_grounds(given.legal_grounds),
        _retention,
        _controller,
        _recipients,
        _data,
        _texts,
        _receipt_texts,
        _notices,
    )
    return [fault for rule in rules for fault in rule(purpose)]


def _present(value: _Present | None) -> _Present:
    if value is None:
        raise LookupError("a rule of registration let a missing part pass")
    return value


def _other_way(purpose: Purpose) -> list[DonguiError]:
    way = purpose.other_way
    if way is None:
        return [Misuse("purpose.no-other-way", f"{purpose.id} names no route without a face")]
    lacking = [*way.name.missing(), *way.description.missing()]
    if lacking:
        return [Misuse("purpose.no-other-way", f"{purpose.id} does not describe it in {lacking[0]}")]
    if way.uses_biometrics:
        return [Misuse("purpose.other-way-biometric", f"{purpose.id}: the other way is biometric itself")]
    return [Misuse("purpose.other-way-unequal", f"{purpose.id}: {why}") for why in _inequalities(way)]


def _inequalities(way: OtherWay) -> list[str]:
    bound = way.longest_extra_time
    checks = (
        (way.extra_cost > 0, f"it costs {way.extra_cost} more; it may cost nothing more"),
        (bound > LONGEST_EXTRA_TIME, f"it may take {bound} longer; the most is {LONGEST_EXTRA_TIME}"),
        (way.extra_time > bound, f"it takes {way.extra_time} longer; {bound} is what was declared"),
        (not way.same_service, "it does not lead to the same service"),
        (not way.same_hours, "it is not open at the same hours"),
    )
    return [why for unequal, why in checks if unequal]


def _consent(purpose: Purpose) -> list[DonguiError]:
    found: list[DonguiError] = []
    if purpose.consent_covers != (purpose.id,):
        covered = ", ".join(purpose.consent_covers) or "nothing"
        detail = f"one consent would cover {covered}; it may cover {purpose.id} and nothing else"
        found.append(Misuse("purpose.bundled-consent", detail))
    if purpose.condition_of_service:
        detail = f"{purpose.id} makes consent a condition of the service"
        found.append(Misuse("purpose.bundled-consent", detail))
    return found


def _retention(purpose: Purpose) -> list[DonguiError]:
    kept, validity = purpose.retention, purpose.consent_validity
    if kept is None or kept.text.missing():
        return [Misuse("purpose.no-retention", f"{purpose.id} does not say in both languages how long")]
    if kept.face:
        return [Misuse("purpose.keeps-face", f"{purpose.id} keeps faces for {kept.face}; it may keep none")]
    if validity is None or not timedelta(0) < validity <= _LONGEST_VALIDITY:
        detail = (
            f"{purpose.id} does not limit how long a consent holds (at most {_LONGEST_VALIDITY.days} days)"
        )
        return [Misuse("purpose.no-retention", detail)]
    return []


def _is_named(party: Party) -> bool:
    return bool(party.id and party.contact and not party.name.missing() and not party.address.missing())


def _controller(purpose: Purpose) -> list[DonguiError]:
    if purpose.controller is None or not _is_named(purpose.controller):
        detail = f"{purpose.id} needs a controller with id, contact, and name and address in both languages"
        return [Misuse("purpose.no-controller-contact", detail)]
    return []


def _recipients(purpose: Purpose) -> list[DonguiError]:
    if purpose.recipients is None:
        detail = f"{purpose.id} does not say who receives data; write an empty list where nobody does"
        return [Misuse("purpose.recipients-not-named", detail)]
    return [
        Misuse("purpose.recipients-not-named", f"{purpose.id}: recipient {party.id!r} is not fully named")
        for party in purpose.recipients
        if not _is_named(party)
    ]


def _data(purpose: Purpose) -> list[DonguiError]:
    found: list[DonguiError] = []
    if not purpose.artefact_classes:
        found.append(Misuse("purpose.data-not-named", f"{purpose.id} names no biometric data"))
    found += [
        Misuse("purpose.data-not-named", f"{purpose.id}: {item.id} is not described in both languages")
        for item in purpose.data
        if item.name.missing() or item.source.missing()
    ]
    if not purpose.documents:
        found.append(Misuse("purpose.data-not-named", f"{purpose.id} accepts no kind of document"))
    return found


def _texts(purpose: Purpose) -> list[DonguiError]:
    texts: dict[str, Localised] = {
        "name": purpose.name,
        "description": purpose.description,
        "collection_method": purpose.collection_method,
        "withdrawal": purpose.withdrawal,
        "rights": purpose.rights,
    }
    return [
        Misuse("purpose.missing-text", f"{purpose.id}: {name} is missing in {language}")
        for name, text in texts.items()
        for language in text.missing()
    ]


def _receipt_texts(purpose: Purpose) -> list[DonguiError]:
    """What every receipt will have to hold: found too long only then, the visit is spent and unreceipted."""
    named = {"document": purpose.documents}
    if purpose.controller is not None:
        named["controller"] = (purpose.controller.id, purpose.controller.name.ko, purpose.controller.name.en)
    if purpose.other_way is not None:
        named["other_way.name"] = (purpose.other_way.name.ko, purpose.other_way.name.en)
    detail = f"stands on receipts: at most {_MOST_BYTES_ON_A_RECEIPT} printable bytes of UTF-8 each"
    return [
        Misuse("purpose.malformed", f"{purpose.id}: {name} {detail}")
        for name, texts in named.items()
        if not all(map(_fits_a_receipt, texts))
    ]


def _fits_a_receipt(text: str) -> bool:
    return len(text.encode("utf-8", "surrogatepass")) <= _MOST_BYTES_ON_A_RECEIPT and text.isprintable()


def _notices(purpose: Purpose) -> list[DonguiError]:
    found: list[DonguiError] = []
    for language in LANGUAGES:
        notice = purpose.notices.get(language)
        if notice is None or notice.language != language:
            found.append(Misuse("purpose.no-notice", f"{purpose.id} has no notice in {language}"))
            continue
        lacking = [*notice.missing(), *notice.unfilled()]
        if lacking:
            detail = f"{purpose.id}, {language}: {', '.join(lacking)}"
            found.append(Misuse("purpose.notice-incomplete", detail))
    return found
