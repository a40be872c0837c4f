"""``dongui issue passport``, ``sd-jwt``, ``sd-jwt-presentation``: documents of issuers of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli import issue_inputs as inputs
from dongui.cli.output import choose, show
from dongui.cli.writing import NewFile, make_folder, require_absent, write_once, write_together
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse

if TYPE_CHECKING:
    from dongui.documents.passport.issuing import PassportHolder
    from dongui.documents.sd_jwt.issuing import CredentialSigner
    from dongui.documents.status import StatusReference

__all__ = ["passport", "sd_jwt", "sd_jwt_presentation"]

_CREDENTIAL_FILE, _WALLET_FILE = "credential.sd-jwt", "wallet.key"
_WALLET = "sd-jwt-wallet"
_FIELDS = ("number", "surname", "given_names", "birth_date", "sex", "expiry_date")
_STATES = {"UT": "UTO"}  # the specimen state of ICAO 9303-3, and its certificates' two letters here


def passport(
    data: Annotated[
        Path,
        typer.Option(
            help="JSON object: number, surname, given_names, birth_date, sex (F, M or <), expiry_date."
        ),
    ],
    portrait: Annotated[Path, typer.Option(help="The person's portrait, JPEG, at most 512 KiB.")],
    out: Annotated[
        Path, typer.Option(help="Folder for the passport's files and trust/csca/; made if absent.")
    ],
) -> None:
    """Issue a passport of Utopia, the specimen state: its files, and its authority's certificate.

    Writes files/ (EF_SOD, EF_COM, DG1, DG2) and trust/csca/ut.cer, what verifiers are to be given. The
    authority is made anew each time and its keys are thrown away.
    """
    from dongui.documents.passport.issuing import build_com, build_data_groups
    from dongui.documents.passport.signature_choice import SignatureChoice
    from dongui.documents.passport.signing import CountryAuthority

    files, trusted = out / "files", out / "trust" / "csca" / "ut.cer"
    names = {1: "DG1.bin", 2: "DG2.bin"}
    require_absent(trusted, *(files / name for name in (*names.values(), "EF_COM.bin", "EF_SOD.bin")))
    holder = _passport_holder(data, inputs.read_elements(data))
    groups = build_data_groups(holder, inputs.read_portrait(portrait))
    clock, choice = SystemClock(), SignatureChoice.ECDSA_P256_SHA256
    country = CountryAuthority.create("UT", choice=choice, clock=clock, entropy=SystemEntropy())
    signer = country.document_signer(choice=choice, clock=clock, entropy=SystemEntropy())
    contents = {files / names[number]: content for number, content in groups.items()}
    contents[files / "EF_COM.bin"] = build_com(groups)
    contents[files / "EF_SOD.bin"] = signer.sign(groups, clock=clock)
    for folder in (files, trusted.parent):
        make_folder(folder)
    write_together(
        [NewFile(path, content, private=True) for path, content in contents.items()]
        + [NewFile(trusted, country.encoded, private=False)]
    )
    show(
        {"document_type": "icao.9303.emrtd", "files": [str(path) for path in (*contents, trusted)]},
        choose(f"A passport of Utopia, written to {files}", f"유토피아의 여권을 {files}에 썼습니다"),
    )


def sd_jwt(
    authority: Annotated[Path, typer.Option(help="Folder `issue authority` made.")],
    data: Annotated[Path, typer.Option(help="JSON object of the claims about the person.")],
    portrait: Annotated[Path, typer.Option(help="The person's portrait, JPEG, at most 512 KiB.")],
    out: Annotated[Path, typer.Option(help="Folder for the credential and its wallet key; made if absent.")],
    issuer: Annotated[str, typer.Option(help="Who issues, an HTTPS URI.")] = "https://issuer.example",
    kind: Annotated[str, typer.Option("--type", help="The credential's vct.")] = "urn:eudi:pid:1",
    days: Annotated[int, typer.Option(min=1, max=400, help="Days it is valid, from now.")] = 90,
    status_list: Annotated[str | None, typer.Option(help="Address of the issuer's status list.")] = None,
    status_index: Annotated[
        int | None, typer.Option(min=0, help="The credential's place in that list.")
    ] = None,
) -> None:
    """Issue an SD-JWT credential to a new wallet key, under an authority's root.

    Writes credential.sd-jwt and wallet.key, for their owner alone; verifiers trust it with the authority's
    iaca.pem in sd-jwt/ of their trust folder.
    """
    from dongui.documents.mdoc.issuing import ValidityPeriod
    from dongui.documents.mdoc.key_files import seal_key_file
    from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
    from dongui.documents.sd_jwt import issuing

    files = [out / _CREDENTIAL_FILE, out / _WALLET_FILE]
    require_absent(*files)
    status = _status(status_list, status_index)
    clock, entropy = SystemClock(), SystemEntropy()
    signer = _credential_signer(authority, issuer, lifetime=timedelta(days=days + 1))
    key, now = SigningAlgorithm.ES256.generate_key(), clock.now()
    claims = _texts(data, inputs.read_elements(data))
    credential = issuing.issue(
        {**claims, "portrait": issuing.portrait_claim(inputs.read_portrait(portrait))},
        document_type=kind,
        signer=signer,
        holder_key=key.public_key(),
        validity=ValidityPeriod(now, now + timedelta(days=days)),
        status=status,
        clock=clock,
        entropy=entropy,
    )
    make_folder(out)
    contents = (credential, seal_key_file(_WALLET, key=key, document=credential))
    write_together([NewFile(file, made, private=True) for file, made in zip(files, contents, strict=True)])
    show(
        {"document_type": kind, "bytes": len(credential), "files": [str(file) for file in files]},
        choose(f"{kind}, written to {out}", f"{kind}, {out}에 썼습니다"),
    )


def _status(status_list: str | None, status_index: int | None) -> StatusReference | None:
    from dongui.documents.status import StatusReference

    if (status_list is None) is not (status_index is None):
        raise Misuse("document.options-incomplete", "--status-list and --status-index go together")
    return None if status_list is None else StatusReference(status_list, status_index or 0)


def _credential_signer(authority: Path, issuer: str, *, lifetime: timedelta) -> CredentialSigner:
    from dongui.documents.mdoc.authority import Authority
    from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
    from dongui.documents.sd_jwt.issuing import CredentialSigner

    return CredentialSigner.create(
        Authority.from_bytes(inputs.read_key(authority / "authority.key")),
        issuer=issuer,
        algorithm=SigningAlgorithm.ES256,
        lifetime=lifetime,
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )


def sd_jwt_presentation(
    holder: Annotated[Path, typer.Option(help="Folder `issue sd-jwt` made.")],
    nonce: Annotated[str, typer.Option(help="The session's nonce, as `session open` tells it.")],
    audience: Annotated[
        str, typer.Option(help="The verifier's client_id, for example x509_san_dns:gate.example.")
    ],
    out: Annotated[Path, typer.Option(help="File for the presentation.")],
    disclose: Annotated[
        list[str] | None, typer.Option(help="A claim to disclose, repeatable; everything by default.")
    ] = None,
) -> None:
    """Present a credential in a session, as its holder's wallet would."""
    from dongui.documents.mdoc.key_files import open_key_file
    from dongui.documents.sd_jwt.holder import SdJwtHolder
    from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation

    require_absent(out)
    wallet = open_key_file(_WALLET, inputs.read_key(holder / _WALLET_FILE))
    held = SdJwtHolder.receive(wallet.require_document(), key=wallet.key)
    chosen = frozenset(disclose) if disclose else held.everything()
    shown = held.present(chosen, expectation=KeyBindingExpectation(nonce, audience), clock=SystemClock())
    write_once(out, shown, private=True)
    show(
        {"disclosed": sorted(chosen), "bytes": len(shown), "file": str(out)},
        choose(f"Presentation written to {out}", f"제시 응답을 {out}에 썼습니다"),
    )


