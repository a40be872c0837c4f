"""A passport's files out of a folder or a zip: every spelling, nothing twice, nothing beyond the limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from dongui.documents.passport import files as module
from dongui.documents.passport.files import (
    COM,
    DATA_GROUP_TAGS,
    SOD,
    LdsFiles,
    file_identifier,
    identify,
)
from dongui.documents.passport.lds import com_remarks, parse_com
from dongui.documents.passport.tlv import header_length, write
from dongui.errors import Refused

DG1 = write(0x61, write(0x5F1F, b"zone"))
DG5 = write(0x65, b"\x02\x01\x00")
EF_COM = write(0x60, write(0x5F01, b"0107"), write(0x5F36, b"040000"), write(0x5C, bytes([0x61, 0x65])))
EF_SOD = write(0x77, b"")


def zipped(contents: Mapping[str, bytes], **options: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", compression=options.get("compression", zipfile.ZIP_DEFLATED)
    ) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def refusal(contents: Mapping[str, bytes] | bytes) -> str:
    with pytest.raises(Refused) as caught:
        LdsFiles.from_archive(contents) if isinstance(contents, bytes) else LdsFiles.from_listing(contents)
    return caught.value.name


@pytest.mark.parametrize(
    ("names", "number"),
    [
        (("011E", "011e.bin", "0x011E", "EF.COM", "EF_COM.bin", "COM.bin", "com", "efcom"), COM),
        (("011D", "011D.dat", "EF.SOD", "EF_SOD.bin", "SOD.bin", "ef-sod"), SOD),
        (("0101", "0101.bin", "DG1", "EF.DG1", "EF_DG01.bin", "Datagroup1.bin", "dg-1", "EF.0101"), 1),
        (("0102.BIN", "DG2.der", "DG02.bin", "data_group_2"), 2),
        (("010E", "DG14", "Datagroup14.bin"), 14),
        (("0110", "EF.DG16"), 16),
        (
            (
                "0100",
                "0111",
                "DG0",
                "DG17",
                "DG1_1",
                "DG1.txt",
                "readme",
                "",
                "..",
                "DG",
                "EF.COMS",
                "011C",
                "\u017fod",
            ),
            None,
        ),
    ],
)
def test_names_mean_files(names: tuple[str, ...], number: int | None) -> None:
    """By file identifier or by data group, in the usual spellings; anything else means nothing."""
    assert {name: identify(name) for name in names} == dict.fromkeys(names, number)


def test_every_file_has_its_identifier() -> None:
    """ICAO 9303-10, 4.6 and 4.7."""
    assert [file_identifier(number) for number in (COM, SOD, 1, 2, 14, 15, 16)] == [
        0x011E, 0x011D, 0x0101, 0x0102, 0x010E, 0x010F, 0x0110,
    ]  # fmt: skip
    assert list(DATA_GROUP_TAGS) == list(range(1, 17))


def test_a_folder_and_a_zip_hold_the_same_files() -> None:
    """However they came, files are found by their names; others are named and not read."""
    listing = {"0101.bin": DG1, "EF_COM.bin": EF_COM, "SOD": EF_SOD, "DG5.bin": DG5, "note.txt": b"x"}
    nested = {f"passport/{name}": content for name, content in listing.items()}
    for files in (LdsFiles.from_listing(listing), LdsFiles.from_archive(zipped(nested))):
        assert dict(files.groups) == {1: DG1, 5: DG5}
        assert (files.com, files.security_object) == (EF_COM, EF_SOD)
        assert (files.unaccounted, files.not_kept) == (("note.txt",), ())
        assert 1 in files
        assert list(files) == [1, 5]
        assert repr(files) == "LdsFiles(DG1, DG5, EF.COM, EF.SOD)"
    with pytest.raises(Refused) as caught:
        files.group(2)
    assert caught.value.name == "passport.data-group-missing"


def test_fingerprints_and_irises_are_never_kept() -> None:
    """DG3 and DG4 are said to be there; their bytes are neither kept nor even unpacked."""
    listing = {"DG1": DG1, "DG3": b"not even looked at", "0104.bin": b"nor this"}
    for files in (LdsFiles.from_listing(listing), LdsFiles.from_archive(zipped(listing))):
        assert files.not_kept == (3, 4)
        assert list(files) == [1]
        assert not any(b"looked" in content for content in files.groups.values())


@pytest.mark.parametrize(
    ("contents", "name"),
    [
        ({"DG1": DG1, "0101.bin": DG1}, "file-twice"),
        ({}, "no-files"),
        ({"portrait.jpg": b"x"}, "no-files"),
        ({"DG1": DG5}, "data-group-tag"),
        ({"DG1": b""}, "data-group-tag"),
        ({"SOD": EF_COM}, "data-group-tag"),
        ({"DG1": DG1 + b"\0"}, "trailing-bytes"),
        ({"DG1": DG1[:-1]}, "tlv-truncated"),
        ({"DG1": b"\x61"}, "tlv-truncated"),
        ({"DG1": b"\x61\x80\0\0"}, "tlv-malformed"),
        ({"DG1": b"\x61\x85\0\0\0\0\0"}, "tlv-malformed"),
        ({"DG1": write(0x61, bytes(module.MAX_FILE_BYTES))}, "file-too-large"),
        ({f"{number}.txt": b"" for number in range(module.MAX_FILES + 1)}, "too-many-files"),
    ],
)
def test_what_is_no_passport_has_a_name(contents: dict[str, bytes], name: str) -> None:
    """Twice, nothing, another file, bytes too many or too few: each under its own name."""
    assert refusal(contents) == f"passport.{name}"


@pytest.mark.parametrize("path", ["../DG1.bin", "a/../DG1", "/DG1", "C:DG1", "a\\..\\DG1"])
def test_paths_that_climb(path: str) -> None:
    """A zip whose names leave their folder is refused, though nothing is ever written."""
    assert refusal(zipped({path: DG1})) == "passport.archive-path"


def test_a_zip_that_swells() -> None:
    """A few kilobytes that unpack to megabytes: refused at the limit, whatever the zip declares."""
    assert refusal(zipped({"DG2": write(0x75, bytes(3_000_000))})) == "passport.archive-too-large"
    noise = bytes(range(256)) * 40
    many = {f"DG{number}": write(DATA_GROUP_TAGS[number], noise * 350) for number in (1, 2, 5, 6, 7)}
    assert refusal(zipped(many, compression=zipfile.ZIP_STORED)) == "passport.archive-too-large"
    honest = zipped({"DG1": DG1})
    position = honest.rindex(b"PK\x01\x02") + 24
    lying = honest[:position] + b"\x02\0\0\0" + honest[position + 4 :]
    assert refusal(lying) == "passport.archive-malformed"


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"PK\x03\x04" + bytes(40),
        zipped({"DG1": DG1})[:-8],
        zipped({"DG1": DG1}, compression=zipfile.ZIP_STORED).replace(DG1[:4], b"xxxx"),
        zipped({"DG1": DG1}, compression=zipfile.ZIP_LZMA),
    ],
)
def test_what_is_no_zip(archive: bytes) -> None:
    """Nothing, a beginning, an end cut off, contents exchanged, another way of packing."""
    assert refusal(archive).startswith("passport.archive-malformed")


def test_a_zip_is_not_listed_for_seconds() -> None:
    """Hundreds of thousands of entries, or megabytes of anything, are refused before they are listed."""
    many = zipped({f"{number}.txt": b"" for number in range(3 * module.MAX_FILES)})
    assert refusal(many) == "passport.too-many-files"
    assert refusal(b"PK\x01\x02" * 4_000_000) == "passport.too-many-files"
    assert refusal(bytes(16 * 1024 * 1024 + 1)) == "passport.archive-too-large"


def test_an_encrypted_zip_is_not_guessed_at() -> None:
    """An entry under a password is refused."""
    archive = bytearray(zipped({"DG1": DG1}))
    archive[6] |= 1
    archive[archive.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(archive)) == "passport.archive-malformed"


def test_the_table_of_contents() -> None:
    """Versions and data groups; disagreement with the files is remarked on, in both directions."""
    contents = parse_com(EF_COM)
    assert (contents.lds_version, contents.unicode_version, contents.data_groups) == ("1.7", "4.0.0", (1, 5))
    both, one, more = (
        LdsFiles.from_numbers(held) for held in ({1: DG1, 5: DG5}, {1: DG1}, {1: DG1, 5: DG5, 7: write(0x67)})
    )
    assert com_remarks(contents, both) == ()
    assert com_remarks(contents, one) == ("passport.com-lists-absent",)
    assert com_remarks(contents, more) == ("passport.com-omits-present",)


def test_fingerprints_that_nobody_reads_are_no_disagreement() -> None:
    """A table that lists DG3 agrees with files that lack it."""
    contents = parse_com(
        write(0x60, write(0x5F01, b"0108"), write(0x5F36, b"040000"), write(0x5C, bytes([0x61, 0x63])))
    )
    assert com_remarks(contents, LdsFiles.from_numbers({1: DG1})) == ()


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ((b"0109", b"040000", b"\x61"), "lds-version"),
        ((b"107", b"040000", b"\x61"), "com-malformed"),
        ((b"01A7", b"040000", b"\x61"), "com-malformed"),
        ((b"0107", b"0400", b"\x61"), "com-malformed"),
        ((b"0107", b"040000", b"\x61\x61"), "com-malformed"),
        ((b"0107", b"040000", b"\x61\x77"), "com-malformed"),
        ((b"0107", b"040000", None), "field-missing"),
    ],
)
def test_a_table_of_contents_built_otherwise(objects: tuple[bytes | None, ...], name: str) -> None:
    """Versions that are no versions and lists of what does not exist are refused by name."""
    tags = (0x5F01, 0x5F36, 0x5C)
    inner = [write(tag, value) for tag, value in zip(tags, objects, strict=True) if value is not None]
    with pytest.raises(Refused) as caught:
        parse_com(write(0x60, *inner))
    assert caught.value.name == f"passport.{name}"
    for extra, found in ((write(0x5F01, b"0107"), "field-twice"), (write(0x53, b""), "field-unknown")):
        with pytest.raises(Refused) as caught:
            parse_com(EF_COM[:1] + bytes([EF_COM[1] + len(extra)]) + EF_COM[2:] + extra)
        assert caught.value.name == f"passport.{found}"


def test_a_file_read_in_pieces_is_known_by_its_first_bytes() -> None:
    """Tag, header and length come from the first six bytes: how a reader asks a chip for the rest."""
    assert header_length(write(0x75, bytes(300))[:6], what="DG2") == (0x75, 4, 300)
    assert header_length(write(0x7F61, bytes(3))[:6], what="x") == (0x7F61, 3, 3)
    with pytest.raises(Refused) as caught:
        header_length(b"\x75\x82\x01", what="DG2")
    assert caught.value.name == "passport.tlv-truncated"
    with pytest.raises(Refused) as caught:
        header_length(b"\x7f\x80\x01\x01\x00", what="x")
    assert caught.value.name == "passport.tlv-malformed"
