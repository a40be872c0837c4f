"""A purpose as a folder: ``purpose.toml``, ``notice.ko.md`` and ``notice.en.md``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from importlib.resources.abc import Traversable

from dongui.consent.fields import LANGUAGES, Localised, Table
from dongui.consent.legal import LegalGround
from dongui.consent.notice import Notice
from dongui.consent.purpose import (
    DEFAULT_HOLDER_BINDINGS,
    HOLDER_BINDINGS,
    ArtefactClass,
    DataItem,
    OtherWay,
    Party,
    Purpose,
    RegisteredPurpose,
    Retention,
)
from dongui.consent.registration import register
from dongui.errors import DonguiError, Misuse

__all__ = ["MOST_BYTES", "load_profile", "load_profiles"]

MOST_BYTES = 256 * 1024
"""The most one file of a profile may hold, in bytes."""

_FORMAT = 1
_MOST_DAYS = 36_600
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,63}")


def load_profile(folder: Traversable, *, controller: Party | None = None) -> Purpose:
    """Read the purpose in ``folder`` (a ``Path`` will do); judge it with ``register``.

    ``controller`` stands in for the one the file names: profiles are made to be shared. What the notices
    leave open is filled in: ``{{controller.name}}``, ``{{controller.address}}``, ``{{controller.contact}}``,
    ``{{consent.valid_days}}``, ``{{retention.consent_record_days}}``.

    Raises ``Misuse``: ``file.not-found``, ``file.too-large``, ``purpose.malformed``. A missing notice is left
    to ``register``.
    """
    text = _read(folder, "purpose.toml")
    if text is None:
        raise Misuse("file.not-found", f"{folder} has no purpose.toml")
    content = _parse(text, where=f"{folder}/purpose.toml")
    notices = {language: _read(folder, f"notice.{language}.md") for language in LANGUAGES}
    return _purpose(Table(content, "", _malformed), notices, controller)


def load_profiles(
    folders: Iterable[Traversable], *, controller: Party | None = None
) -> dict[str, RegisteredPurpose]:
    """Read and register every purpose of ``folders``; return them by their id, sorted.

    Raises what :func:`load_profile` and ``register`` raise, and ``purpose.malformed`` for one id twice.
    """
    found: dict[str, RegisteredPurpose] = {}
    for folder in folders:
        purpose = register(load_profile(folder, controller=controller))
        if purpose.id in found:
            raise _malformed(f"{folder}: another folder declares {purpose.id} too")
        found[purpose.id] = purpose
    return dict(sorted(found.items()))


def _malformed(detail: str) -> DonguiError:
    return Misuse("purpose.malformed", detail)


def _parse(text: str, *, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        # Not only TOMLDecodeError: an integer of many thousand digits is a plain ValueError.
        raise _malformed(f"{where}: {error}") from None
    except RecursionError:
        raise _malformed(f"{where} is nested too deeply") from None


def _read(folder: Traversable, name: str) -> str | None:
    file = folder.joinpath(name)
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise Misuse("file.is-directory", f"{file} is a directory; a file is needed") from None
    except OSError as error:
        raise Misuse("file.not-readable", f"{file}: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise Misuse("file.too-large", f"{file} is larger than {MOST_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"{file} is not UTF-8 at byte {error.start}") from None


def _purpose(table: Table, notices: dict[str, str | None], controller: Party | None) -> Purpose:
    if table.integer("format", least=1, most=99) != _FORMAT:
        raise _malformed(f"format must be {_FORMAT}")
    version = table.integer("version", least=1, most=999_999)
    named = _optional_party(table, "controller")
    consent = table.table("consent")
    purpose = Purpose(
        id=_identifier(table),
        version=version,
        name=table.localised("name"),
        description=table.localised("description"),
        uses=table.texts("uses"),
        controller=controller or named,
        legal_grounds=tuple(_ground(entry) for entry in table.tables("legal_grounds")),
        consent_covers=consent.texts("covers"),
        condition_of_service=consent.boolean("condition_of_service"),
        consent_validity=_days(consent, "valid_days"),
        data=tuple(_item(entry) for entry in table.tables("data")),
        retention=_retention(table.optional_table("retention")),
        recipients=_recipients(table),
        collection_method=table.localised("collection_method"),
        storage_locations=table.texts("storage_locations"),
        jurisdiction=table.text("jurisdiction"),
        withdrawal=table.localised("withdrawal"),
        rights=table.localised("rights"),
        other_way=_other_way(table.optional_table("other_way")),
        documents=table.texts("documents"),
        operating_point=table.text("operating_point"),
        notices={},
        holder_bindings=_holder_bindings(table),
    )
    consent.end()
    table.end()
    return replace(purpose, notices=_notices(purpose, notices))


def _notices(purpose: Purpose, sources: dict[str, str | None]) -> dict[str, Notice]:
    return {
        language: Notice.from_markdown(
            _filled(source, purpose, language), id=purpose.id, version=purpose.version, language=language
        )
        for language, source in sources.items()
        if source is not None
    }


def _filled(source: str, purpose: Purpose, language: str) -> str:
    values = {}
    if purpose.controller is not None:
        values["controller.name"] = purpose.controller.name[language]
        values["controller.address"] = purpose.controller.address[language]
        values["controller.contact"] = purpose.controller.contact
    if purpose.consent_validity is not None:
        values["consent.valid_days"] = str(purpose.consent_validity.days)
    if purpose.retention is not None:
        values["retention.consent_record_days"] = str(purpose.retention.consent_record.days)
    for name, value in values.items():
        source = source.replace("{{" + name + "}}", value)
    return source


def _identifier(table: Table) -> str:
    # It stands in commands, in file names, in sessions and in receipts.
    identifier = table.text("id")
    if not _IDENTIFIER.fullmatch(identifier):
        raise _malformed("id must be 1 to 64 of a-z, 0-9 and hyphens, and begin with a letter")
    return identifier


def _holder_bindings(table: Table) -> tuple[str, ...]:
    if not table.has("holder_bindings"):
        return DEFAULT_HOLDER_BINDINGS
    named = table.texts("holder_bindings")
    if not named or len(set(named)) != len(named) or not set(named) <= set(HOLDER_BINDINGS):
        raise _malformed(f"holder_bindings must name some of {', '.join(HOLDER_BINDINGS)}, each once")
    return named


def _days(table: Table, key: str) -> timedelta | None:
    return timedelta(days=table.integer(key, least=0, most=_MOST_DAYS)) if table.has(key) else None


def _minutes(table: Table, key: str) -> timedelta:
    return timedelta(minutes=table.integer(key, least=-10_000, most=10_000))


def _party(table: Table) -> Party:
    party = Party(
        id=table.optional_text("id"),
        name=table.localised("name"),
        address=table.localised("address"),
        contact=table.optional_text("contact"),
    )
    table.end()
    return party


def _optional_party(table: Table, key: str) -> Party | None:
    entry = table.optional_table(key)
    return None if entry is None else _party(entry)


def _recipients(table: Table) -> tuple[Party, ...] | None:
    # An empty list is a statement; nothing at all is none.
    return tuple(_party(entry) for entry in table.tables("recipients")) if table.has("recipients") else None


def _ground(table: Table) -> LegalGround:
    ground = LegalGround(table.text("pack"), table.texts("articles"))
    table.end()
    return ground


def _item(table: Table) -> DataItem:
    artefact = table.optional_text("artefact_class")
    if artefact and artefact not in list(ArtefactClass):
        raise _malformed(f"artefact_class must be one of {', '.join(ArtefactClass)}")
    item = DataItem(
        id=table.text("id"),
        name=table.localised("name"),
        source=table.localised("source"),
        artefact_class=ArtefactClass(artefact) if artefact else None,
    )
    table.end()
    return item


def _retention(table: Table | None) -> Retention | None:
    if table is None:
        return None
    retention = Retention(
        face=timedelta(seconds=table.integer("face_seconds", least=0, most=10**9)),
        consent_record=timedelta(days=table.integer("consent_record_days", least=0, most=_MOST_DAYS)),
        text=Localised(ko=table.optional_text("ko"), en=table.optional_text("en")),
    )
    table.end()
    return retention


def _other_way(table: Table | None) -> OtherWay | None:
    if table is None:
        return None
    way = OtherWay(
        name=table.localised("name"),
        description=table.localised("description"),
        uses_biometrics=table.boolean("uses_biometrics"),
        extra_cost=table.integer("extra_cost", least=-(10**9), most=10**9),
        extra_time=_minutes(table, "extra_minutes"),
        longest_extra_time=_minutes(table, "longest_extra_minutes"),
        same_service=table.boolean("same_service"),
        same_hours=table.boolean("same_hours"),
    )
    table.end()
    return way
