"""Country certificates and master lists as they really are; anchors; the index beside a list."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.trust.country_certificate import DEFECTS, CountryCertificate, read_country_certificate
from dongui.documents.trust.csca import CscaAnchor, CscaAnchors
from dongui.documents.trust.csca_folder import CountryTrust
from dongui.documents.trust.master_list import MasterList, read_master_list
from dongui.documents.trust.master_list_index import index_key, read_index, write_index
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.master_list_indices import IndexFolder, country_anchors
from simulators.passport_country import NOW, SIGNED, judge, passport, utopia

DATA = os.environ.get("DONGUI_TEST_DATA")
LISTS = Path(DATA or ".") / "vectors" / "passport" / "master-lists"
needs_data = pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: no published list is read")


def listed_bytes() -> bytes:
    """The German list of May 2026."""
    return (LISTS / "DE_ML_2026-05-28.ml").read_bytes()


@cache
def root() -> CountryCertificate:
    """The root given beside it."""
    return read_country_certificate((LISTS / "DE_ROOT_CA_CSCA07.cer").read_bytes())


@cache
def german() -> MasterList:
    """The list, verified."""
    return read_master_list(listed_bytes(), roots=[root()])


@needs_data
def test_every_certificate_of_the_national_list_loads() -> None:
    """588 of 588, 100 of which the strict library cannot read; what was tolerated in each is named."""
    assert len(german().certificates) == 588
    assert german().signed_at == datetime(2026, 5, 28, 6, 28, 45, tzinfo=UTC)
    found = Counter(defect for anchor in german().anchors() for defect in anchor.defects)
    assert set(found) <= set(DEFECTS)
    assert found == {
        "basic-constraints": 8,
        "basic-constraints-not-critical": 2,
        "country-case": 11,
        "ecdsa-parameters": 13,
        "key-usage": 8,
        "key-usage-not-critical": 11,
        "not-der": 1,
        "path-length": 26,
        "rsa-exponent": 2,
        "rsa-parameters-missing": 2,
        "serial-number": 2,
    }


@needs_data
def test_every_signature_of_the_list_that_can_be_checked_holds() -> None:
    """Whose issuer is in the list: verified by it. 574 real signatures, of every algorithm countries use."""
    by_name: dict[bytes, list[CountryCertificate]] = {}
    for one in german().certificates:
        by_name.setdefault(one.subject.key, []).append(one)
    left = [
        one
        for one in german().certificates
        if not any(one.is_signed_by(issuer.key) for issuer in by_name.get(one.issuer.key, ()))
    ]
    assert len(left) == 14
    # Those left are links whose earlier certificate is not in the list: they name another key than their own.
    assert all(one.extensions.authority_key != one.extensions.subject_key for one in left)


@needs_data
@pytest.mark.parametrize("place", [5_000, 200_000, 890_000, -200, -20])
def test_a_list_with_one_byte_changed_is_refused(place: int) -> None:
    """A byte of a certificate, of the attributes, of the signature."""
    changed = bytearray(listed_bytes())
    changed[place] ^= 1
    with pytest.raises(Refused):
        read_master_list(bytes(changed), roots=[root()])


@needs_data
def test_a_list_needs_a_root_from_elsewhere() -> None:
    """The root inside the list is anybody's; another country's root is not its root."""
    other = read_country_certificate(utopia().authority.encoded)
    for roots in ([], [other]):
        with pytest.raises(Refused, match=r"trust\.master-list-root"):
            read_master_list(listed_bytes(), roots=roots)


@needs_data
def test_an_index_says_what_the_list_says() -> None:
    """Anchors from the index are those of the list; damaged, or for other roots, it says nothing."""
    data = listed_bytes()
    key = index_key(data, [root()])
    index = write_index(german(), data, key=key)
    assert index is not None
    read = read_index(index, data, key=key)
    assert read is not None
    assert [one.encoded for one in read.anchors] == [one.encoded for one in german().certificates]
    assert {one.name_key for one in read.anchors} == {one.subject.key for one in german().certificates}
    assert read.signed_at == german().signed_at
    assert read_index(index, data, key=index_key(data, [])) is None
    for place in (0, 40, len(index) - 1):
        changed = bytearray(index)
        changed[place] ^= 1
        assert read_index(bytes(changed), data, key=key) is None


@needs_data
def test_a_folder_reads_the_same_cold_and_warm(tmp_path: Path) -> None:
    """The index changes how fast, never what; a folder that cannot hold one works without."""
    roots = tmp_path / "csca" / "roots"
    roots.mkdir(parents=True)
    (roots / "de.cer").write_bytes(root().encoded)
    (tmp_path / "csca" / "de.ml").write_bytes(listed_bytes())
    cold = country_anchors(tmp_path, max_list_age=timedelta(days=365))
    indices = list((tmp_path / "csca" / "index").iterdir())
    warm = country_anchors(tmp_path, max_list_age=timedelta(days=365))
    assert [one.encoded for one in cold] == [one.encoded for one in warm]
    assert len(indices) == 1
    indices[0].write_bytes(b"not an index")
    assert len(country_anchors(tmp_path, max_list_age=timedelta(days=365))) == 588
    (roots / "de.cer").unlink()
    with pytest.raises(Refused, match=r"trust\.master-list-root"):
        country_anchors(tmp_path, max_list_age=timedelta(days=365))


def test_a_folder_of_other_roots_holds_no_country(tmp_path: Path) -> None:
    """Roots of licences beside ``csca`` are not countries' authorities, and the other way round."""
    (tmp_path / "iaca.pem").write_text("anything")
    assert len(country_anchors(tmp_path, max_list_age=timedelta(days=1))) == 0


