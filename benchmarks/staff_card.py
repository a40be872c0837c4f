"""Measure staff cards: what fits, what eight bits cost, what two cards tell, from how far a code reads.

    DONGUI_TEST_DATA=../shared PYTHONPATH=src:tests python benchmarks/staff_card.py [--write]

Prints the tables as Markdown; ``--write`` puts them into ``docs/explanation/staff-card.md``. About a minute.
Nothing about one picture or one pair leaves.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_point
from dongui.biometrics.protected_templates import for_protected_templates, protect, reference_from_card
from dongui.biometrics.reference import take_reference
from dongui.biometrics.templates import Template
from dongui.documents.staff_card.from_frames import read_frames
from dongui.documents.staff_card.issuing import make_code
from dongui.documents.status import StatusReference
from dongui.errors import Misuse, Trouble, Undetermined
from simulators.seen_cards import code_frame
from simulators.staff_cards import CardOffice

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "staff-card.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
STATUS = StatusReference("https://cards.saebom.example/status/1", 99_999)
RESAMPLED = 300
STEPS_PER_UNIT = 180

Rows = NDArray[np.float64]
Linkage = Callable[[Rows, Rows], NDArray[np.float64]]


def main() -> None:
    """Measure, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/london")
    instruments = Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=print)
    people, features = read_features(Path(folder, "faces", "london"), instruments)
    parts = (
        sizes(),
        separation(people, features, instruments),
        linking(people, features),
        reading(),
        speed(),
    )
    text = "\n".join(line for part in parts for line in part) + "\n"
    print(text)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN, 1)
        PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{rest.split(END, 1)[1]}", encoding="utf-8")


def read_features(folder: Path, instruments: Instruments) -> tuple[NDArray[np.int64], Rows]:
    """Whose picture each row is, and its 128 features."""
    rows, whose = [], []
    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            for picture in ("neutral", "smiling"):
                data = (folder / f"{row['person']}-{picture}.jpg").read_bytes()
                try:
                    taken = take_reference(memoryview(data), instruments=instruments)
                except Undetermined:
                    continue
                rows.append(taken.template.features.astype(np.float64))
                whose.append(number)
    return np.array(whose), np.stack(rows)


def sizes() -> Iterator[str]:
    """What fits into the code."""
    yield "### What fits\n"
    yield "| Sites | Status list | Bytes | QR code, level M | Side with quiet zone at 0.4 mm a module |"
    yield "|--:|---|--:|--:|--:|"
    for sites, status in ((1, None), (1, STATUS), (2, None), (2, STATUS), (3, None)):
        said = "-" if status is None else f"{len(status.uri)} characters"
        try:
            text = CardOffice(sites).issue(status=status).text
        except Misuse:
            yield f"| {sites} | {said} | refused: too large | | |"
            continue
        version = int(make_code(text).version)
        side = (17 + 4 * version + 8) * 0.4
        yield f"| {sites} | {said} | {len(text) * 2 // 3} | {version} | {side:.1f} mm |"
    one, two = (len(CardOffice(sites).issue().text) * 2 // 3 for sites in (1, 2))
    yield f"\nA second site costs {two - one} bytes. The issuer has 20 characters here.\n"


def separation(people: NDArray[np.int64], features: Rows, instruments: Instruments) -> Iterator[str]:
    """What eight bits cost: references quantised as on a card, probes as they are."""
    quantised = np.stack([_carried(row, instruments) for row in features])
    before, after = _distances(features, features), _distances(quantised, features)
    other = ~np.eye(len(people), dtype=bool)
    mated = (people[:, None] == people[None]) & other
    non_mated = people[:, None] != people[None]
    point = operating_point("dlib-resnet-v1-london")
    moved = for_protected_templates(point)
    yield "### What eight bits cost\n"
    yield "| Reference | d' | largest mated | smallest non-mated | mated open | non-mated open |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, scores, low, high in (
        ("float32", before, point.mated_at_most, point.non_mated_from),
        ("int8, same bounds", after, point.mated_at_most, point.non_mated_from),
        ("int8, bounds moved", after, moved.mated_at_most, moved.non_mated_from),
    ):
        one, two = scores[mated], scores[non_mated]
        d_prime = (two.mean() - one.mean()) / np.sqrt((one.var() + two.var()) / 2)
        open_ = [int(((part > low) & (part < high)).sum()) for part in (one, two)]
        yield (
            f"| {name} | {d_prime:.3f} | {one.max():.3f} | {two.min():.3f} | {open_[0]} of {len(one)} "
            f"| {open_[1]} of {len(two)} |"
        )
    change = np.abs(before - after)[other]
    most = np.abs(np.rint(features * STEPS_PER_UNIT)).max()
    yield (
        f"\nOver {other.sum()} comparisons of {len(set(people.tolist()))} people a distance changed at most "
        f"by {change.max():.4f}, in the mean by {change.mean():.4f}. No rounding can change one by more than "
        f"{np.sqrt(128) / 2 / STEPS_PER_UNIT:.4f}. The largest feature takes {most:.0f} of 127 steps. "
        f"Each of the {len(people)} templates was also tried with another secret: none opened.\n"
    )


