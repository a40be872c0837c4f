"""Whether a signer was withdrawn: by its authority's lists, whatever its keys, wherever it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dongui.documents.document_trust import DocumentTrust, SdJwtTrust
from dongui.documents.recognising import Kind
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.documents.trust import TrustAnchors, verify_path
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.documents.trust.standing import require_standing
from dongui.documents.trust.token_path import verify_token_path
from dongui.errors import DonguiError
from simulators.mdoc_certificates import CertificatePlan, key_for, root_plan, signer_plan
from simulators.revocation_drafting import revocation_list
from simulators.sd_jwt_drafting import AT, signer_of
from simulators.status_drafting import LIST_URI, ListDraft

DAY = timedelta(days=1)
ALGORITHMS = ("ES256", "ES384", "ES512", "EdDSA")


def listed(root: CertificatePlan, *revoked: CertificatePlan, age: timedelta = DAY) -> bytes:
    serials = {plan.serial_number: 1 for plan in revoked}
    return revocation_list(root, serials, this_update=AT - age, next_update=AT - age + 30 * DAY)


def believing(*roots: CertificatePlan, lists: tuple[bytes, ...]) -> TrustAnchors:
    anchors = TrustAnchors.from_certificates([root.sign() for root in roots])
    return anchors.with_revocation(RevocationLists.from_bytes(lists, max_age=60 * DAY))


def stands(signer: CertificatePlan, anchors: TrustAnchors, *, profile: bool = False) -> str:
    """``checked``, ``unchecked``, or the name of what went wrong."""
    path = verify_path if profile else verify_token_path
    try:
        verified = path([signer.sign()], anchors=anchors, at=AT)
        return "checked" if require_standing(verified, anchors=anchors, at=AT).checked else "unchecked"
    except DonguiError as failure:
        return failure.name


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_lists_of_every_algorithm_are_read(algorithm: str) -> None:
    """An authority signs its list as it signs certificates; one spoilt bit, and nobody signed it."""
    root = root_plan(algorithm=algorithm)
    signer = signer_of(root)
    assert stands(signer, believing(root, lists=(listed(root),))) == "checked"
    assert stands(signer, believing(root, lists=(listed(root, signer),))) == "trust.signer-revoked"
    spoilt = listed(root, signer)
    spoilt = spoilt[:-1] + bytes([spoilt[-1] ^ 1])
    assert stands(signer, believing(root, lists=(spoilt,))) == "trust.revocation-list-unproved"


def test_a_list_signed_with_another_kind_of_key_is_nobodys() -> None:
    """The attack: a list in the authority's name, by a key of a kind that its own is not."""
    root = root_plan()
    for algorithm in ("EdDSA", "ES384"):
        forged = revocation_list(
            root, {}, this_update=AT - DAY, next_update=AT + DAY, key=key_for("mallory", algorithm)
        )
        assert stands(signer_of(root), believing(root, lists=(forged,))) == "trust.revocation-list-unproved"


def test_after_a_change_of_key_the_new_key_speaks_for_the_old_ones_signers() -> None:
    """One name is one authority: the list that the new root signs withdraws what the old root issued."""
    old, new = root_plan(), root_plan("renewed")
    signer = signer_plan(old)
    anchors = believing(old, new, lists=(listed(new, signer),))
    assert stands(signer, anchors, profile=True) == "trust.signer-revoked"
    assert (
        stands(signer, believing(old, lists=(listed(new),)), profile=True) == "trust.revocation-list-unproved"
    )


def test_a_pinned_signer_is_withdrawn_by_an_authority_that_is_there_too() -> None:
    """Pinned alone nobody speaks of it; beside its root, the root's list does."""
    root = root_plan()
    signer = signer_plan(root)
    for roots, lists, expected in (
        ((), (), "unchecked"),
        ((root,), (listed(root),), "checked"),
        ((root,), (listed(root, signer),), "trust.signer-revoked"),
        ((), (listed(root, signer),), "trust.revocation-list-unproved"),
    ):
        anchors = TrustAnchors.from_certificates(
            [one.sign() for one in roots], pinned_document_signers=[signer.sign()]
        ).with_revocation(RevocationLists.from_bytes(lists, max_age=60 * DAY))
        assert stands(signer, anchors, profile=True) == expected


def test_a_withdrawn_signers_status_list_is_nobodys_word() -> None:
    """By it nobody is refused and nobody passes; a stale list of its authority leaves the document open."""
    root = root_plan()
    signer = signer_of(root, "status signer")
    reference = StatusReference(LIST_URI, 7)

    def asked(lists: tuple[bytes, ...], statuses: dict[int, int]) -> str:
        draft = ListDraft(key=signer.key, chain=[signer], statuses=statuses)
        older = ListDraft(key=key_for("the issuer's own"), statuses={}, issued=int(AT.timestamp()) - 7_200)
        files = {"new.jwt": draft.build(), "old.jwt": older.build()}
        evidence = StatusEvidence.from_files(files, anchors=believing(root, lists=lists), max_age=DAY)
        own = key_for("the issuer's own").public_key()
        try:
            evidence.check(reference, issuer_keys=(own,), at=AT)
        except DonguiError as failure:
            return failure.name
        return "valid"

    assert asked((), {7: 1}) == "status.revoked"
    assert asked((listed(root),), {7: 1}) == "status.revoked"
    # Withdrawn: what is left is the older list, which the documents' issuer signed itself.
    assert asked((listed(root, signer),), {7: 1}) == "valid"
    # Whether it was cannot be told: the older list must not speak in the newer one's place.
    assert asked((listed(root, age=90 * DAY),), {7: 1}) == "trust.revocation-list-stale"


def test_who_can_come_without_the_remark() -> None:
    """Certificates alone and no list: every document bears it, also from a process that was taken over."""
    root = root_plan()
    bare = TrustAnchors.from_certificates([root.sign()])
    kept = believing(root, lists=(listed(root),))
    none = StatusEvidence.none()
    for anchors, expected in ((bare, False), (kept, True)):
        assert DocumentTrust.for_mdocs(anchors).may_know_withdrawals(Kind.MDOC) is expected
        credentials = DocumentTrust(None, None, SdJwtTrust(anchors, {}), None, none)
        assert credentials.may_know_withdrawals(Kind.SD_JWT) is expected
    by_key = DocumentTrust(None, None, SdJwtTrust(bare, {"issuer.json": b"{}"}), None, none)
    assert by_key.may_know_withdrawals(Kind.SD_JWT)
    assert by_key.may_know_withdrawals(Kind.STAFF_CARD)
    assert not by_key.may_know_withdrawals(Kind.PASSPORT)
