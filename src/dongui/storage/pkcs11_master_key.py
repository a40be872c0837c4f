"""Master keys in a PKCS#11 token: they wrap and unwrap in there, and never come out.

Keys are AES-256, sensitive and not extractable, with one label, and told apart by their ``CKA_ID``. Wrapping
is AES-256-GCM in the token (``CKM_AES_GCM``), in the very format of ``dongui.custody.vault.envelope``.
Destroying one destroys the object: what a token's maker promises about that is as much as can be promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.types import DecryptMixin, EncryptMixin

from dongui.custody.vault.envelope import KEY_BYTES, NONCE_BYTES, WRAPPED_BYTES
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused, Trouble

__all__ = ["TokenMasterKeys"]

_FORMAT = b"\x01"


class TokenMasterKeys:
    """The ``MasterKeys`` in one token. A context manager; one session for as long as it is open."""

    def __init__(self, session: pkcs11.Session, *, label: str, entropy: Entropy) -> None:
        self._session, self._label, self._entropy = session, label, entropy

    @classmethod
    def open(cls, module: Path, *, token: str, pin: str, label: str, entropy: Entropy) -> Self:
        """Log in to the token with the label ``token`` of the PKCS#11 library ``module``.

        Raises ``Misuse`` (``vault.token-not-found``), ``Trouble`` (``vault.token-failed``).
        """
        try:
            found = pkcs11.lib(str(module)).get_token(token_label=token)
        except (PKCS11Error, RuntimeError, OSError) as error:
            detail = f"{module}: no token with the label {token!r} ({type(error).__name__})"
            raise Misuse("vault.token-not-found", detail) from None
        with _naming():
            return cls(found.open(rw=True, user_pin=pin), label=label, entropy=entropy)

    def held(self) -> list[str]:
        """Return the ids of the keys with this label. Raises ``Misuse`` (``vault.no-master-key``)."""
        with _naming():
            ids = sorted(bytes(key[Attribute.ID]).hex() for key in self._session.get_objects(self._wanted()))
        if not ids:
            raise Misuse("vault.no-master-key", f"the token holds no key with the label {self._label!r}")
        return ids

    def wrap(self, key: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Wrap 32 bytes by the key with the id ``by``."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        nonce = self._entropy.draw(16)[:NONCE_BYTES]
        with _naming():
            sealed = self._encrypting(by).encrypt(
                key, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, _FORMAT + bound_to, 128)
            )
        return _FORMAT + nonce + _whole(sealed)

    def unwrap(self, wrapped: bytes, *, by: str, bound_to: bytes) -> bytes:
        """Return what was wrapped by the key with the id ``by``."""
        if len(wrapped) != WRAPPED_BYTES or wrapped[:1] != _FORMAT:
            raise Refused("vault.wrapped-key-malformed", f"a wrapped key has {WRAPPED_BYTES} bytes")
        key = self._decrypting(by)
        params = GCMParams(wrapped[1 : 1 + NONCE_BYTES], _FORMAT + bound_to, 128)
        try:
            opened = key.decrypt(
                wrapped[1 + NONCE_BYTES :], mechanism=Mechanism.AES_GCM, mechanism_param=params
            )
        except PKCS11Error as error:
            # Tokens differ in what they call a tag that does not verify.
            detail = f"key {by} does not open it ({type(error).__name__})"
            raise Refused("vault.wrong-master-key", detail) from None
        return _whole(opened)

    def add(self) -> str:
        """Generate a further key in the token."""
        identity = self._entropy.draw(16)[:8]
        with _naming():
            self._session.generate_key(
                KeyType.AES,
                8 * KEY_BYTES,
                id=identity,
                label=self._label,
                store=True,
                template={
                    Attribute.SENSITIVE: True,
                    Attribute.EXTRACTABLE: False,
                    Attribute.ENCRYPT: True,
                    Attribute.DECRYPT: True,
                },
            )
        return identity.hex()

    def destroy(self, key: str) -> bool:
        """Destroy the key's object, if it is still there."""
        with _naming():
            for found in list(
                self._session.get_objects({**self._wanted(), Attribute.ID: bytes.fromhex(key)})
            ):
                found.destroy()
        return True

    def close(self) -> None:
        """Log out."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wanted(self) -> dict[Attribute, object]:
        return {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.LABEL: self._label,
        }

    def _encrypting(self, identity: str) -> EncryptMixin:
        key = self._object(identity)
        if not isinstance(key, EncryptMixin):
            raise Trouble("vault.token-failed", f"key {identity} does not encrypt")
        return key

    def _decrypting(self, identity: str) -> DecryptMixin:
        key = self._object(identity)
        if not isinstance(key, DecryptMixin):
            raise Trouble("vault.token-failed", f"key {identity} does not decrypt")
        return key

    def _object(self, identity: str) -> object:
        with _naming():
            found = list(self._session.get_objects({**self._wanted(), Attribute.ID: bytes.fromhex(identity)}))
        if not found:
            detail = f"it is wrapped by {identity}; the token holds no such key"
            raise Refused("vault.wrong-master-key", detail)
        return found[0]


def _whole(answer: bytes | Iterator[bytes]) -> bytes:
    return answer if isinstance(answer, bytes) else b"".join(answer)


@contextmanager
def _naming() -> Iterator[None]:
    try:
        yield
    except PKCS11Error as error:
        raise Trouble("vault.token-failed", f"the token answers {type(error).__name__}") from error
