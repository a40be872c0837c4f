"""The desk's folder on disk: made whole or not at all, read strictly.

::

    desk.json        the controller, format 1
    operator.keys    the public keys whoever checks a receipt needs; to be published
    keys/            receipts.key and log.key, readable by the operator alone
    purposes/        further purposes, one folder each, beside the shipped profiles
    operating-points/  points of the operator's own, one file each, beside those that ship (made when needed)
    ledger.sqlite  sessions.sqlite  log.sqlite
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from dongui.biometrics.operating_points import MAX_POINT_BYTES, OperatingPoint, install_operating_point
from dongui.consent.fields import Localised
from dongui.consent.purpose import Party
from dongui.environment import Entropy
from dongui.errors import Misuse, Trouble
from dongui.log.keys import SignerKey
from dongui.memory import SecretBuffer
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.statement import MAX_TEXT_BYTES
from dongui.storage.sqlite.ledger import SqliteLedger
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.sessions import SqliteSessions

__all__ = [
    "ControllerEntry",
    "create_desk",
    "install_point",
    "operating_point_files",
    "purpose_folders",
    "read_controller",
    "read_key",
    "require_stores",
]

_FORMAT = 1
_MAX_FILE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """Who answers for what happens at this desk, as people read it.

    Each field holds 1 to 120 bytes of printable UTF-8, the most a receipt carries; ``id`` is a host name or
    another stable identifier without white space; ``contact`` how a person reaches the controller.

    Raises ``Misuse``: ``desk.controller-malformed``.
    """

    id: str
    name_ko: str
    name_en: str
    address_ko: str
    address_en: str
    contact: str

    def __post_init__(self) -> None:
        for field, value in asdict(self).items():
            if not isinstance(value, str) or not value.strip() or not value.isprintable():
                raise Misuse("desk.controller-malformed", f"{field} must hold printable characters")
            # Counted as receipts and purposes count: a Hangul syllable is one character and three bytes.
            if (size := len(value.encode("utf-8"))) > MAX_TEXT_BYTES:
                limit = f"{size} bytes of UTF-8; the limit is {MAX_TEXT_BYTES}"
                raise Misuse("desk.controller-malformed", f"{field} has {limit}")
        if any(character.isspace() or character == "+" for character in self.id):
            raise Misuse("desk.controller-malformed", "id must hold neither white space nor a plus sign")

    @property
    def party(self) -> Party:
        """The same in the words of a purpose."""
        return Party(
            id=self.id,
            name=Localised(ko=self.name_ko, en=self.name_en),
            address=Localised(ko=self.address_ko, en=self.address_en),
            contact=self.contact,
        )


def create_desk(path: Path, controller: ControllerEntry, *, entropy: Entropy) -> None:
    """Make a new desk at ``path``, which must not exist. Interrupted, it leaves nothing at ``path``.

    Raises ``Misuse``: ``desk.exists``, ``desk.not-writable``; ``Trouble`` (``desk.not-written``).
    """
    draft = path.with_name(f".{path.name}.{entropy.draw(16).hex()}")
    try:
        if path.exists():
            raise Misuse("desk.exists", f"{path} is already there")
        _write_draft(draft, controller, entropy)
        draft.rename(path)
        _synchronise(path.parent)
    except PermissionError as error:
        raise Misuse("desk.not-writable", f"{path.parent}: {error.strerror}") from None
    except OSError as error:
        raise Trouble("desk.not-written", f"{path}: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_draft(draft: Path, controller: ControllerEntry, entropy: Entropy) -> None:
    receipts = SignerKey.generate(f"{controller.id}/receipts", entropy=entropy)
    log = SignerKey.generate(f"{controller.id}/log", entropy=entropy)
    for folder in (draft, draft / "keys", draft / "purposes"):
        folder.mkdir(mode=0o700, parents=folder is draft)
    _write(draft / "keys" / "receipts.key", receipts.text(), 0o600)
    _write(draft / "keys" / "log.key", log.text(), 0o600)
    _write(draft / "operator.keys", OperatorKeys(receipts.verifier, log.verifier).text(), 0o644)
    # The stores begin here and nowhere else: one that vanishes later is missed, not silently begun anew.
    SqliteLog.open(draft / "log.sqlite", key=log).close()
    SqliteLedger.open(draft / "ledger.sqlite", entropy=entropy).close()
    SqliteSessions.open(draft / "sessions.sqlite", entropy=entropy).close()
    content = {"format": _FORMAT, "controller": asdict(controller)}
    _write(draft / "desk.json", json.dumps(content, ensure_ascii=False, indent=2) + "\n", 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_controller(path: Path) -> ControllerEntry:
    """Read ``desk.json``. Raises ``Misuse``: ``desk.*``."""
    try:
        content = json.loads(_read(path / "desk.json"))
        if content["format"] != _FORMAT:
            raise Misuse("desk.malformed", f"desk.json has format {content['format']}; this reads {_FORMAT}")
        return ControllerEntry(**content["controller"])
    except (ValueError, KeyError, TypeError) as error:
        raise Misuse("desk.malformed", f"desk.json cannot be read: {type(error).__name__}") from None


def require_stores(path: Path) -> None:
    """Raises ``Misuse`` (``desk.incomplete``) where a store the desk was made with is gone or emptied."""
    for name in ("ledger.sqlite", "sessions.sqlite", "log.sqlite"):
        # A new, empty one in its place would forget every withdrawal and every spent session, and a file
        # without content is a new one to SQLite.
        if not (path / name).is_file():
            raise Misuse("desk.incomplete", f"{path / name} is missing")
        if (path / name).stat().st_size == 0:
            raise Misuse("desk.incomplete", f"{path / name} has no content")


def purpose_folders(path: Path) -> list[Path]:
    """Return the desk's own purposes, sorted. Raises ``Misuse``: ``desk.malformed``, ``desk.not-readable``.

    A lost folder is not an empty one: its purposes would be unknown, and nobody would be told why.
    """
    try:
        return sorted(folder for folder in (path / "purposes").iterdir() if folder.is_dir())
    except PermissionError as error:
        raise Misuse("desk.not-readable", f"{path / 'purposes'}: {error.strerror}") from None
    except OSError as error:
        raise Misuse("desk.malformed", f"{path / 'purposes'}: {error.strerror}") from None


def operating_point_files(path: Path) -> list[bytes]:
    """Return the operator's own operating points, by file name.

    Raises ``Misuse``: ``file.*``, ``desk.not-readable``.
    """
    try:
        names = sorted(file for file in (path / "operating-points").iterdir() if file.suffix == ".toml")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Misuse("desk.not-readable", f"{path / 'operating-points'}: {error.strerror}") from None
    found = []
    for name in names:
        with SecretBuffer.read_file(name, max_bytes=MAX_POINT_BYTES, what="operating point") as content:
            found.append(bytes(content.view))
    return found


def install_point(path: Path, point: OperatingPoint) -> Path:
    """Keep a point in the desk at ``path``, for purposes to name; return its file.

    Raises ``Misuse``: ``operating-point.name-taken``, ``desk.not-writable``; ``Trouble``
    (``desk.not-written``).
    """
    install_operating_point(point)
    folder = path / "operating-points"
    file = folder / f"{point.name}.toml"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write(file, point.to_toml(), 0o644)
        _synchronise(folder)
    except FileExistsError:
        raise Misuse("operating-point.name-taken", f"{file.name} is in the desk already") from None
    except PermissionError as error:
        raise Misuse("desk.not-writable", f"{folder}: {error.strerror}") from None
    except OSError as error:
        raise Trouble("desk.not-written", f"{folder}: {error.strerror}") from None
    return file


def read_key(path: Path, name: str) -> SignerKey:
    """Read one of the desk's private keys. Raises ``Misuse``: ``desk.*``, ``log.key-malformed``."""
    return SignerKey.parse(_read(path / "keys" / name).strip())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise Misuse("desk.not-found", f"{path} does not exist") from None
    except PermissionError as error:
        raise Misuse("desk.not-readable", f"{path}: {error.strerror}") from None
    except OSError as error:
        raise Misuse("desk.malformed", f"{path}: {error.strerror}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise Misuse("desk.malformed", f"{path} is larger than {_MAX_FILE_BYTES} bytes")
    return content.decode("utf-8", "replace")
