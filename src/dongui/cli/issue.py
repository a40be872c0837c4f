"""``dongui issue``: an issuing authority, its documents, and presentations of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dongui.cli import issue_inputs as inputs
from dongui.cli.issue_documents import passport, sd_jwt, sd_jwt_presentation
from dongui.cli.issue_revocation_list import revocation_list
from dongui.cli.issue_staff_card import staff_card
from dongui.cli.output import JsonValue, choose, show, table
from dongui.cli.writing import NewFile, make_folder, require_absent, write_once, write_together
from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, STAFF, read_document_data
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod
from dongui.documents.mdoc.issuing import issue as issue_document
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.environment import SystemClock, SystemEntropy

__all__ = ["DocumentType", "app"]

app = typer.Typer(
    help="Make an issuing authority, documents and presentations: for tests and staff.", no_args_is_help=True
)

_ROOT_FILE, _AUTHORITY_FILE, _SIGNER_FILE = "iaca.pem", "authority.key", "signer.key"
_DOCUMENT_FILE, _HOLDER_FILE = "issuer-signed.cbor", "holder.key"


class DocumentType(StrEnum):
    """What kind of document to issue."""

    LICENCE = "licence"
    STAFF = "staff"


_KINDS = {DocumentType.LICENCE: LICENCE, DocumentType.STAFF: STAFF}


@app.command("authority")
def authority(
    out: Annotated[Path, typer.Option(help="Folder for the root certificate and the keys; made if absent.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, upper case.")],
    organisation: Annotated[str, typer.Option(help="Name of the authority.")],
    contact: Annotated[str, typer.Option(help="E-mail address or URI, for both certificates.")],
    crl_uri: Annotated[str, typer.Option(help="Where its revocation list would be.")],
    name: Annotated[str, typer.Option(help="Common name of the root.")] = "IACA root",
    state: Annotated[str | None, typer.Option(help="State or province, if the documents name one.")] = None,
    algorithm: Annotated[SigningAlgorithm, typer.Option(help="Of the root; not EdDSA.")] = (
        SigningAlgorithm.ES256
    ),
    signer_algorithm: Annotated[SigningAlgorithm, typer.Option(help="Of the document signer.")] = (
        SigningAlgorithm.ES256
    ),
    days: Annotated[int, typer.Option(min=1, max=7300, help="Life of the root, in days.")] = 3285,
    signer_days: Annotated[int, typer.Option(min=1, max=457, help="Life of the signer, in days.")] = 457,
) -> None:
    """Make an issuing authority: a root, and a document signer under it.

    Writes iaca.pem (what verifiers trust), authority.key and signer.key (for their owner alone).
    """
    profile = AuthorityProfile(country, organisation, name, contact, crl_uri, state)
    files = [out / file for file in (_ROOT_FILE, _AUTHORITY_FILE, _SIGNER_FILE)]
    require_absent(*files)
    clock, entropy = SystemClock(), SystemEntropy()
    made = Authority.create(
        profile, algorithm=algorithm, lifetime=timedelta(days=days), clock=clock, entropy=entropy
    )
    signer = made.document_signer(
        _signer_name(clock.now()),
        algorithm=signer_algorithm,
        lifetime=timedelta(days=signer_days),
        clock=clock,
        entropy=entropy,
    )
    make_folder(out)
    contents = (made.certificate_pem(), made.to_bytes(), signer.to_bytes())
    write_together(
        [
            NewFile(file, data, private=file.suffix == ".key")
            for file, data in zip(files, contents, strict=True)
        ]
    )
    _show_certificates({"root": made.certificate, "signer": signer.certificate}, files)


@app.command("signer")
def signer(
    authority: Annotated[Path, typer.Option(help="Folder `issue authority` made.")],
    out: Annotated[Path, typer.Option(help="File for the new document signer.")],
    algorithm: Annotated[SigningAlgorithm, typer.Option(help="Of the document signer.")] = (
        SigningAlgorithm.ES256
    ),
    days: Annotated[int, typer.Option(min=1, max=457, help="Its life, in days.")] = 457,
) -> None:
    """Make another document signer under an authority, because the first expires or was lost."""
    require_absent(out)
    issuing = Authority.from_bytes(inputs.read_key(authority / _AUTHORITY_FILE))
    clock = SystemClock()
    made = issuing.document_signer(
        _signer_name(clock.now()),
        algorithm=algorithm,
        lifetime=timedelta(days=days),
        clock=clock,
        entropy=SystemEntropy(),
    )
    write_once(out, made.to_bytes(), private=True)
    _show_certificates({"signer": made.certificate}, [out])


@app.command("mdoc")
def mdoc(
    authority: Annotated[Path, typer.Option(help="Folder `issue authority` made.")],
    data: Annotated[Path, typer.Option(help="JSON object of the elements; dates as YYYY-MM-DD.")],
    portrait: Annotated[Path, typer.Option(help="The person's portrait, JPEG, at most 512 KiB.")],
    out: Annotated[Path, typer.Option(help="Folder for the document and its device key; made if absent.")],
    signer: Annotated[
        Path | None, typer.Option(help="A signer of `issue signer`; by default the authority's own.")
    ] = None,
    kind: Annotated[DocumentType, typer.Option("--type", help="Kind of document.")] = DocumentType.LICENCE,
    days: Annotated[int, typer.Option(min=1, max=457, help="Days the document is valid, from now.")] = 90,
    digest: Annotated[DigestAlgorithm, typer.Option(help="Digest of the elements.")] = (
        DigestAlgorithm.SHA_256
    ),
    device_algorithm: Annotated[SigningAlgorithm, typer.Option(help="Of the device key.")] = (
        SigningAlgorithm.ES256
    ),
) -> None:
    """Issue a document to a new device key.

    Writes issuer-signed.cbor (the document) and holder.key (document and device key, for their owner alone).
    """
    files = [out / _DOCUMENT_FILE, out / _HOLDER_FILE]
    require_absent(*files)
    chosen = DocumentSigner.from_bytes(inputs.read_key(signer or authority / _SIGNER_FILE))
    content = read_document_data(
        _KINDS[kind], inputs.read_elements(data), portrait=inputs.read_portrait(portrait)
    )
    clock, device_key = SystemClock(), device_algorithm.generate_key()
    now = clock.now()
    validity = ValidityPeriod(now, now + timedelta(days=days))
    issuer_signed = issue_document(
        content,
        signer=chosen,
        device_key=device_key.public_key(),
        digest=digest,
        validity=validity,
        clock=clock,
        entropy=SystemEntropy(),
    )
    holder = Holder.receive(issuer_signed, key=device_key)
    make_folder(out)
    contents = (issuer_signed, holder.to_bytes())
    # Both are private: the document holds the person's portrait.
    write_together([NewFile(file, made, private=True) for file, made in zip(files, contents, strict=True)])
    _show_document(holder, validity, files)


@app.command("presentation")
def presentation(
    holder: Annotated[Path, typer.Option(help="Folder `issue mdoc` made.")],
    session_transcript: Annotated[Path, typer.Option(help="The session's transcript.")],
    out: Annotated[Path, typer.Option(help="File for the device response.")],
    reader_key: Annotated[
        Path | None, typer.Option(help="The session's public reader key, PEM; for a MAC.")
    ] = None,
    method: Annotated[HolderMethod, typer.Option(help="How the device proves its key.")] = (
        HolderMethod.SIGNATURE
    ),
    disclose: Annotated[
        list[str] | None, typer.Option(help="An element to disclose, repeatable; everything by default.")
    ] = None,
) -> None:
    """Present a document in a session, as its holder's device would."""
    require_absent(out)
    held = Holder.from_bytes(inputs.read_key(holder / _HOLDER_FILE))
    chosen = inputs.choose_elements(held, disclose)
    response = held.present(
        inputs.read_transcript(session_transcript),
        disclose=chosen,
        method=method,
        reader_public_key=None if reader_key is None else inputs.read_reader_key(reader_key),
    )
    write_once(out, response, private=True)
    result: dict[str, JsonValue] = {
        "document_type": held.document.document_type,
        "method": method.value,
        "disclosed": {namespace: list(names) for namespace, names in chosen.items()},
        "bytes": len(response),
        "file": str(out),
    }
    show(result, lambda: choose(f"Presentation written to {out}", f"제시 응답을 {out}에 썼습니다"))


