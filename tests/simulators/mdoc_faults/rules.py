"""One rule for each name: what is demanded, in this project's own words, and where.

Two faults that break one rule are refused by one name, and no two rules share a name: the test of the vectors
holds this table to that.
"""

from __future__ import annotations

__all__ = ["RULES", "VERIFIED"]

VERIFIED = (
    "ISO/IEC 18013-5:2021, 9.1, 9.3 and Annex B",
    "Everything the standard asks of response, issuer, device and certificates holds.",
)
_ISO, _CBOR, _COSE = "ISO/IEC 18013-5:2021", "RFC 8949", "RFC 9052"

RULES: dict[str, tuple[str, str]] = {
    "verified": VERIFIED,
    "cbor.truncated": (f"{_CBOR}, 5.3.1", "An item has as many bytes and items as its heads declare."),
    "cbor.trailing-bytes": (f"{_CBOR}, 5.3.1", "Nothing follows the one item the input consists of."),
    "cbor.too-many-items": (
        f"{_CBOR}, 10",
        "A decoder bounds what a declared length can make it allocate, before it allocates.",
    ),
    "cbor.too-deep": (f"{_CBOR}, 10", "A decoder bounds how deep items may be nested."),
    "cbor.indefinite-length": (
        f"{_CBOR}, 4.2.1; {_ISO}, 8.3.2",
        "Signed structures use definite lengths only.",
    ),
    "cbor.duplicate-key": (f"{_CBOR}, 5.6", "A map in which a key stands twice is not valid."),
    "cbor.key-type": (
        f"{_ISO}, 8.3.2.1",
        "The standard's maps have text, byte string or integer keys and no others.",
    ),
    "cbor.not-utf8": (f"{_CBOR}, 3.1, major type 3", "A text string is valid UTF-8."),
    "cbor.unsupported-value": (
        f"{_CBOR}, 3.3",
        "Of the simple values only false, true and null have a meaning in these structures.",
    ),
    "cbor.malformed": (
        f"{_CBOR}, 3 and 3.4.5.1",
        "Heads use no reserved value, and tag 24 holds a byte string.",
    ),
    "cose.malformed": (
        f"{_COSE}, 4.2 and 6.2",
        "A COSE_Sign1 or COSE_Mac0 is an array of protected, unprotected, payload and proof.",
    ),
    "cose.header-twice": (f"{_COSE}, 3", "A label stands in the protected or the unprotected map, not both."),
    "cose.critical-header": (
        f"{_COSE}, 3.1",
        "A message whose critical headers are not all understood is not processed.",
    ),
    "cose.algorithm-missing": (f"{_ISO}, 9.1.2.4", "The algorithm stands in the protected header."),
    "cose.algorithm-not-allowed": (
        f"{_ISO}, 9.1.2.4, 9.1.3.5 and 9.1.3.6",
        "Signatures are ES256, ES384, ES512 or EdDSA; MACs are HMAC 256/256.",
    ),
    "cose.key-mismatch": (
        f"{_ISO}, 9.1.2.4 and 9.1.3.6",
        "Each algorithm goes with its own curves and the key is on one of them.",
    ),
    "cose.payload-missing": (f"{_ISO}, 9.1.2.4", "issuerAuth carries the security object as its payload."),
    "cose.payload-unexpected": (f"{_ISO}, 9.1.3", "The payload of a device signature or MAC is detached."),
    "cose.certificate-missing": (
        f"{_ISO}, 9.1.2.4",
        "issuerAuth carries its signer's certificate as x5chain.",
    ),
    "cose.certificate-chain-malformed": (
        "RFC 9360, 2",
        "x5chain is one encoded certificate, or an array of a few.",
    ),
    "trust.certificate-malformed": (
        "RFC 5280, 4.1; X.690, 10 and 11.2",
        "A certificate is one whole X.509 structure in DER.",
    ),
    "trust.unknown-issuer": (f"{_ISO}, 9.3.3", "The path ends in a trust anchor the verifier already has."),
    "trust.chain-unexpected": (
        f"{_ISO}, 9.3.3",
        "The path is the signer and its authority; what else is sent along belongs to neither.",
    ),
    "trust.signature-invalid": (f"{_ISO}, 9.3.3; RFC 5280, 6.1.3 a 1", "The anchor's key signed the signer."),
    "trust.signature-algorithm": (
        f"{_ISO}, tables B.1 and B.3",
        "Certificates are signed by ECDSA with SHA-256, 384 or 512.",
    ),
    "trust.signer-not-yet-valid": (f"{_ISO}, 9.3.3", "The signer's certificate has begun to be valid."),
    "trust.signer-expired": (f"{_ISO}, 9.3.3", "The signer's certificate is still valid."),
    "trust.signer-validity-too-long": (
        f"{_ISO}, table B.3",
        "A document signer's certificate is valid for at most 457 days.",
    ),
    "trust.signer-key-usage": (
        f"{_ISO}, table B.3",
        "A document signer has the critical key usage digitalSignature and nothing beside it.",
    ),
    "trust.signer-extended-key-usage": (
        f"{_ISO}, table B.3",
        "A document signer has the critical purpose 1.0.18013.5.1.2.",
    ),
    "trust.signer-is-authority": (f"{_ISO}, table B.3", "A document signer is no authority."),
    "trust.signer-key": (f"{_ISO}, table B.3", "A document signer's key is on one of the profile's curves."),
    "trust.anchor-not-yet-valid": (f"{_ISO}, 9.3.3", "The root has begun to be valid."),
    "trust.anchor-expired": (f"{_ISO}, 9.3.3", "The root is still valid."),
    "trust.anchor-not-authority": (f"{_ISO}, table B.1", "A root is critically marked as an authority."),
    "trust.anchor-path-length": (f"{_ISO}, table B.1", "A root's path length constraint is 0."),
    "trust.anchor-key-usage": (
        f"{_ISO}, table B.1",
        "A root has the critical key usages keyCertSign and cRLSign and nothing beside them.",
    ),
    "trust.anchor-key": (f"{_ISO}, table B.1", "A root's key is on one of the profile's curves."),
    "trust.anchor-not-self-signed": (f"{_ISO}, table B.1", "A root is issued and signed by itself."),
    "trust.key-identifier-missing": (
        f"{_ISO}, tables B.1 and B.3",
        "Certificates name their own key, and a signer's also its authority's.",
    ),
    "trust.key-identifier-mismatch": (
        f"{_ISO}, table B.3",
        "The signer's authority key identifier is the root's subject key identifier.",
    ),
    "trust.country-missing": (f"{_ISO}, tables B.1 and B.3", "A certificate's subject names one country."),
    "trust.country-mismatch": (f"{_ISO}, table B.3", "The signer's country is the root's."),
    "trust.state-mismatch": (
        f"{_ISO}, table B.3",
        "The signer's state or province is the root's, where the root names one.",
    ),
    "trust.issuer-alternative-name-missing": (
        f"{_ISO}, tables B.1 and B.3",
        "Certificates say how to reach their issuer.",
    ),
    "trust.revocation-point-missing": (f"{_ISO}, table B.3", "A signer says where its revocation list is."),
    "trust.extension-not-understood": (
        "RFC 5280, 4.2",
        "A certificate with a critical extension that is not understood is rejected.",
    ),
    "trust.extension-forbidden": (
        f"{_ISO}, B.1.1",
        "Policy mappings, policy constraints, name constraints, inhibitAnyPolicy and freshestCRL are absent.",
    ),
    "mdoc.not-a-document": (f"{_ISO}, 8.3.2.1.2.2", "What is presented is a DeviceResponse."),
    "mdoc.response-malformed": (
        f"{_ISO}, 8.3.2.1.2.2",
        "A DeviceResponse and its documents have the fields and types of their definition.",
    ),
    "mdoc.response-version": (f"{_ISO}, 8.3.2.1.2.2", "The response's version is one the reader knows."),
    "mdoc.response-status": (f"{_ISO}, 8.3.2.1.2.3", "Only a response of status 0 is an answer."),
    "mdoc.document-errors": (f"{_ISO}, 8.3.2.1.2.3", "A device that reports errors has not answered."),
    "mdoc.no-document": (f"{_ISO}, 8.3.2.1.2.2", "There is a document in the response."),
    "mdoc.several-documents": (
        "Dongui, one to one",
        "One session judges one document, so that two people's cannot be mixed.",
    ),
    "mdoc.unknown-field": (
        "Dongui, every field is judged",
        "A field nobody has judged is refused and never silently passed.",
    ),
    "mdoc.issuer-signed-malformed": (
        f"{_ISO}, 8.3.2.1.2.2",
        "IssuerSigned has issuerAuth, and arrays of items by namespace.",
    ),
    "mdoc.item-malformed": (
        f"{_ISO}, 8.3.2.1.2.2",
        "An item is a tagged map of digest identifier, random, element identifier and value.",
    ),
    "mdoc.random-too-short": (f"{_ISO}, 9.1.2.5", "The random in an item has at least 16 bytes."),
    "mdoc.namespace-empty": (f"{_ISO}, 8.3.2.1.2.2", "A namespace that is shown holds at least one item."),
    "mdoc.namespace-unlisted": (
        f"{_ISO}, 9.3.1, step 3",
        "A namespace shown is one the security object lists.",
    ),
    "mdoc.digest-unlisted": (
        f"{_ISO}, 9.3.1, step 3",
        "An item's digest identifier is one the security object lists.",
    ),
    "mdoc.digest-mismatch": (
        f"{_ISO}, 9.1.2.5 and 9.3.1, step 3",
        "The digest over an item as received is the listed one.",
    ),
    "mdoc.digest-id-repeated": (f"{_ISO}, 9.1.2.5", "A digest identifier stands for one item."),
    "mdoc.digest-algorithm": (f"{_ISO}, 9.1.2.5", "Digests are SHA-256, SHA-384 or SHA-512, so written."),
    "mdoc.digest-length": (f"{_ISO}, 9.1.2.5", "A listed digest is as long as its algorithm makes it."),
    "mdoc.element-repeated": (f"{_ISO}, 8.3.2.1.2.2", "An element stands in its namespace once."),
    "mdoc.portrait-type": (f"{_ISO}, 7.2.1", "The portrait is a byte string."),
    "mdoc.portrait-ambiguous": (
        "Dongui, one to one",
        "There is one portrait to compare with, and which one is not left to chance.",
    ),
    "mdoc.mso-malformed": (
        f"{_ISO}, 9.1.2.4",
        "The security object is a tagged map with the fields and types of its definition.",
    ),
    "mdoc.mso-version": (f"{_ISO}, 9.1.2.4", "The security object's version is one the reader knows."),
    "mdoc.document-type-mismatch": (
        f"{_ISO}, 9.3.1, step 4",
        "The document's type is the one in the security object.",
    ),
    "mdoc.issuer-signature-invalid": (
        f"{_ISO}, 9.3.1, step 2",
        "The key in the signer's certificate signed exactly this security object.",
    ),
    "mdoc.date-form": (
        f"{_ISO}, 9.1.2.4",
        "Dates are tdate, in UTC written Z, with no fraction of a second.",
    ),
    "mdoc.validity-inverted": (f"{_ISO}, 9.1.2.4", "validUntil is later than validFrom."),
    "mdoc.valid-before-signed": (f"{_ISO}, 9.1.2.4", "validFrom is not earlier than signed."),
    "mdoc.not-yet-valid": (f"{_ISO}, 9.3.1, step 5", "The present is not before validFrom."),
    "mdoc.expired": (f"{_ISO}, 9.3.1, step 5", "The present is not after validUntil."),
    "mdoc.signed-outside-signer-validity": (
        f"{_ISO}, 9.3.1, step 5",
        "The moment of signing lies within the validity of the signer's certificate.",
    ),
    "mdoc.issuing-country-mismatch": (
        f"{_ISO}, 7.2.1 and table B.3",
        "issuing_country is the country in the signer's certificate.",
    ),
    "mdoc.issuing-jurisdiction-mismatch": (
        f"{_ISO}, 7.2.1 and table B.3",
        "issuing_jurisdiction is the state or province in the signer's certificate, where it names one.",
    ),
    "trust.signer-revoked": (
        "RFC 5280, 6.1.3 a 3",
        "The signer's authority has not withdrawn it: no list it signed names it, however old that list is.",
    ),
    "trust.revocation-list-stale": (
        "RFC 5280, 5.1.2.5; Dongui",
        "The newest list of the signer's authority has begun, is not over, and is at most 60 days old.",
    ),
    "trust.revocation-list-unproved": (
        "RFC 5280, 6.3.3 g",
        "A list in the name of the signer's authority is signed by it.",
    ),
    "trust.revocation-list-unreadable": ("RFC 5280, 5.1 and 5.2", "A list is whole, and not changes alone."),
    "mdoc.status-unchecked": (
        f"{_ISO}, second edition, status",
        "A document whose issuer asks for a status look-up in a way that is not read is not accepted.",
    ),
    "status.list-missing": (
        "Token Status List, Validation Rules, 2",
        "A document that refers to a status list is not accepted without that list.",
    ),
    "status.reference-malformed": (
        "Token Status List, Referenced Token in COSE",
        "status_list holds idx, an unsigned integer, and uri, a text.",
    ),
    "mdoc.device-key": (f"{_ISO}, 9.1.2.4", "deviceKey is a public COSE_Key, a point on an allowed curve."),
    "mdoc.key-authorizations-malformed": (
        f"{_ISO}, 9.1.2.4",
        "keyAuthorizations lists namespaces or elements, and no namespace in both.",
    ),
    "mdoc.device-signed-malformed": (
        f"{_ISO}, 8.3.2.1.2.2",
        "DeviceSigned has tagged namespaces, none of them empty, and deviceAuth.",
    ),
    "mdoc.device-namespace-unauthorized": (
        f"{_ISO}, 9.1.3.4",
        "The device signs elements only in namespaces the issuer allowed it.",
    ),
    "mdoc.device-element-unauthorized": (
        f"{_ISO}, 9.1.3.4",
        "Where single elements are allowed, the device signs those only.",
    ),
    "mdoc.device-auth-missing": (
        f"{_ISO}, 9.1.3",
        "In a session the device proves its key by a signature or a MAC.",
    ),
    "mdoc.device-auth-ambiguous": (f"{_ISO}, 8.3.2.1.2.2", "deviceAuth is a signature or a MAC, not both."),
    "mdoc.device-signature-invalid": (
        f"{_ISO}, 9.1.3.6",
        "The device key of the security object signed this session, document type and namespaces.",
    ),
    "mdoc.device-mac-invalid": (
        f"{_ISO}, 9.1.3.5",
        "The MAC is keyed by device key, reader key and transcript of this session.",
    ),
    "mdoc.device-mac-curve": (f"{_ISO}, 9.1.3.5", "Device key and reader key are on one curve."),
    "mdoc.reader-key-missing": (
        f"{_ISO}, 9.1.3.5",
        "A MAC is checked with the reader's ephemeral private key.",
    ),
    "mdoc.session-transcript-malformed": (
        f"{_ISO}, 9.1.5.1",
        "The verifier's own session transcript is an array of three.",
    ),
}
