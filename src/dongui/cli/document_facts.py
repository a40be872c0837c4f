"""What ``dongui document`` says of an authenticated document besides its fields."""

from __future__ import annotations

from datetime import datetime

from dongui.cli import document_fields as fields
from dongui.cli.output import JsonValue, choose
from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
from dongui.documents.authenticating import require_bound
from dongui.documents.remarks import remarks
from dongui.errors import Refused

__all__ = ["fact_rows", "facts"]


def facts(found: AuthenticatedDocument, at: str | None) -> dict[str, JsonValue]:
    """Return what is known of an authenticated document besides its fields; ``at`` is --at, as given."""
    return {
        "kind": found.kind,
        "document_type": found.document_type,
        "issuer": found.issuer,
        "signed_at": found.signed_at.isoformat(),
        "valid_from": found.valid_from.isoformat(),
        "valid_until": found.valid_until.isoformat(),
        "judged_at": found.judged_at.isoformat(),
        "judged_at_another_time": at is not None,
        "holder_binding": found.holder_binding.value,
        "verify_would_refuse": _would_refuse(found),
        "remarks": [_remark(name) for name in found.remarks],
    }


def fact_rows(found: AuthenticatedDocument, at: str | None) -> list[tuple[str, str]]:
    """Return the same in words, with how its fields were treated."""
    judged = _moment(found.judged_at)
    if at is not None:
        judged = choose(
            f"{judged}: ANOTHER TIME, asked for by --at, not now",
            f"{judged}: 지금이 아니라 --at으로 정한 다른 시각",
        )
    period = f"{_moment(found.valid_from)} – {_moment(found.valid_until)}"
    return [
        (choose("outcome", "결과"), choose("AUTHENTIC", "진본임")),
        (choose("document", "문서"), f"{found.kind}, {found.document_type}"),
        (choose("issuer", "발급자"), found.issuer),
        (choose("signed", "서명"), _moment(found.signed_at)),
        (choose("valid", "유효 기간"), period),
        (choose("judged at", "판단 시각"), judged),
        (choose("holder", "소지자"), _binding(found)),
        (choose("fields", "항목"), fields.summary(found.elements)),
        *((choose("remark", "유의 사항"), _remark_words(name)) for name in found.remarks),
    ]


_BOUND = {
    HolderBinding.DEVICE_SIGNATURE: (
        "bound: the device signed this session",
        "결속됨: 기기가 이 세션에 서명함",
    ),
    HolderBinding.DEVICE_MAC: (
        "bound: the device's MAC is over this session",
        "결속됨: 기기의 MAC이 이 세션에 대한 것임",
    ),
    HolderBinding.KEY_BINDING: (
        "bound: the wallet's key signed for this session",
        "결속됨: 지갑의 키가 이 세션에 서명함",
    ),
    HolderBinding.GENUINE_CHIP: ("genuine chip: it is no copy", "원본 칩: 복제본이 아님"),
    HolderBinding.COPYABLE: (
        "copyable: files alone, maybe a copy; only purposes that say so accept it",
        "복제 가능: 파일뿐이어서 복제본일 수 있음. 따로 정한 목적에서만 받음",
    ),
    HolderBinding.BEARER: (
        "bearer: whoever holds it out; only purposes that say so accept it",
        "무기명: 제시한 사람 누구나. 따로 정한 목적에서만 받음",
    ),
}


def _binding(document: AuthenticatedDocument) -> str:
    if document.holder_binding in _BOUND:
        return choose(*_BOUND[document.holder_binding])
    refused = _would_refuse(document)
    return choose(
        f"holder not bound: no session was proved; `dongui verify` would refuse it ({refused})",
        f"소지자 결속 없음: 세션 증명이 없어 `dongui verify`라면 거부함 ({refused})",
    )


def _would_refuse(document: AuthenticatedDocument) -> str | None:
    """The name by which the main path refuses a document whose holder nothing ties to it."""
    try:
        require_bound(document)
    except Refused as refusal:
        return refusal.name
    return None


def _remark(name: str) -> dict[str, JsonValue]:
    remark = remarks()[name]
    return {"name": name, "meaning": choose(remark.meaning, remark.meaning_ko)}


def _remark_words(name: str) -> str:
    remark = remarks()[name]
    return f"{choose(remark.meaning, remark.meaning_ko)} ({name})"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
