"""What each name stands for: the clause and the rule that is broken, in our words."""

from __future__ import annotations

__all__ = ["RULES"]

RULES: dict[str, tuple[str, str]] = {
    "verified": ("ICAO 9303-11, 5.1", "Nothing is wrong, though it may look unusual."),
    "cms.algorithms-disagree": (
        "RFC 5652, 5.3; RFC 8933",
        "Content and signature use one digest, and the message announces it.",
    ),
    "cms.attribute-missing": (
        "RFC 5652, 11.1 and 11.2",
        "Content type and message digest are signed attributes.",
    ),
    "cms.content-type-mismatch": ("RFC 5652, 11.1", "The signed content type is that of the content."),
    "cms.digest-mismatch": ("RFC 5652, 5.4", "The signed message digest is the content's."),
    "cms.malformed": ("RFC 5652, 5.1 and 11", "A signed message has its parts once, in their order."),
    "cms.several-signers": ("ICAO 9303-10, 4.6.2.2", "EF.SOD has one signer."),
    "cms.signature-invalid": ("RFC 5652, 5.6", "The certificate's key verifies the signature."),
    "cms.signer-unknown": ("RFC 5652, 5.3", "The certificate the signer's entry names is in the message."),
    "passport.authority-expired": (
        "ICAO 9303-12, 4.1.4",
        "The authority was valid when the document was signed.",
    ),
    "passport.country-mismatch": ("ICAO 9303-12, 7.1.1", "Signer and authority are of one country."),
    "passport.data-group-digest": ("ICAO 9303-11, 5.1", "Each data group has the digest that was signed."),
    "passport.data-group-missing": ("ICAO 9303-10, 4.7", "DG1 and DG2 are there."),
    "passport.data-group-not-listed": ("ICAO 9303-10, 4.6.2.3", "EF.SOD lists DG1 and DG2."),
    "passport.digest-algorithm": ("ICAO 9303-12, 4.1.6", "Data groups are digested with SHA-1 or of SHA-2."),
    "passport.expired": ("ICAO 9303-3, 4.8", "The document is used within its validity."),
    "passport.issuing-state-mismatch": (
        "ICAO 9303-12, 7.1.1; 9303-3, 5",
        "The state in the zone is the country whose authority signed.",
    ),
    "passport.mrz-composite-check": ("ICAO 9303-4, 4.2.2", "The composite check digit holds."),
    "passport.no-anchor": ("ICAO 9303-11, 5.1", "The authority that issued the signer is known."),
    "passport.security-object-malformed": (
        "ICAO 9303-10, 4.6.2",
        "EF.SOD has the structure of version 0 or 1.",
    ),
    "passport.security-object-missing": ("ICAO 9303-10, 4.6.2", "EF.SOD is there."),
    "passport.sha-1-not-in-use": (
        "Dongui; ICAO 9303-12, 4.1.6.3",
        "SHA-1 counts only below an authority that is itself signed with it.",
    ),
    "passport.signed-in-the-future": ("RFC 5652, 11.3", "The signing time has passed."),
    "passport.signer-certificate-missing": (
        "ICAO 9303-10, 4.6.2.2",
        "EF.SOD carries its signer's certificate.",
    ),
    "passport.signer-document-type": (
        "ICAO 9303-12, 7.1.1",
        "A signer restricted to kinds of documents signs those.",
    ),
    "passport.signer-expired": (
        "ICAO 9303-12, 4.1.4",
        "The signer was valid when it signed; where that moment is not known, it is valid now.",
    ),
    "passport.signer-extension": ("RFC 5280, 4.2", "Every critical extension of the signer is understood."),
    "passport.signer-is-authority": ("ICAO 9303-12, 7.1.1", "A signer's certificate is no authority's."),
    "passport.signer-key-period": (
        "RFC 5280, 4.2.1 and ICAO 9303-12, 4.1.4",
        "The key was in use when it signed.",
    ),
    "passport.signer-key-usage": ("ICAO 9303-12, 7.1.1", "The signer's key is for digital signatures."),
    "passport.signer-not-issued": (
        "RFC 5280, 6.1.3 a 1",
        "The authority's key verifies the signer's certificate.",
    ),
    "passport.signer-not-yet-valid": ("RFC 5280, 6.1.3 a 2", "The signer had begun when it signed."),
    "passport.signer-purpose": (
        "ICAO 9303-12, 7.1.1",
        "The signer's certificate names no purpose of another kind.",
    ),
    "passport.signer-revoked": ("RFC 5280, 5.1.2.6", "No list of the authority names the signer."),
    "trust.certificate-malformed": (
        "RFC 5280, 4.1",
        "A certificate is of version 3 and says its algorithm twice.",
    ),
    "trust.curve-unknown": (
        "ICAO 9303-12, 4.1.6.1; RFC 5480, 2.2",
        "A key lies on a curve that is known, all of whose parameters are that curve's.",
    ),
    "trust.link-unproved": (
        "ICAO 9303-12, 4.3",
        "A link certificate is signed with the authority's earlier key.",
    ),
    "trust.revocation-list-stale": ("RFC 5280, 5.1.2.5", "The newest list is not over."),
    "trust.revocation-list-unproved": ("RFC 5280, 6.3.3 g", "The authority's key verifies its list."),
    "trust.revocation-list-unreadable": ("RFC 5280, 5.1 and 5.2", "The list is whole and complete."),
}
