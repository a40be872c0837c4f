"""``dongui vault``: what is wrong with what it was given has a name, and nothing is half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongui.cli.vault import app
from dongui.cli.vault_inputs import master_keys, parse_id, read_batches, read_raw_key, write_view
from dongui.errors import DonguiError
from simulators.command_line import Terminal

HEAD = "file,person,person_number,record,record_number,version,basis,reference\n"
ROW = f"a.jpg,{1:032x},1,{2:032x},2,1,consent,consent/1\n"
LISTS: dict[str, tuple[bytes, str]] = {
    "no head": (ROW.encode(), "vault.list-malformed"),
    "a field short": ((HEAD + "a.jpg,1\n").encode(), "vault.list-malformed"),
    "a field more": ((HEAD + ROW.strip() + ",x\n").encode(), "vault.list-malformed"),
    "no number": ((HEAD + ROW.replace(",1,", ",one,", 1)).encode(), "vault.list-malformed"),
    "no basis": ((HEAD + ROW.replace(",consent,", ",because,")).encode(), "vault.basis-missing"),
    "no reference": ((HEAD + ROW.replace("consent/1", "")).encode(), "vault.basis-missing"),
    "no id": ((HEAD + ROW.replace(f"{1:032x}", "1")).encode(), "vault.id-malformed"),
    "no image": ((HEAD + ROW.replace("a.jpg", "b.jpg")).encode(), "file.not-found"),
    "no text": (b"\xff\xfe", "vault.list-malformed"),
}


@pytest.mark.parametrize("wrong", LISTS)
def test_a_list_that_is_wrong_is_named(tmp_path: Path, wrong: str) -> None:
    """Each fault has its name, before anything of that line is kept."""
    text, expected = LISTS[wrong]
    (tmp_path / "a.jpg").write_bytes(b"image")
    (tmp_path / "list.csv").write_bytes(text)
    with pytest.raises(DonguiError) as caught:
        list(read_batches(tmp_path / "list.csv"))
    assert caught.value.name == expected


def test_a_batchs_images_are_overwritten_when_it_is_done(tmp_path: Path) -> None:
    """Nothing of an image stays in memory that was read for one batch."""
    (tmp_path / "a.jpg").write_bytes(b"image")
    (tmp_path / "list.csv").write_text(HEAD + ROW, encoding="utf-8")
    batches = read_batches(tmp_path / "list.csv")
    (record,) = next(batches)
    assert bytes(record.content) == b"image"
    assert next(batches, None) is None
    assert not any(record.content)


@pytest.mark.parametrize("text", ["", "file:", "env:", "pkcs11:a#b", "master.key", "http://a"])
def test_a_master_key_is_named_in_one_of_three_ways(text: str) -> None:
    """Anything else is refused, and no place is guessed."""
    with pytest.raises(DonguiError, match=r"vault\.options-wrong"), master_keys(text):
        raise AssertionError("opened")


def test_ids_keys_and_files_that_are_wrong_are_named(tmp_path: Path) -> None:
    """Hexadecimal of the right length, and never a file written over."""
    with pytest.raises(DonguiError, match=r"vault\.id-malformed"):
        parse_id("zz")
    (tmp_path / "key").write_text("not a key")
    with pytest.raises(DonguiError, match=r"vault\.recipient-key-malformed"):
        read_raw_key(tmp_path / "key", "key")
    with pytest.raises(DonguiError, match=r"file\.exists"):
        write_view(tmp_path / "key", memoryview(b"x"))
    write_view(tmp_path / "new", memoryview(b"x"))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_file_is_destroyed_only_once_it_is_known_to_be_kept(tmp_path: Path) -> None:
    """Every listed file is held against what is kept; one that differs is named by its line."""
    places = ("--keys", "keys", "--master", "file:master.key", "--json")
    terminal = Terminal(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"image")
    (tmp_path / "list.csv").write_text(HEAD + ROW, encoding="utf-8")
    listed = ("vault", "--list", "list.csv", *places)
    assert terminal.run("vault", "create", "vault", *places).code == 0
    assert terminal.run("vault", "compare", *listed).failure == "vault.no-such-record"
    assert terminal.run("vault", "put", *listed).code == 0
    assert terminal.run("vault", "compare", *listed).result == {"records": 1}
    (tmp_path / "a.jpg").write_bytes(b"imagf")
    differs = terminal.run("vault", "compare", *listed)
    assert (differs.code, differs.failure) == (1, "vault.content-differs")
    assert "line 2" in differs.out


def test_no_command_writes_a_kept_face_out() -> None:
    """What leaves the vault is encrypted to a release's recipient or to the person; there is no third way."""
    assert {command.name for command in app.registered_commands} == {
        *("create", "put", "compare", "list", "fsck", "rotate", "erase", "master-key"),
        *("export-keys", "recipient-key", "open-parcel"),
    }
