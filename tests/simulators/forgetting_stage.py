"""A desk and visits to it nobody has seen: pictures and names made anew, in a process of their own.

``derive("simulators.forgetting_stage:stage", FOLDER)`` writes the folder and returns, masked, everything that
ought to be forgotten afterwards. What a visit brings about inside (decoded pictures, crops, templates) is
found by the product's own pipeline here, so that whoever orders the search never held a byte of it::

    FOLDER/desk            the desk; its sessions are open
    FOLDER/trust           the issuing authority's root
    FOLDER/CASE/document   what the holder presents in the case's session
    FOLDER/CASE/frames     what the camera takes, in the order of the session's challenge
    FOLDER/visits.json     the moment all this stands at, and what to do in each case
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from cryptography.hazmat.primitives.serialization import Encoding
from numpy.typing import NDArray
from PIL import Image

from dongui.biometrics.attack_detection.challenge import Side
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.probe import take_probe
from dongui.biometrics.recognisers.onnx_resnet import OnnxResnet
from dongui.biometrics.reference import take_reference
from dongui.biometrics.sample import Sample
from dongui.biometrics.templates import Template
from dongui.demo.cast import nod, portrait, turn
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.desk.desk import models_cache
from dongui.documents.mdoc.holder import Holder
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.errors import DonguiError
from dongui.session import Session
from simulators.mdoc_issuance import Issuer, a_licence, a_presentation, an_issuer

__all__ = ["CASES", "Case", "Kept", "keeping", "read_cases", "stage"]

Kept = dict[str, bytes]
PURPOSE = "airport-gate"
_PIECES, _PIECE_BYTES = 24, 64
_NOISE = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One visit. ``task`` names what runs in the confined process: the examination, or a broken one."""

    key: str
    holder: str
    filmed: str
    task: str = "dongui.verification:examine"
    nods: bool = False
    truncated: bool = False  # the last frame breaks off, as its header tells
    unreadable: bool = False  # the last frame cannot be decoded, as only the decoder finds out
    accepts: bool = True  # the operating point, which nobody assessed
    fills_the_log: bool = False
    session: str = ""


_TASKS = "simulators.forgetting_tasks"
CASES = (
    Case("verified", "05", "05"),
    Case("refused", "05", "12"),
    Case("undetermined", "05", "05", nods=True),
    Case("misused", "05", "05", accepts=False),
    Case("damaged", "05", "05", truncated=True),
    Case("unreadable", "05", "05", unreadable=True),
    Case("crashed", "05", "05", task=f"{_TASKS}:examine_and_crash"),
    Case("timed-out", "05", "05", task=f"{_TASKS}:examine_and_sleep"),
    Case("unexpected", "05", "05", task=f"{_TASKS}:examine_and_quote"),
    Case("unlogged", "05", "05", fills_the_log=True),  # the last: no other entry fits any more
)


def stage(folder: str, *keys: str) -> Kept:
    """Make the folder for the cases of these keys (all, if none is named); return what is to be forgotten."""
    root = Path(folder)
    now = SystemClock().now().replace(microsecond=0)
    create_desk(root / "desk", CONTROLLER, entropy=SystemEntropy())
    issuer = an_issuer(clock=FixedClock(now - timedelta(hours=1)))
    (root / "trust").mkdir()
    (root / "trust" / "root.pem").write_bytes(issuer.root.public_bytes(Encoding.PEM))
    instruments = Instruments.load(cache=models_cache(), progress=lambda _message: None)
    left: Kept = {}
    staged: list[Case] = []
    with Desk(root / "desk", clock=FixedClock(now), entropy=SystemEntropy()) as desk:
        for case in CASES:
            if not keys or case.key in keys:
                session, found = _stage(case, desk, issuer, root / case.key, instruments)
                left |= {f"{case.key}: {what}": data for what, data in found.items()}
                staged.append(Case(**{**asdict(case), "session": session}))
    visits = {"now": now.isoformat(), "cases": [asdict(case) for case in staged]}
    (root / "visits.json").write_text(json.dumps(visits))
    return left


def read_cases(root: Path) -> tuple[FixedClock, dict[str, Case]]:
    """Return the moment a folder was staged at, and its cases by key."""
    visits = json.loads((root / "visits.json").read_text())
    cases = [Case(**entry) for entry in visits["cases"]]
    return FixedClock(datetime.fromisoformat(visits["now"])), {case.key: case for case in cases}


