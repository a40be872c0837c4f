"""The verifiable log: RFC 6962 Merkle tree, C2SP signed notes and checkpoints.

Knows nothing of files and databases: :mod:`dongui.storage.sqlite.log` keeps what is decided here. A log says
of each event its kind and a commitment (:mod:`dongui.log.entry`), promises by signed checkpoints to be
append-only (:mod:`dongui.log.checkpoint`), and proves it to anybody (:mod:`dongui.log.proofs`).
"""

from dongui.log.checkpoint import Checkpoint, VerifiedCheckpoint, sign_checkpoint, verify_checkpoint
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.log.group_commit import GroupCommit
from dongui.log.interface import MAX_BATCH, Appender, Log
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion

__all__ = [
    "MAX_BATCH",
    "Appender",
    "Checkpoint",
    "ConsistencyProof",
    "Entry",
    "EntryKind",
    "GroupCommit",
    "InclusionProof",
    "Log",
    "SignerKey",
    "VerifiedCheckpoint",
    "VerifierKey",
    "commitment",
    "leaf_hash",
    "sign_checkpoint",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
]
