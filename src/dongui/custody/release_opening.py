"""A finished release read back: its entry in the log proved, its files compared, its set as it is now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyroaring import BitMap

from dongui.custody.corrections import Correction, read_corrections
from dongui.custody.croissant import require_description
from dongui.custody.gate import BITMAP, MANIFEST, PROOF, SIMULATION
from dongui.custody.release_files import Json, digest_file, dump
from dongui.custody.released_bitmap import read_bitmap
from dongui.errors import Misuse, Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.keys import VerifierKey
from dongui.log.proof_file import MAX_PROOF_BYTES, VerifiedEntry, verify_proof

__all__ = ["VerifiedRelease", "effective_released", "read_release", "require_files"]

_FORMAT = 1
_MAX_MANIFEST_BYTES = 1 << 20
_FIELDS = frozenset(
    ("against", "blind", "counts", "decided_at", "engine", "files", "format", "question", "records")
) | {"release", "snapshot", "standing"}


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release whose manifest was proved to be in the log. Only :func:`read_release` makes one.

    ``id`` has 16 bytes; ``records`` is the number of records decided over; ``logged`` the proved entry.
    """

    path: Path
    id: bytes
    records: int
    manifest: Mapping[str, Json] = field(repr=False)
    logged: VerifiedEntry = field(repr=False)


def read_release(path: Path, *, key: VerifierKey) -> VerifiedRelease:
    """Read a release and check that its very manifest was logged by the log of ``key``.

    The caller then compares the files it relies on (:func:`require_files`), and takes the records from
    :func:`effective_released`. Raises ``Misuse`` (``release.not-a-release``); ``Refused``:
    ``release.simulation``, ``release.manifest-malformed``, ``release.not-in-log``, ``log.*`` for the proof.
    """
    if (path / SIMULATION).exists():
        raise Refused("release.simulation", f"{path} was decided to see what would be released")
    data, proof = _read(path / MANIFEST, _MAX_MANIFEST_BYTES), _read(path / PROOF, MAX_PROOF_BYTES)
    content = _parse(data)
    proved = verify_proof(proof, origin=key.name, key=key)
    blind = bytes.fromhex(str(content["blind"]))
    if proved.entry != Entry(EntryKind.RELEASE, commitment(data, blind=blind)):
        raise Refused("release.not-in-log", f"entry {proved.index} commits to something else")
    if content["standing"] != "release":
        raise Refused("release.simulation", f"{path} calls itself {str(content['standing'])[:40]!r}")
    records = content["records"]
    rows = records.get("rows") if isinstance(records, Mapping) else None
    if type(rows) is not int:
        raise _malformed("records.rows is no number")
    return VerifiedRelease(path, bytes.fromhex(str(content["release"])), rows, content, proved)


def require_files(release: VerifiedRelease) -> None:
    """Compare every file with the manifest, reading them whole, and the description's digests with it.

    Raises ``Refused``: ``release.file-differs`` (one is missing, another, or was never named),
    ``release.description-differs``.
    """
    require_description(release.path, release.manifest)
    named = {str(entry["path"]): entry for entry in _files(release.manifest)}
    for name, entry in named.items():
        file = release.path / name
        if (
            not file.is_file()
            or file.stat().st_size != entry["bytes"]
            or digest_file(file) != entry["sha256"]
        ):
            raise Refused("release.file-differs", f"{name} is not what the manifest names")
    present = {
        path.relative_to(release.path)
        for kind in ("released", "refused")
        for path in (release.path / kind).glob("*")
    }
    for name in sorted(str(found) for found in present):
        if name not in named:
            raise Refused("release.file-differs", f"{name} is not named by the manifest")


def effective_released(release: VerifiedRelease, later: Iterable[Correction] = ()) -> BitMap:
    """Return the positions that may be used now: what was released, less every correction since.

    ``later``: what the ledger knows beyond the journal, such as withdrawals of the last minutes. Nothing can
    put a position in. Raises ``Refused``: ``release.file-differs``, ``release.bitmap-malformed``,
    ``release.journal-damaged``.
    """
    named = next((entry for entry in _files(release.manifest) if entry["path"] == BITMAP), {})
    file = release.path / BITMAP
    if not file.is_file() or digest_file(file) != named.get("sha256"):
        raise Refused("release.file-differs", f"{BITMAP} is not what the manifest names")
    found = read_bitmap(file.read_bytes(), records=release.records)
    for correction in (*read_corrections(release.path, release.id), *later):
        found.remove_range(correction.first, correction.first + correction.count)
    return found


def _files(manifest: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    files = manifest["files"]
    if not isinstance(files, list) or not all(isinstance(entry, dict) for entry in files):
        raise _malformed("files is no list of objects")
    if any(set(entry) != {"bytes", "path", "rows", "sha256"} for entry in files):
        raise _malformed("a file has path, bytes, sha256 and rows")
    if any(Path(str(entry["path"])).is_absolute() or ".." in str(entry["path"]) for entry in files):
        # A manifest is ours and logged; all the same it names nothing outside its folder.
        raise _malformed("a file lies outside the folder")
    return files


def _parse(data: bytes) -> dict[str, Json]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise _malformed("it is no JSON") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise _malformed(f"it is no object of format {_FORMAT}")
    if set(content) != _FIELDS or dump(content) != data:
        raise _malformed("its fields, or the way it is written, are not those of the specification")
    if not _is_hex(content["blind"], BLIND_BYTES) or not _is_hex(content["release"], 16):
        raise _malformed("its id or its blind is not hexadecimal of the right length")
    return content


def _is_hex(value: Json, size: int) -> bool:
    return (
        isinstance(value, str) and len(value) == 2 * size and all(one in "0123456789abcdef" for one in value)
    )


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise Misuse("release.not-a-release", f"{path} cannot be read") from None
    if len(data) > limit:
        raise _malformed(f"{path.name} has more than {limit} bytes")
    return data


def _malformed(why: str) -> Refused:
    return Refused("release.manifest-malformed", why)
