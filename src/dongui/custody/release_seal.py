"""Sealing a release: the tree over its people built, its root logged, its proof laid beside the manifest.

Between deciding and handing out. The order, each step durable before the next:

1. The decision is checked: logged, and its files are those its manifest names.
2. The tree's two files, in a draft under the next number of the register.
3. The seal, and the intent: it is about to be logged, at a log of this size or larger.
4. The log's entry.
5. Its proof, and one rename: the seal is in the register.
6. ``membership.seal`` in the release's folder, without which nothing opens it.

Killed anywhere, the same command goes on: what is in the log is finished, never made a second time. The
register stays when the release is gone: it holds pseudonyms, which mean nothing to anybody without the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dongui.consent.moments import write_moment
from dongui.custody.gate import MANIFEST
from dongui.custody.membership_build import BuiltTree, build_tree
from dongui.custody.membership_tree import StoredTree
from dongui.custody.person_keys import KeyColumn
from dongui.custody.record_columns import IdColumn, ids, open_table
from dongui.custody.release_files import Draft, naming_disk, open_draft, write_durably
from dongui.custody.release_opening import VerifiedRelease, read_release, require_files
from dongui.custody.schema import Layout
from dongui.custody.seal import FIRST, MAX_SEAL_BYTES, Seal
from dongui.custody.standing import ReleaseLog
from dongui.encoding import cbor
from dongui.environment import Entropy
from dongui.errors import Refused, Trouble
from dongui.log.entry import BLIND_BYTES
from dongui.log.keys import VerifierKey
from dongui.log.proof_file import MAX_PROOF_BYTES, VerifiedEntry, format_proof, verify_proof

__all__ = ["SEAL", "Register", "SealedRelease", "VerifiedSeal", "read_seal", "seal_release"]

SEAL = "membership.seal"
_INTENT, _STATEMENT, _PROOF = "intent.json", "seal", "log.proof"
_DIGITS = 6
_MAX_FILE_BYTES = MAX_SEAL_BYTES + MAX_PROOF_BYTES + 64
_LIMITS = cbor.Limits(max_bytes=_MAX_FILE_BYTES, max_depth=1, max_items=8)


@dataclass(frozen=True, slots=True)
class SealedRelease:
    """A seal of the register, its place in the log, and the folder with its tree."""

    seal: Seal
    index: int
    folder: Path

    def tree(self) -> StoredTree:
        """Return the tree, for paths."""
        seal = self.seal
        return StoredTree(self.folder, release=seal.release, people=seal.people, root=seal.root)


@dataclass(frozen=True, slots=True)
class VerifiedSeal:
    """A seal proved to be in the log. Only :func:`read_seal` makes one."""

    seal: Seal
    logged: VerifiedEntry = field(repr=False)


class Register:
    """Every sealed release of one operator, one numbered folder each."""

    def __init__(self, folder: Path, *, key: VerifierKey) -> None:
        self._folder, self._key = folder, key

    def sealed(self) -> list[SealedRelease]:
        """Return all, in their order.

        Raises ``Trouble`` (``membership.register-damaged``): a number is missing, a seal is not in the log or
        names another before it.
        """
        found: list[SealedRelease] = []
        for number, folder in enumerate(sorted(self._folder.glob("[0-9]" * _DIGITS))):
            try:
                verified = _verify(
                    (folder / _STATEMENT).read_bytes(), (folder / _PROOF).read_bytes(), self._key
                )
            except (OSError, Refused) as error:
                raise Trouble("membership.register-damaged", f"{folder}: {type(error).__name__}") from None
            before = found[-1].seal.digest() if found else FIRST
            if (verified.seal.sequence, verified.seal.previous) != (number, before):
                raise Trouble("membership.register-damaged", f"{folder} does not follow the one before")
            found.append(SealedRelease(verified.seal, verified.logged.index, folder))
        return found

    def place(self, number: int) -> Path:
        """Return the folder of one number."""
        return self._folder / f"{number:0{_DIGITS}d}"

    def prepare(self) -> None:
        """Make the register's folder where it is missing."""
        with naming_disk(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def seal_release(
    decision: Path,
    *,
    register: Path,
    keys: KeyColumn,
    log: ReleaseLog,
    open_until: datetime,
    entropy: Entropy,
    processes: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> SealedRelease:
    """Seal the release at ``decision``, or finish sealing it; a sealed one is only returned.

    ``open_until``: the first moment at which the recipient may no longer open it. ``progress`` is told how
    many people of how many are done.

    Raises what :func:`~dongui.custody.release_opening.read_release` and ``require_files`` and
    :func:`~dongui.custody.membership_build.build_tree` raise; ``Misuse``: ``release.busy`` (another is being
    sealed now), ``release.not-writable``; ``Refused``: ``release.manifest-malformed``; ``Trouble``:
    ``membership.register-damaged``, ``release.no-room``, ``log.*``.
    """
    release = read_release(decision, key=log.key)
    require_files(release)
    kept = Register(register, key=log.key)
    kept.prepare()
    while (sealed := _find(kept, release)) is None:
        before = kept.sealed()
        with open_draft(kept.place(len(before))) as draft:
            if not _finish_begun(draft, log):
                draft.clear()
                built = build_tree(
                    lambda: _released_people(release),
                    keys.blocks(_layout(release)),
                    release=release.id,
                    folder=draft.path,
                    processes=processes,
                    progress=progress,
                )
                seal = _compose(release, before, built, open_until, entropy.draw(BLIND_BYTES))
                _enter(draft, seal, log)
                _publish(draft, seal, log)
    _lay_beside(decision, sealed)
    return sealed


def read_seal(release: VerifiedRelease, *, key: VerifierKey) -> VerifiedSeal:
    """Return the seal of a release, proved to be in the log and to be of this very release.

    Raises ``Refused``: ``opening.not-sealed``, ``opening.seal-malformed``, ``opening.seal-of-another``,
    ``membership.seal-malformed``, ``membership.seal-not-logged``, ``log.*``.
    """
    path = release.path / SEAL
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError:
        raise Refused("opening.not-sealed", f"{path} is not there") from None
    match cbor.loads_canonical(data, limits=_LIMITS):
        case [1, bytes() as statement, bytes() as proof]:
            verified = _verify(statement, proof, key)
        case _:
            raise Refused("opening.seal-malformed", "it is not: version, seal, proof")
    if verified.seal.release != release.id or verified.seal.manifest != _digest(release):
        raise Refused("opening.seal-of-another", "the seal is over another release or manifest")
    return verified


def _verify(statement: bytes, proof: bytes, key: VerifierKey) -> VerifiedSeal:
    seal = Seal.decode(statement)
    proved = verify_proof(proof, origin=key.name, key=key)
    if proved.entry != seal.entry():
        raise Refused("membership.seal-not-logged", f"entry {proved.index} commits to something else")
    return VerifiedSeal(seal, proved)


def _find(register: Register, release: VerifiedRelease) -> SealedRelease | None:
    return next((one for one in register.sealed() if one.seal.release == release.id), None)


def _layout(release: VerifiedRelease) -> Layout:
    records = release.manifest["records"]
    layout = records.get("layout") if isinstance(records, dict) else None
    if layout not in list(Layout):
        raise Refused("release.manifest-malformed", "records.layout is no layout")
    return Layout(str(layout))


def _released_people(release: VerifiedRelease) -> Iterator[IdColumn]:
    for path in sorted((release.path / "released").glob("*.parquet")):
        table = open_table(path, "released")
        for batch in table.blocks(range(len(table.groups)), ["person"]):
            yield ids(batch, "person")


def _compose(
    release: VerifiedRelease, before: list[SealedRelease], built: BuiltTree, until: datetime, blind: bytes
) -> Seal:
    question = release.manifest["question"]
    words = {
        name: str(question.get(name, "")) if isinstance(question, dict) else ""
        for name in ("purpose", "recipient", "artefact", "use")
    }
    if not all(words.values()):
        raise Refused(
            "release.manifest-malformed", "the question names no purpose, recipient, artefact or use"
        )
    return Seal(
        sequence=len(before),
        previous=before[-1].seal.digest() if before else FIRST,
        release=release.id,
        manifest=_digest(release),
        decided=release.logged.index,
        decided_at=str(release.manifest["decided_at"]),
        open_until=write_moment(until),
        people=built.people,
        root=built.root,
        blind=blind,
        **words,
    )


def _digest(release: VerifiedRelease) -> bytes:
    return sha256((release.path / MANIFEST).read_bytes()).digest()


def _enter(draft: Draft, seal: Seal, log: ReleaseLog) -> None:
    write_durably(draft.path / _STATEMENT, seal.encode())
    draft.write(_INTENT, {"log_size": log.log.checkpoint().size})
    log.log.append([seal.entry()])


def _finish_begun(draft: Draft, log: ReleaseLog) -> bool:
    """Finish a seal, of whichever release, that a killed process had logged; tell whether there was one."""
    if (draft.path / _PROOF).exists():
        # Complete but for its name; the intent, which goes just before that, may be gone already.
        draft.publish([_INTENT])
        return True
    if draft.read(_INTENT) is None:
        return False
    seal = Seal.decode((draft.path / _STATEMENT).read_bytes())
    if _place(draft, seal, log) is None:
        return False
    _publish(draft, seal, log)
    return True


def _place(draft: Draft, seal: Seal, log: ReleaseLog) -> int | None:
    begin = (draft.read(_INTENT) or {}).get("log_size")
    if not isinstance(begin, int):
        raise Trouble("membership.register-damaged", f"{draft.path} names no place in the log")
    wanted = seal.entry()
    places = range(begin, log.log.checkpoint().size)
    return next((index for index in places if log.log.entry(index) == wanted), None)


def _publish(draft: Draft, seal: Seal, log: ReleaseLog) -> None:
    index = _place(draft, seal, log)
    if index is None:
        raise Trouble("membership.register-damaged", "the log does not hold what was appended to it")
    checkpoint = log.log.checkpoint()
    proof = format_proof(seal.entry(), log.log.inclusion(index, checkpoint.size), checkpoint)
    write_durably(draft.path / _PROOF, proof)
    draft.publish([_INTENT])


def _lay_beside(decision: Path, sealed: SealedRelease) -> None:
    if (decision / SEAL).is_file():
        return
    proof = (sealed.folder / _PROOF).read_bytes()
    write_durably(decision / SEAL, cbor.dumps([1, sealed.seal.encode(), proof]))