def _texts(path: Path, content: Mapping[str, object]) -> dict[str, str]:
    """Return claims that are texts. Raises ``Misuse`` (``issuing.bad-data-file``)."""
    for name, value in content.items():
        if not isinstance(value, str):
            raise Misuse("issuing.bad-data-file", f"{path}: {name} is not a text")
    return {name: str(value) for name, value in content.items()}


def _passport_holder(path: Path, content: Mapping[str, object]) -> PassportHolder:
    from dongui.documents.passport.issuing import PassportHolder
    from dongui.documents.passport.mrz import MrzFormat, Sex

    given = _texts(path, content)
    if set(given) != set(_FIELDS):
        raise Misuse("issuing.bad-data-file", f"{path}: the fields are {', '.join(_FIELDS)}")
    try:
        return PassportHolder(
            format=MrzFormat.TD3,
            document_code="P",
            issuing_state=_STATES["UT"],
            number=given["number"],
            surname=given["surname"],
            given_names=given["given_names"],
            nationality=_STATES["UT"],
            birth=date.fromisoformat(given["birth_date"]),
            sex=Sex(given["sex"]),
            expiry=date.fromisoformat(given["expiry_date"]),
        )
    except ValueError as error:
        raise Misuse("issuing.bad-data-file", f"{path}: {error}") from None
