"""Telling recipients: a signed notice that somebody withdrew, what to delete or stop using, and by when.

A notice names no person: a release by its id, the person by the pseudonym that means nothing without their
key, and the records. What the recipient does with it cannot be seen from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dongui.custody.signed_lines import HEX16, MOMENT, NUMBER, PARTY, LinesForm
from dongui.log.keys import SignerKey, VerifierKey

__all__ = ["MAX_RECORDS", "Notice", "check_notice", "sign_notice", "split_records"]

MAX_RECORDS = 4_000
"""Records one notice names at most; a person with more is told of in several."""

_TEXT = """\
A person has withdrawn. Delete their records, and everything made from them that still shows them, or stop
using the model version named, by the moment after "due", and confirm it to whoever signed this.
한 정보주체가 동의를 철회했습니다. "due" 뒤의 시각까지 해당 기록과 그로부터 만들어진 것을 파기하거나
위에 적힌 모델 판의 사용을 멈추고, 서명한 측에 확인해 주십시오.
"""
_FORM = LinesForm(
    title="dongui withdrawal notice v1",
    lines={
        "number": HEX16,
        "from": PARTY,
        "to": PARTY,
        "made": MOMENT,
        "due": MOMENT,
        "release": f"{HEX16} entry {NUMBER}",
        "pseudonym": HEX16,
        "record": f"(?:{HEX16}|{NUMBER})",
        "model": f"{HEX16} version {NUMBER}",
    },
    once=("number", "from", "to", "made", "due"),
    text=_TEXT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to one recipient: about a release (id, log entry), or about a model (id, version).

    ``number``: 16 bytes, the withdrawal's. ``made``, ``due``: as ``write_moment`` writes them. ``records``:
    hexadecimal ids, or numbers.
    """

    number: bytes
    controller: str
    recipient: str
    made: str
    due: str
    release: tuple[bytes, int] | None = None
    pseudonym: bytes | None = field(default=None, repr=False)
    records: tuple[str, ...] = ()
    model: tuple[bytes, int] | None = None


def sign_notice(notice: Notice, *, key: SignerKey) -> bytes:
    """Return the signed note. ``ValueError`` for what the form cannot say."""
    lines = [
        ("number", notice.number.hex()),
        ("from", notice.controller),
        ("to", notice.recipient),
        ("made", notice.made),
        ("due", notice.due),
    ]
    if notice.release is not None:
        lines.append(("release", f"{notice.release[0].hex()} entry {notice.release[1]}"))
    if notice.pseudonym is not None:
        lines.append(("pseudonym", notice.pseudonym.hex()))
    lines += [("record", one) for one in notice.records]
    if notice.model is not None:
        lines.append(("model", f"{notice.model[0].hex()} version {notice.model[1]}"))
    return _FORM.sign(lines, key=key)


def check_notice(data: bytes, *, key: VerifierKey) -> Notice:
    """Read a notice that ``key``, the operator's, signed.

    Raises ``Refused``: ``log.note-*``, ``lineage.notice-malformed``.
    """
    lines = _FORM.open(data, key=key, failure="lineage.notice-malformed")
    said = dict(lines)
    return Notice(
        number=bytes.fromhex(said["number"]),
        controller=said["from"],
        recipient=said["to"],
        made=said["made"],
        due=said["due"],
        release=_numbered(said.get("release")),
        pseudonym=bytes.fromhex(said["pseudonym"]) if "pseudonym" in said else None,
        records=tuple(value for name, value in lines if name == "record"),
        model=_numbered(said.get("model")),
    )


def split_records(records: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the records in as many portions as notices are needed, at least one."""
    begins = range(0, max(1, len(records)), MAX_RECORDS)
    return [tuple(records[begin : begin + MAX_RECORDS]) for begin in begins]


def _numbered(value: str | None) -> tuple[bytes, int] | None:
    if value is None:
        return None
    identity, _, number = value.split(" ")
    return bytes.fromhex(identity), int(number)
