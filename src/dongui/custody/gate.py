"""The release gate: every record released, or refused for one named reason; whole, logged, or not there.

The order in which a decision comes to be, each step durable before the next:

1. The draft is locked, and what is asked is noted in it.
2. Each part's files; a part that is finished is noted, and not decided again. (Notes alone may be lost.)
3. The released set, and the manifest with the digest of every file.
4. The intent: this manifest is about to be logged, at a log of this size or larger. With its name those of 3
   are durable.
5. The log's entry, a commitment to the manifest.
6. The description for others; the entry's proof; one rename without what served the drafting: it is there.

Killed before 4, the log knows nothing and the next run goes on with the finished parts. Killed after 4, the
next run looks the entry up from the size the intent names, and appends it only if it is not
there. So the log never holds an entry whose files are lost, nor twice one for the same manifest, and a folder
under its own name has its entry. A simulation has no manifest and no entry: nothing opens it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, cast

from dongui.consent.moments import write_moment
from dongui.custody.croissant import CROISSANT, describe_release
from dongui.custody.decision import KINDS, Engine, Part, PartResult, Task, adopt_part, plan_parts, write_parts
from dongui.custody.merge_engine import MERGE_VERSION
from dongui.custody.part_sums import counts_by_reason, laid_bits, summed_counts
from dongui.custody.part_worker import decide_parts
from dongui.custody.question import Question
from dongui.custody.record_columns import open_table
from dongui.custody.release_files import (
    Draft,
    FileEntry,
    Json,
    describe_file,
    digest_file,
    dump,
    open_draft,
    synchronise,
    write_durably,
    write_whole,
)
from dongui.custody.released_bitmap import serialise_bits
from dongui.custody.rule_pack import shipped_digests
from dongui.custody.schema import REASONS, RELEASED
from dongui.custody.snapshot_rows import check_values
from dongui.custody.standing import ReleaseLog, Standing, judge_standing
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.proof_file import format_proof, verify_proof

__all__ = ["BITMAP", "MANIFEST", "PROOF", "SIMULATION", "Decided", "Inquired", "decide_release"]

MANIFEST, SIMULATION, PROOF, BITMAP = "manifest.json", "simulation.json", "log.proof", "released.roaring"
_TASK, _INTENT, _PARTS = "task.json", "intent.json", "parts"
_PASSING = (_TASK, _INTENT, _PARTS, "bits")
_FORMAT = 1
_RELEASE_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Inquired:
    """What is asked of the gate: two tables, the question, and the question in words for the manifest.

    ``words`` holds ``purpose``, ``recipient``, ``artefact``, ``use``, ``at`` and what it was judged by.
    """

    records: Path
    consents: Path
    question: Question
    words: Mapping[str, Json]
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A finished decision: where it is, what its manifest says, and its place in the log.

    ``index`` is None for a simulation. ``counts`` goes by reason; ``resumed_parts`` of ``parts`` were
    there; ``against`` says why it is a simulation, if it is one.
    """

    path: Path
    manifest: Mapping[str, Json]
    index: int | None
    records: int
    released: int
    counts: Mapping[str, int]
    parts: int
    resumed_parts: int
    against: tuple[str, ...]

    @property
    def is_simulation(self) -> bool:
        """True if nothing may be handed over by it."""
        return self.index is None


