"""Carrying out a withdrawal: find, tell, subtract, seal, log, and only then destroy; then hand out a receipt.

Each step is durable before the next begins, and each can be taken twice:

1. The person's records are taken out of the releases at hand. The withdrawal is noted, with the signed
   notices to the recipients of every release and published model the person is in.
2. Every model's statistics less the person, and the new seals: one transaction.
3. The seals' entries in the log.
4. The person's key for contributions is destroyed, then the contributions.
5. The receipt, noted.
6. Its entry in the log.

Killed anywhere, :meth:`Forgetting.resume` goes on. The contribution is destroyed last: until the subtraction
is durable and logged, it is the only thing that can still take the person out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from dongui.biometrics.cards import card
from dongui.consent.moments import write_moment
from dongui.custody.contributions import ContributionKeys, open_contribution
from dongui.custody.entering import enter_missing
from dongui.custody.lineage import affected_releases, person_for, records_in
from dongui.custody.model_files import ModelSeal, SealReason
from dongui.custody.model_register import Contribution, ModelStore, PendingSeal, Step, Undoing
from dongui.custody.person_keys import PersonKey
from dongui.custody.release_opening import VerifiedRelease, read_release, require_files
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.custody.statistics import Statistics
from dongui.custody.terms import due_at
from dongui.custody.training import settle_seals
from dongui.custody.undoing_receipt import pack_undoing, remains, sign_undoing, undoing_entry
from dongui.custody.withdrawal import take_out
from dongui.custody.withdrawal_notices import Notice, sign_notice, split_records
from dongui.environment import Clock, Entropy
from dongui.errors import Trouble
from dongui.log.entry import BLIND_BYTES
from dongui.log.keys import SignerKey
from dongui.log.proof_file import format_proof

__all__ = ["Forgetting", "Withdrawal"]

_NUMBER_BYTES = 16
_NO_RELEASE = bytes(_NUMBER_BYTES)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdraws: every id one person has (16 bytes; 4, a number), and their key if they have one.

    ``releases``: releases at hand, to take the person's records out of: folders, or what was read from them
    and whose files were compared. ``scope``: the ids of the releases it is about, with the models trained
    over them; None: everything. ``positions``: the acts of the ledger that it carries out.
    """

    people: tuple[bytes, ...]
    key: PersonKey | None
    releases: tuple[Path | VerifiedRelease, ...] = ()
    scope: frozenset[bytes] | None = None
    positions: tuple[int, ...] = ()

    def is_carried_out_by(self, undoing: Undoing) -> bool:
        """Tell whether a withdrawal that was begun is this one."""
        if not set(undoing.people) & set(self.people):
            return False
        return bool(set(undoing.positions) & set(self.positions)) if self.positions else not undoing.scope


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Everything a withdrawal reaches. ``pack``: the rule pack whose terms hold."""

    store: ModelStore
    keys: ContributionKeys
    register: Register
    log: ReleaseLog
    operator_key: SignerKey
    controller: str
    pack: str
    clock: Clock
    entropy: Entropy

    def withdraw(self, withdrawal: Withdrawal) -> Undoing:
        """Carry out a withdrawal, or finish one of the same person that was begun; return it done.

        Raises ``Trouble``: ``model.key-lost``, ``model.contribution-damaged``, ``log.*``, ``storage.*``,
        ``membership.*``; and what :func:`.lineage.take_out` raises. Then it can be given again.
        """
        with self.store.working():
            for undoing in self.store.undoings():
                # One that is done is handed out again, unless the person came into a model since.
                if withdrawal.is_carried_out_by(undoing) and not (
                    undoing.step == Step.DONE and self._contributions(undoing)
                ):
                    return self._carry_on(undoing)
            return self._carry_on(self._note(withdrawal))

    def resume(self) -> list[Undoing]:
        """Finish everything that was begun: seals not in the log, withdrawals not done. Return those."""
        with self.store.working():
            settle_seals(self.store, self.log.log)
            return [self._carry_on(undoing) for undoing in self.store.undoings()]

    def receipt(self, undoing: Undoing) -> bytes:
        """Return the file for the person. ``ValueError`` unless it is done."""
        if undoing.place is None:
            raise ValueError("the withdrawal is not done")
        log = self.log.log
        checkpoint = log.checkpoint()
        entry = undoing_entry(undoing.receipt, blind=undoing.blind)
        proof = format_proof(entry, log.inclusion(undoing.place, checkpoint.size), checkpoint)
        return pack_undoing(undoing.receipt, blind=undoing.blind, proof=proof)

    def _carry_on(self, undoing: Undoing) -> Undoing:
        if undoing.step == Step.NOTED:
            undoing = self._subtract(undoing)
        if undoing.step == Step.SUBTRACTED:
            settle_seals(self.store, self.log.log)
            undoing = self._noted(replace(undoing, step=Step.LOGGED))
        if undoing.step == Step.LOGGED:
            if not self._others(undoing):
                self.keys.destroy(undoing.people)
            undoing = replace(undoing, step=Step.DESTROYED)
            self.store.destroy(undoing)
        if undoing.step == Step.DESTROYED:
            undoing = self._noted(self._receipted(undoing))
        if undoing.step == Step.RECEIPTED:
            entry = undoing_entry(undoing.receipt, blind=undoing.blind)
            (place,) = enter_missing(self.log.log, [entry], begin=undoing.log_size)
            undoing = self._noted(replace(undoing, step=Step.DONE, place=place))
        return undoing

    def _noted(self, undoing: Undoing) -> Undoing:
        self.store.note(undoing)
        return undoing

    def _note(self, withdrawal: Withdrawal) -> Undoing:
        now = self.clock.now()
        number, due = self.entropy.draw(_NUMBER_BYTES), write_moment(due_at(now, pack=self.pack))
        undoing = Undoing(number, withdrawal.people, write_moment(now), due)
        undoing = replace(undoing, positions=withdrawal.positions)
        if withdrawal.scope is not None:
            # About no release at all is not about all of them.
            undoing = replace(undoing, scope=tuple(sorted(withdrawal.scope)) or (_NO_RELEASE,))
        facts, records = self._corrected(withdrawal)
        releases, told = self._release_notices(undoing, withdrawal.key, records)
        models, published = self._model_notices(undoing)
        said = "\n".join([*facts, *told, *published]).encode()
        return self._noted(replace(undoing, facts=said, notices=(*releases, *models)))

    def _corrected(self, withdrawal: Withdrawal) -> tuple[list[str], dict[bytes, list[str]]]:
        """Take the person out of the releases at hand; return the receipt's lines and records by release."""
        lines, found = [], {}
        for one in withdrawal.releases:
            release = one if isinstance(one, VerifiedRelease) else self._read(one)
            found[release.id] = records_in(release, withdrawal.people)
            person = person_for(release, withdrawal.people)
            if person is None or not found[release.id]:
                continue
            position = withdrawal.positions[0] if withdrawal.positions else self.log.log.checkpoint().size
            take_out(release, person, position=position, log=self.log, entropy=self.entropy)
            lines.append(f"corrected release {release.id.hex()} records {len(found[release.id])}")
        return lines, found

    def _read(self, path: Path) -> VerifiedRelease:
        release = read_release(path, key=self.log.key)
        require_files(release)
        return release

    def _contributions(self, undoing: Undoing) -> list[Contribution]:
        """Return what its person added to the models it is about."""
        about = {model.id for model in self.store.models() if undoing.reaches(model.release)}
        return [one for one in self.store.contributions(undoing.people) if one.model in about]

    def _others(self, undoing: Undoing) -> bool:
        """Tell whether the person stays in models it is not about: then their key stays with them."""
        models = {one.model for one in self.store.contributions(undoing.people)}
        return bool(models - set(undoing.models))

    def _release_notices(
        self, undoing: Undoing, key: PersonKey | None, records: Mapping[bytes, Sequence[str]]
    ) -> tuple[list[bytes], list[str]]:
        affected = [] if key is None else affected_releases(key, register=self.register)
        notices, lines = [], []
        for one in (one for one in affected if undoing.reaches(one.id)):
            where = f"release {one.id.hex()} entry {one.entry}"
            lines.append(f"told {one.recipient} {where} due {undoing.due}")
            notices += [
                self._signed(
                    undoing,
                    one.recipient,
                    release=(one.id, one.entry),
                    pseudonym=one.pseudonym,
                    records=portion,
                )
                for portion in split_records(records.get(one.id, ()))
            ]
        return notices, lines

    def _model_notices(self, undoing: Undoing) -> tuple[list[bytes], list[str]]:
        mine = {one.model for one in self._contributions(undoing)}
        notices, lines = [], []
        for model in self.store.models():
            if model.id not in mine or not model.published or model.withdrawn:
                continue
            due = min(model.due or undoing.due, undoing.due)
            lines.append(f"published {model.id.hex()} version {model.published} due {due}")
            notices += [
                self._signed(undoing, handed.recipient, model=(model.id, handed.version))
                for handed in self.store.handed(model.id)
            ]
        return notices, lines

    def _signed(
        self,
        undoing: Undoing,
        recipient: str,
        *,
        release: tuple[bytes, int] | None = None,
        pseudonym: bytes | None = None,
        records: tuple[str, ...] = (),
        model: tuple[bytes, int] | None = None,
    ) -> bytes:
        notice = Notice(
            number=undoing.id,
            controller=self.controller,
            recipient=recipient,
            made=undoing.at,
            due=undoing.due,
            release=release,
            pseudonym=pseudonym,
            records=records,
            model=model,
        )
        return sign_notice(notice, key=self.operator_key)

    def _subtract(self, undoing: Undoing) -> Undoing:
        by_model: dict[bytes, list[Contribution]] = {}
        for one in self._contributions(undoing):
            by_model.setdefault(one.model, []).append(one)
        size = self.log.log.checkpoint().size
        changed = [self._less(model, mine, size) for model, mine in by_model.items()]
        undoing = replace(undoing, step=Step.SUBTRACTED, models=tuple(by_model))
        self.store.subtract(undoing, changed)
        return undoing

    def _less(self, model: bytes, mine: Sequence[Contribution], size: int) -> tuple[bytes, PendingSeal]:
        statistics, seal = Statistics.decode(self.store.statistics(model)), self.store.seal(model).seal
        for one in mine:
            key = self.keys.key_of(one.person)
            if key is None:
                raise Trouble("model.key-lost", f"model {model.hex()}: a contribution cannot be opened")
            whole = open_contribution(
                one.sealed, form=statistics.form, key=key, model=model, person=one.person
            )
            statistics = statistics.less(Statistics.of_person(statistics.form, whole))
            whole[:] = 0
        encoded = statistics.encode()
        following = ModelSeal(
            model,
            seal.version + 1,
            SealReason.FORGOT,
            seal.release,
            sha256(encoded).digest(),
            self.entropy.draw(BLIND_BYTES),
        )
        return encoded, PendingSeal(following, size)

    def _receipted(self, undoing: Undoing) -> Undoing:
        facts = [line.partition(" ") for line in undoing.facts.decode().split("\n") if line]
        lines = [
            ("number", undoing.id.hex()),
            ("from", self.controller),
            ("made", undoing.at),
            *((name, value) for name, _, value in facts),
            *(self._forgotten(model) for model in undoing.models),
            ("destroyed", f"contributions {len(undoing.models)}"),
        ]
        known = {model.id: model.recogniser for model in self.store.models()}
        names = sorted({known[model] for model in undoing.models})
        lines += [remains(card(name)) for name in names]
        lines.append(("remains", "copies made outside"))
        return replace(
            undoing,
            step=Step.RECEIPTED,
            receipt=sign_undoing(lines, key=self.operator_key),
            blind=self.entropy.draw(BLIND_BYTES),
            log_size=self.log.log.checkpoint().size,
        )

    def _forgotten(self, model: bytes) -> tuple[str, str]:
        kept = self.store.seal(model)
        seal = kept.seal
        said = f"{model.hex()} version {seal.version} entry {kept.place} statistics {seal.statistics.hex()}"
        return "forgotten", said
