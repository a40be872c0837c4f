"""The vectors as files, with one rule for each name."""

from __future__ import annotations

import json

from simulators.staff_card_faults.between import between_file
from simulators.staff_card_faults.status import listed_cards
from simulators.staff_card_faults.vectors import Vector, vectors

__all__ = ["RULES", "render"]

_COSE, _CWT, _C169, _OURS = "RFC 9052", "RFC 8392", "Claim 169, 1.2.0", "spec/staff-card.md"
RULES: dict[str, tuple[str, str]] = {
    "verified": (f"{_OURS}; {_C169}", "Everything that is asked of a card, or of a token, holds."),
    "cbor.trailing-bytes": ("RFC 8949, 5.3.1", "A data item is followed by nothing."),
    "cbor.truncated": ("RFC 8949, 5.3.1", "A data item is whole."),
    "cbor.not-canonical": (f"{_OURS}, 3", "A card is in the deterministic encoding of what it says."),
    "cbor.duplicate-key": ("RFC 8949, 5.6", "A map has one member of a key."),
    "cose.malformed": (f"{_COSE}, 4.2", "A signed message is an array of four."),
    "cose.signature-invalid": (f"{_COSE}, 4.4", "The signature is the issuer's, over these very bytes."),
    "cose.algorithm-missing": (f"{_COSE}, 3.1", "The protected header names the algorithm."),
    "cose.algorithm-not-allowed": (f"{_OURS}, 4", "Cards are signed by EdDSA or ES256."),
    "cose.key-mismatch": ("RFC 9053, 2", "An algorithm goes with one kind of key."),
    "cose.critical-header": (f"{_COSE}, 3.1", "A critical header is understood, or the message refused."),
    "staff-card.too-long": ("ISO/IEC 18004, table 7", "A text is no longer than the largest code."),
    "staff-card.not-base45": ("RFC 9285, 6", "The text is the Base45 of some bytes."),
    "staff-card.not-compressed-well": ("RFC 1950, 2.2", "A zlib stream is whole and followed by nothing."),
    "staff-card.decompression-limit": (f"{_OURS}, 2", "A reader bounds what it unpacks, before it does."),
    "staff-card.not-encrypted": (f"{_OURS}, 3", "A card is encrypted."),
    "staff-card.encrypted": (f"{_C169}; Dongui", "What is looked at without a key is not encrypted."),
    "staff-card.encryption-malformed": (
        f"{_COSE}, 5.1; {_OURS}, 3",
        "The envelope has one cipher, one way to agree on a key, and 1 to 16 recipients.",
    ),
    "staff-card.not-for-this-site": (f"{_COSE}, 5.3; {_OURS}, 3", "One recipient is this site's key."),
    "staff-card.ciphertext-altered": (f"{_COSE}, 5.3", "The content's authentication code holds."),
    "staff-card.unsigned": (f"{_CWT}, 7.2", "The token is signed, and the signature is not empty."),
    "staff-card.header-unknown": (f"{_OURS}, 4", "The signature has one header: its algorithm."),
    "staff-card.issuer-unknown": (f"{_CWT}, 3.1.1; {_OURS}, 4", "iss is an issuer the verifier was given."),
    "staff-card.claims-malformed": (f"{_CWT}, 3", "The claims are a map, the moments in it numbers."),
    "staff-card.expired": (f"{_CWT}, 3.1.4", "The moment lies before exp."),
    "staff-card.expiry-missing": (f"{_OURS}, 4", "A token has an end."),
    "staff-card.not-yet-valid": (f"{_CWT}, 3.1.5", "The moment does not lie before nbf."),
    "staff-card.issued-in-future": (f"{_CWT}, 3.1.6; Dongui", "The token was not issued after now."),
    "staff-card.claim-unknown": (f"{_OURS}, 4", "A card has no other claims than those listed."),
    "staff-card.claim-missing": (f"{_OURS}, 4", "A card has every required claim; a token has claim 169."),
    "staff-card.audience-malformed": (f"{_CWT}, 3.1.3; {_OURS}, 4", "aud is a list of sites' names."),
    "staff-card.card-id-malformed": (f"{_OURS}, 4", "cti has 16 bytes."),
    "staff-card.other-audience": (f"{_CWT}, 3.1.3; {_OURS}, 4", "This site's name is in aud."),
    "staff-card.identity-malformed": (
        f"{_C169}, 3.1; {_OURS}, 5",
        "Attributes have the specification's types; a card has a sealed id and a face.",
    ),
    "staff-card.template-missing": (f"{_OURS}, 5", "The face is exactly one protected template."),
    "staff-card.not-registered": (f"{_OURS}, 7", "The card is on this site's register."),
    "staff-card.secret-mismatch": (f"{_OURS}, 6", "The register's secret opens the staff number."),
    "status.list-missing": ("Token Status List", "The list the card refers to is on file."),
    "status.revoked": ("Token Status List", "A card that is INVALID on its list is refused."),
    "status.suspended": ("Token Status List", "A card that is SUSPENDED on its list is refused."),
    "status.value-unknown": ("Token Status List", "A value nobody defined decides nothing."),
    "status.index-out-of-range": ("Token Status List", "Beyond its end a list says nothing."),
    "status.list-stale": (
        "Token Status List",
        "The list is at most 24 hours old, and not older than its ttl.",
    ),
    "status.list-expired": ("Token Status List", "The moment lies before the list's exp."),
    "status.list-from-future": ("Token Status List", "The list was not issued after now."),
    "status.list-signature-invalid": ("Token Status List", "The list is signed by the card's issuer."),
    "status.reference-malformed": ("Token Status List", "A reference has a list and an index."),
    "status.mechanism-unknown": ("Token Status List", "The status is told in a way that is read here."),
}
_PROVENANCE = "made for Dongui by tests/vectors/staff_card/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    made = [*vectors(), *listed_cards()]
    content = {"format": "dongui-staff-card-vectors/1", "vectors": [_entry(vector) for vector in made]}
    return {
        "staff-cards.json": json.dumps(content, indent=1, ensure_ascii=True) + "\n",
        "between-sites.json": between_file(),
    }


def _entry(vector: Vector) -> dict[str, object]:
    judging = vector.judging
    clause, rule = RULES[vector.expect]
    lists = {"status_lists": [one.hex() for one in judging.status_lists]}
    return {
        "name": vector.name,
        "expect": vector.expect,
        "stage": vector.stage,
        "clause": clause,
        "rule": rule,
        "form": vector.form,
        "text": vector.text,
        "issuers": {name: keys.decode() for name, keys in judging.issuers.items()},
        "site_key": judging.site.hex(),
        "registered": [card_id.hex() for card_id in judging.registered],
        "secret": judging.secret.hex(),
        "at": judging.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **(lists if judging.status_lists else {}),
        "provenance": _PROVENANCE,
        "licence": "Apache-2.0",
    }
