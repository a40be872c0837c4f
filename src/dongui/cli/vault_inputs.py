"""What the commands about the vault are given: where it is, its master keys, lists of images, ids."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.writing import naming
from dongui.custody.person_keys import Person
from dongui.custody.vault.keys import EnvironmentMasterKeys, FileMasterKeys, MasterKeys
from dongui.custody.vault.record_file import MAX_CONTENT_BYTES, Basis, BasisKind
from dongui.custody.vault.vault import NewRecord, Vault
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.memory import SecretBuffer, wipe_all
from dongui.storage.sqlite.vault_person_keys import SqliteVaultPersonKeys
from dongui.storage.vault_folder import VaultPlaces, open_vault
from dongui.undoing import on_failure

__all__ = [
    "KeysFolder",
    "MasterOption",
    "VaultFolder",
    "master_keys",
    "open_at",
    "open_keys_at",
    "parse_id",
    "read_batches",
    "read_raw_key",
    "write_view",
]

VaultFolder = Annotated[Path, typer.Argument(help="The vault's folder.")]
KeysFolder = Annotated[
    Path, typer.Option("--keys", envvar="DONGUI_VAULT_KEYS", help="Folder of the people's keys.")
]
MasterOption = Annotated[
    str,
    typer.Option(
        "--master",
        envvar="DONGUI_VAULT_MASTER",
        help="Master key: file:PATH, env:VARIABLE, or pkcs11:LIBRARY#TOKEN#LABEL (PIN in DONGUI_TOKEN_PIN).",
    ),
]
_COLUMNS = ("file", "person", "person_number", "record", "record_number", "version", "basis", "reference")
_BATCH_BYTES, _BATCH_RECORDS = 64 << 20, 4_096


@contextmanager
def master_keys(text: str) -> Iterator[MasterKeys]:
    """Open the master keys that ``--master`` names.

    Raises ``Misuse`` (``vault.options-wrong``, ``environment.extra-missing``, ``vault.token-not-found``),
    ``Trouble`` (``vault.token-failed``).
    """
    kind, _, rest = text.partition(":")
    entropy = SystemEntropy()
    with ExitStack() as stack:
        if kind == "file" and rest:
            yield FileMasterKeys(Path(rest), entropy=entropy)
        elif kind == "env" and rest:
            yield EnvironmentMasterKeys(rest, environment=os.environ, entropy=entropy)
        elif kind == "pkcs11" and rest.count("#") == 2:
            from dongui.storage.pkcs11_master_key import TokenMasterKeys

            library, token, label = rest.split("#")
            pin = os.environ.get("DONGUI_TOKEN_PIN", "")
            yield stack.enter_context(
                TokenMasterKeys.open(Path(library), token=token, pin=pin, label=label, entropy=entropy)
            )
        else:
            detail = "--master is file:PATH, env:VARIABLE, or pkcs11:LIBRARY#TOKEN#LABEL"
            raise Misuse("vault.options-wrong", detail)


@contextmanager
def open_at(vault: Path, keys: Path, master: str, *, write: bool, damaged: bool = False) -> Iterator[Vault]:
    """Open a vault, also a ``damaged`` one. Raises what ``open_vault`` and :func:`master_keys` raise."""
    with master_keys(master) as held:
        places = VaultPlaces(vault, keys, held)
        with open_vault(
            places, clock=SystemClock(), entropy=SystemEntropy(), write=write, damaged=damaged
        ) as opened:
            yield opened


@contextmanager
def open_keys_at(keys: Path, master: str) -> Iterator[SqliteVaultPersonKeys]:
    """Open a store of people's keys. Raises what it and :func:`master_keys` raise."""
    with (
        master_keys(master) as held,
        SqliteVaultPersonKeys.open(keys, master=held, entropy=SystemEntropy()) as opened,
    ):
        yield opened


def parse_id(text: str) -> bytes:
    """Return the 16 bytes of 32 hexadecimal digits. Raises ``Misuse`` (``vault.id-malformed``)."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != 16:
        raise Misuse("vault.id-malformed", "an id is 32 hexadecimal digits")
    return identity


def read_raw_key(path: Path, what: str) -> bytes:
    """Read a key in hexadecimal. Raises ``Misuse``: ``file.*``, ``vault.recipient-key-malformed``."""
    with SecretBuffer.read_file(path, max_bytes=200, what=what) as content:
        try:
            return bytes.fromhex(bytes(content.view).decode("ascii").strip())
        except ValueError:
            raise Misuse("vault.recipient-key-malformed", f"{path} is not 64 hexadecimal digits") from None


def read_batches(path: Path) -> Iterator[list[NewRecord]]:
    """Yield the records a list names, with their images read, some 64 MB at a time.

    The images of a batch are overwritten in memory when the next is asked for. Raises ``Misuse``:
    ``file.*``, ``vault.list-malformed``, ``vault.basis-missing``, ``vault.id-malformed``.
    """
    rows = _rows(path)
    batch: list[NewRecord] = []
    buffers: list[SecretBuffer] = []
    try:
        for number, row in rows:
            image = path.parent / row["file"]
            buffers.append(SecretBuffer.read_file(image, max_bytes=MAX_CONTENT_BYTES, what="image"))
            batch.append(_record(number, row, buffers[-1].view))
            if len(batch) == _BATCH_RECORDS or sum(map(len, buffers)) >= _BATCH_BYTES:
                yield batch
                wipe_all(buffers)
                batch, buffers = [], []
        if batch:
            yield batch
    finally:
        wipe_all(buffers)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise Misuse("vault.list-malformed", f"its first line must be: {','.join(_COLUMNS)}")
            for number, row in enumerate(reader, start=2):
                if None in row or None in row.values():
                    raise Misuse("vault.list-malformed", f"line {number} has not {len(_COLUMNS)} fields")
                yield number, row
    except FileNotFoundError:
        raise Misuse("file.not-found", f"list {path} does not exist") from None
    except OSError as error:
        raise Misuse("file.not-readable", f"list {path}: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError):
        raise Misuse("vault.list-malformed", "it is no comma-separated UTF-8") from None


def _record(line: int, row: Mapping[str, str], content: memoryview) -> NewRecord:
    numbers = [row[name] for name in ("person_number", "record_number", "version")]
    if not all(text.isascii() and text.isdigit() and len(text) <= 10 for text in numbers):
        raise Misuse("vault.list-malformed", f"line {line}: numbers and version are decimal digits")
    kinds = {"consent": BasisKind.CONSENT, "ground": BasisKind.GROUND}
    if row["basis"] not in kinds:
        raise Misuse("vault.basis-missing", f"line {line}: the basis is 'consent' or 'ground'")
    person_number, record_number, version = map(int, numbers)
    return NewRecord(
        person=Person(parse_id(row["person"]), person_number),
        record=parse_id(row["record"]),
        number=record_number,
        basis=Basis(kinds[row["basis"]], row["reference"]),
        content=content,
        version=version,
    )


def write_view(path: Path, view: memoryview) -> None:
    """Write a new file that its owner alone may read, without a copy of ``view`` in memory.

    Raises ``Misuse`` (``file.exists``, ``file.not-writable``), ``Trouble`` (``file.no-room``).
    """
    with naming(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise Misuse("file.exists", f"{path} is there already") from None
        try:
            with on_failure(lambda: path.unlink(missing_ok=True)):
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