def decide_release(
    inquired: Inquired,
    *,
    out: Path,
    engine: Engine | None,
    log: ReleaseLog | None,
    clock: Clock,
    entropy: Entropy,
    freshness: timedelta,
    processes: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Decided:
    """Decide over all records and put the decision at ``out``, which must not exist; or finish one begun.

    ``engine`` None merges, which needs both tables in one layout and sorted. Without ``log``, or with a
    snapshot that is older than ``freshness`` or later than the moment asked about, it is a simulation.
    ``progress`` is told how many records of how many are decided.

    Raises ``Misuse``: ``file.*``, ``release.*`` and ``snapshot.*`` for what is asked and for the tables;
    ``Refused``:
    ``release.snapshot-contradicts``, ``release.file-differs`` (a logged draft's files were changed),
    ``log.*`` for a checkpoint that is not this log's; ``Trouble``:
    ``release.no-room``, ``release.not-written``, ``log.*``, ``storage.*``. Then nothing is at ``out``, and
    what was finished is kept beside it.
    """
    records, consents = open_table(inquired.records, "records"), open_table(inquired.consents, "consents")
    if records.layout is not consents.layout:
        detail = f"records are {records.layout}, consents {consents.layout}"
        raise Misuse("snapshot.other-layout", detail)
    task = Task(records, consents, inquired.question)
    if engine is None:
        _require_rules_of_merge(inquired.words)
    else:
        # The merge looks at every value as it goes; a query would take an unknown state for a yes.
        check_values(inquired.records, inquired.consents)
    with open_draft(out) as draft:
        return _Gate(inquired, task, draft, engine, log, clock, entropy, freshness, processes, progress).run()


@dataclass(slots=True)
class _Gate:
    """One decision being made."""

    inquired: Inquired
    task: Task
    draft: Draft
    engine: Engine | None
    log: ReleaseLog | None
    clock: Clock
    entropy: Entropy
    freshness: timedelta
    processes: int
    progress: Callable[[int, int], None]
    task_digest: str = ""

    def run(self) -> Decided:
        """Go through the steps of this module's first lines."""
        before = self._identities()
        standing = judge_standing(
            self.task.consents, self.inquired.at, log=self.log, clock=self.clock, freshness=self.freshness
        )
        described = self._describe(standing)
        logged = self._take_up(described)  # 1
        self.task_digest = sha256(dump(described)).hexdigest()
        parts = plan_parts(self.task.records)
        if logged is not None:
            return self._finish(logged, standing, (len(parts), len(parts)))  # 6
        results, resumed = self._decide(parts)  # 2
        if before != self._identities():
            raise Trouble("release.input-changed", "records or consents were written to meanwhile")
        if self.log is not None and standing.is_release:
            logged = self._enter(self.log, self._manifest(described, standing, results))  # 3, 4, 5
        else:
            self._write(SIMULATION, self._content(described, standing, results))
        return self._finish(logged, standing, (len(parts), resumed))  # 6

    def _identities(self) -> list[tuple[int, ...]]:
        found = [path.stat() for path in (self.inquired.records, self.inquired.consents)]
        return [(one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in found]

    def _describe(self, standing: Standing) -> dict[str, Json]:
        """Return what makes this decision this one: any difference makes it another."""
        records, consents, engine = self.task.records, self.task.consents, self.engine
        name, version = ("merge", MERGE_VERSION) if engine is None else (engine.name, engine.version)
        with ThreadPoolExecutor(2) as threads:
            kept, said = threads.map(digest_file, (records.path, consents.path))
        return {
            "engine": {"name": name, "version": version},
            "question": {**self.inquired.words},
            "records": {"rows": records.rows, "sha256": kept, "layout": records.layout},
            "snapshot": {"rows": consents.rows, "sha256": said, **standing.snapshot},
        }

    def _take_up(self, described: Mapping[str, Json]) -> int | None:
        """Go on with the draft of this very decision, or begin anew. Return its place in the log, if any.

        What is in the log is never thrown away, and never decided anew: only its files are finished.
        """
        if any(self.draft.path.iterdir()):
            # What a killed process had begun to take back is taken back before anything is built on it.
            synchronise(self.draft.path)
        logged = self._logged()
        kept = self.draft.read(_TASK if logged is None else MANIFEST) or {}
        if logged is not None and any(kept.get(name) != value for name, value in described.items()):
            detail = f"{self.draft.path} holds another decision, entry {logged} of the log"
            raise Misuse("release.draft-logged", detail)
        if logged is not None:
            _require_whole(self.draft, kept)
        if logged is None and kept != described:
            self.draft.clear()
            self.draft.make_folders((*KINDS, _PARTS))
            self.draft.note(_TASK, described)
        return logged

    def _logged(self) -> int | None:
        """Return where the draft's manifest stands in the log: it is logged before its proof is written."""
        proof, intent = self.draft.path / PROOF, self.draft.read(_INTENT)
        if intent is None and not proof.exists():
            return None
        if self.log is None:
            detail = f"{self.draft.path} holds a decision that may be in a log; name its desk"
            raise Misuse("release.draft-logged", detail)
        if proof.exists():
            return verify_proof(proof.read_bytes(), origin=self.log.key.name, key=self.log.key).index
        return None if intent is None else _find(self.log, intent)

    def _decide(self, parts: Sequence[Part]) -> tuple[list[PartResult], int]:
        done = {part.number: result for part in parts if (result := self._finished(part))}
        resumed, decided = len(done), sum(sum(result.counts) for result in done.values())

        lock = Lock()

        def count(rows: int) -> None:
            nonlocal decided
            with lock:  # Parts are decided by several threads.
                decided += rows
                self.progress(decided, self.task.records.rows)

        count(0)
        for result in self._results([part for part in parts if part.number not in done], count):
            adopted = adopt_part(self.draft.path, result)
            # A note: lost, its part is decided again; torn or left over from another task, it is none.
            self.draft.note(_note(result.part), {"task": self.task_digest, "result": asdict(adopted)})
            done[result.part] = adopted
        ordered = [done[part.number] for part in parts]
        for one, following in pairwise(ordered):
            _require_following(one, following, self.task.records.path)
        return ordered, resumed

    def _results(self, missing: Sequence[Part], count: Callable[[int], None]) -> Iterator[PartResult]:
        if self.engine is None:
            return decide_parts(
                self.task, missing, folder=self.draft.path, processes=self.processes, progress=count
            )
        return write_parts(self.engine.blocks(self.task), self.task, missing, self.draft.path, count)

    def _finished(self, part: Part) -> PartResult | None:
        """Return a part that an earlier run of this task finished, if its files are still what they were."""
        kept = self.draft.read(_note(part.number))
        if kept is None or kept["task"] != self.task_digest:
            return None
        result = PartResult.from_json(cast("Mapping[str, Any]", kept["result"]))
        whole = all(self.draft.holds(entry) for entry in (result.released, result.refused, result.bits))
        return result if whole and (result.part, result.bits.rows) == (part.number, part.rows) else None

    def _content(
        self, described: Mapping[str, Json], standing: Standing, results: Sequence[PartResult]
    ) -> dict[str, Json]:
        """Return what a manifest and a simulation have in common."""
        # The parts' names are durable before anything names them; the bits serve the drafting alone.
        for kind in KINDS[:2]:
            synchronise(self.draft.path / kind)
        write_whole(self.draft.path / BITMAP, serialise_bits(laid_bits(self.draft.path, results)))
        counts = summed_counts(results)
        files = [entry for result in results for entry in (result.released, result.refused)]
        bitmap = describe_file(self.draft.path, BITMAP, rows=counts[RELEASED])
        return {
            **described,
            "format": _FORMAT,
            "standing": "release" if standing.is_release else "simulation",
            "against": list(standing.against),
            "decided_at": write_moment(self.clock.now()),
            "counts": {
                "records": sum(counts),
                "released": counts[RELEASED],
                "refused": sum(counts[1:]),
                "reasons": counts_by_reason(counts),
            },
            "files": [entry.to_json() for entry in (*files, bitmap)],
        }

    def _manifest(
        self, described: Mapping[str, Json], standing: Standing, results: Sequence[PartResult]
    ) -> bytes:
        # An intent that was never carried out is taken back first: its manifest is about to go.
        self.draft.drop(_INTENT)
        content = self._content(described, standing, results)
        content["release"] = self.entropy.draw(_RELEASE_ID_BYTES).hex()
        content["blind"] = self.entropy.draw(BLIND_BYTES).hex()
        self._write(MANIFEST, content)
        return dump(content)

    def _write(self, name: str, content: Mapping[str, Json]) -> None:
        for other in (MANIFEST, SIMULATION, _INTENT):
            self.draft.drop(other)
        # Its name is made durable with the intent's, or with the folder's own.
        write_whole(self.draft.path / name, dump(content))

    def _enter(self, log: ReleaseLog, manifest: bytes) -> int:
        entry = _entry(manifest)
        size = log.log.checkpoint().size
        self.draft.write(_INTENT, {"log_size": size, "commitment": entry.commitment.hex()})
        (index,) = log.log.append([entry])
        return index

    def _finish(self, logged: int | None, standing: Standing, parts: tuple[int, int]) -> Decided:
        """Prove the entry and give the folder its name; return what stands in it."""
        content = self.draft.read(SIMULATION if logged is None else MANIFEST)
        if content is None:
            raise Trouble("release.not-written", f"{self.draft.path}: what was decided went missing")
        if self.log is not None and logged is not None:
            checkpoint = self.log.log.checkpoint()
            proof = self.log.log.inclusion(logged, checkpoint.size)
            write_durably(self.draft.path / CROISSANT, describe_release(content, entry=logged))
            # From here on the draft is complete; whoever finds it so has only to give it its name.
            write_durably(self.draft.path / PROOF, format_proof(_entry(dump(content)), proof, checkpoint))
        self.draft.publish(_PASSING)
        against = () if logged is not None else standing.against
        return _decided(self.draft.out, content, logged, parts, against)


def _note(part: int) -> str:
    return f"{_PARTS}/{part:05d}.json"


def _require_whole(draft: Draft, manifest: Mapping[str, Json]) -> None:
    """Compare a logged draft's files with its manifest: what was logged is what gets its name, or nothing."""
    for entry in cast("list[Mapping[str, Json]]", manifest["files"]):
        name, size, digest, rows = (entry[key] for key in ("path", "bytes", "sha256", "rows"))
        if not draft.holds(FileEntry(str(name), cast("int", size), str(digest), cast("int", rows))):
            raise Refused(
                "release.file-differs", f"{name} of the draft is not what its logged manifest names"
            )


def _require_rules_of_merge(words: Mapping[str, Json]) -> None:
    """The merge knows the reasons by heart; somebody's own rules need the SQL compiled from them."""
    rules = words.get("rules")
    if isinstance(rules, Mapping) and rules.get("sha256") not in shipped_digests():
        raise Misuse("release.pack-needs-sql", f"{str(rules.get('pack'))[:80]!r} does not ship with Dongui")


def _entry(manifest: bytes) -> Entry:
    blind = bytes.fromhex(json.loads(manifest)["blind"])
    return Entry(EntryKind.RELEASE, commitment(manifest, blind=blind))


def _find(log: ReleaseLog, intent: Mapping[str, Json]) -> int | None:
    """Return where the entry of an intent stands in the log; None if it was never appended."""
    begin, wanted = intent["log_size"], Entry(EntryKind.RELEASE, bytes.fromhex(str(intent["commitment"])))
    if not isinstance(begin, int):
        raise Trouble("release.not-written", "the draft's intent names no place in the log")
    places = range(begin, log.log.checkpoint().size)
    return next((index for index in places if log.log.entry(index) == wanted), None)


def _require_following(one: PartResult, following: PartResult, path: Path) -> None:
    if one.last == following.first:
        raise Misuse("snapshot.duplicate", f"{path} holds one record of one person twice")
    if one.last > following.first:
        raise Misuse("snapshot.unsorted", f"{path} is not sorted by person and record")


def _decided(
    path: Path,
    content: Mapping[str, Json],
    logged: int | None,
    parts: tuple[int, int],
    against: tuple[str, ...],
) -> Decided:
    counts = cast("Mapping[str, int]", content["counts"])
    reasons = cast("Mapping[str, int]", counts["reasons"])
    ordered = {name: reasons[name] for name in REASONS if name in reasons}
    return Decided(path, content, logged, counts["records"], counts["released"], ordered, *parts, against)
