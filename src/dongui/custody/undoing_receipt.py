"""What a person is handed after a withdrawal: what was undone, and what cannot be. Checked offline.

The receipt names nobody, and its log entry is a commitment that only who holds the receipt can open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongui.biometrics.cards import ModelCard
from dongui.custody.signed_lines import HEX16, HEX32, MOMENT, NUMBER, PARTY, LinesForm
from dongui.encoding import cbor
from dongui.errors import Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.keys import SignerKey
from dongui.log.note import MAX_NOTE_BYTES
from dongui.log.proof_file import MAX_PROOF_BYTES, VerifiedEntry, verify_proof
from dongui.receipts.keys import OperatorKeys

__all__ = [
    "MAX_UNDOING_BYTES",
    "VerifiedUndoing",
    "check_undoing",
    "pack_undoing",
    "remains",
    "sign_undoing",
    "undoing_entry",
]

MAX_UNDOING_BYTES = MAX_NOTE_BYTES + MAX_PROOF_BYTES + 256
_NAME, _VERSION = "dongui-undoing-receipt", 1
_LIMITS = cbor.Limits(max_bytes=MAX_UNDOING_BYTES, max_depth=1, max_items=8)
_TEXT = """\
"forgotten": the model's statistics are, to the bit, those of a training that never saw you.
"told": a signed notice was made for the recipient; what they do or copied out cannot be seen from here.
"published": a version made before is replaced or withdrawn by the moment named.
"remains": the recogniser beneath was trained by others, on pictures of people of whom that much is known;
whether you are among them nobody here can tell, and nothing here can change it.
"forgotten": 모델의 통계는 귀하를 한 번도 보지 않은 학습의 통계와 비트까지 같습니다.
"told": 수령자에게 갈 서명된 통지를 만들었습니다. 수령자의 처리와 외부 복사본은 여기서 알 수 없습니다.
"published": 이전에 공개된 판은 적힌 시각까지 교체되거나 회수됩니다.
"remains": 바탕이 되는 인식기는 다른 이들이 학습시켰습니다. 그 사진 속에 귀하가 있는지는
여기서 알 수 없고 바꿀 수도 없습니다.
"""
_FORM = LinesForm(
    title="dongui undoing receipt v1",
    lines={
        "number": HEX16,
        "from": PARTY,
        "made": MOMENT,
        "told": f"{PARTY} release {HEX16} entry {NUMBER} due {MOMENT}",
        "corrected": f"release {HEX16} records {NUMBER}",
        "forgotten": f"{HEX16} version {NUMBER} entry {NUMBER} statistics {HEX32}",
        "published": f"{HEX16} version {NUMBER} due {MOMENT}",
        "destroyed": f"contributions {NUMBER}",
        "remains": f"(?:recogniser {PARTY} card {HEX32} people [a-z ]{{1,40}}|copies made outside)",
    },
    once=("number", "from", "made", "destroyed"),
    text=_TEXT,
)


@dataclass(frozen=True, slots=True)
class VerifiedUndoing:
    """A receipt whose signature and log entry hold. Only :func:`check_undoing` makes one."""

    lines: tuple[tuple[str, str], ...]
    logged: VerifiedEntry


def remains(card: ModelCard) -> tuple[str, str]:
    """Return the line that says what no withdrawal changes: the recogniser, and what is known of it."""
    said = f"recogniser {card.name} card {card.digest.hex()} people {card.consent_of_its_people}"
    return "remains", said


def sign_undoing(lines: Sequence[tuple[str, str]], *, key: SignerKey) -> bytes:
    """Return the signed note. ``ValueError`` for what the form cannot say."""
    return _FORM.sign(lines, key=key)


def undoing_entry(note: bytes, *, blind: bytes) -> Entry:
    """Return the log's entry for a receipt."""
    return Entry(EntryKind.UNDOING, commitment(note, blind=blind))


def pack_undoing(note: bytes, *, blind: bytes, proof: bytes) -> bytes:
    """Return the receipt's file: the note, what opens its log entry, and the entry's proof."""
    return cbor.dumps([_NAME, _VERSION, note, blind, proof])


def check_undoing(data: bytes, *, operator: OperatorKeys) -> VerifiedUndoing:
    """Check a receipt's file against the operator's public keys, offline.

    Raises ``Refused``: ``cbor.*``, ``log.*``, ``lineage.receipt-malformed``, ``lineage.receipt-not-logged``.
    """
    match cbor.loads_canonical(data, limits=_LIMITS):
        case [str() as name, int() as version, bytes() as note, bytes() as blind, bytes() as proof] if (
            name,
            version,
            len(blind),
        ) == (_NAME, _VERSION, BLIND_BYTES):
            lines = _FORM.open(note, key=operator.receipts, failure="lineage.receipt-malformed")
            proved = verify_proof(proof, origin=operator.log.name, key=operator.log)
            if proved.entry != undoing_entry(note, blind=blind):
                detail = f"entry {proved.index} commits to something else"
                raise Refused("lineage.receipt-not-logged", detail)
            return VerifiedUndoing(tuple(lines), proved)
    raise Refused("lineage.receipt-malformed", "it is not: name, version, note, blind, proof")