def _carried(row: Rows, instruments: Instruments) -> Rows:
    secret = os.urandom(32)
    made = protect(
        Template(row.astype(np.float32)), secret=secret, pipeline_digest=instruments.pipeline_digest
    )
    with reference_from_card(made, secret=secret, instruments=instruments) as reference:
        opened = reference.template.features.astype(np.float64)
    try:
        reference_from_card(made, secret=os.urandom(32), instruments=instruments)
    except Trouble:
        return opened
    raise AssertionError("a secret drawn by chance opens a template")


def _distances(one: Rows, other: Rows) -> Rows:
    return np.asarray(np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1)))


LINKAGES: dict[str, Linkage] = {
    "equal bytes": lambda a, b: (a == b).sum(1).astype(np.float64),
    "distance around the circle": lambda a, b: -np.sqrt((_around(a - b) ** 2).sum(1)),
    "correlation": lambda a, b: (_centred(a) * _centred(b)).sum(1),
    "difference of lengths": lambda a, b: -np.abs(_length(a) - _length(b)),
    "distance of sorted values": lambda a, b: -np.sqrt(((np.sort(a, 1) - np.sort(b, 1)) ** 2).sum(1)),
}


def linking(people: NDArray[np.int64], features: Rows) -> Iterator[str]:
    """Whether two cards without their secrets tell if they are one person's."""
    yield "### What two decrypted cards tell without their secrets\n"
    yield "| Protection | Pairs | Adversary's score | AUC | 95 % over people | D_sys | D_sys of chance |"
    yield "|---|--:|---|--:|--:|--:|--:|"
    for name, protected, pairs in (
        ("shift (Dongui)", _shifted, 10_000),
        ("rotation alone, for comparison", _rotated, 1_000),
    ):
        rng = np.random.default_rng(2026)
        index, mated = _pairs(people, pairs, rng)
        # A secret for each card of each pair: no card is in two pairs, so the pairs tell one by one.
        one, other = (protected(features[index[:, side]], rng) for side in (0, 1))
        for score, linkage in LINKAGES.items():
            row = _row(linkage(one, other), mated, people[index[:, 0]], rng)
            yield f"| {name} | 2 x {pairs} | {score} | {row} |"
    yield (
        "\nMated are two cards of one person, of one picture or of both. AUC 0.5: a coin; of five intervals "
        "of 95 % one misses it by chance in every fourth such table. D_sys (Gomez-Barrero and others, 2018): "
        "0 unlinkable, 1 fully linkable; estimated from histograms it does not reach 0, so what chance gives "
        "stands beside it: the same figure where mated and non-mated were mixed before. The interval: "
        f"people drawn again {RESAMPLED} times. "
        "Secrets follow from a fixed number, so the table can be made again.\n"
    )


def _shifted(rows: Rows, rng: np.random.Generator) -> Rows:
    """Protected by the code that ships; the bytes read as signed numbers."""
    made = [
        protect(Template(row.astype(np.float32)), secret=rng.bytes(32), pipeline_digest=bytes(32))
        for row in rows
    ]
    return np.stack([np.frombuffer(each[17:], np.int8).astype(np.float64) for each in made])


def _rotated(rows: Rows, rng: np.random.Generator) -> Rows:
    """Each row turned by a rotation of its own, then quantised: the textbook's transform."""
    made = []
    for row in rows:
        turned, upper = np.linalg.qr(rng.normal(size=(128, 128)))
        made.append(np.rint((turned * np.sign(np.diag(upper))) @ row * STEPS_PER_UNIT))
    return np.stack(made)


