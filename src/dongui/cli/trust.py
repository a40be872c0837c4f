"""``dongui trust``: whose signatures under passports count. Import, list and show countries' authorities."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from dongui.cli import document_inputs as inputs
from dongui.cli import trust_result as results
from dongui.cli.output import JsonValue, choose, show
from dongui.cli.writing import NewFile, make_folder, write_together
from dongui.desk.trust_folder import revocation_folders
from dongui.documents.trust.country_certificate import CountryCertificate
from dongui.documents.trust.csca import CscaAnchor, CscaAnchors, require_proved
from dongui.documents.trust.csca_folder import (
    COUNTRY_FOLDER,
    ROOTS_FOLDER,
    CountryTrust,
    certificates_in,
)
from dongui.documents.trust.master_list import MAX_MASTER_LIST_BYTES, MasterList, read_master_list
from dongui.documents.trust.revocation_list import (
    MAX_REVOCATION_LIST_BYTES,
    read_revocation_list,
)
from dongui.encoding.der import DerError, encode_integer, read
from dongui.errors import Misuse, Trouble
from dongui.memory import SecretBuffer
from dongui.storage.master_list_indices import IndexFolder

__all__ = ["MASTER_LIST_MAX_AGE_DAYS_2026_11", "app"]

# Countries renew a signing authority every three to five years and withdraw one hardly ever; master lists
# come out every few weeks to months. A year bounds how long a withdrawal can stay unknown; less is stricter.
MASTER_LIST_MAX_AGE_DAYS_2026_11 = 365

_COUNTRY = re.compile(r"[A-Za-z]{2}")

app = typer.Typer(
    help="Trust anchors of passports, countries' signing authorities; revocation lists of any authority.",
    no_args_is_help=True,
)

_Directory = Annotated[Path, typer.Argument(help="The folder of trust anchors, as given to --trust.")]
_MaxAge = Annotated[
    int, typer.Option(min=1, max=3650, help="Days after its signing for which a master list counts.")
]
_At = Annotated[
    str | None, typer.Option(help="Judge ages at another time: 2026-11-22 or 2026-11-22T12:00:00Z.")
]


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A master list (CMS), certificates (DER, PEM), or a revocation list (DER).")
    ],
    into: Annotated[Path, typer.Option(help="The folder of trust anchors; made if it is not there.")],
    root: Annotated[
        Path | None,
        typer.Option(
            help="Certificate of the authority that issued the list's signer, taken from elsewhere."
        ),
    ] = None,
) -> None:
    """Verify a master list, countries' certificates or a revocation list, and put them into a trust folder.

    A master list must verify to --root, or to a root the folder holds already. A single certificate must be
    self-signed, or signed by an authority the folder holds; a revocation list, of passports' signers or of
    other documents', signed by one it holds. Nothing is written unless all of it verified.
    """
    data = bytes(SecretBuffer.read_file(file, max_bytes=MAX_MASTER_LIST_BYTES, what="file").view)
    trust = _load(into)
    if _is_revocation_list(data):
        _import_revocation_list(data, trust, into)
    elif _is_certificates(data):
        _import_certificates(certificates_in(data, what=str(file)), trust, into)
    else:
        _import_list(data, _root(root), trust, into)


@app.command("list")
def list_(directory: _Directory, max_age: _MaxAge = MASTER_LIST_MAX_AGE_DAYS_2026_11, at: _At = None) -> None:
    """List countries: certificates, keys, validity, what is wrong with them; and how old each list is."""
    trust, moment, age = _load(directory), inputs.clock_at(at).now(), timedelta(days=max_age)
    anchors = list(trust.anchors(max_list_age=age))
    revocation = revocation_folders(directory, countries=trust.anchors(max_list_age=age), max_age=age)
    result: dict[str, JsonValue] = {
        "max_age_days": max_age,
        "lists": results.list_facts(trust, at=moment, max_age=age),
        "given": len(trust.given),
        "revocation_lists": [
            results.revocation_facts(one) | {"kind": folder.kind.value}
            for folder in revocation
            for one in folder.lists.lists
        ],
        "certificates": len(anchors),
        "countries": results.country_facts(anchors, at=moment),
    }
    singly, lists = len(trust.given), sum(len(folder.lists.lists) for folder in revocation)
    summary = choose(
        f"{len(anchors)} certificates; {singly} given singly; {lists} revocation lists",
        f"인증서 {len(anchors)}개, 그중 낱개로 받은 것 {singly}개, 폐기 목록 {lists}개",
    )
    show(
        result,
        lambda: Group(
            results.list_table(trust, at=moment, max_age=age),
            "",
            results.country_table(anchors, at=moment),
            "",
            *results.revocation_table(revocation, at=moment),
            summary,
        ),
    )


@app.command("show")
def show_(
    directory: _Directory,
    which: Annotated[
        str | None, typer.Argument(help="A country (KR), or the first letters of a fingerprint; else all.")
    ] = None,
) -> None:
    """Show certificates one by one: names, keys, validity, what was tolerated in each."""
    anchors = _load(directory).anchors(max_list_age=timedelta(days=MASTER_LIST_MAX_AGE_DAYS_2026_11))
    found = [anchor for anchor in anchors if which is None or _is_meant(anchor, which)]
    if not found:
        raise Misuse("trust.nothing-shown", f"none of {len(anchors)} certificates is meant by it")
    show(
        {"certificates": [results.certificate_facts(anchor) for anchor in found]},
        lambda: results.certificate_rows(found),
    )


def _load(directory: Path) -> CountryTrust:
    return CountryTrust.load(directory, indices=IndexFolder.beside(directory))


def _is_meant(anchor: CscaAnchor, which: str) -> bool:
    if len(which) == 2:
        return anchor.country == which.upper()
    return anchor.fingerprint.startswith(which.lower())


def _is_certificates(data: bytes) -> bool:
    """Whether a file is certificates and no signed message: within the one stands a SEQUENCE, first."""
    if b"-----BEGIN" in data:
        return True
    header = 2 + (data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0)
    return data[header : header + 1] == b"\x30"


def _is_revocation_list(data: bytes) -> bool:
    """Whether a file is one: a certificate's body begins with a tagged version, a list's with a plain one."""
    if b"-----BEGIN" in data or not _is_certificates(data):
        return False
    try:
        body = read(data, max_bytes=MAX_REVOCATION_LIST_BYTES, what="file").children()[0].children()
    except (DerError, IndexError):
        return False
    return bool(body) and body[0].encoded == encode_integer(1)


def _root(path: Path | None) -> list[CountryCertificate]:
    if path is None:
        return []
    data = bytes(SecretBuffer.read_file(path, max_bytes=256 * 1024, what="root certificate").view)
    return certificates_in(data, what=str(path))


def _import_list(data: bytes, roots: list[CountryCertificate], trust: CountryTrust, into: Path) -> None:
    listed = read_master_list(data, roots=[*roots, *trust.roots])
    folder = into / COUNTRY_FOLDER
    name = f"{_letters(listed.country)}-{listed.signed_at:%Y%m%d-%H%M%S}.ml"
    known = {one.encoded for one in trust.roots}
    used = [one for one in roots if one.subject.text == listed.root and one.encoded not in known]
    _write(
        [NewFile(folder / ROOTS_FOLDER / _file_name(one), one.encoded, private=False) for one in used]
        + [NewFile(folder / name, data, private=False)]
    )
    _load(into)  # works out the index, so that the next command is quick
    _say_list(listed, folder / name)


def _say_list(listed: MasterList, path: Path) -> None:
    count, day = len(listed.certificates), f"{listed.signed_at:%Y-%m-%d}"
    show(
        {
            "file": str(path),
            "country": listed.country,
            "signer": listed.signer,
            "root": listed.root,
            "signed_at": listed.signed_at.isoformat(),
            "certificates": count,
        },
        choose(
            f"{count} certificates of the list signed on {day} by {listed.signer}; its root: {listed.root}",
            f"{day}에 {listed.signer}가 서명한 목록의 인증서 {count}개를 가져왔습니다. 루트: {listed.root}",
        ),
    )


def _import_revocation_list(data: bytes, trust: CountryTrust, into: Path) -> None:
    listed = read_revocation_list(data)
    folders = revocation_folders(into, countries=_anchors(trust), max_age=timedelta())
    places = [folder.path for folder in folders if folder.proves(listed)]
    if not places:
        raise Trouble(
            "trust.revocation-list-unproved", f"no authority here signed the list of {listed.issuer.text}"
        )
    day = f"{listed.this_update:%Y-%m-%d}"
    country = next(iter(listed.issuer.countries), None)
    name = f"{_letters(country)}-{listed.this_update:%Y%m%d-%H%M%S}-{sha256(data).hexdigest()[:8]}.crl"
    _write([NewFile(place / name, data, private=False) for place in places])
    show(
        results.revocation_facts(listed) | {"files": [str(place / name) for place in places]},
        choose(
            f"the list of {listed.issuer.text}, made on {day}, names {len(listed.revoked)} certificates",
            f"{listed.issuer.text}의 {day} 목록, 폐기된 인증서 {len(listed.revoked)}개",
        ),
    )


def _import_certificates(given: list[CountryCertificate], trust: CountryTrust, into: Path) -> None:
    require_proved(given, trusted=(anchor.certificate for anchor in _anchors(trust)))
    folder = into / COUNTRY_FOLDER
    held = {one.encoded for one in trust.given}
    new = [one for one in given if one.encoded not in held]
    _write([NewFile(folder / _file_name(one), one.encoded, private=False) for one in new])
    show(
        {"certificates": [results.certificate_facts(CscaAnchor.of(one)) for one in given], "new": len(new)},
        choose(f"{len(new)} certificates imported", f"인증서 {len(new)}개를 가져왔습니다"),
    )


def _anchors(trust: CountryTrust) -> CscaAnchors:
    return trust.anchors(max_list_age=timedelta(days=MASTER_LIST_MAX_AGE_DAYS_2026_11))


def _file_name(certificate: CountryCertificate) -> str:
    return f"{_letters(certificate.country)}-{certificate.fingerprint[:16]}.cer"


def _letters(country: str | None) -> str:
    """A country fit for a file's name. What a certificate says may be ``../..`` as well."""
    return country.lower() if country is not None and _COUNTRY.fullmatch(country) else "xx"


def _write(files: list[NewFile]) -> None:
    for folder in {file.path.parent for file in files}:
        make_folder(folder)
    write_together(files)
