"""``dongui rights fulfil``: what each right does, and only then the record that it was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.model_inputs import KeptModels, at_hand, keep_notices, open_models
from dongui.cli.rights_stores import Office
from dongui.cli.writing import make_folder, require_place, write_once
from dongui.custody.forgetting import Withdrawal
from dongui.custody.model_register import Step, Undoing
from dongui.custody.release_opening import read_release
from dongui.custody.rights.erasure import ErasureStep, PersonErasure
from dongui.custody.rights.explaining import Explanation, explain
from dongui.custody.rights.holdings import Sources, holdings
from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.requests import Request
from dongui.custody.rights.steps import CalledStep, KeysStep, LedgerStep, SuspendStep, suspend
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.custody.vault.erasing import erase, finish_erasures
from dongui.custody.vault.vault import Vault
from dongui.custody.withdrawal import layout_of, take_out
from dongui.errors import Misuse, Refused

__all__ = ["Given", "fulfil_request"]


@dataclass(frozen=True, slots=True)
class Given:
    """What was given with the command. ``vault`` is open, where there is one."""

    out: Path | None
    records: Sequence[Path]
    releases: Sequence[Path]
    vault: Vault | None
    done: str
    reviewer: str
    changed: bool


def fulfil_request(office: Office, request: bytes, given: Given) -> Request:
    """Do what a request asks for, and record it.

    Raises ``Misuse`` (``rights.*``), ``Refused`` (``rights.identity-not-proved``), and what each part raises.
    Interrupted, it is given again.
    """
    found = office.book.read(request)
    if found.right is Right.ERASURE:
        return _erase(office, request, given)
    person = office.book.person_of(request)
    if person is None or not found.identity_confirmed:
        raise Refused("rights.identity-not-proved", "nothing is done for somebody who may be another")
    if not found.is_open:
        raise Misuse("rights.closed", f"it was {found.events[-1].kind.value}")
    words = _DOES[found.right](office, request, person, given)
    return office.book.fulfil(request, words)


def _hand_out(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del request
    out = _required(given.out, "--out: where the answer is written for the person")
    require_place(out)
    with open_models(office.desk) as models:
        vault = given.vault
        sources = Sources(
            office.ledger,
            office.keys,
            office.register,
            office.book,
            given.records,
            models=lambda ids: sorted({one.model for one in models.store.contributions(ids)}),
            vault=None if vault is None else lambda somebody: len(vault.index.of_person(somebody)),
        )
        content = holdings(person, sources)
    write_once(out, json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n", private=True)
    return {
        "answered": "file",
        "looked_at": " ".join(sorted(content.keys() - {"format", "person", "number"})),
    }


def _correct(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del office, request, person
    # What is corrected is put where it is kept, the vault or the ledger, as a new version beside the old one.
    return {"done": _required_text(given.done, "--done: what was corrected, and the new version's number")}


def _suspend(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del request
    events = suspend(office.ledger, person, office.desk.clock)
    position = max((event.position for event in events), default=0)
    taken = _take_out(office, person, given.releases, position)
    return {"suspended": str(len(events)), "taken_out_of": str(taken)}


def _explain(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del request
    out = _required(given.out, "--out: where the explanation is written")
    require_place(out)
    explained = [_one_explained(office, person, path) for path in given.releases]
    if not explained:
        raise Misuse("rights.options-incomplete", "--release: the decision to explain")
    write_once(out, json.dumps(explained, ensure_ascii=False, indent=2).encode() + b"\n", private=True)
    return {"explained": str(len(explained)), "done": given.done or "-"}


def _review(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del person
    words = {
        "reviewer": _required_text(given.reviewer, "--reviewer: the person who looked at it again"),
        "outcome": "changed" if given.changed else "upheld",
        "done": _required_text(given.done, "--done: what they found, and what follows from it"),
    }
    office.book.record(request, Happening.REVIEWED, words)
    return {"outcome": words["outcome"]}


_DOES: dict[Right, Callable[[Office, bytes, bytes, Given], Mapping[str, str]]] = {
    Right.ACCESS: _hand_out,
    Right.COPY: _hand_out,
    Right.CORRECTION: _correct,
    Right.SUSPENSION: _suspend,
    Right.OBJECTION: _suspend,
    Right.EXPLANATION: _explain,
    Right.HUMAN_REVIEW: _review,
}


def _one_explained(office: Office, person: bytes, path: Path) -> dict[str, object]:
    release = read_release(path, key=office.desk.keys.log)
    somebody = person if layout_of(release) is Layout.GENERAL else office.ledger.number(person)
    if somebody is None:
        raise Misuse("snapshot.unknown-person", "the ledger does not know the person")
    return _explanation_json(explain(release, somebody))


def _explanation_json(one: Explanation) -> dict[str, object]:
    return {
        "release": one.release.hex(),
        "log_index": one.log_index,
        "rules": one.pack,
        "released": one.released,
        "reasons": [
            {
                "name": reason.name,
                "records": reason.records,
                "articles": reason.articles,
                "en": reason.en,
                "ko": reason.ko,
            }
            for reason in one.reasons
        ],
        "how": {
            "en": "Rules were applied to what the ledger holds; nobody was scored. "
            "You may ask for a human review of this decision.",
            "ko": "원장에 있는 내용에 규칙을 적용하였으며 점수를 매기지 않았습니다. "
            "이 결정에 대해 사람의 재검토를 요구할 수 있습니다.",
        },
    }


def _erase(office: Office, request: bytes, given: Given) -> Request:
    law_id = office.book.read(request).law.id
    with open_models(office.desk) as models:
        steps: list[ErasureStep] = [
            SuspendStep(office.ledger, office.desk.clock),
            CalledStep("releases", lambda person: _told(_take_out(office, person, given.releases, 0))),
            CalledStep("models", lambda person: _forget(office, models, person, law_id, given.releases)),
        ]
        if given.vault is not None:
            vault = given.vault
            steps.append(CalledStep("vault", lambda person: _destroy(office, vault, person)))
        steps += [LedgerStep(office.ledger), KeysStep(office.keys)]
        done = PersonErasure(office.book, steps).carry_on(request)
        _close(office, models)
        return done


def _told(taken: int) -> Mapping[str, str]:
    return {"taken_out_of": str(taken)}


def _take_out(office: Office, person: bytes, releases: Sequence[Path], position: int) -> int:
    log, taken = ReleaseLog(office.desk.log, office.desk.keys.log), 0
    for path in at_hand(office.desk, releases):
        release = read_release(path, key=office.desk.keys.log)
        somebody = person if layout_of(release) is Layout.GENERAL else office.ledger.number(person)
        if somebody is not None:
            entered = take_out(release, somebody, position=position, log=log, entropy=office.desk.entropy)
            taken += entered is not None
    return taken


def _forget(
    office: Office, models: KeptModels, person: bytes, law_id: str, releases: Sequence[Path]
) -> Mapping[str, str]:
    forgetting = models.forgetting(office.desk, law_id)
    folders = tuple(at_hand(office.desk, releases))
    withdrawal = Withdrawal(tuple(office.ids_of(person)), office.keys.key_of(person), folders)
    undone = forgetting.withdraw(withdrawal)
    notices = keep_notices(office.desk, undone.id.hex(), undone.notices)
    receipt = _receipt_of(office, undone)
    if not receipt.exists():
        make_folder(receipt.parent)
        write_once(receipt, forgetting.receipt(undone), private=True)
    return {"models": str(len(undone.models)), "notices": str(len(notices)), "receipt": receipt.name}


def _close(office: Office, models: KeptModels) -> None:
    """Let go of what was kept of withdrawals, once their receipts are written and the erasure is recorded.

    Not earlier: a step that is run again must find its own withdrawal, not make a second one.
    """
    for undoing in models.store.undoings():
        if undoing.step == Step.DONE and _receipt_of(office, undoing).exists():
            models.store.close_undoing(undoing.id)


def _receipt_of(office: Office, undoing: Undoing) -> Path:
    return office.desk.path / "custody" / "notices" / f"{undoing.id.hex()}.receipt"


def _destroy(office: Office, vault: Vault, person: bytes) -> Mapping[str, str]:
    desk = office.desk
    finish_erasures(vault=vault, log=desk.log)
    if not vault.index.of_person(person):
        return {"versions": "0"}
    (erased,) = erase([person], vault=vault, log=desk.log, clock=desk.clock, entropy=desk.entropy)
    return {"versions": str(erased.versions)}


def _required(path: Path | None, option: str) -> Path:
    if path is None:
        raise Misuse("rights.options-incomplete", option)
    return path


def _required_text(text: str, option: str) -> str:
    if not text.strip():
        raise Misuse("rights.options-incomplete", option)
    return text
