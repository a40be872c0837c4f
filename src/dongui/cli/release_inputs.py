"""From what is typed to what the gate is asked: the moment, the rules, the question, the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
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
from dongui.custody.rule_pack import CONSENT, RulePack, read_pack, rule_pack, shipped_digests
from dongui.custody.rules import Inquiry, Rules, ask
from dongui.custody.schema import Layout, Metadata
from dongui.errors import Misuse
from dongui.extras import require_extra

__all__ = ["Asked", "choose_engine", "find_pack", "inquire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was typed. ``ground``: a ground's name and its record, or None for consent.

    ``controller``: the id under which the controller's own consents stand; needed where a ground rests on
    those.
    ``pack``: the id of a shipped rule pack, or the path of a pack's description.
    """

    purpose: str
    recipient: str
    artefact: ArtefactName
    use: UseName
    at: str
    pack: str
    abroad: bool
    ground: tuple[str, str] | None
    controller: str = ""


def inquire(records: Path, consents: Path, asked: Asked) -> tuple[Inquired, Rules]:
    """Check what was typed against the snapshot's own words and the rule pack.

    Raises ``Misuse``: ``release.moment-malformed``, ``file.*``, ``release.*`` for the snapshot; and what
    ``rules.ask`` raises.
    """
    snapshot = open_table(consents, "consents")
    at, pack = _moment(asked.at), find_pack(asked.pack)
    inquiry = Inquiry(
        purpose=CustodyPurpose.register(asked.purpose, [asked.use]),
        recipient=asked.recipient,
        # Work entrusted to a processor rests on the consent given to whoever entrusts it.
        # Without a ground nobody's consent but the recipient's is looked at.
        controller=asked.controller or asked.recipient,
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
    if asked.ground is not None and pack.grounds[asked.ground[0]].own_consent and not asked.controller:
        raise Misuse("release.controller-missing", f"the ground is {asked.ground[0][:80]!r}")
    return Inquired(records, consents, rules.question, _words(asked, at, pack), at), rules


def find_pack(name: str) -> RulePack:
    """Return a shipped pack by its id, or one of the caller's own by the path of its description.

    Raises ``Misuse``: ``ground.unknown-pack``, ``ground.pack-malformed``, ``file.not-found``.
    """
    return read_pack(Path(name)) if name.endswith(".toml") else rule_pack(name)


def choose_engine(name: EngineName, inquired: Inquired, rules: Rules) -> Engine | None:
    """Return the engine asked for; None is the merge.

    ``auto`` merges where both tables have the sorted layout and the pack ships with Dongui, and asks DuckDB
    otherwise. Raises ``Misuse`` (``environment.extra-missing``).
    """
    if name is EngineName.AUTO:
        tables = (open_table(inquired.records, "records"), open_table(inquired.consents, "consents"))
        dense = all(table.layout is Layout.SORTED for table in tables)
        return None if dense and rules.pack.digest in shipped_digests() else duckdb_engine(rules)
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
        "controller": asked.controller,
        "rules": {"pack": pack.id, "sha256": pack.digest},
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
            "snapshot.malformed-metadata", f"{snapshot.path}: {key.value} is no object of numbers"
        ) from None
