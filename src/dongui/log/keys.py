"""The log's Ed25519 keys, in the text forms that signed notes are exchanged with.

Public: ``name+12345678+base64``. Private: ``PRIVATE+KEY+name+12345678+base64``. The eight hexadecimal digits
identify name, algorithm and key together (c2sp.org/signed-note), so a mistyped name or key is noticed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dongui.environment import Entropy
from dongui.errors import Misuse

__all__ = ["SignerKey", "VerifierKey", "is_key_name"]

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_KEY_BYTES = 32
# The specification sets no limit; a name is a schema-less URL.
_MAX_OWN_NAME_CHARACTERS = 200


def is_key_name(name: str) -> bool:
    """Tell whether ``name`` can name a key: not empty, without plus, white space and control characters."""
    return name != "" and not any(_unfit(character) for character in name)


def _unfit(character: str) -> bool:
    return character == "+" or character < "!" or character.isspace() or "\ud800" <= character <= "\udfff"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's public key under the log's name. Checking a checkpoint needs this and nothing secret."""

    name: str
    public_key: Ed25519PublicKey

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return _key_id(self.name, self.public_key)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the text form. Raises ``Misuse`` (``log.key-malformed``)."""
        name, raw = _parse(text, what="public key")
        try:
            key = cls(name, Ed25519PublicKey.from_public_bytes(raw))
        except ValueError:
            raise Misuse("log.key-malformed", "the public key is no point of Ed25519") from None
        _require_same_text(key.text(), text)
        return key

    def text(self) -> str:
        """Return ``name+id+base64``, to hand to whoever shall check this log."""
        return _text(self.name, self.key_id, self.public_key.public_bytes_raw())


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A log's private key under the log's name. ``repr`` does not show it."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return _key_id(self.name, self.private_key.public_key())

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private_key.public_key())

    @classmethod
    def generate(cls, name: str, *, entropy: Entropy) -> SignerKey:
        """Draw a new key for the log called ``name``. Raises ``Misuse`` (``log.key-malformed``)."""
        if not is_key_name(name) or len(name) > _MAX_OWN_NAME_CHARACTERS:
            limit = f"1 to {_MAX_OWN_NAME_CHARACTERS} characters, no white space, no plus"
            raise Misuse("log.key-malformed", f"{name!r} cannot name a log: {limit}")
        return cls(name, Ed25519PrivateKey.from_private_bytes(entropy.draw(_KEY_BYTES)))

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Read the text form. Raises ``Misuse`` (``log.key-malformed``)."""
        if not text.startswith(_PRIVATE):
            raise Misuse("log.key-malformed", f"the private key does not begin with {_PRIVATE}")
        name, raw = _parse(text.removeprefix(_PRIVATE), what="private key")
        key = cls(name, Ed25519PrivateKey.from_private_bytes(raw))
        _require_same_text(key.text(), text)
        return key

    def text(self) -> str:
        """Return ``PRIVATE+KEY+name+id+base64``. Whoever reads it can sign as this log."""
        return _PRIVATE + _text(self.name, self.key_id, self.private_key.private_bytes_raw())


def _key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:4]


def _text(name: str, key_id: bytes, raw: bytes) -> str:
    return f"{name}+{key_id.hex()}+{base64.b64encode(_ED25519 + raw).decode()}"


def _parse(text: str, *, what: str) -> tuple[str, bytes]:
    # A base64 text may itself hold plus signs: only the first two part the fields.
    name, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Misuse("log.key-malformed", f"the {what} is not name+identifier+base64") from None
    if not is_key_name(name) or len(raw) != 1 + _KEY_BYTES or raw[:1] != _ED25519:
        raise Misuse("log.key-malformed", f"the {what} is not an Ed25519 key under a name")
    return name, raw[1:]


def _require_same_text(canonical: str, given: str) -> None:
    if canonical != given:
        raise Misuse("log.key-malformed", "the key's identifier does not belong to its name and key")
