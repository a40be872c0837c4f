"""Trust anchors are given, readable and more than none; what is wrong with them the caller must mend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.trust import AnchorKind, TrustAnchor, TrustAnchors
from dongui.documents.trust.anchors import MAX_ANCHORS, PINNED_FOLDER
from dongui.documents.trust.certificate import read_certificate
from dongui.errors import Misuse
from simulators.mdoc_certificates import root_plan, signer_plan


def _pem(encoded: bytes) -> bytes:
    return x509.load_der_x509_certificate(encoded).public_bytes(Encoding.PEM)


def test_no_anchors_is_misuse(tmp_path: Path) -> None:
    """A verifier told to trust nobody must not run, rather than trust everybody."""
    with pytest.raises(Misuse, match=r"trust\.no-anchors"):
        TrustAnchors([])
    with pytest.raises(Misuse, match=r"trust\.no-anchors"):
        TrustAnchors.from_certificates([])
    with pytest.raises(Misuse, match=r"trust\.no-anchors"):
        TrustAnchors.from_directory(tmp_path)


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    """DER, PEM and several in one PEM file are read; other files are left alone; pinned ones stand apart."""
    roots = [root_plan(label) for label in ("a", "b", "c", "d")]
    (tmp_path / "a.der").write_bytes(roots[0].sign())
    (tmp_path / "b.PEM").write_bytes(_pem(roots[1].sign()))
    (tmp_path / "c.crt").write_bytes(b"subject=...\n" + _pem(roots[2].sign()) + _pem(roots[3].sign()))
    (tmp_path / "README").write_text("who gave us these")
    assert len(TrustAnchors.from_directory(tmp_path)) == 4
    (tmp_path / PINNED_FOLDER).mkdir()
    signer = signer_plan(roots[0]).sign()
    (tmp_path / PINNED_FOLDER / "signer.cer").write_bytes(signer)
    anchors = TrustAnchors.from_directory(tmp_path)
    assert len(anchors) == 5
    pinned = anchors.pinned(signer)
    assert pinned is not None
    assert pinned.kind is AnchorKind.PINNED_DOCUMENT_SIGNER
    assert anchors.pinned(roots[0].sign()) is None


def test_pinned_signers_alone_are_anchors(tmp_path: Path) -> None:
    """A folder with nothing but pinned signers is a choice, and a named one."""
    (tmp_path / PINNED_FOLDER).mkdir()
    (tmp_path / PINNED_FOLDER / "signer.der").write_bytes(signer_plan(root_plan()).sign())
    assert len(TrustAnchors.from_directory(tmp_path)) == 1


@pytest.mark.parametrize(
    "content", [b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"0\x03\x02\x01\x00"]
)
def test_an_unreadable_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    """One bad file stops the start and is named: an anchor silently left out is a person wrongly refused."""
    (tmp_path / "good.der").write_bytes(root_plan().sign())
    (tmp_path / "bad.pem").write_bytes(content)
    with pytest.raises(Misuse, match=r"trust\.anchor-unreadable.*bad\.pem"):
        TrustAnchors.from_directory(tmp_path)
    with pytest.raises(Misuse, match=r"trust\.anchor-unreadable.*certificate 2"):
        TrustAnchors.from_certificates([root_plan().sign(), content])


def test_places_that_are_no_folder_of_certificates(tmp_path: Path) -> None:
    """A missing folder, a file, an empty file, a file too large: each by its own name, with the path."""
    with pytest.raises(Misuse, match=r"file\.not-found"):
        TrustAnchors.from_directory(tmp_path / "missing")
    file = tmp_path / "file.pem"
    file.write_bytes(b"")
    with pytest.raises(Misuse, match=r"trust\.no-anchors.*is a file"):
        TrustAnchors.from_directory(file)
    with pytest.raises(Misuse, match=r"file\.empty"):
        TrustAnchors.from_directory(tmp_path)
    file.write_bytes(bytes(256 * 1024 + 1))
    with pytest.raises(Misuse, match=r"file\.too-large"):
        TrustAnchors.from_directory(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: permission test skipped")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    """Missing permission is told as such."""
    tmp_path.chmod(0)
    try:
        with pytest.raises(Misuse, match=r"file\.not-readable"):
            TrustAnchors.from_directory(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_too_many_anchors(tmp_path: Path) -> None:
    """More anchors than any list in the world has is a mistake, found before they are read."""
    for number in range(MAX_ANCHORS + 1):
        (tmp_path / f"{number}.der").touch()
    with pytest.raises(Misuse, match=r"trust\.too-many-anchors"):
        TrustAnchors.from_directory(tmp_path)
    anchor = TrustAnchor(read_certificate(root_plan().sign()), AnchorKind.ISSUING_AUTHORITY)
    with pytest.raises(Misuse, match=r"trust\.too-many-anchors"):
        TrustAnchors([anchor] * (MAX_ANCHORS + 1))