def _stage(
    case: Case, desk: Desk, issuer: Issuer, folder: Path, instruments: Instruments
) -> tuple[str, Kept]:
    name, number = (f"{what}-{secrets.token_urlsafe(15)}" for what in ("Name", "NR"))
    face = _noisy(portrait(case.holder), quality=90)
    holder = a_licence(
        issuer,
        portrait=face,
        elements={"family_name": name, "document_number": number},
        clock=FixedClock(desk.clock.now() - timedelta(hours=1)),
    )
    session = _session(desk, issuer, holder)
    frames = _film(case, session)
    (folder / "frames").mkdir(parents=True)
    (folder / "document").write_bytes(a_presentation(holder, session.transcript))
    for place, frame in enumerate(frames):
        (folder / "frames" / f"{place:02d}.jpg").write_bytes(frame)
    found: Kept = {"family name": name.encode(), "document number": number.encode()}
    found |= {"portrait as encoded": _scan(face)}
    found |= {f"frame {place:02d} as encoded": _scan(frame) for place, frame in enumerate(frames)}
    with keeping(found, whole=False):
        _look(face, frames, session, instruments)
    return session.id, found


def _session(desk: Desk, issuer: Issuer, holder: Holder) -> Session:
    """Let the holder consent, and open a session."""
    anchors = TrustAnchors.from_certificates([issuer.root.public_bytes(Encoding.DER)])
    document = authenticate(
        holder.issuer_signed,
        trust_anchors=anchors,
        clock=desk.clock,
        status=StatusEvidence.none(),
        session_transcript=None,
        reader_key=None,
    )
    record = desk.give_consent(PURPOSE, document, language="ko").receipt.history.record.id
    return desk.open_session(PURPOSE, record, handover=HANDOVER)


def _look(face: bytes, frames: Sequence[bytes], session: Session, instruments: Instruments) -> None:
    """Do what the examination does with the pictures, up to where it ends."""
    try:
        with take_reference(memoryview(face), instruments=instruments):
            views = [memoryview(frame) for frame in frames]
            with take_probe(views, challenge=session.challenge, instruments=instruments):
                return
    except DonguiError:
        return  # somebody who does not turn, a frame that breaks off


def _film(case: Case, session: Session) -> list[bytes]:
    film = nod(case.filmed) if case.nods else turn(case.filmed)
    ordered = film if session.challenge.first is Side.PICTURE_LEFT else film[::-1]
    frames = [_noisy(frame, quality=88) for frame in ordered]
    if case.truncated:
        frames[-1] = frames[-1][: len(frames[-1]) // 2]
    if case.unreadable:
        frames[-1] = _broken_png(frames[-1])
    return frames


def _noisy(picture: bytes, *, quality: int) -> bytes:
    """The picture with noise that no other picture has."""
    with Image.open(io.BytesIO(picture)) as opened:
        clean = np.asarray(opened.convert("RGB")).clip(_NOISE, 255 - _NOISE)
    noise = np.random.default_rng().integers(0, 2 * _NOISE + 1, clean.shape, dtype="u1")
    stream = io.BytesIO()
    Image.fromarray(clean - np.uint8(_NOISE) + noise).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _broken_png(picture: bytes) -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        opened.save(stream, "PNG")
    broken = bytearray(stream.getvalue())
    broken[len(broken) // 2] ^= 0xFF
    return bytes(broken)


@contextmanager
def keeping(into: Kept, *, whole: bool) -> Iterator[None]:
    """Copy, meanwhile, every decoded picture, crop and template in this process before it is overwritten.

    ``whole``, or as pieces evenly spread over it, which is enough to look for.
    """
    wipe_sample, wipe_template, recognise = Sample.wipe, Template.wipe, OnnxResnet._run

    def keep(what: str, array: NDArray[Any]) -> None:
        if array.any():
            number = sum(label.startswith(what) for label in into)
            into[f"{what} {number:02d}"] = array.tobytes() if whole else _of_array(array)

    def keeping_sample(self: Sample) -> None:
        keep("decoded picture", self.pixels)
        wipe_sample(self)

    def keeping_template(self: Template) -> None:
        if not self._wiped:
            keep("template", self.features)
        wipe_template(self)

    def keeping_crops(self: OnnxResnet, crops: Pixels) -> tuple[Template, ...]:
        for crop in crops:
            keep("aligned crop", crop)
        return recognise(self, crops)

    with (
        patch.object(Sample, "wipe", keeping_sample),
        patch.object(Template, "wipe", keeping_template),
        patch.object(OnnxResnet, "_run", keeping_crops),
    ):
        yield


def _scan(picture: bytes) -> bytes:
    # Of a JPEG, after the last marker only: the Huffman tables before it are the same in every JPEG.
    _, _, scan = picture.rpartition(b"\xff\xda")
    starts = np.linspace(14, len(scan) - _PIECE_BYTES, _PIECES).astype(int)
    return b"".join(scan[start : start + _PIECE_BYTES] for start in starts)


def _of_array(array: NDArray[Any]) -> bytes:
    """All of a small array; of a picture, pieces of rows from the middle, where the face is."""
    if array.ndim == 1:
        return array.tobytes()
    height, width = array.shape[:2]
    rows = np.linspace(0.3 * height, 0.7 * height, _PIECES).astype(int)
    return b"".join(array[row].tobytes()[width // 2 * 3 :][:_PIECE_BYTES] for row in rows)
