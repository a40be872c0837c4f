"""What carrying out a withdrawal needs of a desk, and what a command says is not done yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.custody_options import open_ledger
from dongui.cli.membership_inputs import open_keys, places_of
from dongui.cli.model_inputs import keep_notices, open_models
from dongui.cli.output import JsonValue, choose
from dongui.cli.writing import write_once
from dongui.custody.carrying_out import CarryingOut
from dongui.custody.model_register import Undoing
from dongui.custody.release_places import ReleasePlace
from dongui.desk import Desk

__all__ = [
    "HandedOut",
    "NotYet",
    "acts_not_carried_out",
    "beyond_erasure",
    "consents_stand",
    "earlier_versions",
    "hand_out",
    "lines_of",
    "missing_releases",
    "not_yet_json",
    "notices_to_send",
    "open_carrying_out",
    "still_elsewhere",
    "vault_not_looked_at",
]

_FOLDER = "custody"


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something that was asked for, or follows from it, and that the command did not do: what, what next."""

    what: str
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What came of one withdrawal: the person's receipt, and the notices to send."""

    undoing: Undoing
    receipt: Path
    notices: Sequence[Path]

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as JSON."""
        notices: list[JsonValue] = [str(path) for path in self.notices]
        models: list[JsonValue] = [model.hex() for model in self.undoing.models]
        return {
            "withdrawal": self.undoing.id.hex(),
            "models": models,
            "due": self.undoing.due,
            "log_index": self.undoing.place,
            "notices": notices,
            "receipt": str(self.receipt),
        }


@contextmanager
def open_carrying_out(desk: Desk, pack: str, postgresql: str | None) -> Iterator[CarryingOut]:
    """Open everything a withdrawal reaches at a desk. Raises ``storage.*``."""
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(desk, postgresql))
        keys = stack.enter_context(open_keys(desk))
        models = stack.enter_context(open_models(desk))
        yield CarryingOut(ledger, keys, places_of(desk.path), models.forgetting(desk, pack), desk.clock)


def hand_out(desk: Desk, carrying_out: CarryingOut, undoing: Undoing, folder: Path) -> HandedOut:
    """Write a withdrawal's notices and its person's receipt, each once, and only then call it carried out.

    Killed in between, the same command finds the withdrawal done and writes what is missing.
    """
    notices = keep_notices(desk, undoing.id.hex(), undoing.notices)
    receipt = folder / f"withdrawal-{undoing.id.hex()}.receipt"
    # What a killed run left under a passing name is a receipt nobody would look for.
    for stale in folder.glob(f".{receipt.name}.{'[0-9a-f]' * 16}"):
        stale.unlink(missing_ok=True)
    if not receipt.exists():
        write_once(receipt, carrying_out.forgetting.receipt(undoing), private=True)
    carrying_out.close(undoing)
    return HandedOut(undoing, receipt, notices)


def missing_releases(places: Sequence[ReleasePlace]) -> list[NotYet]:
    """Say of releases that are not where they were that nothing was taken out of them."""
    return [
        NotYet(
            "release-not-at-hand",
            f"Release {place.release.hex()} is not at {place.path}: nobody was taken out of it. If it was "
            "moved, give `dongui release correct` with its folder once.",
            f"제공 {place.release.hex()}이(가) {place.path}에 없어 아무도 제외하지 못했습니다. 옮겼다면 그 "
            "폴더로 `dongui release correct`를 한 번 실행하십시오.",
        )
        for place in places
    ]


def notices_to_send(count: int) -> list[NotYet]:
    """Say that notices wait to be sent: nothing here reaches a recipient."""
    if not count:
        return []
    return [
        NotYet(
            "notices",
            f"Send the {count} notices, in the desk's custody/notices, to their recipients.",
            f"데스크의 custody/notices에 있는 통지 {count}건을 수령자에게 보내십시오.",
        )
    ]


def earlier_versions() -> NotYet:
    """Say that a correction stands beside what it corrects."""
    return NotYet(
        "earlier-versions",
        "The earlier versions stay in the vault, and releases and models made before rest on them. To end "
        "those: `dongui custody withdraw`; to destroy them: an erasure.",
        "이전 판은 보관소에 남고, 앞서 만든 제공과 모델은 이전 판에 근거합니다. 끝내려면 "
        "`dongui custody withdraw`, 파기하려면 삭제 요구로 처리하십시오.",
    )


def beyond_erasure() -> list[NotYet]:
    """Say what an erasure in a vault leaves until its keys are rotated."""
    return [
        NotYet(
            "older-key-copies",
            "Older copies of the vault's keys end at the next `dongui vault rotate`.",
            "보관소 키의 옛 사본은 다음 `dongui vault rotate` 때 무효가 됩니다.",
        )
    ]


def vault_not_looked_at() -> NotYet:
    """Say that pictures in a vault are untouched, and what would destroy them."""
    return NotYet(
        "vault",
        "Pictures in a vault are untouched. To destroy them too: `dongui rights request erasure`, then "
        "`dongui rights fulfil --vault`.",
        "보관소의 사진은 그대로입니다. 함께 파기하려면 `dongui rights request erasure`를 한 뒤 "
        "`dongui rights fulfil --vault`를 실행하십시오.",
    )


def acts_not_carried_out(people: int) -> list[NotYet]:
    """Say that the ledger was told of withdrawals, and nobody else yet."""
    if not people:
        return []
    return [
        NotYet(
            "withdrawals",
            f"{people} people ended a consent; recipients are not told and models not forgotten yet: "
            "`dongui custody carry-out --receipts FOLDER`.",
            f"{people}명이 동의를 끝냈습니다. 수령자 통지와 모델에서의 삭제가 남아 있습니다. "
            "`dongui custody carry-out --receipts 폴더`를 실행하십시오.",
        )
    ]


def consents_stand(count: int) -> list[NotYet]:
    """Say that the ledger still says yes, if it does: what was undone may be done again."""
    if not count:
        return []
    return [
        NotYet(
            "ledger",
            f"{count} consents of this person stand in the ledger, and the next release may rest on them. "
            "To end them: `dongui custody withdraw`.",
            f"원장에 이 사람의 동의 {count}건이 유효하여 다음 제공에 포함될 수 있습니다. 끝내려면 "
            "`dongui custody withdraw`를 실행하십시오.",
        )
    ]


def still_elsewhere(desk: Desk, people: Sequence[bytes], postgresql: str | None) -> list[NotYet]:
    """Say in which other places of the desk people are still kept who were erased in one of them."""
    if not (desk.path / _FOLDER).is_dir():
        return []  # It keeps nobody: a vault of its own.
    places = dict.fromkeys(("ledger", "models", "keys"), 0)
    with open_carrying_out(desk, "PIPA_2025_10", postgresql) as carrying:
        for person in people:
            places["ledger"] += carrying.ledger.number(person) is not None
            places["models"] += bool(carrying.models_of(person))
            places["keys"] += carrying.keys.key_of(person) is not None
    return [
        NotYet(
            f"still-in-{name}",
            f"{count} of them are still in this desk's {name}. `dongui rights request erasure`, then "
            "`dongui rights fulfil --vault`, goes through every place.",
            f"그중 {count}명이 이 데스크의 {name}에 남아 있습니다. `dongui rights request erasure` 후 "
            "`dongui rights fulfil --vault`가 모든 곳을 거칩니다.",
        )
        for name, count in places.items()
        if count
    ]


def not_yet_json(left: Sequence[NotYet]) -> list[JsonValue]:
    """Return what is not done as JSON."""
    said: list[Mapping[str, JsonValue]] = [{"what": one.what, "next": choose(one.en, one.ko)} for one in left]
    return [*said]


def lines_of(said: str, left: Sequence[NotYet]) -> str:
    """Return what was done, and below it a line for whatever was not."""
    title = choose("Not done yet:", "아직 하지 않은 것:")
    return "\n".join([said, *([title] if left else []), *(f"- {choose(one.en, one.ko)}" for one in left)])
