"""Passive authentications a second, by kind of signature; and the national master list, cold and indexed.

A passport here has DG1, DG2 with a small picture, DG14 and DG15. The list is Germany's of May 2026: 588
certificates. The specimen's curve (brainpoolP224r1) is one ``cryptography`` does not have.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from dongui.documents.passport.files import SOD, LdsFiles
from dongui.documents.passport.passive_authentication import authenticate, check_files
from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.passport.signing import CountryAuthority
from dongui.documents.trust.country_certificate import read_country_certificate
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.master_list import MasterList, read_master_list
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Undetermined
from dongui.storage.master_list_indices import country_anchors
from simulators.passport_files import data_groups

DATA = os.environ.get("DONGUI_TEST_DATA")
pytestmark = pytest.mark.benchmark(group="passport", timer=time.process_time)
needs_data = pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: list and specimen not measured")
VECTORS = Path(DATA or ".") / "vectors" / "passport"
CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def __call__(self, target: Callable[[], object]) -> object:
        """Measure ``target``."""


def test_passive_authentication_ecdsa_p256(benchmark: Benchmark) -> None:
    """Security object, digests, path, zone and portrait's record."""
    _measure(benchmark, SignatureChoice.ECDSA_P256_SHA256)


def test_passive_authentication_ecdsa_brainpool384(benchmark: Benchmark) -> None:
    """The same, on the curve most countries of Europe use."""
    _measure(benchmark, SignatureChoice.ECDSA_BRAINPOOL384_SHA384)


def test_passive_authentication_rsa_pss_3072(benchmark: Benchmark) -> None:
    """The same, with the most frequent kind of authority."""
    _measure(benchmark, SignatureChoice.RSA_PSS_SHA256)


def _measure(benchmark: Benchmark, choice: SignatureChoice) -> None:
    entropy = SystemEntropy()
    authority = CountryAuthority.create("UT", choice=choice, clock=CLOCK, entropy=entropy)
    signer = authority.document_signer(choice=choice, clock=CLOCK, entropy=entropy)
    groups = data_groups()
    files = LdsFiles.from_numbers({**groups, SOD: signer.sign(groups, clock=CLOCK)})
    anchors = CscaAnchors.from_certificates([authority.encoded])
    benchmark(
        lambda: authenticate(
            files,
            trust_anchors=anchors,
            clock=CLOCK,
            revocation=RevocationLists.none_given(),
            chip=None,
        )
    )


@needs_data
def test_the_specimen_to_no_anchor(benchmark: Benchmark) -> None:
    """The published specimen: ECDSA over brainpoolP224r1, verified in Python, among 588 authorities."""
    files = LdsFiles.from_listing({one.name: one.read_bytes() for one in (VECTORS / "bsi2008").iterdir()})
    anchors = CscaAnchors(_listed().anchors(), max_list_age=timedelta(days=365))
    check_files(files)

    def undetermined() -> str:
        with pytest.raises(Undetermined) as failure:
            authenticate(
                files,
                trust_anchors=anchors,
                clock=CLOCK,
                revocation=RevocationLists.none_given(),
                chip=None,
            )
        return failure.value.name

    assert benchmark(undetermined) == "passport.no-anchor"


@needs_data
def test_the_master_list_cold(benchmark: Benchmark) -> None:
    """Signature, root, and every one of the 588 certificates read."""
    benchmark.extra_info["certificates"] = 588
    benchmark(_listed)


@needs_data
def test_the_master_list_indexed(benchmark: Benchmark, tmp_path: Path) -> None:
    """The whole trust folder with the index a first load left: the list hashed, nothing parsed."""
    roots = tmp_path / "csca" / "roots"
    roots.mkdir(parents=True)
    (roots / "de.cer").write_bytes(_root_bytes())
    (tmp_path / "csca" / "de.ml").write_bytes(_list_bytes())
    age = timedelta(days=365)
    assert len(country_anchors(tmp_path, max_list_age=age)) == 588
    benchmark.extra_info["certificates"] = 588
    benchmark(lambda: country_anchors(tmp_path, max_list_age=age))


def _listed() -> MasterList:
    return read_master_list(_list_bytes(), roots=[read_country_certificate(_root_bytes())])


def _list_bytes() -> bytes:
    return (VECTORS / "master-lists" / "DE_ML_2026-05-28.ml").read_bytes()


def _root_bytes() -> bytes:
    return (VECTORS / "master-lists" / "DE_ROOT_CA_CSCA07.cer").read_bytes()
