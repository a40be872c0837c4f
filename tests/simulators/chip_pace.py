"""A simulated chip's side of PACE (ICAO 9303-11, 4.4, generic mapping over elliptic curves)."""

from __future__ import annotations

from dataclasses import dataclass

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.ciphers import MAC, CipherSuite, pad
from dongui.documents.passport.tlv import Fields, write
from dongui.documents.trust.curve_points import add, affine, multiply
from dongui.documents.trust.explicit_curves import NamedCurve, read_point
from dongui.environment import SystemEntropy

__all__ = ["PaceRun", "times"]


@dataclass
class PaceRun:
    """One run of PACE, the chip's side; ``agreed`` is the secret at its end."""

    suite: CipherSuite
    curve: NamedCurve
    protocol: bytes
    secret: AccessSecret
    agreed: bytes = b""
    _nonce: bytes = b""
    _own: tuple[int, int] = (0, 0)
    _theirs: tuple[int, int] = (0, 0)
    _base: tuple[int, int] = (0, 0)

    def step(self, tag: int, fields: Fields) -> tuple[bytes, bool | None]:
        """The answer's object, and at the end whether the other side knew the password."""
        value = fields.objects[0].value if tag else b""
        if tag == 0:
            size = 32 if self.suite.key_bytes > 16 else 16
            self._nonce = SystemEntropy().draw(size)
            key, zeros = self.secret.pace_key(self.suite), bytes(self.suite.block_bytes)
            return write(0x80, self.suite.encrypt(key, self._nonce, start=zeros)), None
        if tag == 0x81:
            return write(0x82, self._map(read_point(self.curve, value))), None
        if tag == 0x83:
            return write(0x84, self._agree(read_point(self.curve, value))), None
        mac_key = self.suite.derive(self.agreed, MAC)
        good = value == self._token(mac_key, self._own)
        return write(0x86, self._token(mac_key, self._theirs)), good

    def _map(self, theirs: tuple[int, int]) -> bytes:
        curve, scalar = self.curve, _scalar(self.curve)
        nonce = times(curve, int.from_bytes(self._nonce, "big"), (curve.x, curve.y))
        agreed = times(curve, scalar, theirs)
        mapped = affine(curve, add(curve, (*nonce, 1), (*agreed, 1)))
        assert mapped is not None
        self._base = mapped
        return _encoded(curve, times(curve, scalar, (curve.x, curve.y)))

    def _agree(self, theirs: tuple[int, int]) -> bytes:
        curve, scalar = self.curve, _scalar(self.curve)
        self._own, self._theirs = times(curve, scalar, self._base), theirs
        self.agreed = times(curve, scalar, theirs)[0].to_bytes(curve.field_octets, "big")
        return _encoded(curve, self._own)

    def _token(self, mac_key: bytes, public: tuple[int, int]) -> bytes:
        data = write(0x7F49, write(0x06, self.protocol), write(0x86, _encoded(self.curve, public)))
        triple = self.suite is CipherSuite.TRIPLE_DES
        return self.suite.mac(mac_key, pad(data, 8) if triple else data)


def _scalar(curve: NamedCurve) -> int:
    return int.from_bytes(SystemEntropy().draw(64), "big") % (curve.n - 1) + 1


def times(curve: NamedCurve, scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    """Return a multiple of a point that is no multiple of its order."""
    product = multiply(curve, scalar, point, blind=1)
    assert product is not None
    return product


def _encoded(curve: NamedCurve, point: tuple[int, int]) -> bytes:
    size = curve.field_octets
    return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")
