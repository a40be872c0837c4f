"""Credentials for tests: an authority, a signer, a holder, and a verifier's set-up that believes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.mdoc.authority import Authority
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.issuing import ValidityPeriod
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.sd_jwt.holder import SdJwtHolder
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.issuing import CredentialSigner, issue, portrait_claim
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation, openid4vp_expectation
from dongui.documents.sd_jwt.verifying import authenticate
from dongui.documents.status.evidence import StatusEvidence, StatusReference
from dongui.documents.trust import TrustAnchors
from dongui.encoding.cose import PrivateKey
from dongui.encoding.strict_json import JsonValue
from dongui.environment import FixedClock, SystemEntropy

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = FixedClock(AT)
ISSUER = "https://identity.example/issuer"
TYPE = "urn:eudi:pid:1"
CLIENT_ID = "x509_san_dns:gate.example"
NONCE = bytes(range(32))
EXPECTATION: KeyBindingExpectation = openid4vp_expectation(nonce=NONCE, client_id=CLIENT_ID)
PORTRAIT = b"\xff\xd8\xff\xe0 a picture of nobody \xff\xd9"
STATUS = StatusReference("https://identity.example/statuslists/1", 1993)


def claims() -> dict[str, JsonValue]:
    """What the issuer says of a person who does not exist."""
    return {
        "family_name": "Seo",
        "given_name": "Hana",
        "birthdate": "1990-04-12",
        "document_number": "X1234567",
        "nationalities": ["KR"],
        "address": {"locality": "Seoul", "country": "KR"},
        "portrait": portrait_claim(PORTRAIT),
    }


@dataclass(frozen=True)
class Issuance:
    """An issuer with one credential in a holder's hands."""

    authority: Authority
    signer: CredentialSigner
    holder: SdJwtHolder
    credential: bytes
    issuers: SdJwtIssuers

    def present(self, *disclose: str, bound: bool = True) -> bytes:
        """A presentation of these claims, of every one where none is named."""
        expectation = EXPECTATION if bound else None
        return self.holder.present(disclose or self.holder.everything(), expectation=expectation, clock=CLOCK)

    def judge(
        self,
        data: bytes,
        *,
        expectation: KeyBindingExpectation | None = EXPECTATION,
        at: datetime = AT,
        status: StatusEvidence | None = None,
    ) -> AuthenticatedDocument:
        """What the verifier makes of it."""
        return authenticate(
            data,
            issuers=self.issuers,
            clock=FixedClock(at),
            nonce_and_audience=expectation,
            status=status or StatusEvidence.none(),
        )


@cache
def an_authority() -> Authority:
    """An issuing authority of a country, with its root."""
    return Authority.create(
        AuthorityProfile(
            "KR", "Test Authority", "Test Root", "root@identity.example", "https://identity.example/crl"
        ),
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=3650),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )


@cache
def an_issuance(
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256, status: StatusReference | None = None
) -> Issuance:
    """One credential, signed by and bound to keys of this algorithm."""
    authority = an_authority()
    signer = CredentialSigner.create(
        authority,
        issuer=ISSUER,
        algorithm=algorithm,
        lifetime=timedelta(days=400),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )
    key: PrivateKey = algorithm.generate_key()
    credential = issue(
        claims(),
        document_type=TYPE,
        signer=signer,
        holder_key=key.public_key(),
        validity=ValidityPeriod(AT, AT + timedelta(days=300)),
        status=status,
        clock=CLOCK,
        entropy=SystemEntropy(),
    )
    anchors = TrustAnchors.from_certificates([authority.certificate.public_bytes(Encoding.DER)])
    issuers = SdJwtIssuers(anchors, {}, frozenset({TYPE}))
    return Issuance(authority, signer, SdJwtHolder.receive(credential, key=key), credential, issuers)
