"""What a person is handed as an answer to "was my face used?", and how anybody checks it offline.

A proof means exactly: *the key committed for you is, or is not, in this release*. It says nothing about what
a recipient did, and nothing about an operator who drew a second key and kept it from you. Where the key's
own log entry is younger than the release, nothing is proved; where no key was ever drawn, there is nothing to
prove anything with. The format is ``spec/membership-proof.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dongui.custody.membership import HASH_BYTES, MembershipPath, is_member
from dongui.custody.person_keys import PersonKey
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.seal import FIRST, Seal
from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue
from dongui.errors import Refused, Undetermined
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.entry import Entry
from dongui.log.keys import VerifierKey
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import InclusionProof, verify_consistency, verify_inclusion
from dongui.receipts.checking import LogEvidence, TrustedCheckpoint

__all__ = [
    "MAX_PROOF_FILE_BYTES",
    "CheckedAnswer",
    "CheckedRelease",
    "MembershipAnswer",
    "Outcome",
    "SealProof",
    "check_answer",
    "compare_states",
]

MAX_PROOF_FILE_BYTES = 64 * 2**20
"""Some 20,000 releases."""
_FORMAT = 1
_LIMITS = cbor.Limits(max_bytes=MAX_PROOF_FILE_BYTES, max_depth=4, max_items=600_000)
_MAX_UNSEALED = 100_000


class Outcome(StrEnum):
    """What is proved about one release."""

    IN = "in"
    NOT_IN = "not-in"
    NOTHING = "nothing-proved"  # the key was logged after the release was sealed


@dataclass(frozen=True, slots=True)
class SealProof:
    """One seal as it was logged (its bytes), its place in the log, and the person's place in its tree."""

    statement: bytes = field(repr=False)
    logged: InclusionProof = field(repr=False)
    path: MembershipPath = field(repr=False)


@dataclass(frozen=True, slots=True)
class MembershipAnswer:
    """An answer as claimed. ``note`` is a signed checkpoint that all of it is proved under.

    ``seals`` are in their order, none left out between the first and the last; ``unsealed`` are the log's
    indexes of decisions no seal was made for: nothing was handed out by them, and nothing is proved.
    """

    key_logged: InclusionProof | None = field(repr=False)
    note: bytes = field(repr=False)
    seals: tuple[SealProof, ...] = field(repr=False)
    unsealed: tuple[int, ...]

    def encode(self) -> bytes:
        """Return the file's bytes."""
        key = None if self.key_logged is None else _put(self.key_logged)
        seals = [[one.statement, *_put(one.logged), one.path.bucket, one.path.siblings] for one in self.seals]
        return cbor.dumps([_FORMAT, key, self.note, seals, list(self.unsealed)])

    @classmethod
    def decode(cls, data: bytes) -> MembershipAnswer:
        """Read a file's bytes. Raises ``Refused``: ``membership.proof-malformed``, ``cbor.*``."""
        match cbor.loads_canonical(data, limits=_LIMITS):
            case [1, key, bytes() as note, list() as seals, list() as unsealed]:
                places = tuple(_whole(one) for one in unsealed)
                if len(places) > _MAX_UNSEALED or list(places) != sorted(set(places)):
                    raise _malformed("the decisions without a seal do not rise")
                return cls(_take_key(key), note, tuple(_take_seal(one) for one in seals), places)
            case _:
                raise _malformed("it is not: version, key's place, checkpoint, seals, decisions without one")


