"""``dongui consent``: its life, from giving to destroying. A person is named by a keyed handle alone."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.card_site import card_site, code_of
from dongui.cli.consent_copy import hand_out_copy
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.document_inputs import read_presentation
from dongui.cli.output import JsonValue, Language, choose, note, show, table
from dongui.cli.trust_option import RequiredTrust, default_limits, trust_for
from dongui.cli.writing import require_place
from dongui.consent.events import EventKind, History
from dongui.consent.moments import write_moment
from dongui.consent.receipt import history_fields
from dongui.consent.retention import kept_until
from dongui.desk import Desk, LoggedConsent
from dongui.desk.consents import HandOut
from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.errors import Misuse, Trouble
from dongui.memory import forbid_core_dumps

__all__ = ["app"]

app = typer.Typer(help="Consent: give, renew or withdraw it, see what was agreed to.", no_args_is_help=True)

_Record = Annotated[str, typer.Argument(help="Id of the consent record: 32 hexadecimal digits.")]
_Receipt = Annotated[
    Path | None,
    typer.Option(
        "--receipt", help="Write the person's copy to this new file, as JSON; without it, it is shown."
    ),
]
_STATES = {
    "given": ("holds", "유효"),
    "renewed": ("holds", "유효"),
    "expired": ("expired", "만료"),
    "withdrawn": ("withdrawn", "철회"),
}


@app.command("give")
def give(
    purpose: Annotated[str, typer.Option(help="Id of the purpose.")],
    document: Annotated[
        Path,
        typer.Option(
            help="The document the person holds out, of any kind `document check` takes, at most 2 MiB."
        ),
    ],
    trust: RequiredTrust,
    notice: Annotated[Language, typer.Option(help="Language in which the person read the notice.")],
    desk: RequiredDesk,
    receipt: _Receipt = None,
) -> None:
    """Record that a person read a purpose's notice and said yes, to both things it asks apart.

    The document is authenticated to tie the consent to its holder; nothing of it is kept but a keyed handle.
    A staff card is opened with this desk's own key; who has no card yet agrees by `dongui card consent`.
    `dongui purpose show` prints the notice to be read before.
    """
    forbid_core_dumps()
    if receipt is not None:
        require_place(receipt)
    with open_desk(desk) as opened:
        registered = opened.purpose(purpose)
        authentic = _authenticated(document, trust, opened)
        registered.require_accepted(authentic.document_type)
        opened.give_consent(purpose, authentic, language=notice.value, hand_out=_into_hands(opened, receipt))


@app.command("withdraw")
def withdraw(record: _Record, desk: RequiredDesk, receipt: _Receipt = None) -> None:
    """Take a consent back. From this moment on it covers nothing; no reason is asked for.

    It holds even where its log entry or its receipt fails; the same command then makes good what is missing.
    Staff cards that were made under it are revoked with it. What somebody consented to in custody is another
    ledger: `custody withdraw`.
    """
    if receipt is not None:
        require_place(receipt)
    with open_desk(desk) as opened:
        identity, into_hands = _record_id(record), _into_hands(opened, receipt)

        def hand_out(logged: LoggedConsent) -> None:
            _revoke_cards(opened)
            if (opened.path / "custody").is_dir():
                note(
                    "Consents to keep or hand over faces are untouched: `dongui custody withdraw`.",
                    "얼굴정보의 보관·제공 동의는 그대로입니다. 철회는 `dongui custody withdraw`로 합니다.",
                )
            into_hands(logged)

        try:
            opened.withdraw_consent(identity, hand_out=hand_out)
        except Trouble:
            _tell_if_withdrawn(opened, identity)
            raise


@app.command("renew")
def renew(record: _Record, desk: RequiredDesk, receipt: _Receipt = None) -> None:
    """Record that the person says yes again, for another full period from now.

    Ask them, with the notice at hand. It has to be the notice they read: where it has changed, ask for a new
    consent instead. A consent that has run out can be renewed, one that was withdrawn cannot.
    """
    if receipt is not None:
        require_place(receipt)
    with open_desk(desk) as opened:
        opened.renew_consent(_record_id(record), hand_out=_into_hands(opened, receipt))


@app.command("purge")
def purge(desk: RequiredDesk) -> None:
    """Destroy the consent records whose time is over, and say how many.

    A record's time is over when the consent has ended, by running out or by withdrawal, and the retention the
    person read of has passed since. The log says so first; where it cannot, nothing is destroyed. What has
    run out and is still kept is written down as expired. Every command that opens the desk does this first,
    and forgets old sessions; this one does nothing else. Run it daily, so that it also happens when nobody
    comes.
    """
    with open_desk(desk) as opened:
        if opened.unlogged is not None:
            raise opened.unlogged
        destroyed = opened.purged
    said = choose(f"Consent records destroyed: {destroyed}", f"파기한 동의 기록: {destroyed}건")
    show({"destroyed": destroyed}, said)


@app.command("list")
def list_(
    desk: RequiredDesk,
    purpose: Annotated[str | None, typer.Option(help="Only consents to this purpose.")] = None,
) -> None:
    """List the consent records, the oldest first, with their state now."""
    with open_desk(desk) as opened:
        if purpose is not None:
            opened.purpose(purpose)
        found, now = opened.ledger.list_records(purpose), opened.clock.now()
    columns = (
        choose("record", "기록"),
        choose("purpose", "목적"),
        choose("state", "상태"),
        choose("since", "언제부터"),
        choose("until", "언제까지"),
    )
    rows = [
        (
            one.record.id.hex(),
            one.record.purpose_id,
            choose(*_STATES[_state(one, now)]),
            _minute(one.events[0].at),
            _minute(one.ends_at),
        )
        for one in found
    ]
    show({"records": [_summary(one, now) for one in found]}, lambda: table(columns, rows))


@app.command("show")
def show_(record: _Record, desk: RequiredDesk) -> None:
    """Show a consent record: what was agreed to, in the words the person read, and what happened since."""
    with open_desk(desk) as opened:
        history, now = opened.ledger.history(_record_id(record)), opened.clock.now()
    result: dict[str, JsonValue] = {**_summary(history, now), **history_fields(history)}
    show(result, lambda: table(("", ""), _rows(history, now)))


def _authenticated(path: Path, trust: Path, desk: Desk) -> AuthenticatedDocument:
    # No session yet, so nobody's device has answered: authentic, not bound. The binding is proved when the
    # consent is used, and the handle then has to be the same.
    with code_of(read_presentation(path)) as document, ExitStack() as stack:
        believed = trust_for(document, trust, default_limits())
        # A staff card is opened with this desk's own key, and looked up in its register.
        site = stack.enter_context(card_site(document, believed, desk))
        return authenticate(
            document.view,
            trust=site.trust,
            clock=desk.clock,
            holder=HolderEvidence.none(),
            cards=site.cards,
        )


def _record_id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise Misuse("consent.unknown-record", "a record's id has 32 hexadecimal digits")
    return found


def _into_hands(desk: Desk, file: Path | None) -> HandOut:
    return lambda logged: _hand_out(logged, file, desk.clock.now())


def _tell_if_withdrawn(desk: Desk, record: bytes) -> None:
    """The trouble alone would leave it open whether the person's word counts."""
    with suppress(Trouble):
        if desk.ledger.history(record).state is EventKind.WITHDRAWN:
            note(
                "The consent is withdrawn and covers nothing. Give the same command again for its log entry "
                "and its receipt.",
                "동의는 철회되어 더는 효력이 없습니다. 로그 기록과 영수증을 마저 처리하려면 같은 명령을 "
                "다시 실행하십시오.",
            )


