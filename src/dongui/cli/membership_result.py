"""How answers to "was my face used?" are shown, and the sentences that say what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli.output import JsonValue, choose, table
from dongui.custody.membership_proof import CheckedAnswer, Outcome
from dongui.custody.seal import Seal

__all__ = ["MEANING", "MEANING_KO", "TOLD", "TOLD_KO", "answer_json", "draw_answer", "draw_told", "seal_json"]

MEANING = (
    "A proof means exactly this: the key committed for you is, or is not, in the release as it was decided. "
    "After an erasure only your own copy of the key proves anything; keep it. For whoever never had a key "
    "nothing can be proved. Copies made outside are not seen here, and a log is only as trustworthy as its "
    "independent witnesses."
)
MEANING_KO = (
    "증명의 뜻은 정확히 이것입니다. 귀하 앞으로 등록된 키가 결정된 제공 대상에 있는지 없는지입니다. "
    "파기 후에는 귀하가 가진 키 사본만이 증명할 수 있으니 보관하십시오. 키가 없었던 분에 대해서는 아무것도 "
    "증명할 수 없습니다. 밖에서 만든 사본은 여기서 보이지 않으며, 로그는 독립된 증인만큼만 믿을 수 있습니다."
)
TOLD = (
    "This is what the register says for the document; it is not a proof. "
    "It reads the same for a document nobody is registered with, for a person who never had a key, and for "
    "one whose key was erased. With your own copy of the key, ask again with --key: then it is a proof."
)
TOLD_KO = (
    "이 문서에 대해 등록부에 적힌 내용이며 증명은 아닙니다. 등록되지 않은 문서, 키가 없었던 사람, 키가 "
    "파기된 사람에게도 똑같이 나옵니다. 가지고 있는 키 사본으로 --key를 써서 다시 물으면 증명이 됩니다."
)
_WORDS = {
    Outcome.IN: ("in it", "있음"),
    Outcome.NOT_IN: ("not in it", "없음"),
    Outcome.NOTHING: ("nothing is proved: the key is younger", "증명 없음: 키가 더 나중"),
}


def answer_json(answer: CheckedAnswer) -> dict[str, JsonValue]:
    """Return a checked answer's fields."""
    return {
        "proved": True,
        "releases": [
            {**seal_json(one.seal), "log_index": one.index, "outcome": one.outcome.value}
            for one in answer.releases
        ],
        "in": answer.count(Outcome.IN),
        "not_in": answer.count(Outcome.NOT_IN),
        "nothing_proved": answer.count(Outcome.NOTHING),
        "since_beginning": answer.since_beginning,
        "decided_but_not_handed_out": list(answer.unsealed),
        "log_size": answer.checkpoint.size,
        "log_evidence": answer.evidence.value,
        "meaning": choose(MEANING, MEANING_KO),
    }


def seal_json(seal: Seal) -> dict[str, JsonValue]:
    """Return what a seal says of its release."""
    return {
        "sequence": seal.sequence,
        "release": seal.release.hex(),
        "purpose": seal.purpose,
        "recipient": seal.recipient,
        "artefact": seal.artefact,
        "use": seal.use,
        "decided_at": seal.decided_at,
        "open_until": seal.open_until,
        "people": seal.people,
    }


def draw_answer(answer: CheckedAnswer) -> RenderableType:
    """Return a checked answer as a table, and what it means."""
    drawn = _drawn([(one.seal, choose(*_WORDS[one.outcome])) for one in answer.releases])
    return Group(drawn, Text(_extent(answer)), Text(choose(MEANING, MEANING_KO)))


def draw_told(rows: Sequence[tuple[Seal, bool]]) -> RenderableType:
    """Return what the register says, and that it is no proof."""
    drawn = _drawn([(seal, choose(*_WORDS[Outcome.IN if found else Outcome.NOT_IN])) for seal, found in rows])
    return Group(drawn, Text(choose(TOLD, TOLD_KO)))


def _drawn(rows: Sequence[tuple[Seal, str]]) -> RenderableType:
    columns = (
        choose("decided", "결정"),
        choose("purpose", "목적"),
        choose("recipient", "수령자"),
        choose("artefact", "대상"),
        choose("your key", "귀하의 키"),
    )
    return table(
        columns,
        [(seal.decided_at[:10], seal.purpose, seal.recipient, seal.artefact, said) for seal, said in rows],
    )


def _extent(answer: CheckedAnswer) -> str:
    several, size = len(answer.releases), answer.checkpoint.size
    since = (
        choose("every release since the first", "첫 제공부터 빠짐없이")
        if answer.since_beginning
        else choose("a part of all releases, without the first", "첫 제공을 뺀 일부")
    )
    left = len(answer.unsealed)
    return choose(
        f"{several} releases, {since}, in a log of {size} entries. {left} more were decided and never "
        "sealed: nothing was handed out by them, and nothing is proved about them.",
        f"제공 {several}건, {since}, 항목 {size}개의 로그. 결정되었으나 봉인되지 않은 {left}건은 제공되지 "
        "않았으며 그에 대해서는 아무것도 증명되지 않습니다.",
    )
