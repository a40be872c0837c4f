"""A signer is withdrawn: its authority says so in a list, and what it signed is refused. By commands."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from dongui.documents.mdoc.authority import Authority
from dongui.environment import FixedClock, SystemClock
from simulators.command_line import Ended, Terminal

UNCHECKED = "mdoc.revocation-not-checked"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """An authority, a licence of its signer, a desk and a consent; each command a process."""
    terminal = Terminal(tmp_path_factory.mktemp("withdrawn"))
    terminal.prepare()
    return terminal


def imported(terminal: Terminal, name: str, *revoked: str, into: str = "authority") -> Ended:
    """Let the authority make a list, and put it into a trust folder."""
    named = [part for file in revoked for part in ("--revoke", file)]
    made = terminal.run("issue", "revocation-list", "--authority", "authority", *named, "--out", name)
    assert made.code == 0, made.err
    return terminal.run("trust", "import", name, "--into", into, "--json")


def forget(terminal: Terminal, folder: str = "authority") -> None:
    for path in (terminal.folder / folder).glob("*.crl"):
        path.unlink()


def remarks(ended: Ended) -> set[str]:
    return {remark["name"] for remark in ended.result["remarks"]}


def test_a_licence_whose_signer_was_withdrawn(desk: Terminal) -> None:
    """No list: verified, and said so. A list without it: verified. On it: refused. Old: undetermined."""
    checking = ("document", "check", "holder/issuer-signed.cbor", "--trust", "authority", "--json")
    assert UNCHECKED in remarks(desk.run(*checking))
    bare = desk.verify(desk.visit("bare", take=0), "--json")
    assert (bare.code, bare.json["outcome"]) == (0, "verified"), bare.out

    told = imported(desk, "empty.crl")
    assert told.code == 0, told.out
    assert UNCHECKED not in remarks(desk.run(*checking))
    listed = desk.run("trust", "list", "authority", "--json").result["revocation_lists"]
    assert [(one["kind"], one["revoked"]) for one in listed] == [("mdoc", 0)]
    fresh = desk.verify(desk.visit("fresh", take=1), "--json")
    assert (fresh.code, fresh.json["outcome"]) == (0, "verified"), fresh.out

    forget(desk)
    assert imported(desk, "lost.crl", "authority/signer.key").code == 0
    ended = desk.run(*checking)
    assert (ended.code, ended.failure) == (1, "trust.signer-revoked")
    refused = desk.verify(desk.visit("lost", take=2), "--json")
    assert (refused.code, refused.json["outcome"]) == (1, "refused"), refused.out
    assert refused.result["reason"]["name"] == "trust.signer-revoked"

    forget(desk)
    old = FixedClock(SystemClock().now() - timedelta(days=120))
    authority = Authority.from_bytes((desk.folder / "authority" / "authority.key").read_bytes())
    stale = authority.revocation_list([], lifetime=timedelta(days=30), clock=old)
    (desk.folder / "authority" / "old.crl").write_bytes(stale)
    undetermined = desk.verify(desk.visit("stale", take=3), "--json")
    assert (undetermined.code, undetermined.json["outcome"]) == (3, "undetermined"), undetermined.out
    assert undetermined.result["reason"]["name"] == "trust.revocation-list-stale"
    assert undetermined.result["other_way"]
    forget(desk)


def test_a_credential_whose_signer_was_withdrawn(desk: Terminal) -> None:
    """The same law for a credential: a root and a list in sd-jwt/; the credential says whom to revoke."""
    (desk.folder / "claims.json").write_text(json.dumps({"family_name": "Nobody", "document_number": "ID-5"}))
    issued = desk.run(
        *("issue", "sd-jwt", "--authority", "authority", "--data", "claims.json"),
        *("--portrait", "portrait.jpg", "--out", "wallet"),
    )
    assert issued.code == 0, issued.err
    place = desk.folder / "credentials" / "sd-jwt"
    place.mkdir(parents=True)
    (place / "root.pem").write_bytes((desk.folder / "authority" / "iaca.pem").read_bytes())
    checking = ("document", "check", "wallet/credential.sd-jwt", "--trust", "credentials", "--json")
    assert "sd-jwt.revocation-not-checked" in remarks(desk.run(*checking))
    assert imported(desk, "nobody.crl", into="credentials").code == 0
    assert "sd-jwt.revocation-not-checked" not in remarks(desk.run(*checking))
    forget(desk, "credentials/sd-jwt")
    assert imported(desk, "wallets.crl", "wallet/credential.sd-jwt", into="credentials").code == 0
    ended = desk.run(*checking)
    assert (ended.code, ended.failure) == (1, "trust.signer-revoked")


def test_a_list_is_taken_from_an_authority_that_is_trusted_here(desk: Terminal) -> None:
    """Another's list is proved by nobody, and nothing is written; nor can one withdraw others' signers."""
    desk.found_authority("others")
    (desk.folder / "empty").mkdir()
    nobody = imported(desk, "alone.crl", into="empty")
    assert (nobody.code, nobody.failure) == (3, "trust.revocation-list-unproved")
    assert list((desk.folder / "empty").iterdir()) == []
    named_alike = desk.run("trust", "import", "alone.crl", "--into", "others", "--json")
    assert (named_alike.code, named_alike.failure) == (3, "trust.revocation-list-unproved")
    (desk.folder / "letter").write_text("Dear reader")
    for file, name in (("others/signer.key", "issuing.not-its-signer"), ("letter", "issuing.bad-key-file")):
        wrong = desk.run(
            *("issue", "revocation-list", "--authority", "authority", "--out", "w.crl", "--json"),
            *("--revoke", file),
        )
        assert (wrong.code, wrong.failure) == (2, name)
