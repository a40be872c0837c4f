"""``dongui issue revocation-list``: an authority's word on which of its signers no longer count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli import issue_inputs as inputs
from dongui.cli.output import choose, show
from dongui.cli.writing import require_absent, write_once
from dongui.environment import SystemClock
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["revocation_list"]

_MAX_BYTES = 2 * 1024 * 1024


def revocation_list(
    authority: Annotated[Path, typer.Option(help="Folder `issue authority` made.")],
    out: Annotated[Path, typer.Option(help="New file for the list, in DER: what verifiers are to be given.")],
    revoke: Annotated[
        list[Path] | None,
        typer.Option(
            help="A signer that no longer counts, again for each: its file of `issue signer`, its "
            "certificate (PEM, DER), or an SD-JWT credential it signed. Name those of earlier lists again."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days for which the list claims to hold.")] = 30,
) -> None:
    """Make a revocation list of an authority, also one that names nobody: that is news, too.

    Verifiers import it with `dongui trust import`. What a withdrawn signer has signed is refused from then on
    (trust.signer-revoked), whenever it was signed.
    """
    from dongui.documents.mdoc.authority import Authority

    require_absent(out)
    issuing = Authority.from_bytes(inputs.read_key(authority / "authority.key"))
    named = [_certificate(path) for path in revoke or []]
    for path, certificate in zip(revoke or [], named, strict=True):
        _require_issued(certificate, issuing.certificate, path)
    serials = sorted({certificate.serial_number for certificate in named})
    made = issuing.revocation_list(serials, lifetime=timedelta(days=days), clock=SystemClock())
    write_once(out, made, private=False)
    show(
        {"revoked": [f"{serial:x}" for serial in serials], "files": [str(out)], "bytes": len(made)},
        choose(
            f"{len(serials)} certificates withdrawn, written to {out}",
            f"인증서 {len(serials)}개 폐기, {out}에 썼습니다",
        ),
    )


def _require_issued(certificate: x509.Certificate, root: x509.Certificate, path: Path) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        raise Misuse("issuing.not-its-signer", f"{path}: another authority issued this certificate") from None


def _certificate(path: Path) -> x509.Certificate:
    """The certificate of a signer's file, of a certificate's, or of who signed a credential."""
    from cryptography import x509

    with SecretBuffer.read_file(path, max_bytes=_MAX_BYTES, what="signer") as content:
        data = bytes(content.view)
    try:
        if b"-----BEGIN CERTIFICATE" in data:
            return x509.load_pem_x509_certificate(data)
        if data[:1] == b"\x30":
            return x509.load_der_x509_certificate(data)
        return _signers(data) if data.lstrip()[:2] == b"ey" else _in_key_file(data)
    except (ValueError, Refused):
        raise Misuse("issuing.not-its-signer", f"{path} holds no signer's certificate") from None


def _signers(credential: bytes) -> x509.Certificate:
    from cryptography import x509

    from dongui.documents.sd_jwt.reading import read_presented
    from dongui.encoding.jose import x5c

    chain = x5c(read_presented(credential.strip()).issuer_signed)
    if chain is None:
        raise ValueError("the credential's signer has no certificate")
    return x509.load_der_x509_certificate(chain[0])


def _in_key_file(data: bytes) -> x509.Certificate:
    from dongui.documents.mdoc.authority import DocumentSigner

    return DocumentSigner.from_bytes(data).certificate
