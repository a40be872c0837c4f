"""Clips in folders named by species: ``attacks/<species>/<attempt>/*.jpg``, ``bona-fide/<attempt>/*.jpg``.

A clip of an attack shows a face as well: a print of somebody, or a mask worn by somebody. So the folder has a
``consent.csv`` (columns ``clip`` and ``consent``): one row a clip, by its path in the folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from dongui.assessment.consent_ground import DECLARED, ConsentOffice, SignedDeclaration, require_ground
from dongui.assessment.declaration import pictures_digest
from dongui.biometrics.sample import MAX_BYTES
from dongui.capture import MAX_FRAMES, require_capture_size
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer, wipe_all

__all__ = [
    "BONA_FIDE",
    "MAX_CLIPS",
    "Clip",
    "ConsentedClips",
    "consented_clips",
    "declare_clips",
    "read_clips",
]

BONA_FIDE: Final = "bona-fide"
MAX_CLIPS: Final = 10_000
_ATTACKS: Final = "attacks"
_LEDGER: Final = "consent.csv"
_MAX_LEDGER_BYTES: Final = 4 * 2**20
_SPECIES: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FRAMES: Final = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Clip:
    """One attempt. ``species`` is ``bona-fide`` or an attack's; ``consent`` its ground.

    Messages name it by ``number``, its place among the sorted clips from 1.
    """

    number: int
    species: str
    consent: str
    frames: tuple[Path, ...] = field(repr=False)

    def read(self) -> list[SecretBuffer]:
        """Read every frame, in the order of the names.

        Raises ``Misuse`` (``assessment.picture-not-readable``), without a file's name.
        """
        found: list[SecretBuffer] = []
        try:
            for frame in self.frames:
                found.append(SecretBuffer.read_file(frame, max_bytes=MAX_BYTES, what="frame"))
                require_capture_size(sum(map(len, found)))
        except Misuse as failure:
            wipe_all(found)
            detail = f"a frame of clip {self.number}: {failure.name}"
            raise Misuse("assessment.picture-not-readable", detail) from None
        return found


@dataclass(frozen=True, slots=True)
class ConsentedClips:
    """Clips that may be measured. Only :func:`consented_clips` makes one."""

    clips: tuple[Clip, ...] = field(repr=False)
    _digests: Mapping[int, bytes] = field(repr=False)

    def require_unchanged(self, clip: Clip, frames: Sequence[SecretBuffer]) -> None:
        """Raises ``Refused`` (``assessment.declaration-other-pictures``) for frames exchanged since."""
        if self._digests.get(clip.number, digest := _digest(frames)) != digest:
            detail = f"clip {clip.number} changed while the assessment ran"
            raise Refused("assessment.declaration-other-pictures", detail)


def read_clips(folder: Path) -> tuple[Clip, ...]:
    """Find every clip, sorted. Raises ``Misuse``: ``file.*``, ``assessment.clips-malformed``.

    Every row of the list has its clip, and every folder its place: an attack where nobody looks would be one
    that was never tried, and the report would not say so.
    """
    grounds = _grounds(folder)
    found: list[Clip] = []
    seen: set[str] = set()
    for species, path in _attempts(folder):
        name = path.relative_to(folder).as_posix()
        seen.add(name)
        frames = tuple(sorted(file for file in path.iterdir() if file.suffix.lower() in _FRAMES))
        if not 1 <= len(frames) <= MAX_FRAMES:
            detail = f"clip {len(found) + 1} ({species}) has {len(frames)} frames; 1 to {MAX_FRAMES} can be"
            raise _malformed(detail)
        found.append(Clip(len(found) + 1, species, grounds.get(name, ""), frames))
        if len(found) > MAX_CLIPS:
            raise _malformed(f"there are more than {MAX_CLIPS} clips")
    if not found:
        raise _malformed(f"there is no clip under {_ATTACKS}/SPECIES/ or {BONA_FIDE}/")
    for row, name in enumerate(grounds, 2):
        if name not in seen:
            where = f"{_ATTACKS}/SPECIES/CLIP and {BONA_FIDE}/CLIP"
            raise _malformed(f"row {row} of {_LEDGER} names no clip of the folder; clips lie in {where}")
    return tuple(found)


def consented_clips(
    clips: Sequence[Clip],
    *,
    office: ConsentOffice | None,
    declarations: Sequence[SignedDeclaration],
    at: datetime,
) -> ConsentedClips:
    """Return the clips if each one's consent holds. Raises as ``consent_ground.require_consent``."""
    known = {one.declaration.name: one for one in declarations}
    for clip in clips:
        require_ground(clip.consent, office=office, known=known, at=at, where=f"clip {clip.number}")
    digests: dict[int, bytes] = {}
    for name in {clip.consent.removeprefix(DECLARED) for clip in clips if clip.consent.startswith(DECLARED)}:
        under = _digests_under(clips, name)
        if pictures_digest(under.items()) != known[name].declaration.pictures:
            detail = f"{name} was signed over other clips than the {len(under)} that name it"
            raise Refused("assessment.declaration-other-pictures", detail)
        digests |= under
    return ConsentedClips(tuple(clips), digests)