@dataclass(frozen=True, slots=True)
class CheckedRelease:
    """What is proved about one release."""

    seal: Seal
    index: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer that holds. Only :func:`check_answer` makes one.

    ``since_beginning`` is true if no earlier seal than those shown was ever made. That no *later* one was
    made, up to the checkpoint, is for the log to show: it must hold no further entry of that kind.
    """

    releases: tuple[CheckedRelease, ...]
    unsealed: tuple[int, ...]
    since_beginning: bool
    checkpoint: VerifiedCheckpoint = field(repr=False)
    evidence: LogEvidence

    def count(self, outcome: Outcome) -> int:
        """Return the number of releases with one outcome."""
        return sum(one.outcome is outcome for one in self.releases)


def check_answer(
    answer: MembershipAnswer, *, key: PersonKey, log_key: VerifierKey, trusted: TrustedCheckpoint | None
) -> CheckedAnswer:
    """Check an answer with the person's own key and the log's public key, without any network.

    ``trusted`` is a log state known from elsewhere; with ``None`` the log's own word is all there is.

    Raises ``Refused``: ``membership.other-log``, ``membership.key-not-committed``,
    ``membership.seal-malformed``, ``membership.seal-not-logged``, ``membership.seal-missing``,
    ``membership.path-malformed``, ``membership.bucket-disordered``, ``membership.bucket-elsewhere``,
    ``membership.root-differs``, ``membership.checkpoint-differs``, and ``log.*`` for the checkpoint;
    ``Undetermined``: ``membership.checkpoint-not-comparable``.
    """
    # 1. The key is of this log, and the log signed this state.
    if key.origin != log_key.name:
        raise Refused("membership.other-log", f"the key was committed in the log {key.origin}")
    checkpoint = verify_checkpoint(answer.note, origin=log_key.name, key=log_key)
    # 2. That state and the one known from elsewhere are one history.
    evidence = compare_states(checkpoint, trusted)
    # 3. This very key stands at its place: it cannot have been exchanged.
    _require_committed(answer, key, checkpoint)
    # 4. The seals stand in the log, in order, none left out between them.
    seals = [_sealed(one, checkpoint) for one in answer.seals]
    _require_row(seals, answer.seals)
    # 5. And the key's pseudonym is, or is not, at its one place in each tree.
    releases = tuple(
        CheckedRelease(seal, proof.logged.index, _outcome(seal, proof, key))
        for seal, proof in zip(seals, answer.seals, strict=True)
    )
    since = not seals or seals[0].sequence == 0
    return CheckedAnswer(releases, answer.unsealed, since, checkpoint, evidence)


def _require_committed(answer: MembershipAnswer, key: PersonKey, checkpoint: VerifiedCheckpoint) -> None:
    proof = answer.key_logged
    if proof is None or proof.index != key.index:
        detail = f"the answer does not show entry {key.index} of the log, where the key would be"
        raise Refused("membership.key-not-committed", detail)
    _require_logged(proof, key.secret.entry(), checkpoint, "membership.key-not-committed")


def _sealed(proof: SealProof, checkpoint: VerifiedCheckpoint) -> Seal:
    seal = Seal.decode(proof.statement)
    _require_logged(proof.logged, seal.entry(), checkpoint, "membership.seal-not-logged")
    return seal


def _require_logged(proof: InclusionProof, entry: Entry, checkpoint: VerifiedCheckpoint, name: str) -> None:
    whole = InclusionProof(proof.index, checkpoint.size, proof.hashes)
    try:
        verify_inclusion(whole, leaf=leaf_hash(entry.encode()), root=checkpoint.root)
    except Refused as error:
        raise Refused(name, error.detail) from None


def _require_row(seals: Sequence[Seal], proofs: Sequence[SealProof]) -> None:
    for number, seal in enumerate(seals):
        if number == 0:
            before = FIRST if seal.sequence == 0 else seal.previous
            follows = seal.sequence >= 0
        else:
            before = seals[number - 1].digest()
            follows = (
                seal.sequence == seals[number - 1].sequence + 1
                and proofs[number].logged.index > proofs[number - 1].logged.index
            )
        if not follows or seal.previous != before:
            detail = f"the {number + 1}. seal, of sequence {seal.sequence}, does not follow the one before"
            raise Refused("membership.seal-missing", detail)


def _outcome(seal: Seal, proof: SealProof, key: PersonKey) -> Outcome:
    found = is_member(
        pseudonym(key.secret.key, seal.release),
        proof.path,
        release=seal.release,
        people=seal.people,
        root=seal.root,
    )
    if key.index > proof.logged.index:
        # A key made up after the tree is in no tree: its absence says nothing.
        return Outcome.NOTHING
    return Outcome.IN if found else Outcome.NOT_IN


def compare_states(found: VerifiedCheckpoint, trusted: TrustedCheckpoint | None) -> LogEvidence:
    """Compare a checkpoint with the one known from elsewhere, if any.

    Raises ``Refused`` (``membership.checkpoint-differs``), ``Undetermined``
    (``membership.checkpoint-not-comparable``).
    """
    if trusted is None:
        return LogEvidence.LOG_ALONE
    if found.size == trusted.checkpoint.size:
        if found.root != trusted.checkpoint.root:
            raise Refused("membership.checkpoint-differs", f"two roots for one size, {found.size} entries")
        return LogEvidence.SAME_STATE
    old, new = sorted((found, trusted.checkpoint), key=lambda state: state.size)
    proof = trusted.consistency
    if proof is None or (proof.old, proof.new) != (old.size, new.size):
        detail = f"no proof leads from {old.size} to {new.size} entries"
        raise Undetermined("membership.checkpoint-not-comparable", detail)
    try:
        verify_consistency(proof, old_root=old.root, new_root=new.root)
    except Refused as error:
        raise Refused("membership.checkpoint-differs", error.detail) from None
    return LogEvidence.CONSISTENT


def _put(proof: InclusionProof) -> list[CborValue]:
    return [proof.index, b"".join(proof.hashes)]


def _take(index: int, hashes: bytes) -> InclusionProof:
    if len(hashes) % HASH_BYTES:
        raise _malformed("a log proof is no row of hashes")
    parts = (hashes[begin : begin + HASH_BYTES] for begin in range(0, len(hashes), HASH_BYTES))
    # The size is the checkpoint's, which is signed; the file does not say it again.
    return InclusionProof(index, 0, tuple(parts))


def _take_key(value: CborValue) -> InclusionProof | None:
    match value:
        case None:
            return None
        case [index, bytes() as hashes]:
            return _take(_whole(index), hashes)
        case _:
            raise _malformed("the key's place is not: index, hashes")


def _take_seal(value: CborValue) -> SealProof:
    match value:
        case [bytes() as statement, index, bytes() as hashes, bytes() as bucket, bytes() as siblings]:
            return SealProof(statement, _take(_whole(index), hashes), MembershipPath(bucket, siblings))
        case _:
            raise _malformed("a seal is not: statement, index, hashes, bucket, siblings")


def _whole(value: CborValue) -> int:
    # True equals 1 in Python; in CBOR it is another value, and no place.
    if type(value) is not int or value < 0:
        raise _malformed("a place in the log is no whole number")
    return value


def _malformed(why: str) -> Refused:
    return Refused("membership.proof-malformed", f"this is no answer: {why}")
