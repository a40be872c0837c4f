"""Each kind of document through the whole path by commands alone, every command a process of its own.

A mobile document: ``test_cli_main_path``. A passport's chip: ``test_chip_verify``. The others here.
"""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from dongui.demo.cast import recording, turn
from dongui.environment import SystemClock
from simulators.command_line import PERSON, Ended, Terminal

AUDIENCE = "x509_san_dns:port.example"
_TAKES = count(40)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """An authority and a desk, with nobody's consent but the licence holder's."""
    terminal = Terminal(tmp_path_factory.mktemp("kinds"))
    terminal.prepare()
    return terminal


def consent(desk: Terminal, purpose: str, document: object, trust: str) -> str:
    """Give it with the document itself, and return the record's id."""
    given = desk.run(
        *("consent", "give", "--purpose", purpose, "--document", document),
        *("--trust", trust, "--notice", "en", "--json"),
    )
    assert given.code == 0, given.out
    return str(given.result["record"])


def session(desk: Terminal, purpose: str, record: str) -> dict[str, str]:
    opened = desk.run(
        *("session", "open", "--purpose", purpose, "--consent", record, "--json"),
        *("--client-id", AUDIENCE, "--response-uri", "https://port.example/present"),
    )
    assert opened.code == 0, opened.out
    return dict(opened.result)


def verify(desk: Terminal, opened: dict[str, str], document: object, trust: str, person: str) -> Ended:
    take = next(_TAKES)
    film = recording(turn(person), take=take)
    folder = desk.folder / f"film-{take}"
    folder.mkdir()
    frames = []
    for number, frame in enumerate(film if opened["challenge"] == "picture-left first" else reversed(film)):
        frames.append(folder / f"{number:02d}.jpg")
        frames[-1].write_bytes(frame)
    return desk.run(
        *("verify", document, "--session", opened["session"], "--trust", trust),
        *("--accept-unassessed", "--json", "--capture", *frames),
    )


def test_a_credential(desk: Terminal) -> None:
    """Issued, agreed with, presented to this session, verified; to another person's face it is not mated."""
    (desk.folder / "claims.json").write_text(json.dumps({"family_name": "Nobody", "document_number": "ID-5"}))
    issued = desk.run(
        *("issue", "sd-jwt", "--authority", "authority", "--data", "claims.json"),
        *("--portrait", "portrait.jpg", "--out", "wallet"),
    )
    assert issued.code == 0, issued.err
    place = desk.folder / "credentials" / "sd-jwt"
    place.mkdir(parents=True)
    (place / "root.pem").write_bytes((desk.folder / "authority" / "iaca.pem").read_bytes())
    record = consent(desk, "phone-activation", "wallet/credential.sd-jwt", "credentials")
    for person, ended in ((PERSON, (0, "verified")), ("04", (1, "refused"))):
        opened = session(desk, "phone-activation", record)
        shown = f"shown-{person}"
        presented = desk.run(
            *("issue", "sd-jwt-presentation", "--holder", "wallet", "--nonce", opened["nonce"]),
            *("--audience", AUDIENCE, "--out", shown),
        )
        assert presented.code == 0, presented.err
        answer = verify(desk, opened, shown, "credentials", person)
        assert (answer.code, answer.json["outcome"]) == ended, answer.out


def test_a_staff_card(desk: Terminal) -> None:
    """Agreed to, issued, held out as its picture: verified; lost, it is refused from the next visit on."""
    assert desk.run("card", "prepare", "--issuer", "cards.example").code == 0
    agreed = desk.run("card", "consent", "--number", "E-5", "--notice", "en", "--json")
    assert agreed.code == 0, agreed.out
    record = agreed.result["record_id"]
    made = desk.run(
        *("issue", "staff-card", "--portrait", "portrait.jpg", "--consent", record, "--number", "E-5"),
        *("--name", "Marigold Nobody", "--out", "card", "--json"),
    )
    assert made.code == 0, made.out
    believed = desk.folder / "door" / "staff-card"
    believed.mkdir(parents=True)
    (believed / "cards.example.pem").write_bytes((desk.desk / "card-issuer.pem").read_bytes())
    card = Path("card", "card.png")
    opened = session(desk, "staff-entrance", record)
    answer = verify(desk, opened, card, "door", PERSON)
    assert (answer.code, answer.json["outcome"]) == (0, "verified"), answer.out
    # A desk without the issuer's key believes nobody, and the session is not spent by that.
    (desk.folder / "nobody").mkdir()
    opened = session(desk, "staff-entrance", record)
    answer = verify(desk, opened, card, "nobody", PERSON)
    assert (answer.code, answer.failure) == (2, "staff-card.no-issuers"), answer.out
    assert desk.run("card", "revoke", made.result["card_id"]).code == 0
    answer = verify(desk, opened, card, "door", PERSON)
    assert (answer.code, answer.result["reason"]["name"]) == (1, "staff-card.revoked"), answer.out


def test_a_passports_files(desk: Terminal) -> None:
    """Authentic, and agreed with; at a gate that asks for the chip itself a copy of them is refused."""
    (desk.folder / "five.json").write_text(
        json.dumps(
            {
                "number": "UT0000005",
                "surname": "Nobody",
                "given_names": "Number Five",
                "birth_date": "1990-01-01",
                "sex": "F",
                "expiry_date": f"{SystemClock().now() + timedelta(days=1_800):%Y-%m-%d}",
            }
        )
    )
    issued = desk.run(
        *("issue", "passport", "--data", "five.json", "--portrait", "portrait.jpg", "--out", "utopia")
    )
    assert issued.code == 0, issued.err
    checked = desk.run("document", "check", "utopia/files", "--trust", "utopia/trust", "--json")
    assert (checked.code, checked.result["holder_binding"]) == (0, "copyable"), checked.out
    record = consent(desk, "airport-gate", "utopia/files", "utopia/trust")
    answer = verify(desk, session(desk, "airport-gate", record), "utopia/files", "utopia/trust", PERSON)
    assert (answer.code, answer.result["reason"]["name"]) == (1, "purpose.binding-not-accepted"), answer.out
