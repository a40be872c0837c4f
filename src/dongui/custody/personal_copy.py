"""A file for one person alone: their pictures, or their key, encrypted to their own public key or to a code.

A right to a copy is a right to the pictures themselves; and no face leaves memory except encrypted in the
vault or in what is handed to its holder. So the copy is written encrypted from its first byte on: to a public
key that the person brings (X25519; HPKE, RFC 9180, base mode), or to a code of 128 random bits that is handed
to them by another way than the file. The form is in ``spec/personal-copy.md``.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dongui.environment import Entropy
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

__all__ = [
    "CODE_BYTES",
    "Content",
    "CopyReader",
    "CopyWriter",
    "Opener",
    "answers",
    "code_text",
    "open_copy",
    "parse_code",
    "seal_copy",
    "write_copy",
]

CODE_BYTES = 16
_MARK = b"DONGUICP"
_HEAD = Struct(">8sBB16sH")  # mark, format, to whom (1: public key, 2: code), request, bytes of what opens
_FORMAT, _TO_KEY, _TO_CODE = 1, 1, 2
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"dongui.personal-copy.1"
_KEY_BYTES, _TAG_BYTES, _SALT_BYTES = 32, 16, 32
_FRAME = Struct(">I")
_NAME = Struct(">B")
_MAX_FRAME_BYTES = 1 << 28
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Content:
    """One thing of a copy: its name in it, ASCII of at most 255 characters, and what it is."""

    name: str
    data: SecretBuffer = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens a copy: the person's private key (32 bytes, X25519), or the code (16 bytes)."""

    private_key: bytes | None = field(default=None, repr=False)
    code: bytes | None = field(default=None, repr=False)


class CopyWriter:
    """A copy being written: things in their order, then the end. Only :func:`seal_copy` makes one."""

    def __init__(self, descriptor: int, head: bytes, key: bytes) -> None:
        self._descriptor, self._head, self._cipher, self._number = descriptor, head, AESGCM(key), 0
        _write(descriptor, head)

    def add(self, name: str, content: memoryview) -> None:
        """Encrypt one thing and append it. ``content`` stays the caller's, who overwrites it.

        ``ValueError`` for a name that is not ASCII of 1 to 255 characters.
        """
        encoded = name.encode("ascii")
        if not 0 < len(encoded) <= 255:
            raise ValueError("a name has 1 to 255 characters")
        self._frame(encoded, content, last=False)

    def end(self) -> None:
        """Write that nothing follows: a copy that is cut off does not read as a shorter one."""
        self._frame(b"", memoryview(b""), last=True)

    def _frame(self, name: bytes, content: memoryview, *, last: bool) -> None:
        with SecretBuffer(bytearray(_NAME.size + len(name) + content.nbytes)) as plain:
            plain.view[: _NAME.size] = _NAME.pack(len(name))
            plain.view[_NAME.size : _NAME.size + len(name)] = name
            plain.view[_NAME.size + len(name) :] = content.cast("B") if content.nbytes else b""
            sealed = bytearray(len(plain) + _TAG_BYTES)
            self._cipher.encrypt_into(_nonce(self._number, last=last), plain.view, self._head, sealed)
        self._number += 1
        _write(self._descriptor, _FRAME.pack(len(sealed)))
        _write(self._descriptor, sealed)


@contextmanager
def seal_copy(
    descriptor: int,
    *,
    request: bytes,
    entropy: Entropy,
    public_key: bytes | None = None,
    code: bytes | None = None,
) -> Iterator[CopyWriter]:
    """Write a copy to an open file, for a public key (32 bytes) or a code (CODE_BYTES): exactly one of them.

    ``request``, 16 bytes, is what it answers; it stands in the clear. The end is written on the way out,
    unless by an exception: then the file does not read. Raises ``Misuse`` (``rights.copy-key-malformed``);
    ``OSError`` of the file.
    """
    if (public_key is None) is (code is None):
        raise ValueError("either a public key or a code")
    if public_key is not None:
        key = entropy.draw(_KEY_BYTES)
        kind, opens = _TO_KEY, _SUITE.encrypt(key, _public(public_key), _INFO)
    else:
        kind, opens = _TO_CODE, entropy.draw(_SALT_BYTES)
        key = _from_code(code or b"", opens)
    head = _HEAD.pack(_MARK, _FORMAT, kind, request, len(opens)) + opens
    writer = CopyWriter(descriptor, head, key)
    yield writer
    writer.end()


@contextmanager
def write_copy(
    path: Path,
    *,
    request: bytes,
    entropy: Entropy,
    public_key: bytes | None = None,
    code: bytes | None = None,
) -> Iterator[CopyWriter]:
    """Write a copy to a new file that appears whole or not at all, readable by its owner alone.

    Raises as :func:`seal_copy`; ``Misuse`` (``file.exists``); ``OSError``.
    """
    passing = path.with_name(f".{path.name}.passing")
    descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        sealed = seal_copy(descriptor, request=request, entropy=entropy, public_key=public_key, code=code)
        with sealed as writer:
            yield writer
        os.fsync(descriptor)
        # A link fails where the name is taken; a rename would replace what is there.
        os.link(passing, path)
        _synchronise(path.parent)
    except FileExistsError:
        raise Misuse("file.exists", f"{path} is there already") from None
    finally:
        os.close(descriptor)
        passing.unlink(missing_ok=True)


