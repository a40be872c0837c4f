"""What ``dongui trust`` shows of countries' authorities: as facts for ``--json`` and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.table import Table

from dongui.cli.output import JsonValue, choose, table
from dongui.desk.trust_folder import RevocationFolder
from dongui.documents.trust.csca import CscaAnchor
from dongui.documents.trust.csca_folder import CountryTrust, ListFile
from dongui.documents.trust.revocation_list import RevocationList

__all__ = [
    "certificate_facts",
    "certificate_rows",
    "country_facts",
    "country_table",
    "list_facts",
    "list_table",
    "revocation_facts",
    "revocation_table",
]

_SHORT_FINGERPRINT = 16


def list_facts(trust: CountryTrust, *, at: datetime, max_age: timedelta) -> list[JsonValue]:
    """Each master list: whose, how many, when signed, how old, and whether it still counts."""
    return [_list_facts(one, at, max_age) for one in trust.lists]


def _list_facts(one: ListFile, at: datetime, max_age: timedelta) -> JsonValue:
    age = at - one.listed.signed_at
    return {
        "file": one.path.name,
        "country": one.listed.country,
        "signer": one.listed.signer,
        "root": one.listed.root,
        "signed_at": one.listed.signed_at.isoformat(),
        "age_days": age.days,
        "stale": age > max_age,
        "superseded": one.superseded,
        "certificates": len(one.listed.anchors),
    }


def list_table(trust: CountryTrust, *, at: datetime, max_age: timedelta) -> Table:
    """The same for the screen."""
    columns = (
        choose("master list", "마스터 목록"),
        choose("of", "발행국"),
        choose("certificates", "인증서 수"),
        choose("signed", "서명 시각"),
        choose("age", "경과"),
        "",
    )
    rows = [
        (
            one.path.name,
            one.listed.country or "",
            str(len(one.listed.anchors)),
            f"{one.listed.signed_at:%Y-%m-%d}",
            choose(f"{(at - one.listed.signed_at).days} days", f"{(at - one.listed.signed_at).days}일"),
            _standing(one, at, max_age),
        )
        for one in trust.lists
    ]
    return table(columns, rows)


def _standing(one: ListFile, at: datetime, max_age: timedelta) -> str:
    if one.superseded:
        return choose("superseded by a younger list", "더 새로운 목록으로 대체됨")
    if at - one.listed.signed_at > max_age:
        return choose("stale: undetermined", "오래됨: 판단 불가")
    return choose("counts", "유효")


def revocation_facts(one: RevocationList) -> dict[str, JsonValue]:
    """A revocation list: whose, from when to when, how many it names."""
    return {
        "issuer": one.issuer.text,
        "made_at": one.this_update.isoformat(),
        "next_at": None if one.next_update is None else one.next_update.isoformat(),
        "revoked": len(one.revoked),
    }


def revocation_table(folders: Iterable[RevocationFolder], *, at: datetime) -> list[Table]:
    """The same for the screen, one table or none: whether a list has ended, its own word alone."""
    rows = [
        (
            one.issuer.text,
            folder.kind.value,
            str(len(one.revoked)),
            f"{one.this_update:%Y-%m-%d}",
            "" if one.next_update is None else f"{one.next_update:%Y-%m-%d}",
            choose("is over: undetermined", "기한 지남: 판단 불가")
            if one.next_update is None or at > one.next_update
            else "",
        )
        for folder in folders
        for one in folder.lists.lists
    ]
    columns = (
        choose("revocation list of", "폐기 목록 발행 기관"),
        choose("for", "문서 종류"),
        choose("names", "폐기된 인증서"),
        choose("made", "만든 날"),
        choose("holds until", "유효 기한"),
        "",
    )
    return [table(columns, rows)] if rows else []


def country_facts(anchors: Iterable[CscaAnchor], *, at: datetime) -> list[JsonValue]:
    """Each country: how many certificates, with which keys and signatures, how long valid, what is wrong."""
    return [_country_facts(country, members, at) for country, members in _by_country(anchors)]


def _country_facts(country: str, members: Sequence[CscaAnchor], at: datetime) -> dict[str, JsonValue]:
    certificates = [one.certificate for one in members]
    return {
        "country": country,
        "certificates": len(members),
        "in_validity": sum(one.not_before <= at <= one.not_after for one in certificates),
        "keys": _counted(str(one.key) for one in certificates),
        "signatures": _counted(str(one.scheme) for one in certificates),
        "valid_from": min(one.not_before for one in certificates).isoformat(),
        "valid_until": max(one.not_after for one in certificates).isoformat(),
        "defects": _counted(defect for one in members for defect in one.defects),
    }


def country_table(anchors: Iterable[CscaAnchor], *, at: datetime) -> Table:
    """The same for the screen."""
    columns = (
        choose("country", "국가"),
        choose("certificates", "인증서 수"),
        choose("keys", "키"),
        choose("valid until", "유효 기한"),
        choose("defects, by name", "결함(이름별)"),
    )
    rows = []
    for country, members in _by_country(anchors):
        facts = _country_facts(country, members, at)
        until = str(facts["valid_until"])[:10]
        rows.append((country, str(len(members)), _listed(facts["keys"]), until, _listed(facts["defects"])))
    return table(columns, rows)


def certificate_facts(anchor: CscaAnchor) -> dict[str, JsonValue]:
    """One certificate, whole."""
    one = anchor.certificate
    extensions = one.extensions
    return {
        "fingerprint": one.fingerprint,
        "country": anchor.country,
        "subject": one.subject.text,
        "issuer": one.issuer.text,
        "serial_number": f"{one.serial_number:x}",
        "valid_from": one.not_before.isoformat(),
        "valid_until": one.not_after.isoformat(),
        "key": str(one.key),
        "signature": str(one.scheme),
        "self_signed": one.is_signed_by(one.key),
        "subject_key_identifier": None if extensions.subject_key is None else extensions.subject_key.hex(),
        "authority_key_identifier": (
            None if extensions.authority_key is None else extensions.authority_key.hex()
        ),
        "listed_at": None if anchor.listed_at is None else anchor.listed_at.isoformat(),
        "defects": list(anchor.defects),
    }


def certificate_rows(anchors: Iterable[CscaAnchor]) -> Table:
    """Certificates for the screen, one a line."""
    columns = (
        choose("fingerprint", "지문"),
        choose("subject", "주체"),
        choose("key", "키"),
        choose("signature", "서명"),
        choose("valid", "유효 기간"),
        choose("defects", "결함"),
    )
    rows = [
        (
            one.certificate.fingerprint[:_SHORT_FINGERPRINT],
            one.certificate.subject.text,
            str(one.certificate.key),
            str(one.certificate.scheme),
            f"{one.certificate.not_before:%Y-%m-%d} – {one.certificate.not_after:%Y-%m-%d}",
            ", ".join(one.defects),
        )
        for one in anchors
    ]
    return table(columns, rows)


def _by_country(anchors: Iterable[CscaAnchor]) -> list[tuple[str, list[CscaAnchor]]]:
    found: dict[str, list[CscaAnchor]] = {}
    for anchor in anchors:
        found.setdefault(anchor.country or "?", []).append(anchor)
    return sorted(found.items())


def _counted(names: Iterable[str]) -> JsonValue:
    return dict(sorted(Counter(names).items()))


def _listed(counted: JsonValue) -> str:
    return (
        ", ".join(f"{count} {name}" for name, count in counted.items()) if isinstance(counted, dict) else ""
    )
