"""Master keys: what the people's keys are in the end wrapped by, in a file or the environment.

A master key never leaves its place, and its place is not the vault's. Each has a random id. A rotation draws
a further one, wraps by it, and destroys the one before: copies of the people's keys made until then can
nevermore be read. (A token's keys: ``dongui.storage.pkcs11_master_key``.)

Text form, one line: ``VAULT+MASTER+1+ID+KEY+CHECK``, id 16 hexadecimal digits, key in base64, check the first
8 hexadecimal digits of SHA-256 over what stands before it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.vault import envelope
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused, Trouble

__all__ = ["EnvironmentMasterKeys", "FileMasterKeys", "MasterKey", "MasterKeys"]

_MARK = "VAULT+MASTER+1"
_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_MAX_TEXT = 1 << 16
_GONE = b"-"


class MasterKeys(Protocol):
    """Where master keys are kept. At most times there is one; during a rotation there are two."""

    def held(self) -> Sequence[str]:
        """Return the ids of the keys that can be used now."""

    def wrap(self, key: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Wrap 32 bytes by the key with the id ``by``. Raises ``Refused`` (``vault.wrong-master-key``)."""

    def unwrap(self, wrapped: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Return what was wrapped by ``by``. Raises ``Refused`` (``vault.wrong-master-key``)."""

    def add(self) -> str:
        """Draw a further key, durably, and return its id."""

    def destroy(self, key: str) -> bool:
        """Destroy a key; return False where that is for somebody else to do."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key of 32 bytes and its id. ``repr`` shows the id alone."""

    id: str
    raw: bytes = field(repr=False)

    @classmethod
    def draw(cls, entropy: Entropy) -> MasterKey:
        """Draw a new one."""
        return cls(entropy.draw(16)[:8].hex(), entropy.draw(envelope.KEY_BYTES))

    def text(self) -> str:
        """Return the text form. Whoever has it can read whatever is wrapped by it."""
        body = f"{_MARK}+{self.id}+{base64.b64encode(self.raw).decode()}"
        return f"{body}+{_check(body)}"

    @classmethod
    def parse(cls, text: str) -> MasterKey:
        """Read the text form. Raises ``Misuse`` (``vault.master-key-malformed``)."""
        body, _, check = text.rpartition("+")
        identity, _, encoded = body.removeprefix(f"{_MARK}+").partition("+")
        if not body.startswith(f"{_MARK}+") or not _ID.fullmatch(identity):
            raise _malformed(f"it is not: {_MARK}, id, base64, check, with plus signs between")
        if check != _check(body):
            raise _malformed("its last digits do not fit what stands before them: it was cut off or mistyped")
        return cls(identity, _decode(encoded))


class _Held:
    """Wrapping by keys whose bytes are at hand."""

    def __init__(self, read: Callable[[], Sequence[MasterKey]], entropy: Entropy) -> None:
        self._read, self._entropy = read, entropy

    def held(self) -> list[str]:
        """Return the ids of the keys that can be used now."""
        return [key.id for key in self._read()]

    def wrap(self, key: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Wrap 32 bytes by the key with the id ``by``."""
        return envelope.wrap(key, under=self._cipher(by), bound_to=bound_to, entropy=self._entropy)

    def unwrap(self, wrapped: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Return what was wrapped by the key with the id ``by``."""
        try:
            return envelope.unwrap(wrapped, under=self._cipher(by), bound_to=bound_to)
        except Refused as error:
            raise Refused("vault.wrong-master-key", f"key {by} does not open it: {error.detail}") from None

    def _cipher(self, wanted: str) -> AESGCM:
        keys = self._read()
        for key in keys:
            if key.id == wanted:
                return AESGCM(key.raw)
        held = ", ".join(key.id for key in keys) or "none"
        raise Refused("vault.wrong-master-key", f"it is wrapped by {wanted}; held: {held}")


class FileMasterKeys(_Held):
    """Master keys in one small file of their own: a line each, readable by its owner alone."""

    def __init__(self, path: Path, *, entropy: Entropy) -> None:
        """Use the file at ``path``; it is read whenever a key is needed, and nothing of it is kept."""
        super().__init__(lambda: _keys_of(path), entropy)
        self._path = path

    @classmethod
    def create(cls, path: Path, *, entropy: Entropy) -> FileMasterKeys:
        """Draw the first key into a new file. Raises ``Misuse`` (``vault.master-key-exists``)."""
        line = MasterKey.draw(entropy).text().encode() + b"\n"
        with _naming(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                _write(descriptor, line, 0)
            finally:
                os.close(descriptor)
            _synchronise(path.parent)
        return cls(path, entropy=entropy)

    def add(self) -> str:
        """Draw a further key at the file's end. Raises ``Trouble`` (``vault.master-key-not-written``)."""
        key = MasterKey.draw(self._entropy)
        _keys_of(self._path)
        with _naming(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                # What a crash left without its line feed was never confirmed.
                end = os.pread(descriptor, _MAX_TEXT, 0).rfind(b"\n") + 1
                os.ftruncate(descriptor, end)
                _write(descriptor, key.text().encode() + b"\n", end)
            finally:
                os.close(descriptor)
        return key.id

    def destroy(self, key: str) -> bool:
        """Overwrite the key where it stands, durably. What a disk keeps underneath is out of reach."""
        with _naming(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                begin = 0
                for line in os.pread(descriptor, _MAX_TEXT, 0).splitlines(keepends=True):
                    if f"{_MARK}+{key}+".encode() in line:
                        _write(descriptor, _GONE * (len(line) - 1), begin)
                    begin += len(line)
            finally:
                os.close(descriptor)
        return True


class EnvironmentMasterKeys(_Held):
    """Master keys in one variable of the environment, with a space between where there are two.

    Whoever sets the variable draws and destroys them: :meth:`add` refuses, :meth:`destroy` returns False.
    """

    def __init__(self, name: str, *, environment: Mapping[str, str], entropy: Entropy) -> None:
        """Use the variable ``name`` of ``environment``."""
        super().__init__(lambda: _keys_in(name, environment), entropy)
        self._name = name

    def add(self) -> str:
        """Refuse. Raises ``Misuse`` (``vault.master-key-not-added``)."""
        raise Misuse("vault.master-key-not-added", f"only whoever sets {self._name} can add a key to it")

    def destroy(self, key: str) -> bool:
        """Return False: the variable is set elsewhere, and destroyed there."""
        del key
        return False


def _keys_in(name: str, environment: Mapping[str, str]) -> list[MasterKey]:
    keys = [MasterKey.parse(text) for text in environment.get(name, "").split()]
    if not keys:
        raise Misuse("vault.no-master-key", f"the variable {name} is not set")
    return keys


def _keys_of(path: Path) -> list[MasterKey]:
    with _naming(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            data = os.pread(descriptor, _MAX_TEXT, 0)
        finally:
            os.close(descriptor)
    if stat.S_IMODE(mode) & 0o077:
        detail = f"{path} has mode {stat.S_IMODE(mode):o}; it must be its owner's alone (600)"
        raise Misuse("vault.master-key-exposed", detail)
    # What follows the last line feed was never confirmed; a line begun to be overwritten is gone.
    lines = [line for line in data.split(b"\n")[:-1] if not line.startswith(_GONE)]
    keys = [MasterKey.parse(line.decode("ascii", "replace")) for line in lines]
    if not keys:
        raise Misuse("vault.no-master-key", f"{path} holds no key")
    return keys


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Misuse("vault.no-master-key", f"{path} does not exist") from None
    except FileExistsError:
        raise Misuse("vault.master-key-exists", f"{path} exists; it is not written over") from None
    except (IsADirectoryError, PermissionError) as error:
        raise Misuse("vault.no-master-key", f"{path}: {error.strerror}") from None
    except OSError as error:
        raise Trouble("vault.master-key-not-written", f"{path}: {error.strerror}") from error


def _write(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
    os.fsync(descriptor)


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decode(encoded: str) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("it holds no base64") from None
    if len(raw) != envelope.KEY_BYTES or base64.b64encode(raw).decode() != encoded:
        raise _malformed(f"it holds no {envelope.KEY_BYTES} bytes in canonical base64")
    return raw


def _check(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:8]


def _malformed(why: str) -> Misuse:
    return Misuse("vault.master-key-malformed", f"this is no vault's master key: {why}")