def _pairs(
    people: NDArray[np.int64], pairs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Two rows of features each: as many of one person as of two."""
    found = []
    for _ in range(pairs):
        first = int(rng.integers(len(people)))
        own = people == people[first]
        found += [(first, int(rng.choice(np.flatnonzero(which)))) for which in (own, ~own)]
    return np.array(found), np.tile([True, False], pairs)


def _row(
    scores: NDArray[np.float64],
    mated: NDArray[np.bool_],
    whose: NDArray[np.int64],
    rng: np.random.Generator,
) -> str:
    members = [np.flatnonzero(whose == person) for person in np.unique(whose)]
    drawn = []
    for _ in range(RESAMPLED):
        chosen = np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))])
        drawn.append(_auc(scores[chosen], mated[chosen]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    chance = np.mean([_d_sys(scores, rng.permutation(mated)) for _ in range(20)])
    return f"{_auc(scores, mated):.3f} | {low:.3f} to {high:.3f} | {_d_sys(scores, mated):.3f} | {chance:.3f}"


def _auc(scores: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
    """How often a mated pair scores above a non-mated one; ties count half."""
    values, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    del values
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n, m = int(mated.sum()), int((~mated).sum())
    return float((ranks[mated].sum() - n * (n + 1) / 2) / (n * m))


def _d_sys(scores: NDArray[np.float64], mated: NDArray[np.bool_], bins: int = 40) -> float:
    """The global measure: how far a score tells mated from non-mated, over the mated scores; priors equal."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)))
    one, other = (np.histogram(scores[part], edges)[0] / part.sum() for part in (mated, ~mated))
    ratio = np.divide(one, other, out=np.full_like(one, np.inf), where=other > 0)
    local = np.where(ratio > 1, 2 * (1 - 1 / (1 + ratio)) - 1, 0)
    return float((one * local).sum())


def _around(difference: Rows) -> Rows:
    return np.asarray((difference + 128) % 256 - 128)


def _centred(rows: Rows) -> Rows:
    centred = rows - rows.mean(1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


def _length(rows: Rows) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(rows, axis=1))


def reading() -> Iterator[str]:
    """From how few pixels a module a code reads."""
    text = CardOffice(2).issue().text
    yield "### From how far a code reads\n"
    yield "| Pixels a module | Read, of 20 | Millimetres from a 1280-pixel camera | from a 1920-pixel one |"
    yield "|--:|--:|--:|--:|"
    for pixels in (1.5, 2.0, 2.25, 2.5, 3.0, 4.0):
        read = sum(_reads(text, pixels, seed) for seed in range(20))
        # A camera that sees 60 degrees across; modules of 0.38 mm, as the card is printed.
        away = [width * 0.381 / pixels / (2 * np.tan(np.radians(30))) for width in (1280, 1920)]
        yield f"| {pixels:g} | {read} | {away[0]:.0f} | {away[1]:.0f} |"
    yield "\nVersion 18, leaning, turned by 4 degrees, out of focus by 0.8 pixels, dim and grainy.\n"


def _reads(text: str, pixels: float, seed: int) -> bool:
    try:
        frame = code_frame(text, pixels_per_module=pixels, seed=seed, lean=0.02 + 0.002 * seed)
        return read_frames([frame]) == text
    except Undetermined:
        return False


def speed() -> Iterator[str]:
    """Milliseconds of one core."""
    office = CardOffice(1)
    card = office.issue()
    empty = np.full((720, 1280), 90, np.uint8)
    frame = code_frame(card.text, pixels_per_module=3)
    yield "### Time\n"
    yield "| What | Median, ms |"
    yield "|---|--:|"
    for name, act in (
        ("authenticate a card", lambda: office.judge(card.text, card)),
        ("issue a card, its picture taken before", office.issue),
        ("look for a code in a frame of 1280 x 720 that has one", lambda: read_frames([frame])),
        ("look for a code in one that has none", lambda: _reads_none(empty)),
    ):
        yield f"| {name} | {_median_ms(act):.2f} |"


def _reads_none(frame: NDArray[np.uint8]) -> None:
    try:
        read_frames([frame])
    except Undetermined:
        return


def _median_ms(act: Callable[[], object]) -> float:
    taken = []
    for _ in range(51):
        begun = time.process_time()
        act()
        taken.append(1000 * (time.process_time() - begun))
    return float(np.median(taken))


if __name__ == "__main__":
    main()
