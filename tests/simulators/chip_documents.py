"""Passports to put on chips: signed by Utopia, with keys the chip holds, and the published specimen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import Transport
from dongui.documents.passport.chip.reading import ChipReading, read_chip
from dongui.documents.passport.dg14 import PACE
from dongui.documents.passport.files import COM, SOD
from dongui.documents.passport.issuing import (
    active_authentication_info,
    build_com,
    build_data_groups,
    chip_authentication_info,
    chip_authentication_public_key_info,
    pace_info,
    write_mrz,
)
from dongui.environment import Clock, Entropy, SystemEntropy
from simulators.passport_chip import ChipKeys, PassportChip
from simulators.passport_country import NOW, SIGNED, Country, utopia
from simulators.passport_files import holder, picture, specimen

__all__ = ["SECRET", "Wishes", "chip", "read", "secret", "specimen_chip"]

_BSI = "0.4.0.127.0.7.2.2"
_CURVES: dict[str, ec.EllipticCurve] = {
    "secp256r1": ec.SECP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "secp521r1": ec.SECP521R1(),
}


@dataclass(frozen=True)
class Wishes:
    """What a passport offers: PACE by (last arc, curve number), chip and active authentication."""

    pace: tuple[tuple[int, int], ...] = ()
    signed_pace: tuple[tuple[int, int], ...] | None = None  # None: as offered
    chip_authentication: int | None = 2  # last arc of the protocol
    key_id: int | None = None
    curve: str = "secp256r1"
    active: str | None = None  # "rsa-1024", "rsa-2048", "ecdsa"
    portrait_bytes: int = 0  # padded to at least this many
    portrait: bytes | None = None  # None: nobody's


def secret() -> AccessSecret:
    """What opens Anna Maria's passport."""
    return AccessSecret.from_zone(write_mrz(holder()), at=NOW.now())


SECRET = secret()


@cache
def _issued(wishes: Wishes) -> tuple[dict[int, bytes], ChipKeys, Country]:
    keys, infos = ChipKeys(), []
    signed = wishes.pace if wishes.signed_pace is None else wishes.signed_pace
    infos += [pace_info(f"{PACE}.2.{arc}", number) for arc, number in signed]
    if wishes.chip_authentication is not None:
        key = ec.generate_private_key(_CURVES[wishes.curve])
        keys = ChipKeys(key.private_numbers().private_value, wishes.curve)
        infos.append(chip_authentication_public_key_info(f"{_BSI}.1.2", _public(key), wishes.key_id))
        protocol = f"{_BSI}.3.2.{wishes.chip_authentication}"
        infos.append(chip_authentication_info(protocol, wishes.key_id))
    active, keys = _active(wishes, keys)
    if wishes.active == "ecdsa":
        infos.append(active_authentication_info("0.4.0.127.0.7.1.1.4.1.3"))
    portrait = wishes.portrait or picture()
    portrait += bytes(max(0, wishes.portrait_bytes - len(portrait)))
    groups = build_data_groups(holder(), portrait, security_infos=infos, active_authentication_key=active)
    country = utopia()
    files = {**groups, COM: build_com(groups), SOD: country.signer.sign(groups, clock=SIGNED)}
    return files, keys, country


def _active(wishes: Wishes, keys: ChipKeys) -> tuple[bytes | None, ChipKeys]:
    if wishes.active is None:
        return None, keys
    if wishes.active == "ecdsa":
        curve_key = ec.generate_private_key(ec.SECP256R1())
        return _public(curve_key), ChipKeys(keys.chip_authentication, keys.curve, None, curve_key)
    bits = int(wishes.active.split("-")[1])
    rsa_key = rsa.generate_private_key(65537, bits)
    return _public(rsa_key), ChipKeys(keys.chip_authentication, keys.curve, rsa_key, None)


def _public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def chip(wishes: Wishes | None = None, *, can: bytes | None = None, longest: int = 256) -> PassportChip:
    """A chip fresh off the reader, with the passport these wishes describe."""
    wishes = Wishes() if wishes is None else wishes
    files, keys, _ = _issued(wishes)
    bearer = AccessSecret(mrz=SECRET.mrz, can=can)
    return PassportChip(files, bearer, pace=wishes.pace, keys=keys, longest=longest)


def specimen_chip() -> PassportChip:
    """The published specimen on a chip that holds no private key: nobody here has them."""
    files = specimen()
    contents = dict(files.groups)
    assert files.com is not None
    assert files.security_object is not None
    return PassportChip(
        contents | {COM: files.com, SOD: files.security_object},
        AccessSecret.from_fields("C11T002JM", "960812", "131031"),
    )


def read(
    found: Transport,
    access: AccessSecret = SECRET,
    *,
    entropy: Entropy | None = None,
    clock: Clock = NOW,
    limit: timedelta = timedelta(seconds=60),
) -> ChipReading:
    """Read a chip in this process."""
    return read_chip(
        found,
        access,
        entropy=SystemEntropy() if entropy is None else entropy,
        clock=clock,
        progress=lambda _label, _done, _total: None,
        limit=limit,
    )
