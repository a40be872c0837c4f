"""What a receipt says, in words, in one language: the same for terminal, page and machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import resources

from dongui.consent.fields import Localised
from dongui.documents.remarks import remarks
from dongui.errors import failure_named
from dongui.receipts.checking import LogEvidence
from dongui.receipts.statement import Kept, Statement

__all__ = ["Description", "Line", "Section", "describe_operating_point", "describe_receipt", "words"]

_KEPT = {Kept.CONSENT_RECORD_AND_LOG_ENTRY: "value.kept-consent-and-log"}
# Korea has had no daylight saving time since 1988.
_ZONES = {"en": (UTC, "UTC"), "ko": (timezone(timedelta(hours=9)), "한국 시각")}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing a receipt says: what it is called, and the text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A whole receipt in words. ``evidence`` says whether, and against what, it was checked."""

    language: str  # "ko" or "en"
    title: str
    evidence: str
    checked: bool
    sections: tuple[Section, ...]


@cache
def words() -> dict[str, Localised]:
    """Return every text by its name, ``group.name`` or ``name``."""
    file = resources.files("dongui.receipts").joinpath("words.toml")
    found: dict[str, Localised] = {}
    for group, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if "en" in entries:
            found[group] = Localised(**entries)
            continue
        found.update({f"{group}.{name}": Localised(**texts) for name, texts in entries.items()})
    return found


def describe_receipt(statement: Statement, *, language: str, evidence: LogEvidence | None) -> Description:
    """Say in ``language`` ("ko" or "en") what a receipt says.

    ``evidence`` is what :func:`~dongui.receipts.checking.check_receipt` found, or ``None`` for a receipt that
    was not checked, which the description then says first.
    """
    speaker = _Speaker(statement, language)
    standing = "unchecked" if evidence is None else evidence.value
    return Description(
        language=language,
        title=speaker.word("title"),
        evidence=speaker.word(f"evidence.{standing}"),
        checked=evidence is not None,
        sections=(
            speaker.section("outcome", speaker.outcome()),
            speaker.section("who", speaker.who()),
            speaker.section("how", speaker.how()),
            speaker.section("kept", speaker.kept()),
            speaker.section("proof", speaker.proof()),
        ),
    )


def describe_operating_point(statement: Statement, *, language: str) -> str:
    """Say in ``language`` which point was set, if it was assessed for use, and if nothing was compared."""
    return _Speaker(statement, language).operating_point()


class _Speaker:
    """Puts one statement into one language."""

    def __init__(self, statement: Statement, language: str) -> None:
        self._statement = statement
        self._language = language

    def word(self, name: str) -> str:
        return words()[name][self._language]

    def named(self, group: str, identifier: str) -> str:
        """The words of an identifier that ships, which stays beside them; of any other, it alone."""
        name = f"{group}.{identifier}"
        return f"{self.word(name)} ({identifier})" if name in words() else identifier

    def section(self, name: str, lines: list[Line]) -> Section:
        return Section(self.word(f"heading.{name}"), tuple(lines))

    def line(self, label: str, text: str) -> Line:
        return Line(self.word(f"label.{label}"), text)

    def outcome(self) -> list[Line]:
        statement = self._statement
        name = statement.outcome.name.lower()
        told = self.word(f"outcome.{name}")
        if f"outcome.{name}-text" in words():
            told += f". {self.word(f'outcome.{name}-text')}"
        lines = [self.line("outcome", told)]
        # The other way comes before the reason: it is what the person needs.
        if statement.other_way is not None:
            lines.append(self.line("other-way", statement.other_way[self._language]))
        if statement.reason is not None:
            lines.extend(self._reason(statement.reason))
        return lines

    def _reason(self, name: str) -> list[Line]:
        failure = failure_named(name)
        if failure is None:
            return [self.line("reason", f"{self.word('outcome.unknown-reason')} ({name})")]
        korean = self._language == "ko"
        return [
            self.line("reason", f"{failure.meaning_ko if korean else failure.meaning} ({name})"),
            self.line("next-step", failure.next_step_ko if korean else failure.next_step),
        ]

    def who(self) -> list[Line]:
        statement = self._statement
        controller = statement.controller
        lines = [
            self.line("controller", f"{controller.name[self._language]} ({controller.id})"),
            self.line("purpose", self.named("purpose", statement.purpose)),
            self.line("notice", str(statement.notice_version)),
            self.line("issued", self._moment(statement.issued_at)),
        ]
        if statement.judged_at is not None:
            lines.append(self.line("judged", self._moment(statement.judged_at)))
        return lines

    def how(self) -> list[Line]:
        return [*self._document(), *self._capture(), *self._comparison()]

    def _document(self) -> list[Line]:
        document = self._statement.document
        if document is None:
            return [self.line("document", self.word("value.not-reached"))]
        return [
            self.line("document", f"{document.kind}, {document.type}"),
            self.line("holder", self.word(f"holder.{document.holder_binding.value}")),
            *(self.line("remark", self._remark(name)) for name in document.remarks),
        ]

    def _remark(self, name: str) -> str:
        """What a document was accepted with; a name of a later version stands for itself."""
        remark = remarks().get(name)
        if remark is None:
            return name
        return f"{remark.meaning_ko if self._language == 'ko' else remark.meaning} ({name})"

    def _capture(self) -> list[Line]:
        capture = self._statement.capture
        if capture is None:
            return [self.line("channel", self.word("value.not-reached"))]
        return [
            self.line("channel", self.word(f"channel.{capture.channel.name.lower()}")),
            self.line("attack-detection", self._attack_detection(capture.attack_detection)),
        ]

    def _attack_detection(self, method: str | None) -> str:
        return self.word("value.none") if method is None else self.named("attack-detection", method)

    def _comparison(self) -> list[Line]:
        comparison = self._statement.comparison
        told = self.word("value.not-compared") if comparison is None else comparison.card
        return [self.line("comparison", told), self.line("operating-point", self.operating_point())]

    def operating_point(self) -> str:
        point = self._statement.operating_point
        if point is None:
            return self.word("value.no-operating-point")
        told = f"{point.name}: {self.word('value.assessed' if point.assessed else 'value.not-assessed')}"
        if self._statement.comparison is None:
            told += f". {self.word('value.set-but-not-used')}"
        return told

    def kept(self) -> list[Line]:
        return [
            self.line("kept", self.word(_KEPT[self._statement.kept])),
            self.line("no-credential", self.word("value.no-credential")),
        ]

    def proof(self) -> list[Line]:
        statement = self._statement
        lines = [
            self.line("receipt-id", statement.receipt_id.hex()),
            self.line("consent-reference", statement.consent_reference.hex()),
        ]
        if statement.document is not None:
            lines.append(self.line("document-digest", statement.document.digest.hex()))
        if statement.comparison is not None:
            lines.append(self.line("card-digest", statement.comparison.card_digest.hex()))
        return lines

    def _moment(self, moment: datetime) -> str:
        zone, name = _ZONES[self._language]
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({name})"
