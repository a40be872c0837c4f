"""A release's pictures handed to their recipient, by commands alone: and never a picture taken back since."""

from __future__ import annotations

from pathlib import Path

from simulators.withdrawal_office import LABORATORY, PURPOSE, WithdrawalOffice, name_of

_HEAD = "file,person,person_number,record,record_number,version,basis,reference\n"
_KEYS = ("--keys", "keys-apart", "--master", "file:master.key")


def keep_pictures(office: WithdrawalOffice) -> None:
    """Keep one picture of each person, as the office's table of records names it."""
    folder = office.terminal.folder
    rows = []
    for number in range(office.people):
        (folder / f"{number}.jpg").write_bytes(b"picture %d" % number)
        named = f"{name_of(number)},{number},{2 * number:032x},{2 * number},1,consent,consent/{number}"
        rows.append(f"{number}.jpg,{named}\n")
    (folder / "pictures.csv").write_text(_HEAD + "".join(rows))
    office.done("vault", "create", "vault", *_KEYS)
    office.done("vault", "put", "vault", "--list", "pictures.csv", *_KEYS)


def hand_over(office: WithdrawalOffice, out: str) -> set[bytes]:
    """Hand the release over and read it as the laboratory does; return the pictures it gets."""
    given = ("--release", "pictures", "--recipient", LABORATORY)
    office.done(
        *("vault", "export-keys", "vault", *given, "--public-key", "laboratory.key.public"),
        *("--out", f"{out}.parcel", *_KEYS),
    )
    operator = office.terminal.desk / "operator.keys"
    office.done(
        *("vault", "open-parcel", f"{out}.parcel", *given, "--key", "laboratory.key"),
        *("--operator-key", operator, "--out", out),
    )
    return {path.read_bytes() for path in (office.terminal.folder / out).iterdir()}


def test_whoever_withdrew_since_is_not_handed_over(tmp_path: Path) -> None:
    """Attack: hand a release over from a folder that no withdrawal was told of.

    Law: the ledger is asked at the moment of handing over, whatever stands beside the release.
    """
    office = WithdrawalOffice.open(tmp_path, people=3, model=False)
    keep_pictures(office)
    office.done("vault", "recipient-key", "--out", "laboratory.key")
    assert hand_over(office, "before") == {b"picture 0", b"picture 1", b"picture 2"}
    (office.terminal.desk / "custody" / "releases").rename(tmp_path / "unknown-places")
    office.consent([1], LABORATORY, "image", kind="withdrawn", purpose=PURPOSE)
    assert office.given_out("pictures") == 3, "nothing told the office where it is"
    assert hand_over(office, "after") == {b"picture 0", b"picture 2"}
