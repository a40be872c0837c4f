"""Utopia: a country that signs passports, and a verifier that trusts it.

``utopia()`` is one authority with one document signer; ``passport(country)`` the files of a passport it
signed; ``judge(files, anchors)`` what a verifier says. Every keyword changes one thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.passport.chip_evidence import ChipEvidence
from dongui.documents.passport.files import SOD, LdsFiles
from dongui.documents.passport.passive_authentication import authenticate
from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.passport.signing import CountryAuthority, PassportSigner
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock, SystemEntropy
from simulators.passport_files import data_groups

__all__ = ["NOW", "SIGNED", "Country", "files_of", "judge", "passport", "utopia"]

SIGNED = FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
NOW = FixedClock(SIGNED.moment + timedelta(days=200))
GROUPS = data_groups()


@dataclass(frozen=True)
class Country:
    """An authority and one of its signers."""

    authority: CountryAuthority
    signer: PassportSigner

    @property
    def anchors(self) -> CscaAnchors:
        """What a verifier holds who trusts this country alone."""
        return CscaAnchors.from_certificates([self.authority.encoded])


@cache
def utopia(
    authority: SignatureChoice = SignatureChoice.ECDSA_P256_SHA256,
    signer: SignatureChoice = SignatureChoice.ECDSA_P256_SHA256,
    code: str = "UT",
) -> Country:
    """A country; the same one for the same arguments."""
    entropy = SystemEntropy()
    root = CountryAuthority.create(code, choice=authority, clock=SIGNED, entropy=entropy)
    return Country(root, root.document_signer(choice=signer, clock=SIGNED, entropy=entropy))


def passport(country: Country, groups: Mapping[int, bytes] = GROUPS) -> dict[int, bytes]:
    """A passport's files by number, EF.SOD among them, signed by the country."""
    return {**groups, SOD: country.signer.sign(groups, clock=SIGNED)}


def files_of(numbers: Mapping[int, bytes]) -> LdsFiles:
    """The files as a verifier takes them."""
    return LdsFiles.from_numbers(numbers)


def judge(
    files: Mapping[int, bytes],
    anchors: CscaAnchors,
    *,
    clock: FixedClock = NOW,
    revocation: RevocationLists | None = None,
    chip: ChipEvidence | None = None,
) -> AuthenticatedDocument:
    """What a verifier with these anchors says of the files."""
    lists = RevocationLists.none_given() if revocation is None else revocation
    return authenticate(files_of(files), trust_anchors=anchors, clock=clock, revocation=lists, chip=chip)
