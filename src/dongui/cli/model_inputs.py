"""What the commands about models read, and where a desk keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.membership_inputs import find_person, open_keys, places_of, register_of
from dongui.cli.stopped import take_out_since
from dongui.cli.writing import make_folder, write_once
from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.model_files import MODEL_ID_BYTES
from dongui.custody.model_register import Undoing
from dongui.custody.opening import OpenedRelease, open_release
from dongui.custody.publication import Publishing
from dongui.custody.release_opening import read_release
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.custody.undoing_receipt import MAX_UNDOING_BYTES, check_undoing
from dongui.desk import Desk
from dongui.errors import DonguiError, Misuse
from dongui.memory import SecretBuffer
from dongui.receipts.keys import OperatorKeys
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.model_store import SqliteModels

__all__ = [
    "KeptModels",
    "at_hand",
    "hand_receipt",
    "keep_notices",
    "open_models",
    "open_training",
    "parse_model",
    "standing",
    "withdrawal_of",
]

_FOLDER, _MODELS, _KEYS, _NOTICES = "custody", "models.sqlite", "contribution-keys.sqlite", "notices"


@dataclass(frozen=True, slots=True)
class KeptModels:
    """A desk's models and the keys to people's contributions."""

    store: SqliteModels
    keys: SqliteContributionKeys

    def forgetting(self, desk: Desk, pack: str) -> Forgetting:
        """Return what carries out withdrawals at a desk."""
        log = ReleaseLog(desk.log, desk.keys.log)
        register = Register(register_of(desk.path), key=desk.keys.log)
        return Forgetting(
            store=self.store,
            keys=self.keys,
            register=register,
            log=log,
            operator_key=desk.operator_key,
            controller=desk.entry.id,
            pack=pack,
            clock=desk.clock,
            entropy=desk.entropy,
        )

    def publishing(self, desk: Desk) -> Publishing:
        """Return what publishes models of a desk."""
        log = ReleaseLog(desk.log, desk.keys.log)
        return Publishing(self.store, log, desk.operator_key, desk.entry.id, desk.clock)


@contextmanager
def open_models(desk: Desk) -> Iterator[KeptModels]:
    """Open a desk's stores of models, beginning them where there are none. Raises ``storage.*``."""
    folder = desk.path / _FOLDER
    make_folder(folder)
    with (
        SqliteModels.open(folder / _MODELS) as store,
        SqliteContributionKeys.open(folder / _KEYS, entropy=desk.entropy) as keys,
    ):
        yield KeptModels(store, keys)


def open_training(desk: Desk, release: Path, postgresql: str | None) -> OpenedRelease:
    """Open a release whose recipient is this desk, less whoever its ledger knows to have withdrawn since.

    Raises as :func:`.open_release` and :func:`.take_out_since`.
    """
    take_out_since(desk, read_release(release, key=desk.keys.log), postgresql)
    return open_release(
        release, log_key=desk.keys.log, trusted=None, recipient=desk.entry.id, clock=desk.clock
    )


def withdrawal_of(desk: Desk, person: str, ledger: Path, releases: Sequence[Path]) -> Withdrawal:
    """Return the withdrawal of a person the ledger knows. Raises as :func:`.find_person`."""
    somebody = find_person(person, ledger)
    with open_keys(desk) as keys:
        key = keys.key_of(somebody.id)
    ids = (somebody.id, somebody.number.to_bytes(4, "big"))
    return Withdrawal(ids, key, tuple(at_hand(desk, releases)))


def at_hand(desk: Desk, named: Sequence[Path]) -> list[Path]:
    """Return the folders that were named, and those the desk knows of its releases, each once."""
    noted = [place.path for place in places_of(desk.path).known() if place.is_there]
    return list({path.resolve(): path for path in (*named, *noted)}.values())


def keep_notices(desk: Desk, name: str, notices: Sequence[bytes]) -> list[Path]:
    """Write notices to be sent into a folder of the desk, each once; return their files."""
    folder = desk.path / _FOLDER / _NOTICES / name
    paths = [folder / f"{place:03d}.notice" for place in range(len(notices))]
    if notices:
        make_folder(folder)
    for path, notice in zip(paths, notices, strict=True):
        if not path.exists():
            write_once(path, notice, private=True)
    return paths


def hand_receipt(out: Path, undone: Undoing, forgetting: Forgetting, operator: OperatorKeys) -> None:
    """Write a withdrawal's receipt; one that an interrupted command wrote already is left as it is.

    Raises ``Misuse``: ``file.exists`` (something else is there), ``file.not-writable``.
    """
    if not out.exists():
        write_once(out, forgetting.receipt(undone), private=True)
        return
    try:
        with SecretBuffer.read_file(out, max_bytes=MAX_UNDOING_BYTES, what="receipt") as content:
            checked = check_undoing(bytes(content.view), operator=operator)
    except DonguiError:
        checked = None
    if checked is None or dict(checked.lines)["number"] != undone.id.hex():
        raise Misuse("file.exists", f"{out} is there already")


def standing(person: bytes, ledger: Path) -> int:
    """Return how many consents of a person stand in a ledger. Raises ``storage.*``."""
    with SqliteEventStore.open(ledger) as store, store.reading() as reader:
        latest = {event.key: event.kind.stands for event in reader.events_of(person)}
    return sum(latest.values())


def parse_model(text: str) -> bytes:
    """Return a model's id. Raises ``Misuse`` (``model.unknown``)."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != MODEL_ID_BYTES:
        raise Misuse("model.unknown", "an id is 32 hexadecimal digits")
    return identity