app.command("passport")(passport)
app.command("sd-jwt")(sd_jwt)
app.command("sd-jwt-presentation")(sd_jwt_presentation)
app.command("staff-card")(staff_card)
app.command("revocation-list")(revocation_list)


def _signer_name(moment: datetime) -> str:
    return f"Document signer {moment:%Y-%m-%d}"


def _show_certificates(certificates: dict[str, x509.Certificate], files: list[Path]) -> None:
    described: dict[str, dict[str, str]] = {
        role: {
            "subject": certificate.subject.rfc4514_string(),
            "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
            "not_before": certificate.not_valid_before_utc.isoformat(),
            "not_after": certificate.not_valid_after_utc.isoformat(),
        }
        for role, certificate in certificates.items()
    }
    columns = ("", choose("subject", "주체"), choose("valid until", "만료"), "SHA-256")
    rows = [
        (role, entry["subject"], entry["not_after"][:10], entry["sha256"][:16])
        for role, entry in described.items()
    ]
    show({**described, "files": [str(file) for file in files]}, lambda: table(columns, rows))


def _show_document(holder: Holder, validity: ValidityPeriod, files: list[Path]) -> None:
    result: dict[str, JsonValue] = {
        "document_type": holder.document.document_type,
        "valid_from": validity.valid_from.replace(microsecond=0).isoformat(),
        "valid_until": validity.valid_until.replace(microsecond=0).isoformat(),
        "bytes": len(holder.issuer_signed),
        "files": [str(file) for file in files],
    }
    until = f"{validity.valid_until:%Y-%m-%d}"
    show(
        result,
        lambda: choose(
            f"{holder.document.document_type} valid until {until}, written to {files[0].parent}",
            f"{holder.document.document_type}, {until}까지 유효, {files[0].parent}에 썼습니다",
        ),
    )
