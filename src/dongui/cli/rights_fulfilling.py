"""``dongui rights fulfil``: what each right does, and only then the record that it was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.carrying_out_inputs import (
    NotYet,
    beyond_erasure,
    earlier_versions,
    missing_releases,
    notices_to_send,
)
from dongui.cli.model_inputs import KeptModels, at_hand, keep_notices, open_models
from dongui.cli.rights_pictures import Wanted, hand_copy, listing, put_version
from dongui.cli.rights_stores import Office
from dongui.cli.writing import make_folder, require_place, write_once
from dongui.custody.forgetting import Withdrawal
from dongui.custody.model_register import Step, Undoing
from dongui.custody.release_opening import read_release
from dongui.custody.rights.erasure import ErasureStep, PersonErasure
from dongui.custody.rights.explaining import Explanation, explain
from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.requests import Request
from dongui.custody.rights.steps import CalledStep, KeysStep, LedgerStep, SuspendStep, suspend
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.custody.vault.erasing import erase, finish_erasures
from dongui.custody.vault.vault import Vault
from dongui.custody.withdrawal import layout_of, take_out
from dongui.errors import Misuse, Refused

__all__ = ["Given", "fulfil_request", "left_undone"]

_MAX_ANSWER_BYTES = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given with the command. ``vault`` is open, where there is one; ``no_vault``: there is none.

    ``public_key`` is the person's own, 32 bytes; ``code_out`` a new file for a drawn code. ``record`` and
    ``picture``: what is corrected, and its new picture.
    """

    out: Path | None = None
    records: Sequence[Path] = ()
    releases: Sequence[Path] = ()
    vault: Vault | None = None
    no_vault: bool = False
    public_key: bytes | None = None
    code_out: Path | None = None
    record: bytes | None = None
    picture: Path | None = None
    done: str = ""
    reviewer: str = ""
    changed: bool = False


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


def left_undone(office: Office, done: Request, given: Given) -> list[NotYet]:
    """Return what a fulfilled request leaves to be done, by name and with the next step."""
    missing = [place for place in office.places.known() if not place.is_there]
    if done.right is Right.CORRECTION and given.vault is not None:
        return [earlier_versions()]
    if done.right in (Right.SUSPENSION, Right.OBJECTION):
        return missing_releases(missing)
    if done.right is not Right.ERASURE:
        return []
    told = {
        event.words.get("step"): event.words for event in done.events if event.kind is Happening.STEP_DONE
    }
    notices = int(told.get("models", {}).get("notices", "0"))
    return [*missing_releases(missing), *notices_to_send(notices), *(beyond_erasure() if given.vault else [])]


def _hand_out(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    out = _required(given.out, "--out: where the answer is written for the person")
    content = listing(office, person, given.records, given.vault)
    written = json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
    _write_answer(out, written, said=request.hex().encode())
    return {
        "answered": "file",
        "looked_at": " ".join(sorted(content.keys() - {"format", "person", "number"})),
    }


def _copy(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    _require_vault(given)
    out = _required(given.out, "--out: where the copy is written, encrypted for the person")
    wanted = Wanted(out, given.public_key, given.code_out, tuple(given.records))
    return hand_copy(office, request, person, wanted, given.vault)


def _correct(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del office, request
    _require_vault(given)
    done = {"done": _required_text(given.done, "--done: what was corrected")}
    if given.vault is None:
        return done
    if given.record is None or given.picture is None:
        raise Misuse(
            "rights.options-incomplete", "--record and --picture: what is corrected, and its new one"
        )
    return {**done, "version": str(put_version(given.vault, person, given.record, given.picture))}


def _suspend(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del request
    events = suspend(office.ledger, person, office.desk.clock)
    position = max((event.position for event in events), default=0)
    taken = _take_out(office, person, given.releases, position)
    return {"suspended": str(len(events)), "taken_out_of": str(taken)}


def _explain(office: Office, request: bytes, person: bytes, given: Given) -> Mapping[str, str]:
    del request
    out = _required(given.out, "--out: where the explanation is written")
    explained = [_one_explained(office, person, path) for path in given.releases]
    if not explained:
        raise Misuse("rights.options-incomplete", "--release: the decision to explain")
    written = json.dumps(explained, ensure_ascii=False, indent=2).encode() + b"\n"
    _write_answer(out, written, said=written)
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
    Right.COPY: _copy,
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
    _require_vault(given)
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


def _require_vault(given: Given) -> None:
    """An answer that passes a vault over says so, and because somebody said so."""
    if (given.vault is None) is not given.no_vault:
        raise Misuse(
            "rights.options-incomplete", "--vault, or --no-vault where none keeps anybody's pictures"
        )


def _write_answer(out: Path, data: bytes, *, said: bytes) -> None:
    """Write an answer to a new file; one that an interrupted run wrote, which says ``said``, is left.

    Raises ``Misuse`` (``file.exists``): something else is there.
    """
    try:
        kept = out.read_bytes() if out.is_file() and out.stat().st_size <= _MAX_ANSWER_BYTES else b""
    except OSError:
        kept = b""
    if said not in kept:
        require_place(out)
        write_once(out, data, private=True)


def _required(path: Path | None, option: str) -> Path:
    if path is None:
        raise Misuse("rights.options-incomplete", option)
    return path


def _required_text(text: str, option: str) -> str:
    if not text.strip():
        raise Misuse("rights.options-incomplete", option)
    return text
