"""Who takes part: two authorities, and people who do not exist with licences on their phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.demo.staging import dimmed
from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, read_document_data
from dongui.documents.mdoc.holder import Holder
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.trust import TrustAnchors
from dongui.environment import Entropy, FixedClock

__all__ = ["LicensingAuthority", "portrait", "recording", "turn"]

# The authority began a year ago, so that a licence can have run out by now.
_AGE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class LicensingAuthority:
    """An authority of a country that does not exist, with its root and one document signer."""

    authority: Authority
    signer: DocumentSigner = field(repr=False)
    now: datetime
    entropy: Entropy = field(repr=False)

    @classmethod
    def found(cls, name: str, *, now: datetime, entropy: Entropy) -> LicensingAuthority:
        """Make one that has existed for a year."""
        clock = FixedClock(now - _AGE)
        profile = AuthorityProfile(
            country="UT",
            organisation=name,
            common_name=f"{name} root",
            contact="licences@authority.example",
            crl_uri="https://authority.example/crl",
        )
        authority = Authority.create(
            profile,
            algorithm=SigningAlgorithm.ES256,
            lifetime=timedelta(days=3650),
            clock=clock,
            entropy=entropy,
        )
        signer = authority.document_signer(
            f"{name} signer",
            algorithm=SigningAlgorithm.ES256,
            lifetime=timedelta(days=450),
            clock=clock,
            entropy=entropy,
        )
        return cls(authority, signer, now, entropy)

    @property
    def anchors(self) -> TrustAnchors:
        """What a reader has to hold to trust this authority, and nobody else."""
        return TrustAnchors.from_certificates([self.authority.certificate.public_bytes(Encoding.DER)])

    def license(self, person: str, *, expired: bool = False) -> Holder:
        """Issue a licence to one of the people, valid for sixty days, or run out since yesterday."""
        begins = self.now - (timedelta(days=61) if expired else timedelta(hours=1))
        signed = begins.replace(microsecond=0)
        key = ec.generate_private_key(ec.SECP256R1())
        document = issue(
            read_document_data(LICENCE, self._elements(person, begins), portrait=portrait(person)),
            signer=self.signer,
            device_key=key.public_key(),
            digest=DigestAlgorithm.SHA_256,
            validity=ValidityPeriod(signed, signed + timedelta(days=60)),
            clock=FixedClock(signed),
            entropy=self.entropy,
        )
        return Holder.receive(document, key=key)

    def _elements(self, person: str, begins: datetime) -> dict[str, object]:
        issued = begins.astimezone(UTC).date()
        return {
            "family_name": "Nobody",
            "given_name": f"Number {person}",
            "birth_date": "1990-01-01",
            "issue_date": issued.isoformat(),
            "expiry_date": issued.replace(year=issued.year + 5, day=min(issued.day, 28)).isoformat(),
            "issuing_country": "UT",
            "issuing_authority": self.authority.profile.organisation,
            "document_number": f"UT-{person}",
            "un_distinguishing_sign": "UTO",
            "driving_privileges": [{"vehicle_category_code": "B"}],
        }


@cache
def portrait(person: str) -> bytes:
    """Return the portrait of one of the people, a JPEG."""
    return _picture(person, "portrait")


@cache
def turn(person: str) -> tuple[bytes, ...]:
    """Return the fifteen frames of a turn, to the picture's left first."""
    return tuple(_picture(person, f"turn-{number:02d}") for number in range(15))


@cache
def nod(person: str) -> tuple[bytes, ...]:
    """Return nine frames of a nod: the head never turns."""
    return tuple(_picture(person, f"nod-{number:02d}") for number in range(9))


def recording(clip: Sequence[bytes], *, take: int) -> list[bytes]:
    """Record the clip again: as another visit would, in slightly other light, with its own noise."""
    return dimmed(clip, exposure=0.99 - 0.004 * take, noise=1.5)


def _picture(person: str, name: str) -> bytes:
    return (resources.files("dongui.demo") / "people" / person / f"{name}.jpg").read_bytes()
