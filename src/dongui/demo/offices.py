"""Who else issues in the story: credentials for wallets, with a status list, and a country's passports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.demo.cast import LicensingAuthority, portrait
from dongui.documents.document_trust import PassportTrust, SdJwtTrust
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.issuing import ValidityPeriod
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.passport.files import SOD, LdsFiles
from dongui.documents.passport.issuing import PassportHolder, build_data_groups
from dongui.documents.passport.mrz import MrzFormat, Sex
from dongui.documents.passport.packing import pack_passport
from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.passport.signing import CountryAuthority, PassportSigner
from dongui.documents.sd_jwt.holder import SdJwtHolder
from dongui.documents.sd_jwt.issuing import CredentialSigner, issue, portrait_claim
from dongui.documents.sd_jwt.key_binding import openid4vp_expectation
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.documents.status.issuing import REVOKED, sign_status_list
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import Entropy, FixedClock
from dongui.session import Session

__all__ = ["CredentialOffice", "Held", "HeldCredential", "HeldLicence", "HeldPassport", "PassportOffice"]

_CREDENTIAL_TYPE = "urn:eudi:pid:1"
_ISSUER = "https://identity.example/nowhere"
_LIST = "https://identity.example/nowhere/status/1"
_LIST_SIZE = 1_024
_LIST_MAX_AGE = timedelta(hours=24)


class Held(Protocol):
    """A document in somebody's hands."""

    @property
    def at_rest(self) -> bytes:
        """The document itself, in no session: what a consent is given with."""

    def presented(self, session: Session) -> bytearray:
        """What is held out in a session."""


@dataclass(frozen=True, slots=True)
class HeldLicence:
    """A licence on a phone: everything disclosed, signed over the session's transcript."""

    holder: Holder

    @property
    def at_rest(self) -> bytes:
        """As the issuer signed it."""
        return self.holder.issuer_signed

    def presented(self, session: Session) -> bytearray:
        """What the phone answers."""
        return bytearray(
            self.holder.present(
                session.transcript,
                disclose=self.holder.everything(),
                method=HolderMethod.SIGNATURE,
                reader_public_key=None,
            )
        )


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """An SD-JWT credential in a wallet: everything disclosed, bound to the session's nonce and audience."""

    holder: SdJwtHolder
    at_rest: bytes = field(repr=False)
    now: datetime

    def presented(self, session: Session) -> bytearray:
        """What the wallet answers."""
        expectation = openid4vp_expectation(nonce=session.nonce, client_id=session.audience or "nobody")
        clock = FixedClock(self.now)
        return bytearray(self.holder.present(self.holder.everything(), expectation=expectation, clock=clock))


@dataclass(frozen=True, slots=True)
class HeldPassport:
    """A passport's files, read off its chip by whomever."""

    at_rest: bytes = field(repr=False)

    def presented(self, session: Session) -> bytearray:
        """The files: the same in every session, which is why they prove nothing about who holds them out."""
        del session
        return bytearray(self.at_rest)


@dataclass(frozen=True, slots=True)
class CredentialOffice:
    """An issuer of identity credentials that keeps a status list."""

    root: bytes = field(repr=False)
    signer: CredentialSigner = field(repr=False)
    now: datetime
    entropy: Entropy = field(repr=False)

    @classmethod
    def found(cls, authority: LicensingAuthority, *, now: datetime, entropy: Entropy) -> CredentialOffice:
        """Make one under an authority's root."""
        signer = CredentialSigner.create(
            authority.authority,
            issuer=_ISSUER,
            algorithm=SigningAlgorithm.ES256,
            lifetime=timedelta(days=400),
            clock=FixedClock(now - timedelta(days=40)),
            entropy=entropy,
        )
        root = authority.authority.certificate.public_bytes(Encoding.DER)
        return cls(root, signer, now, entropy)

    @property
    def trust(self) -> SdJwtTrust:
        """What a verifier holds to believe this issuer."""
        return SdJwtTrust(TrustAnchors.from_certificates([self.root]), {})

    def status(self, *, revoked: bool = False, age: timedelta = timedelta(hours=1)) -> StatusEvidence:
        """The list on file, made ``age`` ago; on it everybody's credential is revoked, or nobody's."""
        statuses = dict.fromkeys(range(_LIST_SIZE), REVOKED) if revoked else {}
        made = FixedClock(self.now - age)
        content = sign_status_list(
            _LIST,
            statuses,
            size=_LIST_SIZE,
            key=self.signer.key,
            lifetime=timedelta(days=30),
            clock=made,
        )
        return StatusEvidence.from_files({"nowhere.jwt": content}, anchors=None, max_age=_LIST_MAX_AGE)

    def credential(self, person: str) -> HeldCredential:
        """Issue one to a person's wallet."""
        begins = (self.now - timedelta(hours=2)).replace(microsecond=0)
        key = ec.generate_private_key(ec.SECP256R1())
        issued = issue(
            {
                "family_name": "Nobody",
                "given_name": f"Number {person}",
                "document_number": f"ID-{person}",
                "portrait": portrait_claim(portrait(person)),
            },
            document_type=_CREDENTIAL_TYPE,
            signer=self.signer,
            holder_key=key.public_key(),
            validity=ValidityPeriod(begins, begins + timedelta(days=60)),
            status=StatusReference(_LIST, int(person)),
            clock=FixedClock(begins),
            entropy=self.entropy,
        )
        return HeldCredential(SdJwtHolder.receive(issued, key=key), issued, self.now)


@dataclass(frozen=True, slots=True)
class PassportOffice:
    """A country that does not exist and issues passports."""

    authority: CountryAuthority
    signer: PassportSigner = field(repr=False)
    now: datetime

    @classmethod
    def found(cls, *, now: datetime, entropy: Entropy) -> PassportOffice:
        """Make one."""
        clock, choice = FixedClock(now - timedelta(days=30)), SignatureChoice.ECDSA_P256_SHA256
        authority = CountryAuthority.create("UT", choice=choice, clock=clock, entropy=entropy)
        return cls(authority, authority.document_signer(choice=choice, clock=clock, entropy=entropy), now)

    @property
    def trust(self) -> PassportTrust:
        """What a verifier holds to believe this country; it publishes no revocation list."""
        anchors = CscaAnchors.from_certificates([self.authority.encoded])
        return PassportTrust(anchors, RevocationLists.none_given())

    def passport(self, person: str) -> HeldPassport:
        """Issue one to a person."""
        today = self.now.date()
        holder = PassportHolder(
            format=MrzFormat.TD3,
            document_code="P",
            issuing_state="UTO",
            number=f"UT00000{person}",
            surname="Nobody",
            given_names="Number",
            nationality="UTO",
            birth=date(1990, 1, 1),
            sex=Sex.UNSPECIFIED,
            expiry=today.replace(year=today.year + 9, day=min(today.day, 28)),
        )
        groups = build_data_groups(holder, portrait(person))
        signed = self.signer.sign(groups, clock=FixedClock(self.now - timedelta(days=20)))
        return HeldPassport(bytes(pack_passport(LdsFiles.from_numbers({**groups, SOD: signed}))))
