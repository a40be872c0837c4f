"""The four suites of cipher and MAC that passports speak, and the keys derived for them.

ICAO 9303-11, 9.7 (key derivation) and 9.8 (secure messaging). The block ciphers and CMAC are the library's;
the retail MAC is put together from its triple DES.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha1, sha256

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

__all__ = ["ENCRYPTION", "MAC", "MAC_BYTES", "PASSWORD", "CipherSuite", "pad", "unpad"]

ENCRYPTION, MAC, PASSWORD = 1, 2, 3  # what a key is derived for: 9303-11, 9.7.1
MAC_BYTES = 8


class CipherSuite(StrEnum):
    """A cipher in CBC mode with the MAC that goes with it.

    Two-key triple DES is what chips without PACE speak, and all that some with it do: it is used because
    they are, never chosen where AES is offered.
    """

    TRIPLE_DES = "3des"
    AES_128 = "aes-128"
    AES_192 = "aes-192"
    AES_256 = "aes-256"

    @property
    def block_bytes(self) -> int:
        """Bytes of one block, and of a send sequence counter."""
        return 8 if self is CipherSuite.TRIPLE_DES else 16

    @property
    def key_bytes(self) -> int:
        """Bytes of a key."""
        return {CipherSuite.AES_192: 24, CipherSuite.AES_256: 32}.get(self, 16)

    def derive(self, secret: bytes, purpose: int) -> bytes:
        """Return the key for :data:`ENCRYPTION`, :data:`MAC` or :data:`PASSWORD` (9303-11, 9.7.1)."""
        data = secret + purpose.to_bytes(4, "big")
        if self in (CipherSuite.AES_192, CipherSuite.AES_256):
            return sha256(data).digest()[: self.key_bytes]
        digest = sha1(data, usedforsecurity=False).digest()[:16]  # the standard's, and no collision helps
        return _odd_parity(digest) if self is CipherSuite.TRIPLE_DES else digest

    def encrypt(self, key: bytes, data: bytes, *, start: bytes) -> bytes:
        """Encrypt whole blocks in CBC mode; ``start`` is the initialisation vector."""
        encryptor = Cipher(self._algorithm(key), modes.CBC(start)).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypt(self, key: bytes, data: bytes, *, start: bytes) -> bytes:
        """Decrypt whole blocks in CBC mode. ``ValueError`` for a part of a block."""
        decryptor = Cipher(self._algorithm(key), modes.CBC(start)).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def start_for(self, key: bytes, counter: bytes) -> bytes:
        """Return secure messaging's initialisation vector (9303-11, 9.8.6.1 and 9.8.7.1)."""
        if self is CipherSuite.TRIPLE_DES:
            return bytes(self.block_bytes)
        return self.encrypt(key, counter, start=bytes(self.block_bytes))

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Return eight bytes of MAC over data that is padded already, or is not padded at all (CMAC)."""
        if self is CipherSuite.TRIPLE_DES:
            return _retail_mac(key, data)
        code = CMAC(AES(key))
        code.update(data)
        return code.finalize()[:MAC_BYTES]

    def _algorithm(self, key: bytes) -> AES | TripleDES:
        return TripleDES(key + key[:8]) if self is CipherSuite.TRIPLE_DES else AES(key)


def pad(data: bytes, block_bytes: int) -> bytes:
    """Pad to whole blocks (ISO/IEC 9797-1, method 2): 80, then zeros."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block_bytes)


def unpad(data: bytes) -> bytes:
    """Take method 2's padding off. ``ValueError`` where there is none."""
    stripped = data.rstrip(b"\x00")
    if stripped[-1:] != b"\x80":
        raise ValueError("no padding")
    return stripped[:-1]


def _retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO/IEC 9797-1, algorithm 3: single DES over all blocks but the last, triple DES over that one."""
    # Single DES is triple DES whose three keys are one: the library has, rightly, no other.
    single = Cipher(TripleDES(3 * key[:8]), modes.CBC(bytes(8))).encryptor()
    chained = bytes(8) + single.update(data[:-8])
    whole = Cipher(TripleDES(key + key[:8]), modes.CBC(chained[-8:])).encryptor()
    return whole.update(data[-8:])


def _odd_parity(key: bytes) -> bytes:
    """Set the lowest bit of every byte, which DES ignores and the worked examples show."""
    return bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)
