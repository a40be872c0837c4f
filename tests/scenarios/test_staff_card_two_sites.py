"""A card for two sites, from the terminal of each: it works at both, and once lost at neither."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.cli.main import run
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.desk.cards import ISSUER_FILE, SITE_FILE, CardOrder, CardRoom, new_card_keys, read_site
from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.staff_card.card_content import CardPerson
from dongui.documents.staff_card.issuing import StaffCard
from dongui.documents.staff_card.verifying import authenticate
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import DonguiError, Misuse
from dongui.memory import SecretBuffer
from simulators.card_victim import Enroller

LIST = "https://cards.example/list"


class Sites:
    """The desk that makes cards, ``here``, and the one that also reads them, ``there``."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        self.here, self.there, self.trust = folder / "here", folder / "there", folder / "trust"
        for desk in (self.here, self.there):
            name = desk.name
            entry = ControllerEntry(f"{name}.example", "새봄", "Saebom", "서울", "Seoul", "a@b.example")
            create_desk(desk, entry, entropy=SystemEntropy())
            keys = new_card_keys(desk, issuer=f"cards.{name}.example", entropy=SystemEntropy())
            for file, (data, _) in keys.files.items():
                file.write_bytes(data)
        (self.trust / "staff-card").mkdir(parents=True)
        key = (self.here / ISSUER_FILE).read_bytes()
        (self.trust / "staff-card" / "cards.here.example.pem").write_bytes(key)

    def give(self, desk: Path, *arguments: str) -> dict[str, object]:
        """Run ``dongui card`` at a desk; return its result, or the failure's name."""
        with pytest.raises(SystemExit):
            run(["card", *arguments, "--desk", str(desk), "--json"])
        answer = json.loads(self.capture.readouterr().out)
        result: dict[str, object] = answer.get("result") or {"failure": answer["failure"]["name"]}
        return result

    def make(
        self, number: str = "E-1", *, status: StatusReference | None = None, both: bool = True
    ) -> StaffCard:
        """Make a card for both sites or, as a code has no room for a list then, for one of them."""
        with room_of(self.here) as room:
            purpose = room.desk.purpose("staff-entrance")
            record = room.consent(number, purpose=purpose, language="ko").record_id
            other = read_site((self.there / SITE_FILE).read_bytes())
            alone = room.site_key.public if status is None else other
            order = CardOrder(
                CardPerson(number, "Nobody"),
                purpose,
                record,
                (room.site_key.public, other) if both and status is None else (alone,),
                timedelta(days=30),
                status,
            )
            return room.issue(order, SecretBuffer(bytearray(1)), enroller=Enroller())

    def pass_on(self, card: StaffCard, out: str = "secret") -> Path:
        file = self.folder / out
        site = str(self.there / SITE_FILE)
        said = self.give(self.here, "export-secret", card.card_id.hex(), "--site", site, "--out", str(file))
        assert said["file"] == str(file)
        assert file.stat().st_mode & 0o077 == 0
        return file

    def consent_there(self) -> str:
        given = ("--number", "E-1", "--notice", "ko", "--issuer", "cards.here.example")
        return str(self.give(self.there, "consent", *given)["record_id"])

    def accept(self, file: Path, record: str, *, desk: Path | None = None) -> dict[str, object]:
        options = ("--trust", str(self.trust), "--consent", record)
        return self.give(desk or self.there, "accept", str(file), *options)

    def judged(self, desk: Path, card: StaffCard, status: StatusEvidence | None = None) -> str:
        """What a card held out at a desk is: authentic, or the failure's name."""
        with room_of(self.here) as here:
            issuers = here.issuers
        with room_of(desk) as room:
            try:
                document: AuthenticatedDocument = authenticate(
                    card.text,
                    issuers=issuers,
                    site_key=room.site_key,
                    register=room.register,
                    clock=room.desk.clock,
                    status=status or StatusEvidence.none(),
                )
            except DonguiError as failure:
                return failure.name
        return document.kind


@contextmanager
def room_of(path: Path) -> Iterator[CardRoom]:
    with Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as desk, CardRoom(desk) as room:
        yield room


@pytest.fixture
def sites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sites:
    return Sites(tmp_path, capsys)


