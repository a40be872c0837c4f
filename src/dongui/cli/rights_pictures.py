"""Pictures in answer to a request: a copy for the person alone, a corrected one in its place in the vault."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path

from dongui.cli.model_inputs import open_models
from dongui.cli.rights_stores import Office
from dongui.cli.writing import naming, require_place, write_once
from dongui.custody.personal_copy import CODE_BYTES, answers, code_text, parse_code, write_copy
from dongui.custody.release_files import Json
from dongui.custody.rights.holdings import Sources, holdings
from dongui.custody.vault.record_file import MAX_CONTENT_BYTES
from dongui.custody.vault.stores import Kept
from dongui.custody.vault.vault import NewRecord, Vault
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["Wanted", "hand_copy", "listing", "put_version"]

_KINDS = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a copy goes, and what opens it: the person's public key, or a code for this new file."""

    out: Path
    public_key: bytes | None
    code_out: Path | None
    records: Sequence[Path]


def listing(office: Office, person: bytes, records: Sequence[Path], vault: Vault | None) -> dict[str, Json]:
    """Return everything that is kept of a person, pictures by their number alone. Raises as ``holdings``."""
    with open_models(office.desk) as models:
        sources = Sources(
            office.ledger,
            office.keys,
            office.register,
            office.book,
            records,
            models=lambda ids: sorted({one.model for one in models.store.contributions(ids)}),
            vault=None if vault is None else lambda somebody: len(vault.index.of_person(somebody)),
        )
        return holdings(person, sources)


def hand_copy(
    office: Office, request: bytes, person: bytes, wanted: Wanted, vault: Vault | None
) -> Mapping[str, str]:
    """Write everything that is kept of a person, their pictures with it, encrypted for them alone.

    What an interrupted run wrote whole is left as it is. Raises ``Misuse`` (``rights.options-incomplete``,
    ``rights.copy-key-malformed``, ``file.*``), and what :meth:`Vault.get` raises.
    """
    if (wanted.public_key is None) is (wanted.code_out is None):
        raise Misuse("rights.options-incomplete", "--public-key of the person, or --code-out for a code")
    kept = [] if vault is None else vault.index.of_person(person)
    told = {"pictures": str(len(kept)), "for": "key" if wanted.code_out is None else "code"}
    if answers(wanted.out, request):
        return told
    require_place(wanted.out)
    code = _drawn_code(office, wanted.code_out)
    text = json.dumps(listing(office, person, wanted.records, vault), ensure_ascii=False, indent=2)
    with (
        naming(wanted.out),
        write_copy(
            wanted.out,
            request=request,
            entropy=office.desk.entropy,
            public_key=wanted.public_key,
            code=code,
        ) as copy,
    ):
        copy.add("holdings.json", memoryview(text.encode()))
        for one in kept:
            if vault is not None:
                with vault.open(one, vault.keys.cipher(person)) as picture:
                    copy.add(_name_of(one, picture), picture.view)
    return told


def put_version(vault: Vault, person: bytes, record: bytes, picture: Path) -> int:
    """Put a corrected picture into the vault as the record's next version; return its number.

    Given again, it finds its picture there. Raises ``Misuse``: ``vault.no-such-record`` (also somebody
    else's), ``file.*``, and what :meth:`Vault.put` raises.
    """
    kept = vault.index.latest((record,)).get(record)
    if kept is None or kept.name.person != person:
        raise Misuse("vault.no-such-record", "nothing of this person is kept under this id")
    with SecretBuffer.read_file(picture, max_bytes=MAX_CONTENT_BYTES, what="picture") as content:
        with vault.open(kept, vault.keys.cipher(person)) as before:
            if compare_digest(before.view, content.view):
                return kept.name.version
        vault.put([_following(kept, content.view)])
    return kept.name.version + 1


def _following(kept: Kept, content: memoryview) -> NewRecord:
    from dongui.custody.person_keys import Person
    from dongui.custody.question import Artefact

    return NewRecord(
        person=Person(kept.name.person, kept.person_number),
        record=kept.name.record,
        number=kept.record_number,
        basis=kept.basis,
        content=content,
        artefact=Artefact(kept.artefact),
        version=kept.name.version + 1,
    )


def _drawn_code(office: Office, out: Path | None) -> bytes | None:
    """Draw a code and write it for the person; one that an interrupted run wrote is the one."""
    if out is None:
        return None
    if out.exists():
        return _kept_code(out)
    code = office.desk.entropy.draw(CODE_BYTES)
    write_once(out, code_text(code).encode() + b"\n", private=True)
    return code


def _kept_code(path: Path) -> bytes:
    try:
        with SecretBuffer.read_file(path, max_bytes=200, what="code") as content:
            return parse_code(bytes(content.view).decode("ascii", "replace"))
    except Misuse:
        raise Misuse("file.exists", f"{path} is there already, and is no code") from None


def _name_of(kept: Kept, picture: SecretBuffer) -> str:
    head = bytes(picture.view[:4])
    ending = next((kind for begins, kind in _KINDS.items() if head.startswith(begins)), "bin")
    return f"{kept.name.record.hex()}-{kept.name.version}.{ending}"
