"""SD-JWT presentations a second, beside the reference implementation's on the same text, and status look-ups.

The reference implementation checks both signatures, the disclosures, nonce and audience. Here the path of
the certificate, the dates, every digest's uniqueness and the bounds are checked too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import pytest
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from dongui.documents.status import StatusEvidence, StatusReference
from simulators.sd_jwt_issuance import AT, EXPECTATION, an_issuance
from simulators.status_drafting import LIST_URI, ListDraft

pytestmark = pytest.mark.benchmark(group="sd-jwt", timer=time.process_time)


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    def __call__(self, target: Callable[[], object]) -> object:
        """Measure ``target``."""


def test_a_presentation_verified(benchmark: Benchmark) -> None:
    """Path, signature, disclosures, dates and the holder's proof."""
    issuance = an_issuance()
    presentation = issuance.present()
    benchmark(lambda: issuance.judge(presentation))


def test_a_presentation_by_the_reference_implementation(benchmark: Benchmark) -> None:
    """The same text."""
    issuance = an_issuance()
    presentation, key = issuance.present().decode(), JWK.from_pyca(issuance.signer.key)
    audience, nonce = EXPECTATION.audience, EXPECTATION.nonce
    benchmark(lambda: SDJWTVerifier(presentation, lambda *_: key, audience, nonce).get_verified_payload())


@pytest.mark.parametrize("documents", [2**20, 2**27])
def test_a_status_looked_up(benchmark: Benchmark, documents: int) -> None:
    """One document in a list of many, one in a hundred of them revoked; the list on file already."""
    listed = ListDraft(bits=1, count=documents, statuses=dict.fromkeys(range(1, documents, 101), 1))
    evidence = StatusEvidence.from_files({"list": listed.build()}, anchors=None, max_age=timedelta(days=2))
    keys = [listed.key.public_key()]
    benchmark(lambda: evidence.check(StatusReference(LIST_URI, 0), issuer_keys=keys, at=AT))