def test_one_card_works_at_two_sites_and_lost_at_neither(sites: Sites) -> None:
    """Passed on, accepted under a consent of its own, revoked, told, applied; the old file is of no use."""
    card = sites.make()
    assert sites.judged(sites.there, card) == "staff-card.not-registered"
    file, record = sites.pass_on(card), sites.consent_there()
    assert sites.accept(file, record)["card_id"] == card.card_id.hex()
    assert [sites.judged(desk, card) for desk in (sites.here, sites.there)] == ["staff-card"] * 2
    assert sites.accept(file, record)["failure"] == "card.already-registered"
    held = sites.give(sites.here, "revoke", card.card_id.hex())["held_by"]
    with room_of(sites.there) as room:
        assert held == [room.site_key.public.audience]
    told = sites.folder / "notice"
    said = sites.give(sites.here, "revocation-notice", card.card_id.hex(), "--out", str(told))
    assert said["held_by"] == held
    assert sites.judged(sites.there, card) == "staff-card"
    applied = sites.give(sites.there, "apply-revocation", str(told), "--trust", str(sites.trust))
    assert applied == {"card_id": card.card_id.hex(), "state": "revoked"}
    assert [sites.judged(desk, card) for desk in (sites.here, sites.there)] == ["staff-card.revoked"] * 2
    assert sites.accept(file, record)["failure"] == "staff-card.revoked"


def test_a_revocation_that_comes_first_keeps_the_card_out(sites: Sites) -> None:
    """A file with the secret that was kept back does not bring a revoked card to life."""
    card = sites.make()
    file, told = sites.pass_on(card), sites.folder / "notice"
    sites.give(sites.here, "revoke", card.card_id.hex())
    sites.give(sites.here, "revocation-notice", card.card_id.hex(), "--out", str(told))
    sites.give(sites.there, "apply-revocation", str(told), "--trust", str(sites.trust))
    assert sites.accept(file, sites.consent_there())["failure"] == "staff-card.revoked"


def test_no_site_takes_a_card_without_a_consent_of_its_own(sites: Sites) -> None:
    """The consent given elsewhere is not known here; withdrawn here, the card is revoked here alone."""
    card = sites.make()
    file = sites.pass_on(card)
    assert sites.accept(file, "00" * 16)["failure"] == "consent.unknown-record"
    record = sites.consent_there()
    sites.accept(file, record)
    with pytest.raises(SystemExit):
        run(["consent", "withdraw", record, "--desk", str(sites.there)])
    sites.capture.readouterr()
    assert sites.judged(sites.there, card) == "staff-card.revoked"
    assert sites.judged(sites.here, card) == "staff-card"


def test_each_desk_speaks_for_its_own_cards_alone(sites: Sites) -> None:
    """A file for another site, a card not made for it, somebody else's revocation: each refused by name."""
    card, alone = sites.make(), sites.make("E-2", both=False)
    site = str(sites.there / SITE_FILE)
    out = str(sites.folder / "no")
    refused = sites.give(sites.here, "export-secret", alone.card_id.hex(), "--site", site, "--out", out)
    assert refused["failure"] == "card.site-not-named"
    file, told = sites.pass_on(card), sites.folder / "notice"
    assert sites.accept(file, "00" * 16, desk=sites.here)["failure"] == "staff-card.not-for-this-site"
    sites.accept(file, sites.consent_there())
    shown = card.card_id.hex()
    for command in (("export-secret", shown, "--site", site), ("revocation-notice", shown)):
        assert sites.give(sites.there, *command, "--out", out)["failure"] == "card.not-ours"
    early = sites.give(sites.here, "revocation-notice", shown, "--out", out)
    assert early["failure"] == "card.not-revoked"
    sites.give(sites.here, "revoke", shown)
    sites.give(sites.here, "revocation-notice", shown, "--out", str(told))
    # The desk that made the card is told nothing it did not say itself.
    own = sites.give(sites.here, "apply-revocation", str(told), "--trust", str(sites.trust))
    assert own["failure"] == "card.other-issuer"
    assert not Path(out).exists()


def test_lost_cards_are_marked_in_the_status_list(sites: Sites) -> None:
    """A site that holds the secret and never saw a notice refuses by the list; the other card is valid."""
    lost, kept = (sites.make(f"E-{place}", status=StatusReference(LIST, place)) for place in (3, 4))
    record = sites.consent_there()
    for card, name in ((lost, "one"), (kept, "two")):
        sites.accept(sites.pass_on(card, name), record)
    sites.give(sites.here, "revoke", lost.card_id.hex())
    file = sites.folder / "list.jwt"
    said = sites.give(sites.here, "status-list", "--uri", LIST, "--out", str(file))
    assert said["uri"] == LIST
    content = {file.name: file.read_bytes()}
    status = StatusEvidence.from_files(content, anchors=None, max_age=timedelta(hours=24))
    assert sites.judged(sites.there, lost, status) == "status.revoked"
    assert sites.judged(sites.there, kept, status) == "staff-card"
    small = ("--size", "4", "--out", str(sites.folder / "small"))
    assert sites.give(sites.here, "status-list", "--uri", LIST, *small)["failure"] == (
        "card.status-list-too-large"
    )
    with pytest.raises(Misuse) as caught:
        sites.make("E-5", status=StatusReference(LIST, 4))
    assert caught.value.name == "card.status-place-taken"
