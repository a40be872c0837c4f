"""A staff card at the terminal: its picture checked and shown, and held up beside the face at the door."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dongui.demo.cast import recording, turn
from dongui.desk import Desk
from dongui.desk.card_reading import read_card, start_reader
from dongui.desk.cards import ISSUER_FILE, CardRoom
from dongui.documents.status.issuing import REVOKED, sign_status_list
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.memory import SecretBuffer
from simulators.command_line import PERSON, Ended, Terminal
from simulators.seen_cards import seen

LIST_URI = "https://cards.example/status/1"
FRAME = (1440, 720)


@dataclass
class Door:
    """A desk with a card room, one employee's card on paper, and a trust folder."""

    terminal: Terminal
    consent: str
    card: Path
    takes: Iterator[int]

    def session(self) -> tuple[str, bool]:
        """Open a session for the door; its id, and whether the left of the picture comes first."""
        opened = self.terminal.run(
            *("session", "open", "--purpose", "staff-entrance", "--consent", self.consent, "--json"),
            *("--client-id", "x509_san_dns:port.example", "--response-uri", "https://port.example/present"),
        )
        assert opened.code == 0, opened.out
        return opened.result["session"], opened.result["challenge"] == "picture-left first"

    def film(self, person: str, *, left_first: bool, card: Path | None) -> list[Path]:
        """Frames of a turn beside which the card is held up, from the fourth frame to the ninth."""
        take = next(self.takes)
        ordered = recording(turn(person), take=take)
        folder = self.terminal.folder / f"film-{take}"
        folder.mkdir()
        paths = []
        for number, frame in enumerate(ordered if left_first else reversed(ordered)):
            held = held_up(card) if card is not None and 3 <= number < 9 else None
            paths.append(folder / f"{number:02d}.jpg")
            paths[-1].write_bytes(beside(frame, held))
        return paths

    def verify(self, session: str, frames: Sequence[Path], *document: object) -> Ended:
        return self.terminal.run(
            *("verify", *document, "--session", session, "--trust", "trust", "--accept-unassessed", "--json"),
            *("--capture", *frames),
        )

    def document(self, verb: str, file: object, *more: object) -> Ended:
        return self.terminal.run("document", verb, file, *more, "--json")

    def list_status(self, statuses: dict[int, int], *, hours: int) -> None:
        """Put the issuer's list into the trust folder, made and fetched some hours ago."""
        clock = FixedClock(SystemClock().now() - timedelta(hours=hours))
        with (
            Desk(self.terminal.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk,
            CardRoom(desk) as room,
        ):
            key = room.issuer.key
        content = sign_status_list(
            LIST_URI, statuses, size=64, key=key, lifetime=timedelta(days=30), clock=clock
        )
        path = self.terminal.folder / "trust" / "status" / "cards.jwt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (clock.moment.timestamp(), clock.moment.timestamp()))


@cache
def held_up(card: Path) -> Image.Image:
    """A card as the camera sees it: small, and not quite straight."""
    with Image.open(card) as opened:
        size = round(opened.width * 0.34), round(opened.height * 0.34)
        small = opened.convert("RGB").resize(size, Image.Resampling.BOX)
    return small.rotate(3, resample=Image.Resampling.BICUBIC, fillcolor=(70, 70, 70))


def beside(face: bytes, card: Image.Image | None) -> bytes:
    """One frame of the door's camera: somebody at the left, and what they hold up at the right."""
    frame = Image.new("RGB", FRAME, (70, 70, 70))
    frame.paste(Image.open(io.BytesIO(face)).resize((720, 720), Image.Resampling.BICUBIC), (0, 0))
    if card is not None:
        frame.paste(card, (730, 140))
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Door:
    """Everything made once, each step a command."""
    terminal = Terminal(tmp_path_factory.mktemp("door"))
    terminal.processes = False
    terminal.prepare()
    assert terminal.run("card", "prepare", "--issuer", "cards.example").code == 0
    given = terminal.run("card", "consent", "--number", "E-1", "--notice", "ko", "--json")
    assert given.code == 0, given.out
    consent = given.result["record_id"]
    for folder, more in (("card", ()), ("listed", ("--status-list", LIST_URI, "--status-index", "7"))):
        made = terminal.run(
            *("issue", "staff-card", "--portrait", "portrait.jpg", "--consent", consent, "--number", "E-1"),
            *("--name", "Marigold Nobody", "--out", folder, *more, "--json"),
        )
        assert made.code == 0, made.out
    believed = terminal.folder / "trust" / "staff-card"
    believed.mkdir(parents=True)
    (believed / "cards.example.pem").write_bytes((terminal.desk / ISSUER_FILE).read_bytes())
    return Door(terminal, consent, terminal.folder / "card" / "card.png", iter(range(100)))


def test_a_card_held_up_beside_the_face(door: Door) -> None:
    """The card is read from the very frames the face is taken from; another's face beside it is refused."""
    session, left_first = door.session()
    ended = door.verify(session, door.film(PERSON, left_first=left_first, card=door.card))
    assert (ended.code, ended.json["outcome"]) == (0, "verified"), ended.out
    session, left_first = door.session()
    ended = door.verify(session, door.film("04", left_first=left_first, card=door.card))
    assert (ended.code, ended.result["reason"]["name"]) == (1, "comparison.non-mated")


def test_no_card_in_the_frames(door: Door) -> None:
    """Undetermined by name, and the session still answers: then with the card's picture as a document."""
    session, left_first = door.session()
    frames = door.film(PERSON, left_first=left_first, card=None)
    ended = door.verify(session, frames)
    assert (ended.code, ended.failure) == (3, "staff-card.no-code")
    ended = door.verify(session, frames, door.card)
    assert (ended.code, ended.json["outcome"]) == (0, "verified"), ended.out


@pytest.mark.parametrize("kind", ["png", "jpg", "txt"])
def test_a_picture_of_a_card_and_its_text_are_documents(door: Door, kind: str) -> None:
    """Checked with the desk's key and register; shown field by field, the template by its size alone."""
    file = door.terminal.folder / f"seen.{kind}"
    if kind == "txt":
        with start_reader(progress=lambda _: None) as reader:
            shown = SecretBuffer(bytearray(door.card.read_bytes()))
            file.write_bytes(bytes(read_card([shown], reader=reader).view) + b"\n")
    elif kind == "png":
        file.write_bytes(door.card.read_bytes())
    else:
        Image.fromarray(np.asarray(seen(Image.open(door.card), scale=0.42))).save(file)
    checked = door.document("check", file, "--trust", "trust")
    assert (checked.code, checked.json["outcome"]) == (0, "authentic"), checked.out
    assert (checked.result["kind"], checked.result["holder_binding"]) == ("staff-card", "bearer")
    told = door.document("show", file, "--trust", "trust")
    assert told.code == 0
    assert {one["treatment"] for one in told.result["fields"]} == {"verified"}
    claimed = door.document("show", file)
    assert (claimed.code, claimed.json["outcome"]) == (0, "not-judged")
    assert [one["identifier"] for one in claimed.result["fields"]] == ["card"]


def test_a_picture_without_a_code_is_no_document(door: Door) -> None:
    """A portrait, or a picture that cannot be read: undetermined or misuse by name, never a traceback."""
    for verb in ("check", "show"):
        ended = door.document(verb, "portrait.jpg", "--trust", "trust")
        assert (ended.code, ended.failure) == (3, "staff-card.no-code")
    broken = door.terminal.folder / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    ended = door.document("check", broken, "--trust", "trust")
    assert ended.failure.startswith("capture."), ended.out


def test_a_card_on_its_issuers_list(door: Door) -> None:
    """Valid passes; on the list it is refused; with a list that is old or not there nobody can tell."""
    card = door.terminal.folder / "listed" / "card.png"

    def checked() -> tuple[int, str]:
        ended = door.document("check", card, "--trust", "trust")
        return ended.code, ended.json["outcome"] if ended.code == 0 else ended.failure

    assert checked() == (3, "status.list-missing")
    door.list_status({}, hours=1)
    assert checked() == (0, "authentic")
    door.list_status({7: REVOKED}, hours=1)
    assert checked() == (1, "status.revoked")
    session, left_first = door.session()
    ended = door.verify(session, door.film(PERSON, left_first=left_first, card=card))
    assert (ended.code, ended.result["reason"]["name"]) == (1, "status.revoked")
    door.list_status({}, hours=72)
    assert checked() == (3, "status.list-stale")
    # The same at the door: nobody is refused for a list that is old or not there, and nobody let in by it.
    for name in ("status.list-stale", "status.list-missing"):
        session, left_first = door.session()
        ended = door.verify(session, door.film(PERSON, left_first=left_first, card=card))
        assert (ended.code, ended.json["outcome"], ended.result["reason"]["name"]) == (
            3,
            "undetermined",
            name,
        )
        assert ended.result["other_way"]
        (door.terminal.folder / "trust" / "status" / "cards.jwt").unlink(missing_ok=True)


def test_a_cards_page_and_its_consent(door: Door) -> None:
    """`document show --html` draws the issuer; `consent give` takes the card, to the same handle."""
    page = door.terminal.folder / "card.html"
    told = door.document("show", door.card, "--trust", "trust", "--html", page)
    assert told.code == 0, told.out
    drawn = page.read_text(encoding="utf-8")
    assert "cards.example" in drawn
    assert "staff_number" in drawn
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    again = door.terminal.run(
        *("consent", "give", "--purpose", "staff-entrance", "--document", door.card, "--trust", "trust"),
        *("--notice", "ko", "--json"),
    )
    # This very person agreed before there was a card: one person, one record.
    assert (again.code, again.failure) == (2, "consent.already-given"), again.out
