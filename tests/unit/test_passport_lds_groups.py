"""Data groups: published ones read as they are, issued ones come back, what is wrong has a name."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest

from dongui.documents.passport.dg1 import parse_dg1
from dongui.documents.passport.dg2 import parse_dg2
from dongui.documents.passport.dg14 import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    PaceDomainParameterInfo,
    PaceInfo,
    TerminalAuthenticationInfo,
    parse_dg14,
    parse_security_infos,
    read_object_identifier,
)
from dongui.documents.passport.dg15 import KeyKind, parse_dg15
from dongui.documents.passport.face_image import ImageFormat, ImageKind, RecordFormat
from dongui.documents.passport.issuing import (
    build_com,
    build_dg2,
    pace_info,
    write_mrz,
    write_object_identifier,
)
from dongui.documents.passport.lds import com_remarks, parse_com
from dongui.documents.passport.mrz import MrzFormat, parse_mrz
from dongui.documents.passport.tlv import write
from dongui.errors import Misuse, Refused, Undetermined
from simulators.passport_files import AA_KEY, data_groups, holder, picture, published_39794, specimen

AT = datetime(2026, 11, 22, tzinfo=UTC)
BSI = "0.4.0.127.0.7.2.2"


def test_the_specimen_is_read_whole() -> None:
    """The passport of 2008: its zone, its portrait, its chip's abilities and its key."""
    files = specimen()
    mrz = parse_dg1(files.group(1), at=AT)
    assert (mrz.surname, mrz.given_names, mrz.issuing_state) == ("MUSTERMANN", "ERIKA", "D")
    assert (mrz.document_number, str(mrz.birth)) == ("C11T002JM", "1996-08-12")
    assert files.com is not None
    contents = parse_com(files.com)
    assert contents.data_groups == (1, 2, 3, 14)
    # Its table of contents lists fingerprints that nobody reads, and forgets DG15.
    assert com_remarks(contents, files) == ("passport.com-omits-present",)
    infos = parse_dg14(files.group(14))
    assert [key.protocol for key in infos.chip_authentication_keys] == [f"{BSI}.1.2"]
    assert infos.infos[1:] == (
        ChipAuthenticationInfo(f"{BSI}.3.2.1", 1, None),
        TerminalAuthenticationInfo(1),
    )
    assert parse_dg15(files.group(15)).kind is KeyKind.RSA


def test_a_picture_is_as_large_as_its_code_stream() -> None:
    """The specimen's record says 337 x 449, its code stream 413 x 531: the latter holds, and is said."""
    faces = parse_dg2(specimen().group(2))
    assert (faces.portrait.width, faces.portrait.height) == (413, 531)
    assert faces.portrait.declared == (337, 449)
    assert faces.portrait.format is ImageFormat.JPEG_2000
    assert faces.portrait.encoded[:12].endswith(b"\r\n\x87\n")
    assert faces.remarks == ("passport.image-header-disagrees",)
    assert faces.carried == ("record-1.face-1.appearance", "record-1.face-1.pose")


def test_the_published_record_of_the_newer_standard() -> None:
    """ISO/IEC 39794-5, the mandatory fields: the picture comes out, nothing disagrees."""
    faces = parse_dg2(published_39794())
    assert (faces.portrait.width, faces.portrait.height) == (413, 531)
    assert faces.portrait.record_format is RecordFormat.ISO_39794_5
    assert len(faces.portrait.encoded) == 15_000
    assert (faces.remarks, faces.carried) == ((), ())


@pytest.mark.parametrize("record_format", RecordFormat)
@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_an_issued_portrait_comes_back(record_format: RecordFormat, kind: str) -> None:
    """Either record, either format: the very bytes, their size, and nothing to remark on."""
    encoded = picture(kind, (90, 121))
    faces = parse_dg2(build_dg2([encoded], record_format=record_format))
    portrait = faces.portrait
    assert portrait.encoded == encoded
    assert (portrait.width, portrait.height) == portrait.declared == (90, 121)
    assert (portrait.record_format, portrait.kind) == (record_format, ImageKind.FRONTAL)
    assert portrait.format.value == {"JPEG": "jpeg", "JPEG2000": "jpeg2000"}[kind]
    assert faces.remarks == ()
    assert "encoded" not in repr(faces)


