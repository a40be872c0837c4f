"""What the commands about models read, and where a desk keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.membership_inputs import find_person, open_keys, register_of
from dongui.cli.writing import make_folder, write_once
from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.model_files import MODEL_ID_BYTES
from dongui.custody.opening import OpenedRelease, open_release
from dongui.custody.publication import Publishing
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.desk import Desk
from dongui.errors import Misuse
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.model_store import SqliteModels

__all__ = [
    "KeptModels",
    "keep_notices",
    "open_models",
    "open_training",
    "parse_model",
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


def open_training(desk: Desk, release: Path) -> OpenedRelease:
    """Open a release whose recipient is this desk. Raises as :func:`.open_release`."""
    return open_release(
        release, log_key=desk.keys.log, trusted=None, recipient=desk.entry.id, clock=desk.clock
    )


def withdrawal_of(desk: Desk, person: str, ledger: Path, releases: Sequence[Path]) -> Withdrawal:
    """Return the withdrawal of a person the ledger knows. Raises as :func:`.find_person`."""
    somebody = find_person(person, ledger)
    with open_keys(desk) as keys:
        key = keys.key_of(somebody.id)
    ids = (somebody.id, somebody.number.to_bytes(4, "big"))
    return Withdrawal(ids, key, tuple(releases))


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


def parse_model(text: str) -> bytes:
    """Return a model's id. Raises ``Misuse`` (``model.unknown``)."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != MODEL_ID_BYTES:
        raise Misuse("model.unknown", "an id is 32 hexadecimal digits")
    return identity
