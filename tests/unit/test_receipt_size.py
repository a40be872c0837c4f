"""A receipt stays one code that a phone reads from a screen, however long the log has grown."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from dongui.consent.profile import load_profiles
from dongui.consent.purpose import RegisteredPurpose
from dongui.log.merkle import Node, inclusion_path
from dongui.log.proofs import InclusionProof
from dongui.profiles import shipped_profiles
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import Findings
from dongui.receipts.qr import make_code
from dongui.receipts.statement import Comparison, Controller, SetOperatingPoint
from simulators.phone_camera import photographed, read_codes
from simulators.receipts import Operator, Person, refused, undetermined, verified
from simulators.seen_cards import seen

SPEC = Path(__file__).parent.parent.parent / "spec" / "receipt.md"
OPERATOR, SOMEBODY = Operator(), Person.named("somebody")
PURPOSES = load_profiles(shipped_profiles().values())
PNG_PIXELS = 6  # a module, as `receipts.qr` draws a PNG
OUTCOMES = {
    "verified": verified(SOMEBODY),
    "refused": refused(SOMEBODY, "comparison.non-mated"),
    "undetermined": undetermined(SOMEBODY, "attack-detection.challenge-not-followed"),
}


class AnyTree:
    """A node source for a tree of any size: the hashes are not true, their number is."""

    def nodes(self, wanted: Sequence[Node]) -> Sequence[bytes]:
        return [bytes(32)] * len(wanted)


def hashes_at_the_end(size: int) -> int:
    """How many hashes the proof of the newest entry has."""
    return len(inclusion_path(size - 1, size, AnyTree()))


def findings_of(purpose: RegisteredPurpose, outcome: str) -> Findings:
    """What a shipped profile's receipts say, in its own words."""
    found = OUTCOMES[outcome]
    return replace(
        found,
        controller=Controller(purpose.controller.id, purpose.controller.name),
        purpose=purpose.id,
        other_way=purpose.other_way.name if found.other_way else None,
        operating_point=SetOperatingPoint(purpose.declared.operating_point, assessed=False),
        comparison=Comparison("dlib-resnet-v1", bytes(32)),
    )


def bundle_of(findings: Findings, size: int, hashes: int) -> ReceiptBundle:
    bundle = OPERATOR.bundle(OPERATOR.issue(findings))
    return replace(bundle, proof=InclusionProof(size - 1, size, (bytes(32),) * hashes))


@dataclass(frozen=True)
class Row:
    """One row of the table in the specification."""

    entries: int
    hashes: int
    sizes: dict[str, str]


def table() -> list[Row]:
    lines = re.findall(
        r"^\| ([\d,]+) \| (\d+)[^|]*\| (.+?) \| (.+?) \| (.+?) \|$", SPEC.read_text(), re.MULTILINE
    )
    return [
        Row(int(entries.replace(",", "")), int(hashes), dict(zip(OUTCOMES, sizes, strict=True)))
        for entries, hashes, *sizes in lines
    ]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_sizes_of_the_specification_are_true(outcome: str) -> None:
    """Bytes and QR version of the airport gate's receipts, by the length of the log and of the proof."""
    rows = table()
    assert len(rows) == 5
    findings = findings_of(PURPOSES["airport-gate"], outcome)
    for row in rows:
        bundle = bundle_of(findings, row.entries, row.hashes)
        code = make_code(bundle)
        found = f"{len(bundle.to_bytes())} B, {code.version}-{code.level}"
        assert found == row.sizes[outcome], row


def test_a_new_receipt_in_a_log_of_a_million_fits_version_25() -> None:
    """For every shipped profile and outcome, with the proof of the entry just appended."""
    hashes = hashes_at_the_end(10**6)
    assert hashes == 12
    for purpose in PURPOSES.values():
        for outcome in OUTCOMES:
            assert make_code(bundle_of(findings_of(purpose, outcome), 10**6, hashes)).version <= 25


@pytest.mark.parametrize("hashes", [12, 20])
def test_a_code_held_askew_is_read(hashes: int) -> None:
    """Of six crooked, blurred and grainy pictures 400 pixels wide at least three give the receipt (a phone
    takes thirty a second), and none gives anything else.
    """
    bundle = bundle_of(findings_of(PURPOSES["airport-gate"], "verified"), 10**6, hashes)
    picture = Image.open(io.BytesIO(make_code(bundle).png()))
    dice = random.Random(hashes)
    read: list[ReceiptBundle] = []
    for seed in range(6):
        view = photographed(picture, width=400, angle=dice.uniform(-12, 12), seed=seed)
        read += [ReceiptBundle.from_text(found) for found in read_codes(view)]
    assert len(read) >= 3
    assert all(found == bundle for found in read)


@pytest.mark.parametrize("pixels", [2.5, 3])
def test_the_longest_receipt_is_read_from_two_and_a_half_pixels_a_module(pixels: float) -> None:
    """The most a log of a million can ask of a camera, in a whole frame of 1280 x 720, every time: other
    angles, other grain. Read back to the same bytes, not only to some receipt.
    """
    bundle = bundle_of(findings_of(PURPOSES["airport-gate"], "undetermined"), 10**6, 20)
    code = make_code(bundle)
    assert (len(bundle.to_bytes()), code.version) == (1269, 26)
    screen = Image.open(io.BytesIO(code.png()))
    for seed, angle in enumerate((-10.0, 4.0, 9.0)):
        frame = seen(screen, scale=pixels / PNG_PIXELS, seed=seed, lean=0.02 + 0.02 * seed, angle=angle)
        (found,) = read_codes(Image.fromarray(frame))
        assert ReceiptBundle.from_text(found).to_bytes() == bundle.to_bytes()
