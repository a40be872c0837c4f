"""People with documents, for any test that needs one. Read from top to bottom it is a tutorial.

Somebody verifies somebody; so first there must be an authority, a person it issued a licence to, and a
session in which the licence is shown. Each is one call, each takes what the last one made, and every default
is a document that verifies::

    issuer = an_issuer()                         # a root and a document signer under it
    holder = a_licence(issuer, portrait=jpeg)    # the licence of one person, bound to a new device key
    transcript = a_transcript()                  # what both sides saw of their session
    shown = a_presentation(holder, transcript)   # the bytes the reader receives

``shown`` is a DeviceResponse signed by the device; with a reader's key it carries a MAC instead, which only
that reader can check::

    reader = a_reader_key()
    shown = a_presentation(holder, transcript, reader_key=reader)

The verifier is told whom to trust (``issuer.root``), when (``CLOCK``) and in which session (``transcript``).
Nothing comes from the machine's clock: everything here happens at ``NOW``, so that a test of an expired
document says when it looks, and reads the same next year::

    late = FixedClock(NOW + timedelta(days=400))

A document that differs in one thing is the same call with that thing named::

    a_licence(issuer, portrait=jpeg, elements={"family_name": "Min"})
    a_licence(issuer, portrait=jpeg, days=1)               # valid for one day
    a_licence(an_issuer(country="ZZ"), portrait=jpeg)      # by an issuer nobody trusts
    a_staff_card(issuer, portrait=jpeg)                    # not a licence, an organisation's own document

These documents are right. Documents that are wrong in one thing are made by ``simulators.mdoc_drafting``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, STAFF, DocumentKind, read_document_data
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cbor import dumps
from dongui.environment import FixedClock, SystemEntropy
from simulators.tiny_portrait import TINY_PORTRAIT

__all__ = [
    "CLOCK",
    "NOW",
    "TINY_PORTRAIT",
    "Issuer",
    "a_licence",
    "a_presentation",
    "a_reader_key",
    "a_staff_card",
    "a_transcript",
    "an_issuer",
]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = FixedClock(NOW)

_LICENCE_ELEMENTS: Mapping[str, object] = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "birth_date": "1990-05-17",
    "issue_date": "2024-03-01",
    "expiry_date": "2034-03-01",
    "issuing_authority": "Licensing Office of Utopia",
    "document_number": "UT-0001234",
    "un_distinguishing_sign": "UTO",
    "driving_privileges": [{"vehicle_category_code": "B", "issue_date": "2024-03-01"}],
    "age_over_18": True,
}
_STAFF_ELEMENTS: Mapping[str, object] = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "issue_date": "2024-03-01",
    "expiry_date": "2034-03-01",
    "issuing_authority": "Utopia Harbour Company",
    "document_number": "S-0042",
    "role": "Crane operator",
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority and one document signer under its root."""

    authority: Authority
    signer: DocumentSigner

    @property
    def root(self) -> x509.Certificate:
        """The certificate a verifier must hold to trust this issuer."""
        return self.authority.certificate

    @property
    def country(self) -> str:
        """The issuer's country, which its documents repeat."""
        return self.authority.profile.country


def an_issuer(
    *,
    country: str = "UT",
    root_algorithm: SigningAlgorithm = SigningAlgorithm.ES256,
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256,
    clock: FixedClock = CLOCK,
) -> Issuer:
    """Return a new authority with new keys: from ``clock``, its root lives ten years, its signer 400 days."""
    profile = AuthorityProfile(
        country=country,
        organisation="Licensing Office of Utopia",
        common_name="Utopia IACA",
        contact="licences@utopia.example",
        crl_uri="https://utopia.example/crl",
    )
    entropy = SystemEntropy()
    authority = Authority.create(
        profile, algorithm=root_algorithm, lifetime=timedelta(days=3650), clock=clock, entropy=entropy
    )
    signer = authority.document_signer(
        "Utopia signer 1", algorithm=algorithm, lifetime=timedelta(days=400), clock=clock, entropy=entropy
    )
    return Issuer(authority, signer)


def a_licence(
    issuer: Issuer,
    *,
    portrait: bytes = TINY_PORTRAIT,
    elements: Mapping[str, object] | None = None,
    days: int = 90,
    digest: DigestAlgorithm = DigestAlgorithm.SHA_256,
    device_algorithm: SigningAlgorithm = SigningAlgorithm.ES256,
    clock: FixedClock = CLOCK,
) -> Holder:
    """Return the holder of a new driving licence with this portrait, valid ``days`` from ``clock``.

    ``elements`` replaces or adds single elements of the default data.
    """
    data = {**_LICENCE_ELEMENTS, "issuing_country": issuer.country, **(elements or {})}
    return _hold(issuer, LICENCE, data, portrait, days, digest, device_algorithm, clock)


def a_staff_card(
    issuer: Issuer,
    *,
    portrait: bytes = TINY_PORTRAIT,
    elements: Mapping[str, object] | None = None,
    days: int = 90,
    clock: FixedClock = CLOCK,
) -> Holder:
    """Return the holder of a new staff document with this portrait, valid ``days`` from ``clock``."""
    data = {**_STAFF_ELEMENTS, "issuing_country": issuer.country, **(elements or {})}
    return _hold(issuer, STAFF, data, portrait, days, DigestAlgorithm.SHA_256, SigningAlgorithm.ES256, clock)


def a_reader_key() -> ec.EllipticCurvePrivateKey:
    """Return a new ephemeral reader key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def a_transcript(session: bytes = b"one session") -> bytes:
    """Return an encoded SessionTranscript that is this session's and no other's."""
    return dumps([None, None, ["simulated handover", session]])


def a_presentation(
    holder: Holder,
    session_transcript: bytes,
    *,
    reader_key: ec.EllipticCurvePrivateKey | None = None,
    disclose: Mapping[str, Collection[str]] | None = None,
) -> bytes:
    """Return the DeviceResponse of this holder in this session: everything disclosed unless said otherwise.

    Signed by the device; with a MAC for the reader where ``reader_key`` is given.
    """
    return holder.present(
        session_transcript,
        disclose=holder.everything() if disclose is None else disclose,
        method=HolderMethod.SIGNATURE if reader_key is None else HolderMethod.MAC,
        reader_public_key=None if reader_key is None else reader_key.public_key(),
    )


def _hold(
    issuer: Issuer,
    kind: DocumentKind,
    data: Mapping[str, object],
    portrait: bytes,
    days: int,
    digest: DigestAlgorithm,
    device_algorithm: SigningAlgorithm,
    clock: FixedClock,
) -> Holder:
    device_key = device_algorithm.generate_key()
    issuer_signed = issue(
        read_document_data(kind, data, portrait=portrait),
        signer=issuer.signer,
        device_key=device_key.public_key(),
        digest=digest,
        validity=ValidityPeriod(clock.now(), clock.now() + timedelta(days=days)),
        clock=clock,
        entropy=SystemEntropy(),
    )
    return Holder.receive(issuer_signed, key=device_key)
