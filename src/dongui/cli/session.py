"""``dongui session``: open one for one purpose and one consent, and see it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, note, show, table
from dongui.cli.session_id import parse_session_id
from dongui.cli.writing import require_place, write_once
from dongui.consent.moments import write_moment
from dongui.desk import Desk
from dongui.errors import Misuse, Refused, Trouble
from dongui.memory import SecretBuffer
from dongui.session import Handover, OpenID4VPHandover, QrHandover, Session

__all__ = ["app"]

app = typer.Typer(
    help="A session: one purpose, one consent, one document, one comparison.", no_args_is_help=True
)

_MAX_ENGAGEMENT_BYTES = 4096


@app.command("open")
def open_(
    purpose: Annotated[str, typer.Option(help="Id of the purpose.")],
    consent: Annotated[str, typer.Option(help="Id of the consent record: 32 hexadecimal digits.")],
    desk: RequiredDesk,
    client_id: Annotated[
        str | None, typer.Option(help="The reader's client_id, where the reader asks first (OpenID4VP).")
    ] = None,
    response_uri: Annotated[
        str | None, typer.Option(help="Where the presentation is sent (OpenID4VP).")
    ] = None,
    engagement: Annotated[
        Path | None,
        typer.Option(
            help="The phone's device engagement, at most 4 KiB, where its QR code was scanned first."
        ),
    ] = None,
    transcript_out: Annotated[
        Path | None, typer.Option("--transcript", help="Write the session transcript to this new file.")
    ] = None,
    reader_key_out: Annotated[
        Path | None,
        typer.Option("--reader-key", help="Write the reader's public key to this new file, as PEM."),
    ] = None,
) -> None:
    """Open a session: nonce, reader key, transcript, challenge, five minutes.

    A consent that does not cover the purpose now is refused here already (exit code 1), before anybody is
    filmed, and the other way is named on standard error.

    The transcript is for the desk's own OpenID4VP request, unless --client-id and --response-uri, or
    --engagement, say otherwise.
    """
    outputs = [path for path in (transcript_out, reader_key_out) if path is not None]
    require_place(*outputs)
    with open_desk(desk) as opened:
        handover = _handover(opened, client_id, response_uri, engagement)
        with _naming_other_way(opened, purpose):
            session = opened.open_session(purpose, _record_id(consent), handover=handover)
    if transcript_out is not None:
        write_once(transcript_out, session.transcript, private=False)
    if reader_key_out is not None:
        write_once(reader_key_out, _public_key(session), private=False)
    _show(session)


@app.command("show")
def show_(
    session: Annotated[str, typer.Argument(help="Id of the session: 32 hexadecimal digits.")],
    desk: RequiredDesk,
) -> None:
    """Show an open session. A spent or ended one tells nothing any more."""
    identity = parse_session_id(session)
    with open_desk(desk) as opened:
        found = opened.sessions.load(identity, at=opened.clock.now())
    _show(found)


@contextmanager
def _naming_other_way(desk: Desk, purpose: str) -> Iterator[None]:
    """Charter, point 9: where there is no session, the other way is named at once."""
    try:
        yield
    except (Refused, Trouble):
        name = desk.purpose(purpose).other_way.name
        note(f"The other way: {name.en}", f"다른 방법: {name.ko}")
        raise


def _handover(
    desk: Desk, client_id: str | None, response_uri: str | None, engagement: Path | None
) -> Handover:
    if client_id is None and response_uri is None and engagement is None:
        return desk.handover
    if engagement is not None and client_id is None and response_uri is None:
        scanned = SecretBuffer.read_file(engagement, max_bytes=_MAX_ENGAGEMENT_BYTES, what="engagement")
        return QrHandover(bytes(scanned.view))
    if engagement is None and client_id and response_uri:
        return OpenID4VPHandover(client_id, response_uri)
    raise Misuse("session.handover", "give --client-id with --response-uri, --engagement, or none")


def _record_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Misuse("consent.unknown-record", "an id has 32 hexadecimal digits") from None


def _public_key(session: Session) -> bytes:
    return session.reader_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _show(session: Session) -> None:
    challenge = session.challenge
    english, korean = challenge.instruction("en"), challenge.instruction("ko")
    nonce = base64.urlsafe_b64encode(session.nonce).rstrip(b"=").decode()
    result: dict[str, JsonValue] = {
        "session": session.id,
        "purpose": session.purpose,
        "controller": session.controller,
        "nonce": nonce,
        "reader_key": _public_key(session).decode(),
        "transcript": session.transcript.hex(),
        "challenge": str(challenge),
        "turns": [str(side) for side in challenge.sides],
        "instruction": choose(english, korean),
        "instructions": {"en": english, "ko": korean},
        "expires": write_moment(session.expires),
    }
    rows = [
        (choose("session", "세션"), session.id),
        (choose("purpose", "목적"), session.purpose),
        (choose("expires", "만료"), write_moment(session.expires)),
        (choose("nonce", "난수"), nonce),
        (choose("turns", "고개 돌리기"), choose(challenge.in_words("en"), challenge.in_words("ko"))),
        (choose("ask the person", "안내할 말"), choose(english, korean)),
        # The person's language need not be the desk's.
        (choose("in Korean", "영어로"), choose(korean, english)),
    ]
    show(result, lambda: table(("", ""), rows))
