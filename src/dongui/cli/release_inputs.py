"""From what is typed to what the gate is asked: the moment, the rules, the question, the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dongui.cli.release_names import ArtefactName, EngineName, UseName
from dongui.consent.moments import utc, write_moment
from dongui.custody.decision import Engine
from dongui.custody.engines import duckdb_engine, spark_engine
from dongui.custody.gate import Inquired
from dongui.custody.grounds import GroundClaim
from dongui.custody.question import Artefact, CustodyPurpose, Use
from dongui.custody.record_columns import Table, open_table
from dongui.custody.release_files import Json
from dongui.custody.rule_pack import CONSENT, RulePack, rule_pack
from dongui.custody.rules import Inquiry, Rules, ask
from dongui.custody.schema import Metadata
from dongui.errors import Misuse
from dongui.extras import require_extra

__all__ = ["Asked", "choose_engine", "inquire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was typed. ``ground``: a ground's name and its record, or None for consent."""

    purpose: str
    recipient: str
    artefact: ArtefactName
    use: UseName
    at: str
    pack: str
    abroad: bool
    ground: tuple[str, str] | None


def inquire(records: Path, consents: Path, asked: Asked) -> tuple[Inquired, Rules]:
    """Check what was typed against the snapshot's own words and the rule pack.

    Raises ``Misuse``: ``release.moment-malformed``, ``file.*``, ``release.*`` for the snapshot; and what
    ``rules.ask`` raises.
    """
    snapshot = open_table(consents, "consents")
    at, pack = _moment(asked.at), rule_pack(asked.pack)
    inquiry = Inquiry(
        purpose=CustodyPurpose.register(asked.purpose, [asked.use]),
        recipient=asked.recipient,
        # Work entrusted to a processor rests on the consent given to whoever entrusts it: this one.
        controller=asked.recipient,
        artefact=Artefact[asked.artefact.name],
        use=Use(asked.use),
        at=at,
        abroad=asked.abroad,
        ground=None if asked.ground is None else GroundClaim(*asked.ground),
    )
    rules = ask(
        inquiry,
        pack=pack,
        purposes=_numbers(snapshot, Metadata.PURPOSES),
        recipients=_numbers(snapshot, Metadata.RECIPIENTS),
    )
    return Inquired(records, consents, rules.question, _words(asked, at, pack), at), rules


def choose_engine(name: EngineName, rules: Rules) -> Engine | None:
    """Return the engine asked for; None is the merge. Raises ``Misuse`` (``environment.extra-missing``)."""
    if name is EngineName.DUCKDB:
        return duckdb_engine(rules)
    if name is EngineName.SPARK:
        require_extra("spark")
        return spark_engine(rules)
    return None


def _words(asked: Asked, at: datetime, pack: RulePack) -> dict[str, Json]:
    ground, record = asked.ground or (CONSENT, "")
    return {
        "purpose": asked.purpose,
        "recipient": asked.recipient,
        "artefact": asked.artefact.value,
        "use": asked.use.value,
        "at": write_moment(at),
        "abroad": asked.abroad,
        "ground": ground,
        "ground_record": record,
        "rules": {"pack": pack.id, "sha256": sha256(pack.whole_text.encode()).hexdigest()},
    }


def _moment(text: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        # Without a zone the same text is another moment in Seoul than in Lisbon.
        detail = f"{text!r} is no moment with a time zone, such as 2026-11-22T09:00:00Z"
        raise Misuse("release.moment-malformed", detail) from None


def _numbers(snapshot: Table, key: Metadata) -> dict[str, int]:
    """Return a dictionary of the snapshot: names and their numbers."""
    try:
        found = json.loads(snapshot.metadata.get(key, "{}"))
        return {str(name): int(number) for name, number in found.items()}
    except (ValueError, AttributeError, TypeError):
        raise Misuse(
            "release.other-format", f"{snapshot.path}: {key.value} is no object of numbers"
        ) from None
