"""``dongui trust``: import, list and show countries' authorities."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.cli.main import run
from dongui.documents.trust.csca_folder import revocation_lists_in
from dongui.errors import Refused
from simulators.passport_country import NOW, judge, passport, utopia
from simulators.passport_pa.drafting import AUTHORITY

DATA = os.environ.get("DONGUI_TEST_DATA")
LISTS = Path(DATA or ".") / "vectors" / "passport" / "master-lists"
needs_data = pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: no master list is imported")
AT = ["--at", "2026-11-22"]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command in this process; how it ended and what it wrote."""
    with pytest.raises(SystemExit) as ended:
        run(["trust", *arguments])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out + captured.err


@needs_data
def test_a_master_list_is_imported_listed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Import verifies to the root; the list says how old it is; every defect is named; both languages."""
    folder = str(tmp_path / "trust")
    listed, root = LISTS / "DE_ML_2026-05-28.ml", LISTS / "DE_ROOT_CA_CSCA07.cer"
    assert asked(capsys, "import", str(listed), "--into", folder)[0] == 1
    assert not Path(folder).exists()
    assert asked(capsys, "import", str(listed), "--into", folder, "--root", str(root))[0] == 0
    code, out = asked(capsys, "list", folder, "--json", *AT)
    result = json.loads(out)["result"]
    assert (code, result["certificates"], len(result["countries"])) == (0, 588, 112)
    assert result["lists"][0]["age_days"] == 177
    assert not result["lists"][0]["stale"]
    stale = json.loads(asked(capsys, "list", folder, "--json", "--max-age", "90", *AT)[1])["result"]
    assert stale["lists"][0]["stale"]
    assert "마스터 목록" in asked(capsys, "list", folder, "--language", "ko", *AT)[1]
    shown = json.loads(asked(capsys, "show", folder, "KR", "--json")[1])["result"]["certificates"]
    assert len(shown) == 5
    one = asked(capsys, "show", folder, shown[0]["fingerprint"][:12], "--json")[1]
    assert json.loads(one)["result"]["certificates"] == shown[:1]
    assert asked(capsys, "show", folder, "ZZ")[0] == 2


def test_a_single_certificate_is_imported_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A self-signed authority is taken as given; a signer's certificate is not an authority's."""
    country = utopia()
    (tmp_path / "ut.cer").write_bytes(country.authority.encoded)
    folder = str(tmp_path / "trust")
    for expected in (1, 0):
        out = asked(capsys, "import", str(tmp_path / "ut.cer"), "--into", folder, "--json")[1]
        assert json.loads(out)["result"]["new"] == expected
    (tmp_path / "ds.cer").write_bytes(country.signer.certificate.public_bytes(Encoding.DER))
    code, out = asked(capsys, "import", str(tmp_path / "ds.cer"), "--into", folder)
    assert code == 1
    assert "trust.not-country-authority" in out
    assert json.loads(asked(capsys, "list", folder, "--json")[1])["result"]["given"] == 1


def test_a_revocation_list_is_imported_under_its_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list is taken where its authority is; before that nobody vouches for it, and nothing is written."""
    country, folder = utopia(), tmp_path / "trust"
    serial = country.signer.certificate.serial_number
    (tmp_path / "ut.crl").write_bytes(country.authority.revocation_list([serial], clock=NOW))
    (tmp_path / "ut.cer").write_bytes(country.authority.encoded)
    asking = ("import", str(tmp_path / "ut.crl"), "--into", str(folder))
    assert asked(capsys, *asking)[0] == 3
    assert asked(capsys, "import", str(tmp_path / "ut.cer"), "--into", str(folder))[0] == 0
    assert asked(capsys, *asking)[0] == 0
    listed = json.loads(asked(capsys, "list", str(folder), "--json")[1])["result"]
    assert [one["revoked"] for one in listed["revocation_lists"]] == [1]
    drawn = asked(capsys, "list", str(folder), "--at", "2026-11-23T00:00:00Z")[1]
    assert "revocation list of" in drawn
    assert "undetermined" not in drawn
    assert "undetermined" in asked(capsys, "list", str(folder), "--at", "2027-06-01T00:00:00Z")[1]
    lists = revocation_lists_in(folder / "csca", max_age=timedelta(days=90))
    with pytest.raises(Refused, match=r"passport\.signer-revoked"):
        judge(passport(country), country.anchors, revocation=lists)


@pytest.mark.parametrize("country", ["../../../x", "/", "U\x1b[2J", "\x00"])
def test_a_country_that_is_a_path_stays_in_the_folder(
    country: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The attack: a self-signed authority whose country climbs out of the folder, or steers the terminal."""
    name = (("2.5.4.6", country), ("2.5.4.3", "CSCA"))
    (tmp_path / "file").write_bytes(replace(AUTHORITY, subject=name, issuer=name).write())
    folder = tmp_path / "in" / "trust"
    assert asked(capsys, "import", str(tmp_path / "file"), "--into", str(folder))[0] == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "file"]
    assert [path.parent for path in written] == [folder / "csca"]
    assert written[0].name.startswith("xx-")
    code, out = asked(capsys, "list", str(folder))
    assert code == 0
    assert "\x1b" not in out


@pytest.mark.parametrize("content", [b"", b"x", b"\x30\x80", bytes(range(200))])
def test_what_is_neither_list_nor_certificate_is_named(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any file ends in a named failure, and nothing is written."""
    (tmp_path / "file").write_bytes(content)
    code, _ = asked(capsys, "import", str(tmp_path / "file"), "--into", str(tmp_path / "trust"))
    assert code in (1, 2)
    assert not (tmp_path / "trust").exists()
