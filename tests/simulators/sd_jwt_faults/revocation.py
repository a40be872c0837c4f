"""Revocation lists on file of the authorities a credential's signer stands under."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cryptography import x509

from simulators.mdoc_certificates import CertificatePlan, name_of, root_plan, usage
from simulators.revocation_drafting import revocation_faults, revocation_list
from simulators.sd_jwt_drafting import AT, NOW, Draft, signer_of
from simulators.sd_jwt_faults.issuer import authority, claims
from simulators.sd_jwt_faults.vector import Vector, changed, shown

__all__ = ["revocation_lists"]

_STAGE = "revocation"
_WEEK = timedelta(weeks=1)


def revocation_lists() -> Iterator[Vector]:
    """What is on file beside the credential decides."""
    root = root_plan()
    for fault in revocation_faults(root, signer_of(root), at=AT):
        yield _beside(f"list-{fault.name}", fault.expect, fault.data)
    another = root_plan("another")
    another.subject = name_of("Another IACA")
    yield _beside("list-of-another-authority", "verified", _list(another, signer_of(root)))
    # What is wrong with the credential itself is told first: a stale list does not make it undetermined.
    stale = revocation_list(root, {}, this_update=AT - 20 * _WEEK, next_update=AT - 8 * _WEEK)
    judge = changed(revocation_lists=(stale,))
    yield shown("expired-beside-a-stale-list", "sd-jwt.expired", _STAGE, claims(exp=NOW - 1), judge=judge)
    yield from _below_an_authority()


def _below_an_authority() -> Iterator[Vector]:
    """Three certificates and two lists: each authority speaks for what it issued itself."""
    root = root_plan()
    root.extensions["basicConstraints"] = (x509.BasicConstraints(ca=True, path_length=1), True)
    middle = authority(root, "authority")
    middle.extensions["keyUsage"] = (usage("key_cert_sign", "crl_sign"), True)
    signer = signer_of(middle)
    upper, lower = _list(root), _list(middle)
    for name, expect, lists in (
        ("both-lists-fresh", "verified", (upper, lower)),
        ("list-of-the-root-alone", "verified", (upper,)),
        ("list-of-the-authority-alone", "verified", (lower,)),
        ("signer-revoked-by-its-authority", "trust.signer-revoked", (upper, _list(middle, signer))),
        ("signer-revoked-by-the-root", "verified", (_list(root, signer), lower)),
        ("authority-revoked", "trust.authority-revoked", (_list(root, middle), lower)),
        ("authority-revokes-itself", "verified", (upper, _list(middle, middle))),
        ("list-of-the-authority-forged", "trust.revocation-list-unproved", (upper, _list(middle, by=root))),
    ):
        draft, judge = _draft(root, middle), changed(revocation_lists=lists)
        yield shown(f"below-an-authority-{name}", expect, _STAGE, draft=draft, judge=judge)
    silent = authority(root, "authority")
    judge = changed(revocation_lists=(upper, _list(silent)))
    draft = _draft(root, silent)
    expect = "trust.revocation-list-unproved"
    yield shown("below-an-authority-that-may-sign-no-lists", expect, _STAGE, draft=draft, judge=judge)


def _beside(name: str, expect: str, data: bytes) -> Vector:
    return shown(name, expect, _STAGE, judge=changed(revocation_lists=(data,)))


def _list(authority: CertificatePlan, *revoked: CertificatePlan, by: CertificatePlan | None = None) -> bytes:
    serials = {one.serial_number: 1 for one in revoked}
    key = None if by is None else by.key
    return revocation_list(authority, serials, this_update=AT - _WEEK, next_update=AT + 4 * _WEEK, key=key)


def _draft(root: CertificatePlan, middle: CertificatePlan) -> Draft:
    draft = Draft(root=root, between=[middle])
    draft.signer = signer_of(middle)
    return draft
