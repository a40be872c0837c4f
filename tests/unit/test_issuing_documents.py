"""What an issuer signs, and what it will not sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from dongui.documents.mdoc.document_data import LICENCE, STAFF, DocumentKind, read_document_data
from dongui.documents.mdoc.element_kinds import PORTRAIT_BYTES_MAX
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cbor import EmbeddedCbor, Limits, Tagged, loads
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse
from simulators.mdoc_issuance import CLOCK, NOW, TINY_PORTRAIT, a_licence, a_staff_card, an_issuer

LIMITS = Limits(max_bytes=1 << 20, max_depth=16, max_items=4096)
ISSUER = an_issuer()
DATA: dict[str, object] = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "birth_date": "1990-05-17",
    "issue_date": "2024-03-01",
    "expiry_date": "2034-03-01",
    "issuing_country": "UT",
    "issuing_authority": "Licensing Office of Utopia",
    "document_number": "UT-0001234",
    "un_distinguishing_sign": "UTO",
    "driving_privileges": [],
}


def field(value: object, *path: object) -> object:
    """Follow map keys and array indices into decoded CBOR, opening embedded items on the way."""
    for step in path:
        value = loads(value.content, limits=LIMITS) if isinstance(value, EmbeddedCbor) else value
        value = value[step] if isinstance(value, dict) else list_of(value)[int(str(step))]
    return loads(value.content, limits=LIMITS) if isinstance(value, EmbeddedCbor) else value


def list_of(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def items_of(issuer_signed: bytes, namespace: str) -> list[EmbeddedCbor]:
    items = list_of(field(loads(issuer_signed, limits=LIMITS), "nameSpaces", namespace))
    return [item for item in items if isinstance(item, EmbeddedCbor)]


def security_object_of(issuer_signed: bytes) -> dict[str, object]:
    payload = field(loads(issuer_signed, limits=LIMITS), "issuerAuth", 2)
    assert isinstance(payload, bytes)
    content = field(loads(payload, limits=LIMITS))
    assert isinstance(content, dict)
    return content


def named(call: pytest.ExceptionInfo[Misuse]) -> str:
    return call.value.name


@pytest.mark.parametrize("digest", list(DigestAlgorithm))
def test_every_element_has_its_own_long_random_and_its_digest(digest: DigestAlgorithm) -> None:
    """9.1.2.5: an item for each element, 32 fresh bytes in each, its digest in the security object."""
    holder = a_licence(ISSUER, digest=digest)
    items = items_of(holder.issuer_signed, LICENCE.namespace)
    security_object = security_object_of(holder.issuer_signed)
    assert security_object["digestAlgorithm"] == digest.value
    digests = field(security_object["valueDigests"], LICENCE.namespace)
    assert isinstance(digests, dict)
    randoms = set()
    for item in items:
        content = field(item)
        assert isinstance(content, dict)
        assert digests.pop(content["digestID"]) == digest.digest(item.raw)
        randoms.add(content["random"])
    assert digests == {}
    assert len(randoms) == len(items) == 12
    assert {len(random) for random in randoms} == {32}


def test_digest_identifiers_tell_nothing() -> None:
    """Numbered in the data's order, an identifier would name the element held back."""
    places = set()
    for _ in range(12):
        items = items_of(a_licence(ISSUER).issuer_signed, LICENCE.namespace)
        order = [field(item, "elementIdentifier") for item in items]
        assert [field(item, "digestID") for item in items] == list(range(len(items)))
        places.add(order.index("portrait"))
    assert len(places) > 2


def test_the_security_object_is_of_the_clause() -> None:
    """9.1.2.4: version, type, device key, and dates in UTC without fractions of a second."""
    holder = a_licence(ISSUER, clock=FixedClock(NOW + timedelta(microseconds=123456)), days=30)
    security_object = security_object_of(holder.issuer_signed)
    assert security_object["version"] == "1.0"
    assert security_object["docType"] == "org.iso.18013.5.1.mDL"
    assert security_object["validityInfo"] == {
        "signed": Tagged(0, "2026-11-22T12:00:00Z"),
        "validFrom": Tagged(0, "2026-11-22T12:00:00Z"),
        "validUntil": Tagged(0, "2026-12-22T12:00:00Z"),
    }


