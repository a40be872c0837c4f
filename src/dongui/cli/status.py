"""``dongui status``: status lists, fetched ahead of time and looked at. No document is judged by it."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from dongui.cli import document_inputs as inputs
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.documents.status.token_status_list import MAX_LIST_BYTES, StatusListToken, read_status_list
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.token_path import verify_token_path
from dongui.environment import Clock
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer
from dongui.readers.status_fetching import fetch_status_list, keep

__all__ = ["app"]

app = typer.Typer(help="Status lists of issuers: fetch one, see what it says.", no_args_is_help=True)


@app.command("fetch")
def fetch(
    uri: Annotated[str, typer.Argument(help="The list's address, https, as it stands in the documents.")],
    into: Annotated[Path, typer.Option(help="Folder to keep it in; an older copy is replaced.")],
    ca: Annotated[
        Path | None,
        typer.Option(help="PEM file of the authorities whose servers are believed, not the system's."),
    ] = None,
) -> None:
    """Fetch a status list over HTTPS and keep it in a folder.

    Do this ahead of time, for every list your documents refer to: a verification never uses the network.
    A list older than the one on file is not kept. Exit code 3 where it cannot be had: nothing changes then.
    """
    tls = _tls(ca)
    with progress("Fetching the list", "목록을 받는 중") as say:
        say(uri[:100])
        fetched = fetch_status_list(uri, tls=tls)
        path = keep(fetched, into=into)
    result = _facts(fetched.token) | {"file": str(path), "bytes": len(fetched.content)}
    show(result, lambda: _drawn(result))


@app.command("show")
def show_(
    file: Annotated[Path, typer.Argument(help="A status list: a JWT or a CWT, at most 8 MiB.")],
    index: Annotated[int | None, typer.Option(min=0, help="Also show the status at this index.")] = None,
    trust: Annotated[
        Path | None,
        typer.Option(help="Folder of roots that vouch for the list's signer. Without it: unverified."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Look at it at another time: 2026-11-22 or 2026-11-22T12:00:00Z.")
    ] = None,
) -> None:
    """Show what a status list says of itself, how old it is, and whether its signature verifies."""
    clock = inputs.clock_at(at)
    content = SecretBuffer.read_file(file, max_bytes=MAX_LIST_BYTES, what="status list")
    token = read_status_list(bytes(content.view))
    anchors = None if trust is None else TrustAnchors.from_directory(trust)
    result = _facts(token) | {
        "age_seconds": int((clock.now() - token.issued_at).total_seconds()),
        "statuses": token.count(),
        "signature": _signature(token, anchors, clock),
    }
    if index is not None:
        result["status_at_index"] = _STATUSES.get(token.status(index), "unknown")
    show(result, lambda: _drawn(result))


def _facts(token: StatusListToken) -> dict[str, JsonValue]:
    return {
        "uri": token.uri,
        "form": token.form,
        "issued_at": _moment(token.issued_at),
        "expires": None if token.expires is None else _moment(token.expires),
        "ttl_seconds": None if token.time_to_live is None else int(token.time_to_live.total_seconds()),
        "bits": token.bits,
    }


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(token: StatusListToken, anchors: TrustAnchors | None, clock: Clock) -> str:
    """Whether it verifies, in one word. Of a list without certificates only a document's issuer can say."""
    if token.chain is None:
        return "of-the-issuer"
    if anchors is None:
        return "unverified"
    try:
        signer = verify_token_path(token.chain, anchors=anchors, at=clock.now())
    except Refused:
        return "untrusted"
    return "verified" if token.is_signed_by(signer.key) else "invalid"


_STATUSES = {None: "beyond-the-end", 0: "valid", 1: "revoked", 2: "suspended"}
_NAMES = {
    "uri": ("List", "목록"),
    "form": ("Form", "형식"),
    "issued_at": ("Issued", "발급"),
    "expires": ("Ends", "만료"),
    "ttl_seconds": ("Fresh copy after, seconds", "새로 받을 때까지, 초"),
    "bits": ("Bits a status", "상태당 비트"),
    "age_seconds": ("Age, seconds", "발급 뒤 지난 시간, 초"),
    "statuses": ("Statuses", "상태 수"),
    "signature": ("Signature", "서명"),
    "status_at_index": ("Status at the index", "해당 자리의 상태"),
    "file": ("File", "파일"),
    "bytes": ("Bytes", "바이트"),
}
_WORDS = {
    None: ("not stated", "적혀 있지 않음"),
    "of-the-issuer": (
        "the documents' issuer's: checked with each document",
        "문서 발급자의 서명: 문서마다 확인",
    ),
    "unverified": ("not verified: no --trust given", "확인하지 않음: --trust가 없음"),
    "untrusted": ("by a signer the roots do not vouch for", "루트가 보증하지 않는 서명자의 서명"),
    "verified": ("verified", "확인됨"),
    "invalid": ("invalid", "맞지 않음"),
    "beyond-the-end": ("beyond the list's end", "목록 끝을 넘음"),
    "valid": ("valid", "유효"),
    "revoked": ("revoked", "폐지"),
    "suspended": ("suspended", "일시 정지"),
    "unknown": ("a value that means nothing here", "뜻을 알 수 없는 값"),
}


def _drawn(result: dict[str, JsonValue]) -> RenderableType:
    rows = []
    for name, value in result.items():
        words = _WORDS.get(value) if value is None or isinstance(value, str) else None
        rows.append((choose(*_NAMES[name]), str(value) if words is None else choose(*words)))
    return table(("", ""), rows)


def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise Misuse(
            "file.not-readable", f"the authorities' file {ca}: {error.strerror or 'no PEM'}"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
