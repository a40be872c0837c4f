"""Trust anchors and certificate paths."""

from dongui.documents.trust.anchors import AnchorKind, TrustAnchor, TrustAnchors
from dongui.documents.trust.path import VerifiedSigner, verify_path

__all__ = ["AnchorKind", "TrustAnchor", "TrustAnchors", "VerifiedSigner", "verify_path"]