def _revoke_cards(desk: Desk) -> None:
    """What goes wrong is told and keeps nobody's receipt back: no card room opens before it is made good."""
    from dongui.desk.cards import revoke_ended

    try:
        revoke_ended(desk)
    except (Misuse, Trouble) as failure:
        note(f"No card is revoked yet: {failure}", f"카드를 아직 폐기하지 못했습니다: {failure}")


def _hand_out(logged: LoggedConsent, file: Path | None, now: datetime) -> None:
    """Show what was recorded; the receipt, with what opens its log entry, goes to the person alone."""
    history = logged.receipt.history
    record, until = history.record.id.hex(), _minute(history.ends_at)
    if history.state is EventKind.WITHDRAWN:
        said = choose(f"Consent {record} is withdrawn.", f"동의 {record}을(를) 철회했습니다.")
    else:
        said = choose(
            f"Consent {record} holds until {until}.", f"동의 {record}은(는) {until}까지 유효합니다."
        )
    hand_out_copy(logged, file, result=_summary(history, now), said=said)


def _state(history: History, now: datetime) -> str:
    """The state now: a consent that ran out has, whether or not somebody wrote it down."""
    if history.state is EventKind.WITHDRAWN:
        return EventKind.WITHDRAWN.value
    return history.events[-1].kind.value if history.holds_at(now) else EventKind.EXPIRED.value


def _summary(history: History, now: datetime) -> dict[str, JsonValue]:
    return {
        "record": history.record.id.hex(),
        "purpose": history.record.purpose_id,
        "purpose_version": history.record.purpose_version,
        "state": _state(history, now),
        "since": write_moment(history.events[0].at),
        "until": write_moment(history.ends_at),
        "kept_until": write_moment(kept_until(history)),
    }


def _rows(history: History, now: datetime) -> list[tuple[str, str]]:
    record = history.record
    parties = "; ".join(party.name for party in record.recipients) or choose("nobody", "없음")
    grounds = "; ".join(f"{ground.pack} {', '.join(ground.articles)}" for ground in record.grounds)
    events = "\n".join(f"{_minute(one.at)}  {one.kind.value}" for one in history.events)
    return [
        (choose("record", "기록"), record.id.hex()),
        (choose("state", "상태"), choose(*_STATES[_state(history, now)])),
        (choose("until", "언제까지"), _minute(history.ends_at)),
        (
            choose("person", "정보주체"),
            choose("a keyed handle, shown with --json", "키로 만든 값(--json으로 표시)"),
        ),
        (choose("purpose", "목적"), f"{record.purpose_id}, {record.purpose_name}"),
        (choose("responsible", "개인정보처리자"), f"{record.controller.name}, {record.controller.contact}"),
        (choose("legal ground", "법적 근거"), grounds),
        (choose("data", "처리 항목"), "\n".join(item.name for item in record.items)),
        (choose("kept", "보관"), record.retention),
        (choose("this record kept until", "이 기록의 보관 기한"), _minute(kept_until(history))),
        (choose("recipients", "제공받는 자"), parties),
        (choose("withdrawal", "철회"), record.withdrawal_method),
        (choose("notice", "고지문"), f"{record.language}, SHA-256 {record.notice_digest.hex()}"),
        (choose("events (UTC)", "이력(UTC)"), events),
    ]


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