def test_an_index_folder_that_cannot_be_written_stays_silent(tmp_path: Path) -> None:
    """A cache is never a reason to fail."""
    (tmp_path / "file").write_bytes(b"")
    store = IndexFolder(tmp_path / "file" / "index")
    store.store(bytes(32), b"x")
    assert store.load(bytes(32)) is None


def _aged(days: int, limit: int) -> CscaAnchors:
    certificate = read_country_certificate(utopia().authority.encoded)
    listed = NOW.moment - timedelta(days=days)
    return CscaAnchors([CscaAnchor.of(certificate, listed)], max_list_age=timedelta(days=limit))


def test_a_stale_list_leaves_it_undetermined() -> None:
    """The same passport under the same authority: verified by a young list, undetermined by an old one."""
    country = utopia()
    assert judge(passport(country), _aged(89, 90)).kind == "passport"
    with pytest.raises(Trouble, match=r"trust\.list-stale"):
        judge(passport(country), _aged(91, 90))


def test_the_youngest_word_on_an_authority_counts() -> None:
    """Named by an old and a young list, or given besides, an authority is as fresh as the best of them."""
    certificate = read_country_certificate(utopia().authority.encoded)
    old, young = NOW.moment - timedelta(days=900), NOW.moment - timedelta(days=1)
    for words in ((old, young), (young, old), (old, None), (None, old)):
        anchors = CscaAnchors(
            (CscaAnchor.of(certificate, at) for at in words), max_list_age=timedelta(days=30)
        )
        assert len(anchors) == 1
        assert judge(passport(utopia()), anchors).kind == "passport"


def _unreadable() -> Iterator[bytes]:
    yield b""
    yield b"\x30\x00"
    yield utopia().authority.encoded[:-1]
    yield utopia().authority.encoded + b"\x00"


@pytest.mark.parametrize("encoded", list(_unreadable()))
def test_anchors_that_cannot_be_read_are_a_misuse(encoded: bytes) -> None:
    """A verifier does not start with a hole where an authority was meant to be."""
    with pytest.raises(Misuse, match=r"trust\.anchor-unreadable"):
        CscaAnchors.from_certificates([encoded])


def test_no_anchors_must_be_said() -> None:
    """An empty set is a mistake unless it is said aloud."""
    with pytest.raises(Misuse, match=r"trust\.no-anchors"):
        CscaAnchors.from_certificates([])
    assert len(CscaAnchors.none_given()) == 0


def _listing(day: int, *, by: str = "list") -> bytes:
    """Utopia's own master list, signed some days after its authority began."""
    country, clock = utopia(), type(SIGNED)(SIGNED.moment + timedelta(days=day))
    choice, entropy = SignatureChoice.ECDSA_P256_SHA256, SystemEntropy()
    signer = country.signer
    if by == "list":
        signer = country.authority.master_list_signer(choice=choice, clock=SIGNED, entropy=entropy)
    neighbours = [utopia(code=code).authority.encoded for code in ("DE", "FR")[: 2 if day < 50 else 1]]
    return signer.sign_master_list([country.authority.encoded, *neighbours], clock=clock)


def test_our_own_master_list_verifies_to_its_authority() -> None:
    """A simulated country's list is read like a real one."""
    root = read_country_certificate(utopia().authority.encoded)
    listed = read_master_list(_listing(10), roots=[root])
    assert sorted(one.country or "" for one in listed.certificates) == ["DE", "FR", "UT"]
    assert listed.signed_at == SIGNED.moment + timedelta(days=10)


def test_a_signer_of_passports_writes_no_master_list() -> None:
    """The attack: whoever signs documents for one country adds authorities of others."""
    root = read_country_certificate(utopia().authority.encoded)
    with pytest.raises(Refused, match=r"trust\.master-list-signer"):
        read_master_list(_listing(10, by="passport"), roots=[root])


def test_a_younger_list_withdraws_what_it_leaves_out(tmp_path: Path) -> None:
    """Two lists of one root in the folder: only the younger speaks, whichever is read first."""
    roots = tmp_path / "csca" / "roots"
    roots.mkdir(parents=True)
    (roots / "ut.cer").write_bytes(utopia().authority.encoded)
    (tmp_path / "csca" / "a.ml").write_bytes(_listing(100))
    (tmp_path / "csca" / "b.ml").write_bytes(_listing(10))
    anchors = country_anchors(tmp_path, max_list_age=timedelta(days=365))
    assert sorted(one.country or "" for one in anchors) == ["DE", "UT"]
    trust = CountryTrust.load(tmp_path, indices=IndexFolder.beside(tmp_path))
    assert [one.superseded for one in trust.lists] == [False, True]