def test_of_several_images_the_first_frontal_one_is_the_portrait() -> None:
    """Others are carried by name; where none is called frontal, the first is taken."""
    first, second = picture(size=(80, 80)), picture(size=(81, 80))
    whole = build_dg2([first, second], record_format=RecordFormat.ISO_19794_5)
    faces = parse_dg2(whole)
    assert (faces.portrait.encoded, faces.carried[0]) == (first, "image-2")
    basic = whole.replace(struct.pack(">BBHH", 1, 0, 80, 80), struct.pack(">BBHH", 0, 0, 80, 80))
    faces = parse_dg2(basic)
    assert (faces.portrait.encoded, faces.carried[0]) == (second, "image-1")
    neither = basic.replace(struct.pack(">BBHH", 1, 0, 81, 80), struct.pack(">BBHH", 5, 0, 81, 80))
    assert parse_dg2(neither).portrait.encoded == first


def test_several_templates() -> None:
    """Two templates of one face each: both are read, the first frontal image is the portrait."""
    one = build_dg2([picture(size=(80, 80))], record_format=RecordFormat.ISO_19794_5)
    other = build_dg2([picture(size=(82, 80))], record_format=RecordFormat.ISO_39794_5)
    templates = [whole[whole.index(b"\x7f\x60") :] for whole in (one, other)]
    faces = parse_dg2(write(0x75, write(0x7F61, write(0x02, b"\x02"), *templates)))
    assert (faces.portrait.width, faces.carried) == (
        80,
        ("image-2", "record-1.face-1.appearance", "record-1.face-1.pose"),
    )
    with pytest.raises(Refused) as caught:
        parse_dg2(write(0x75, write(0x7F61, write(0x02, b"\x01"), *templates)))
    assert caught.value.name == "passport.biometric-count"


def test_a_record_that_misstates_its_length_a_little() -> None:
    """Two countries' passports are up to eight bytes wrong: accepted, and said. Nine are refused."""
    whole = build_dg2([picture()], record_format=RecordFormat.ISO_19794_5)
    place = whole.index(b"FAC\0") + 8
    (length,) = struct.unpack_from(">I", whole, place)

    def stated(length: int) -> bytes:
        return whole[:place] + struct.pack(">I", length) + whole[place + 4 :]

    assert parse_dg2(stated(length - 8)).remarks == ("passport.face-record-length-wrong",)
    for wrong in (length - 9, length + 9, 0, 2**32 - 1):
        with pytest.raises(Refused) as caught:
            parse_dg2(stated(wrong))
        assert caught.value.name == "passport.face-record-length"


def test_a_header_that_names_another_format_is_remarked_on() -> None:
    """The format is decided by the record itself; what the header says beside it is compared."""
    whole = build_dg2([picture()], record_format=RecordFormat.ISO_19794_5)
    other = whole.replace(b"\x88\x02\x00\x08", b"\x88\x02\x00\x05")
    assert parse_dg2(other).remarks == ("passport.biometric-header-disagrees",)


def test_the_chips_abilities_come_back() -> None:
    """Every kind of entry, in the order of the set; what nobody knows is carried by its identifier."""
    groups = data_groups()
    infos = parse_dg14(groups[14])
    assert infos.paces == (PaceInfo(f"{BSI}.4.2.2", 2, 13),)
    assert infos.chip_authentications == (ChipAuthenticationInfo(f"{BSI}.3.2.2", 1, 7),)
    assert infos.chip_authentication_keys[0].key_id == 7
    assert infos.active_authentication == ActiveAuthenticationInfo(1, "0.4.0.127.0.7.1.1.4.1.3")
    assert parse_dg15(groups[15]).public_key == AA_KEY
    unknown = write(0x30, write(0x06, write_object_identifier("1.2.3.4")), write(0x02, b"\x01"))
    parameters = write(0x30, write(0x06, write_object_identifier(f"{BSI}.4.2")), write(0x30))
    read = parse_security_infos(write(0x31, unknown, parameters, pace_info(f"{BSI}.4.6.4", 2)))
    assert read.unknown == ("1.2.3.4",)
    assert read.infos == (
        PaceDomainParameterInfo(f"{BSI}.4.2", b"\x30\x00", None),
        PaceInfo(f"{BSI}.4.6.4", 2, 2),
    )
    assert read.active_authentication is None


