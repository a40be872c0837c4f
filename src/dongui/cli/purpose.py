"""``dongui purpose``: what a face may be used for here, and whether a purpose may be registered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli.desk_option import OptionalDesk, open_desk
from dongui.cli.output import JsonValue, choose, printable, settings, show, table
from dongui.consent.charter import allowed_uses, forbidden_uses
from dongui.consent.fields import Localised
from dongui.consent.profile import load_profile, load_profiles
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.registration import faults, register
from dongui.errors import Misuse
from dongui.profiles import shipped_profiles

__all__ = ["app"]

app = typer.Typer(
    help="What a face may be used for: purposes, their notices, their check.", no_args_is_help=True
)


@app.command("list")
def list_(desk: OptionalDesk = None) -> None:
    """List the purposes: what for, how long a consent holds, and the way without a face.

    Without --desk those that come with Dongui, with their example controllers.
    """
    purposes = _purposes(desk).values()
    columns = (
        "ID",
        choose("version", "버전"),
        choose("what for", "목적"),
        choose("consent holds", "동의 유효 기간"),
        choose("without a face", "얼굴 없는 방법"),
    )
    rows = [
        (one.id, str(one.version), _text(one.declared.name), _days(one), _text(one.other_way.name))
        for one in purposes
    ]
    show({"purposes": [_summary(one) for one in purposes]}, lambda: table(columns, rows))


@app.command("show")
def show_(
    purpose: Annotated[str, typer.Argument(help="Id of the purpose.")], desk: OptionalDesk = None
) -> None:
    """Show a purpose: who is responsible, the legal ground, the data, the other way, and the notice."""
    found = _find(purpose, desk)
    show(_details(found), lambda: _drawn(found))


@app.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="A purpose's folder, or the purpose.toml in it.")],
) -> None:
    """Check a purpose: name everything for which it could not be registered, the gravest first.

    Exit code 0 where it can be registered, 2 where it cannot.
    """
    purpose = load_profile(path.parent if path.name == "purpose.toml" else path)
    found = faults(purpose)
    if len(found) > 1:
        detail = "\n  ".join([found[0].detail, *(str(fault) for fault in found[1:])])
        raise Misuse(found[0].name, detail)
    registered = register(purpose)
    said = choose(
        f"{purpose.id}, version {purpose.version}: can be registered",
        f"{purpose.id} 버전 {purpose.version}: 등록할 수 있습니다",
    )
    show(_summary(registered), said)


@app.command("uses")
def uses() -> None:
    """List the uses a purpose may declare, and those the charter forbids, consent or not."""
    ruled = [(use, True) for use in allowed_uses()] + [(use, False) for use in forbidden_uses()]
    columns = ("ID", choose("allowed", "허용"), choose("use", "사용"), choose("why", "이유"))
    rows = [
        (
            use.id,
            choose("yes", "예") if may else choose("no", "아니요"),
            _text(use.name),
            _text(use.explanation),
        )
        for use, may in ruled
    ]
    result: list[JsonValue] = [
        {"id": use.id, "allowed": may, "name": _text(use.name), "explanation": _text(use.explanation)}
        for use, may in ruled
    ]
    show({"uses": result}, lambda: table(columns, rows))


def _find(identifier: str, desk: Path | None) -> RegisteredPurpose:
    known = _purposes(desk)
    if identifier not in known:
        raise Misuse("purpose.unknown", f"{identifier}; known are {', '.join(known) or '-'}")
    return known[identifier]


def _purposes(desk: Path | None) -> dict[str, RegisteredPurpose]:
    if desk is None:
        return load_profiles(shipped_profiles().values())
    with open_desk(desk) as opened:
        return opened.purposes


def _text(text: Localised) -> str:
    return text[settings().language]


def _days(purpose: RegisteredPurpose) -> str:
    days = purpose.consent_validity.days
    return choose(f"{days} days", f"{days}일")


def _grounds(purpose: RegisteredPurpose) -> list[str]:
    return [f"{ground.pack} {', '.join(ground.articles)}" for ground in purpose.declared.legal_grounds]


def _recipients(purpose: RegisteredPurpose) -> list[str]:
    return [f"{_text(party.name)}, {party.contact}" for party in purpose.recipients]


def _summary(purpose: RegisteredPurpose) -> dict[str, JsonValue]:
    return {
        "id": purpose.id,
        "version": purpose.version,
        "name": _text(purpose.declared.name),
        "consent_valid_days": purpose.consent_validity.days,
        "other_way": _text(purpose.other_way.name),
    }


def _details(purpose: RegisteredPurpose) -> dict[str, JsonValue]:
    said, notice = purpose.declared, purpose.notice(settings().language)
    return _summary(purpose) | {
        "description": _text(said.description),
        "uses": said.uses,
        "controller": {"id": purpose.controller.id, "name": _text(purpose.controller.name)},
        "contact": purpose.controller.contact,
        "legal_grounds": _grounds(purpose),
        "data": [_text(item.name) for item in said.data],
        "retention": _text(purpose.retention.text),
        "recipients": _recipients(purpose),
        "documents": said.documents,
        "operating_point": said.operating_point,
        "other_way_description": _text(purpose.other_way.description),
        "notice": {"language": notice.language, "sha256": notice.digest.hex(), "text": notice.text},
    }


def _drawn(purpose: RegisteredPurpose) -> RenderableType:
    said, nobody = purpose.declared, choose("nobody", "없음")
    rows = [
        ("ID", f"{purpose.id}, {choose('version', '버전')} {purpose.version}"),
        (choose("what for", "목적"), _text(said.description)),
        (
            choose("responsible", "개인정보처리자"),
            f"{_text(purpose.controller.name)}, {purpose.controller.contact}",
        ),
        (choose("legal ground", "법적 근거"), "; ".join(_grounds(purpose))),
        (choose("data", "처리 항목"), "\n".join(_text(item.name) for item in said.data)),
        (choose("kept", "보관"), _text(purpose.retention.text)),
        (choose("recipients", "제공받는 자"), "; ".join(_recipients(purpose)) or nobody),
        (choose("consent holds", "동의 유효 기간"), _days(purpose)),
        (choose("documents", "문서"), ", ".join(said.documents)),
        (choose("operating point", "판정 기준"), said.operating_point),
        (choose("without a face", "얼굴 없는 방법"), _text(purpose.other_way.description)),
        (choose("withdrawal", "철회"), _text(said.withdrawal)),
        (choose("notice, SHA-256", "고지문 SHA-256"), purpose.notice(settings().language).digest.hex()),
    ]
    notice = Text("\n" + printable(purpose.notice(settings().language).text))
    return Group(table(("", ""), rows), notice)