def test_dates_of_the_document_are_full_dates() -> None:
    """7.2.1: a birth date is a day (tag 1004), not a moment in some time zone."""
    items = items_of(a_licence(ISSUER).issuer_signed, LICENCE.namespace)
    values = {field(item, "elementIdentifier"): field(item, "elementValue") for item in items}
    assert values["birth_date"] == Tagged(1004, "1990-05-17")
    assert values["portrait"] == TINY_PORTRAIT


def test_a_staff_document_has_its_own_type_and_namespace() -> None:
    """An organisation's document never looks like a licence."""
    holder = a_staff_card(ISSUER)
    assert holder.document.document_type == "org.dongui.staff.1"
    assert list(holder.everything()) == ["org.dongui.staff.1"]


@pytest.mark.parametrize("kind", [LICENCE, STAFF], ids=["licence", "staff"])
def test_each_mandatory_element_is_mandatory(kind: DocumentKind) -> None:
    """Without any one of them nothing is made, and the message names the one."""
    whole = {name: DATA[name] for name in kind.mandatory if name != "portrait"}
    read_document_data(kind, whole, portrait=TINY_PORTRAIT)
    for missing in whole:
        rest = {name: value for name, value in whole.items() if name != missing}
        with pytest.raises(Misuse) as caught:
            read_document_data(kind, rest, portrait=TINY_PORTRAIT)
        assert named(caught) == "issuing.missing-element"
        assert missing in caught.value.detail