@pytest.mark.parametrize(
    "dotted", ["0.4.0.127.0.7.2.2.4", "2.23.136.1.1.5", "1.2.840.113549.1.1.1", "2.999.1"]
)
def test_object_identifiers(dotted: str) -> None:
    """Dots to bytes and back, arcs above 127 and first arcs above 2.39 too."""
    assert read_object_identifier(write_object_identifier(dotted)) == dotted


def test_a_key_on_a_curve_names_it_or_spells_it_out() -> None:
    """DG15: the curve's identifier where the key has one, nothing where parameters are written out."""
    curve, point = (
        write(0x06, write_object_identifier("1.2.840.10045.3.1.7")),
        write(0x03, b"\0\x04" + bytes(64)),
    )
    kind = write(0x06, write_object_identifier("1.2.840.10045.2.1"))
    named, spelt = (
        write(0x6F, write(0x30, write(0x30, kind, parameters), point)) for parameters in (curve, write(0x30))
    )
    assert parse_dg15(named).curve == "1.2.840.10045.3.1.7"
    assert parse_dg15(spelt).curve is None
    assert parse_dg15(spelt).kind is KeyKind.ELLIPTIC_CURVE


def test_a_key_of_no_known_kind_is_nobodys_fault() -> None:
    """DSA in DG15 cannot be judged: undetermined, not refused."""
    key = write(
        0x30, write(0x30, write(0x06, write_object_identifier("1.2.840.10040.4.1"))), write(0x03, b"\0\1")
    )
    with pytest.raises(Undetermined) as caught:
        parse_dg15(write(0x6F, key))
    assert caught.value.name == "passport.public-key-unsupported"


@pytest.mark.parametrize("form", MrzFormat)
@pytest.mark.parametrize("number", ["A1", "L898902C3", "D23145890734"])
def test_a_written_zone_is_read_back(form: MrzFormat, number: str) -> None:
    """Every format, numbers short and long: lines of the right length, digits that hold, the same person."""
    if form is MrzFormat.TD3 and len(number) > 9:
        with pytest.raises(Misuse) as caught:
            write_mrz(holder(form, number=number))
        assert caught.value.name == "passport.not-writable"
        return
    zone = write_mrz(holder(form, number=number, optional_data="X1"))
    mrz = parse_mrz(zone, at=AT)
    assert (mrz.document_number, mrz.optional_data, mrz.given_names) == (number, "X1", "ANNA MARIA")
    assert (mrz.format, mrz.expiry) == (form, holder().expiry)


def test_names_that_do_not_fit_are_cut() -> None:
    """9303-3, 4.6: cut at the field's end; a zone never grows."""
    mrz = parse_mrz(write_mrz(holder(surname="X" * 60)), at=AT)
    assert (mrz.surname, mrz.given_names) == ("X" * 39, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"surname": ""},
        {"surname": "Müller"},
        {"given_names": "4"},
        {"number": "a"},
        {"issuing_state": "UTOP"},
    ],
)
def test_what_no_zone_can_hold(changes: dict[str, str]) -> None:
    """Letters beyond A to Z are the caller's to transliterate; fields that do not fit are refused."""
    with pytest.raises(Misuse) as caught:
        write_mrz(holder(MrzFormat.TD3, **changes))
    assert caught.value.name == "passport.not-writable"


def test_a_table_of_contents_agrees_with_what_was_built() -> None:
    """EF.COM lists what was made with it, in order."""
    assert parse_com(build_com([15, 2, 1, 14])).data_groups == (1, 2, 14, 15)
    assert parse_com(build_com([1, 2], lds_version="0108")).lds_version == "1.8"
