"""One rule for each name: what is demanded, in this project's own words, and where."""

from __future__ import annotations

__all__ = ["RULES"]

_SD, _VC, _JWS, _PKIX = "RFC 9901", "SD-JWT VC", "RFC 7515", "RFC 5280"

RULES: dict[str, tuple[str, str]] = {
    "verified": (
        f"{_SD}, 7; {_VC}",
        "Everything format, profile, issuer and holder's proof are asked for holds.",
    ),
    "jose.malformed": (
        f"{_JWS}, 7.1",
        "A signed token has a header, a payload and a signature, none of them empty.",
    ),
    "jose.base64url-malformed": (
        f"{_JWS}, 2",
        "A part is base64url without padding, in the one spelling its bytes have.",
    ),
    "jose.json-malformed": (
        "RFC 8259; RFC 7493, 2",
        "A part is one JSON text in UTF-8 that every reader reads alike.",
    ),
    "jose.json-duplicate-key": (f"{_JWS}, 4; RFC 7493, 2.3", "An object has one member of a name."),
    "jose.json-too-deep": (
        "RFC 8259, 9; Dongui",
        "A reader bounds how deep a text may be nested, before it reads it.",
    ),
    "jose.json-too-many-items": ("RFC 8259, 9; Dongui", "A reader bounds how many members a text may have."),
    "jose.critical-header": (
        f"{_JWS}, 4.1.11",
        "An extension that must be understood and is not makes the token invalid.",
    ),
    "jose.algorithm-missing": (f"{_JWS}, 4.1.1", "The header names its algorithm, as a text."),
    "jose.algorithm-not-allowed": (
        f"{_SD}, 7.1, 2 a",
        "The algorithm is one the verifier holds for secure; none is not.",
    ),
    "jose.key-mismatch": ("RFC 7518, 3.4", "An algorithm goes with one curve."),
    "jose.certificate-chain-malformed": (f"{_JWS}, 4.1.6", "x5c is an array of certificates in base64."),
    "trust.certificate-malformed": (f"{_PKIX}, 4.1", "A certificate is the DER of one."),
    "trust.unknown-issuer": (f"{_PKIX}, 6.1", "The path ends in a certificate the verifier was given."),
    "trust.signature-invalid": (f"{_PKIX}, 6.1.3 a 1", "Each certificate is signed by the next one's key."),
    "trust.signer-expired": (f"{_PKIX}, 6.1.3 a 2", "The signer's certificate has not ended."),
    "trust.signer-not-yet-valid": (f"{_PKIX}, 6.1.3 a 2", "The signer's certificate has begun."),
    "trust.anchor-expired": (f"{_PKIX}, 6.1.3 a 2", "The authority's certificate has not ended."),
    "trust.anchor-not-yet-valid": (f"{_PKIX}, 6.1.3 a 2", "The authority's certificate has begun."),
    "trust.chain-unexpected": (f"{_PKIX}, 6.1.3 a 4", "Each certificate's issuer is the next one's subject."),
    "trust.extension-not-understood": (
        f"{_PKIX}, 4.2",
        "A critical extension is understood, or the path is refused.",
    ),
    "trust.anchor-not-authority": (
        f"{_PKIX}, 6.1.4 k",
        "Whoever issued a certificate is marked as an authority.",
    ),
    "trust.anchor-path-length": (
        f"{_PKIX}, 6.1.4 l",
        "No more authorities stand below one than it may have.",
    ),
    "trust.signer-revoked": (
        "RFC 5280, 6.1.3 a 3",
        "The signer's authority has not withdrawn it: no list it signed names it, however old that list is.",
    ),
    "trust.authority-revoked": (
        "RFC 5280, 6.1.3 a 3",
        "No authority between the signer and the anchor was withdrawn by the one above it.",
    ),
    "trust.revocation-list-stale": (
        "RFC 5280, 5.1.2.5; Dongui",
        "The newest list of a certificate's authority has begun, is not over, and is at most 60 days old.",
    ),
    "trust.revocation-list-unproved": (
        "RFC 5280, 6.3.3 g",
        "A list in the name of a certificate's authority is signed by it.",
    ),
    "trust.revocation-list-unreadable": ("RFC 5280, 5.1 and 5.2", "A list is whole, and not changes alone."),
    "trust.signer-is-authority": (f"{_PKIX}, 4.2.1.9; Dongui", "A signer of documents is no authority."),
    "trust.signer-key-usage": (f"{_PKIX}, 4.2.1.3", "The signer's key may make signatures."),
    "sd-jwt.not-a-document": (f"{_SD}, 4", "A presentation is ASCII text with at least one tilde."),
    "sd-jwt.json-serialisation": (f"{_SD}, 8; Dongui", "The compact form is read."),
    "sd-jwt.too-many-disclosures": (f"{_SD}, 9.8; Dongui", "A reader bounds the number of disclosures."),
    "sd-jwt.too-deep": (
        f"{_SD}, 4.2.6; Dongui",
        "A reader bounds how deep disclosures may be nested in one another.",
    ),
    "sd-jwt.hash-algorithm": (f"{_SD}, 7.1, 2 d", "The hash is one that is understood and safe."),
    "sd-jwt.disclosure-malformed": (
        f"{_SD}, 4.2.1 and 4.2.2",
        "A disclosure is salt, name and value, or salt and value.",
    ),
    "sd-jwt.disclosure-repeated": (f"{_SD}, 7.1, 5; Dongui", "A disclosure is sent once."),
    "sd-jwt.disclosure-unreferenced": (f"{_SD}, 7.1, 5", "Every disclosure is meant by a digest."),
    "sd-jwt.disclosure-misplaced": (
        f"{_SD}, 7.1, 3 c",
        "A claim stands among claims, an element in an array.",
    ),
    "sd-jwt.digest-repeated": (f"{_SD}, 7.1, 4", "A digest stands in the document once."),
    "sd-jwt.digests-malformed": (
        f"{_SD}, 4.2.4",
        "Digests are texts: in _sd, an array of them; in an array, alone.",
    ),
    "sd-jwt.claim-name-reserved": (f"{_SD}, 7.1, 3 c ii 2", "_sd, _sd_alg and ... name no claim."),
    "sd-jwt.claim-repeated": (f"{_SD}, 7.1, 3 c ii 3", "No claim is disclosed where one of its name stands."),
    "sd-jwt.claim-not-disclosable": (
        f"{_VC}, Registered JWT Claims",
        "What a document is judged by is always shown.",
    ),
    "sd-jwt.token-type": (f"{_VC}, JOSE Header", "typ is dc+sd-jwt, or vc+sd-jwt as in earlier drafts."),
    "sd-jwt.issuer-unknown": (
        f"{_VC}, Issuer Verification Key",
        "The key is one the verifier knows to be the issuer's.",
    ),
    "sd-jwt.issuer-not-certified": (
        f"{_VC} (earlier drafts), x5c",
        "iss is a name the signer's certificate holds.",
    ),
    "sd-jwt.issuer-signature-invalid": (f"{_SD}, 7.1, 2 b", "The issuer's key verifies the signature."),
    "sd-jwt.key-unknown": ("RFC 7517, 4.5", "A key that is named is among the issuer's keys."),
    "sd-jwt.key-ambiguous": (
        f"{_VC}, JWT VC Issuer Metadata; Dongui",
        "Where no key is named, only one goes with the algorithm.",
    ),
    "sd-jwt.claim-malformed": (
        "RFC 7519, 2 and 4.1",
        "iss is a text; iat, nbf and exp are numbers of seconds.",
    ),
    "sd-jwt.type-missing": (f"{_VC}, vct", "vct is there and is a text."),
    "sd-jwt.type-not-accepted": (f"{_VC}, vct; Dongui", "vct is one the verifier takes."),
    "sd-jwt.expiry-missing": (f"{_SD}, 7.1, 6; Dongui", "A document says when it ends."),
    "sd-jwt.expired": ("RFC 7519, 4.1.4", "The moment lies before exp."),
    "sd-jwt.not-yet-valid": ("RFC 7519, 4.1.5", "The moment does not lie before nbf."),
    "sd-jwt.issued-in-future": ("RFC 7519, 4.1.6; Dongui", "The moment does not lie before iat."),
    "sd-jwt.holder-key-malformed": ("RFC 7800, 3.2", "cnf holds a public JWK that can be used."),
    "sd-jwt.portrait-form": (
        f"{_VC}, Public and Private JWT claims; RFC 2397",
        "A portrait is a picture's bytes, not a link to them.",
    ),
    "sd-jwt.portrait-ambiguous": ("Dongui", "A document shows one face."),
    "sd-jwt.holder-key-missing": (f"{_SD}, 7.3, 5 a", "The key is the one the issuer named."),
    "sd-jwt.key-binding-type": (f"{_SD}, 7.3, 5 d", "The proof's typ is kb+jwt."),
    "sd-jwt.key-binding-signature-invalid": (f"{_SD}, 7.3, 5 c", "The holder's key verifies the proof."),
    "sd-jwt.key-binding-malformed": (
        f"{_SD}, 4.3",
        "The proof has iat, aud, nonce and sd_hash, each of its type.",
    ),
    "sd-jwt.nonce-mismatch": (f"{_SD}, 7.3, 5 f", "The nonce is the request's."),
    "sd-jwt.audience-mismatch": (
        f"{_SD}, 7.3, 5 f; OpenID4VP 1.0, B.3.6",
        "The audience is the verifier's client identifier with its prefix.",
    ),
    "sd-jwt.key-binding-too-old": (
        f"{_SD}, 7.3, 5 e",
        "The proof was made within the last five minutes and has not ended.",
    ),
    "sd-jwt.key-binding-from-future": (
        f"{_SD}, 7.3, 5 e",
        "The proof was not made more than a minute from now.",
    ),
    "sd-jwt.presentation-hash-mismatch": (
        f"{_SD}, 7.3, 5 g",
        "sd_hash is the digest of the document and of exactly these disclosures.",
    ),
}