def declare_clips(clips: Sequence[Clip], name: str) -> tuple[bytes, int]:
    """Return the digest over the clips that name the declaration ``name``, and their number.

    Each clip counts as a person of its own. Raises ``Misuse`` (``assessment.declaration-unfit``).
    """
    under = _digests_under(clips, name)
    if not under:
        raise Misuse("assessment.declaration-unfit", f"no clip's consent is {DECLARED}{name}")
    return pictures_digest(under.items()), len(under)


def _digests_under(clips: Sequence[Clip], name: str) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for clip in clips:
        if clip.consent == f"{DECLARED}{name}":
            frames = clip.read()
            found[clip.number] = _digest(frames)
            wipe_all(frames)
    return found


def _digest(frames: Sequence[SecretBuffer]) -> bytes:
    whole = hashlib.sha256()
    for frame in frames:
        whole.update(hashlib.sha256(frame.view).digest())
    return whole.digest()


def _attempts(folder: Path) -> list[tuple[str, Path]]:
    try:
        species = _folders(folder / _ATTACKS)
        found = [(one.name, attempt) for one in species for attempt in _folders(one)]
        found += [(BONA_FIDE, attempt) for attempt in _folders(folder / BONA_FIDE)]
        beside = [one for one in _folders(folder) if one.name not in (_ATTACKS, BONA_FIDE)]
    except OSError as error:
        raise Misuse("file.not-readable", f"{folder}: {error.strerror}") from None
    if any(not one.name.startswith(".") for one in beside):
        raise _malformed(f"a folder lies beside {_ATTACKS}/ and {BONA_FIDE}/, where no clip is looked for")
    for one in species:
        if not _SPECIES.fullmatch(one.name) or one.name == BONA_FIDE:
            raise _malformed("a species is 1 to 40 of a-z, 0-9 and hyphens")
    return found


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []


def _grounds(folder: Path) -> dict[str, str]:
    with SecretBuffer.read_file(
        folder / _LEDGER, max_bytes=_MAX_LEDGER_BYTES, what="list of consents"
    ) as content:
        try:
            lines = list(csv.DictReader(io.StringIO(bytes(content.view).decode("utf-8-sig"), newline="")))
        except (UnicodeDecodeError, csv.Error):
            raise _malformed(f"{_LEDGER} is not comma-separated UTF-8") from None
    if any(set(line) != {"clip", "consent"} or None in line.values() for line in lines):
        raise _malformed(f"{_LEDGER} has the columns clip and consent, and no others")
    grounds = {line["clip"].strip(): line["consent"].strip() for line in lines}
    if len(grounds) < len(lines):
        raise _malformed(f"{_LEDGER} names a clip twice")
    return grounds


def _malformed(detail: str) -> Misuse:
    return Misuse("assessment.clips-malformed", detail)