@pytest.mark.parametrize(
    ("identifier", "value"),
    [
        ("family_name", ""),
        ("family_name", "x" * 151),
        ("family_name", 7),
        ("family_name", "two\nlines"),
        ("birth_date", "17.05.1990"),
        ("birth_date", "1990-02-30"),
        ("birth_date", 1990),
        ("issuing_country", "Utopia"),
        ("age_over_18", 1),
        ("sex", True),
        ("height", -1),
        ("height", 1.8),
        ("portrait_capture_date", "2024-01-01T00:00:00"),
        ("portrait_capture_date", "yesterday"),
        ("portrait_capture_date", "0001-01-01T00:00:00+23:59"),
        ("driving_privileges", "B"),
        ("driving_privileges", [{"issue_date": "2020-01-01"}]),
        ("driving_privileges", [{"vehicle_category_code": "b"}]),
        ("driving_privileges", [{"vehicle_category_code": "B", "note": "x"}]),
        ("driving_privileges", [{"vehicle_category_code": "B", "issue_date": "x"}]),
        ("driving_privileges", [{}] * 65),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_without_being_told(identifier: str, value: object) -> None:
    """The message names the element and the form wanted; the value is somebody's and stays out of it."""
    with pytest.raises(Misuse) as caught:
        read_document_data(LICENCE, {**DATA, identifier: value}, portrait=TINY_PORTRAIT)
    assert named(caught) == "issuing.bad-element"
    assert caught.value.detail.startswith(identifier)
    if isinstance(value, str) and value:
        assert value not in caught.value.detail


@pytest.mark.parametrize("identifier", ["shoe_size", "biometric_template_face", "age_over_180", "portrait"])
def test_an_unknown_element_is_refused(identifier: str) -> None:
    """Nothing is signed unseen: not a misspelling, not a template, not a second portrait."""
    with pytest.raises(Misuse) as caught:
        read_document_data(LICENCE, {**DATA, identifier: True}, portrait=TINY_PORTRAIT)
    assert named(caught) == "issuing.unknown-element"


@pytest.mark.parametrize(
    ("portrait", "name"),
    [
        (b"", "issuing.portrait-not-jpeg"),
        (b"GIF89a" + bytes(100), "issuing.portrait-not-jpeg"),
        (TINY_PORTRAIT[:-2], "issuing.portrait-not-jpeg"),
        (TINY_PORTRAIT[:60], "issuing.portrait-not-jpeg"),
        (b"\xff\xd8\xff\xd9", "issuing.portrait-not-jpeg"),
        (b"\xff\xd8\xff\xe0\x00\x00" * 20, "issuing.portrait-not-jpeg"),
        (bytes(PORTRAIT_BYTES_MAX + 1), "issuing.portrait-too-large"),
    ],
)
def test_a_portrait_is_one_whole_jpeg(portrait: bytes, name: str) -> None:
    """A truncated picture signed today is a person refused tomorrow."""
    with pytest.raises(Misuse) as caught:
        read_document_data(LICENCE, DATA, portrait=portrait)
    assert named(caught) == name


@pytest.mark.parametrize(
    "wrong",
    [{"expiry_date": "2024-03-01"}, {"issue_date": "1990-05-17"}, {"birth_date": "2030-01-01"}],
)
def test_dates_of_the_document_stand_in_order(wrong: dict[str, object]) -> None:
    """Born, then issued, then expired."""
    with pytest.raises(Misuse) as caught:
        read_document_data(LICENCE, {**DATA, **wrong}, portrait=TINY_PORTRAIT)
    assert named(caught) == "issuing.dates-reversed"


def test_a_validity_period_runs_forward() -> None:
    """An empty or reversed period is nobody's intention; a naive one is a bug."""
    for end in (NOW, NOW - timedelta(days=1)):
        with pytest.raises(Misuse) as caught:
            ValidityPeriod(NOW, end)
        assert named(caught) == "issuing.dates-reversed"
    with pytest.raises(ValueError, match="aware"):
        ValidityPeriod(NOW.replace(tzinfo=None), NOW)


def issue_with(
    *,
    start: int = 0,
    end: int = 30,
    at: int = 0,
    country: str = "UT",
    extra: tuple[str, str] | None = None,
) -> bytes:
    """Issue with the validity and the moment given in days from NOW."""
    values = {**DATA, "issuing_country": country, **dict([extra] if extra else [])}
    return issue(
        read_document_data(LICENCE, values, portrait=TINY_PORTRAIT),
        signer=ISSUER.signer,
        device_key=SigningAlgorithm.ES256.generate_key().public_key(),
        digest=DigestAlgorithm.SHA_256,
        validity=ValidityPeriod(NOW + timedelta(days=start), NOW + timedelta(days=end)),
        clock=FixedClock(NOW + timedelta(days=at)),
        entropy=SystemEntropy(),
    )


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        (partial(issue_with, start=-1), "issuing.backdated"),
        (partial(issue_with, end=401), "issuing.outlives-signer"),
        (partial(issue_with, end=60, extra=("expiry_date", "2026-12-31")), "issuing.outlives-document"),
        (partial(issue_with, start=500, end=501, at=401), "issuing.signer-not-valid"),
        (partial(issue_with, start=1, at=-1), "issuing.signer-not-valid"),
        (partial(issue_with, country="ZZ"), "issuing.other-authority"),
        (partial(issue_with, extra=("issuing_jurisdiction", "UT-N")), "issuing.other-authority"),
    ],
)
def test_no_promise_is_signed_that_a_verifier_would_refuse(attempt: Callable[[], bytes], name: str) -> None:
    """A document stays inside its signer's life, its own expiry, and its authority's country."""
    with pytest.raises(Misuse) as caught:
        attempt()
    assert named(caught) == name


def test_a_document_may_end_with_its_last_day() -> None:
    """Expiry on the 31st means that the 31st still counts; the calendar's last day is a day."""
    assert CLOCK.now().hour == 12
    issue_with(end=39, extra=("expiry_date", "2026-12-31"))  # to 2026-12-31, noon
    issue_with(extra=("expiry_date", "9999-12-31"))