class CopyReader:
    """An opened copy. Only :func:`open_copy` makes one."""

    def __init__(self, descriptor: int, head: bytes, key: bytes) -> None:
        self._descriptor, self._head, self._cipher = descriptor, head, AESGCM(key)

    def contents(self) -> Iterator[Content]:
        """Yield everything in it; each is overwritten when the next is asked for.

        Raises ``Refused`` (``rights.copy-damaged``): changed, cut off, or followed by more.
        """
        number, last = 0, False
        while not last:
            sealed = _read_frame(self._descriptor)
            plain = SecretBuffer(bytearray(len(sealed) - _TAG_BYTES))
            with plain:
                last = self._open(sealed, number, plain)
                number += 1
                if last:
                    break
                size = _NAME.unpack_from(plain.view)[0]
                name = bytes(plain.view[_NAME.size : _NAME.size + size]).decode("ascii", "replace")
                with SecretBuffer(bytearray(plain.view[_NAME.size + size :])) as content:
                    yield Content(name, content)
        if os.read(self._descriptor, 1):
            raise _damaged("something follows its end")

    def _open(self, sealed: bytearray, number: int, into: SecretBuffer) -> bool:
        """Decrypt a frame; tell whether it is the last."""
        for last in (False, True):
            try:
                self._cipher.decrypt_into(_nonce(number, last=last), sealed, self._head, into.view)
            except InvalidTag:
                continue
            return last
        raise _damaged(f"part {number} was changed, or is not where it was")


@contextmanager
def open_copy(path: Path, opener: Opener) -> Iterator[CopyReader]:
    """Open a copy with the person's private key or code.

    Raises ``Misuse``: ``file.*``, ``rights.copy-key-malformed``; ``Refused``: ``rights.copy-damaged``,
    ``rights.copy-not-for-this-key``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Misuse("file.not-readable", f"{path}: {error.strerror}") from None
    try:
        start = _exactly(descriptor, _HEAD.size)
        mark, version, kind, _, size = _HEAD.unpack(start)
        if (mark, version) != (_MARK, _FORMAT) or kind not in (_TO_KEY, _TO_CODE):
            raise _damaged("it is no personal copy")
        opens = bytes(_exactly(descriptor, size))
        head = bytes(start) + opens
        yield CopyReader(descriptor, head, _key_of(kind, opens, opener))
    finally:
        os.close(descriptor)


def answers(path: Path, request: bytes) -> bool:
    """Tell whether the file at ``path`` is a whole copy that was written for a request."""
    try:
        with path.open("rb") as file:
            start = file.read(_HEAD.size)
    except OSError:
        return False
    if len(start) != _HEAD.size:
        return False
    mark, version, _, about, _ = _HEAD.unpack(start)
    return (mark, version, about) == (_MARK, _FORMAT, request)


def code_text(code: bytes) -> str:
    """Return a code as it is read aloud or typed: letters and digits in groups of four."""
    text = base64.b32encode(code).decode().rstrip("=")
    return "-".join(text[begin : begin + _GROUP] for begin in range(0, len(text), _GROUP))


def parse_code(text: str) -> bytes:
    """Read a typed code. Raises ``Misuse`` (``rights.copy-key-malformed``)."""
    letters = "".join(text.upper().replace("-", " ").split())
    try:
        code = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        code = b""
    if len(code) != CODE_BYTES or code_text(code).replace("-", "") != letters:
        raise Misuse("rights.copy-key-malformed", "a code has 26 letters and digits, in groups of four")
    return code


def _key_of(kind: int, opens: bytes, opener: Opener) -> bytes:
    if kind == _TO_CODE:
        if opener.code is None:
            raise Misuse("rights.copy-key-malformed", "it was made for a code")
        return _from_code(opener.code, opens)
    if opener.private_key is None or len(opener.private_key) != _KEY_BYTES:
        raise Misuse("rights.copy-key-malformed", f"it was made for a key of {_KEY_BYTES} bytes")
    try:
        return _SUITE.decrypt(opens, X25519PrivateKey.from_private_bytes(opener.private_key), _INFO)
    except (InvalidTag, ValueError):
        raise Refused("rights.copy-not-for-this-key", "it was made for another key, or changed") from None


def _from_code(code: bytes, salt: bytes) -> bytes:
    # 128 random bits need no slow derivation: nobody guesses them.
    return HKDF(SHA256(), _KEY_BYTES, salt, _INFO).derive(code)


def _public(raw: bytes) -> X25519PublicKey:
    if len(raw) != _KEY_BYTES or not any(raw):
        raise Misuse("rights.copy-key-malformed", f"a public key has {_KEY_BYTES} bytes")
    return X25519PublicKey.from_public_bytes(raw)


def _nonce(number: int, *, last: bool) -> bytes:
    """Each key seals one copy: a counter never repeats, and the end cannot be moved forward."""
    return number.to_bytes(11, "big") + bytes([last])


def _read_frame(descriptor: int) -> bytearray:
    size = _FRAME.unpack(_exactly(descriptor, _FRAME.size))[0]
    if not _NAME.size + _TAG_BYTES <= size <= _MAX_FRAME_BYTES:
        raise _damaged(f"a part of {size} bytes")
    return _exactly(descriptor, size)


def _exactly(descriptor: int, size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        # Not more than is there is ever reserved, whatever a length claims.
        part = os.read(descriptor, min(size - len(data), 1 << 20))
        if not part:
            raise _damaged("it ends before it should")
        data += part
    return data


def _write(descriptor: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(why: str) -> Refused:
    return Refused("rights.copy-damaged", why)
