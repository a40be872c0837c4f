"""Two papers about releases: the yearly notice to one person, and the operator's register of provision.

The notice says what of a person was used in a year, by whom and for what (PIPA 20-2), and where each release
stands in the log, so that the person can check it with their own key. The register has the columns of the
ledger that a public body keeps of provision to third parties (PIPA 18(4), Decree 15); it names nobody: the
view of one person, which the statute lacks, is the notice.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dongui.custody.asking import tell
from dongui.custody.person_keys import PersonKey
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.release_files import Json
from dongui.custody.release_seal import Register, SealedRelease
from dongui.custody.rights.due_dates import zone_named

__all__ = ["Paper", "register_paper", "usage_notice"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A titled table in Korean and English, with sentences before and after it, and its facts as JSON."""

    title: tuple[str, str]
    before: Sequence[tuple[str, str]]
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]
    after: Sequence[tuple[str, str]]
    facts: Mapping[str, Json]

    def text(self, *, korean: bool) -> str:
        """Return plain text: a line a value, for people and their screen readers."""
        at = 1 if korean else 0
        lines = [self.title[at], "", *(each[at] for each in self.before), ""]
        for row in self.rows:
            lines += [f"{name[at]}: {value}" for name, value in zip(self.columns, row, strict=True)] + [""]
        return "\n".join([*lines, *(each[at] for each in self.after)]) + "\n"

    def page(self, *, korean: bool) -> str:
        """Return an HTML page that loads nothing from anywhere."""
        at = 1 if korean else 0
        heads = "".join(f'<th scope="col">{html.escape(name[at])}</th>' for name in self.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row) + "</tr>" for row in self.rows
        )
        before, after = (
            "".join(f"<p>{html.escape(each[at])}</p>" for each in said) for said in (self.before, self.after)
        )
        title = html.escape(self.title[at])
        return (
            f'<!doctype html><html lang="{"ko" if korean else "en"}"><head><meta charset="utf-8">'
            f"<title>{title}</title></head><body><h1>{title}</h1>{before}"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{after}</body></html>\n"
        )

    def json(self) -> str:
        """Return the facts."""
        return json.dumps(self.facts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def csv(self, *, korean: bool) -> str:
        """Return the table alone."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(name[1 if korean else 0] for name in self.columns)
        # A spreadsheet would run a cell that begins so.
        writer.writerows(
            [f"'{cell}" if cell[:1] in tuple("=+-@") else cell for cell in row] for row in self.rows
        )
        return out.getvalue()


# A column of the yearly notice, by its name in the facts: its heading in English and Korean.
_USAGE = {
    "recipient": ("Handed to", "제공받은 자"),
    "purpose": ("For what", "목적"),
    "artefact": ("What", "항목"),
    "use": ("Use", "이용"),
    "decided_at": ("Decided", "결정 시각"),
    "open_until": ("May be opened until", "열람 가능 기한"),
    "release": ("Release", "제공 번호"),
    "pseudonym": ("Your name in it", "제공에서의 가명"),
    "log_index": ("Place in the log", "로그의 자리"),
}


def usage_notice(
    key: PersonKey, *, register: Register, year: int, zone: str, controller: tuple[str, str], contact: str
) -> Paper:
    """Return the notice to the person with ``key`` about the releases decided in one year.

    ``controller`` is its name in English and Korean. Raises what :func:`~dongui.custody.asking.tell` raises.
    """
    mine = [
        one.sealed for one in tell(key, register=register) if one.found and _year(one.sealed, zone) == year
    ]
    rows = [_row(one, key) for one in mine]
    said = (
        f"{controller[0]} tells you what was done with your face in {year}: {len(mine)} releases.",
        f"{controller[1]}이(가) {year}년에 귀하의 얼굴정보를 이용·제공한 내역입니다: {len(mine)}건.",
    )
    return Paper(
        ("Yearly notice of use", "개인정보 이용·제공 내역 연간 통지"),
        [said],
        tuple(_USAGE.values()),
        rows,
        [
            (
                "With your own copy of the key you can check each of these, and that there are no others, by "
                f"asking 'was my face used?'. You may withdraw, object, or have it erased: {contact}.",
                "가지고 계신 키 사본으로 '내 얼굴이 쓰였나요?'를 물어 위 내역과 그 밖의 제공이 없음을 직접 "
                f"확인하실 수 있습니다. 동의 철회, 처리정지, 삭제를 요구하실 수 있습니다: {contact}.",
            ),
            (
                "What was copied outside this system cannot be seen from here.",
                "이 시스템 밖에서 만든 사본은 여기서 알 수 없습니다.",
            ),
        ],
        {"year": year, "zone": zone, "releases": [dict(zip(_USAGE, row, strict=True)) for row in rows]},
    )


def register_paper(sealed: Sequence[SealedRelease], *, file_name: str, grounds: Mapping[bytes, str]) -> Paper:
    """Return the register of all sealed releases, in the columns of PIPA Decree 15.

    ``file_name`` is what the controller calls its file of faces; ``grounds`` the legal ground of each release
    by its id, from its manifest, where the manifest is at hand.
    """
    columns = (
        ("Name of the file", "개인정보파일의 명칭"),
        ("Recipient", "제공받는 기관의 명칭"),
        ("Purpose", "제공받는 목적"),
        ("Legal ground", "제공의 법적 근거"),
        ("Items", "제공하는 개인정보의 항목"),
        ("Date or period", "제공의 날짜·주기 또는 기간"),
        ("Form", "제공하는 형태"),
        ("Restrictions asked for", "제한 또는 조치를 요청한 내용"),
        ("People", "정보주체 수"),
        ("Place in the log", "로그의 자리"),
    )
    rows = [
        (
            file_name,
            one.seal.recipient,
            f"{one.seal.purpose} ({one.seal.use})",
            grounds.get(one.seal.release, "-"),
            one.seal.artefact,
            f"{one.seal.decided_at} / {one.seal.open_until}",
            one.seal.release.hex(),
            f"open_until {one.seal.open_until}",
            str(one.seal.people),
            str(one.index),
        )
        for one in sealed
    ]
    names = [name[0].lower().replace(" ", "_") for name in columns]
    return Paper(
        ("Register of provision to third parties", "개인정보 목적 외 이용 및 제3자 제공 대장"),
        [
            (
                "Columns as in PIPA, Enforcement Decree, article 15. It names no person.",
                "개인정보 보호법 시행령 제15조의 항목에 따릅니다. 정보주체를 특정하지 않습니다.",
            )
        ],
        columns,
        rows,
        [],
        {"releases": [dict(zip(names, row, strict=True)) for row in rows]},
    )


def _year(sealed: SealedRelease, zone: str) -> int:
    return datetime.fromisoformat(sealed.seal.decided_at).astimezone(zone_named(zone)).year


def _row(sealed: SealedRelease, key: PersonKey) -> tuple[str, ...]:
    seal = sealed.seal
    return (
        seal.recipient,
        seal.purpose,
        seal.artefact,
        seal.use,
        seal.decided_at,
        seal.open_until,
        seal.release.hex(),
        pseudonym(key.secret.key, seal.release).hex(),
        str(sealed.index),
    )
