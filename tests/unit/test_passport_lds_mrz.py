"""Machine readable zones: the standard's own examples, every check digit, years of two digits."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dongui.documents.passport.dg1 import parse_dg1
from dongui.documents.passport.mrz import (
    LAYOUTS,
    Mrz,
    MrzFormat,
    Sex,
    check_digit,
    mrz_information,
    parse_mrz,
    require_unexpired,
)
from dongui.documents.passport.tlv import write
from dongui.errors import Refused

AT = datetime(2010, 6, 1, tzinfo=UTC)
# ICAO 9303-4 to -6, appendix B, and the access keys' examples of 9303-11, appendix D.2.
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
LONG_TD2 = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8"
LONG_TD1 = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
SHORT_TD1 = "I<UTOL898902C<3<<<<<<<<<<<<<<<\n6908061F9406236UTO<<<<<<<<<<<2\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"


def refusal(zone: str, *, at: datetime = AT) -> str:
    with pytest.raises(Refused) as caught:
        parse_mrz(zone, at=at)
    return caught.value.name


def exchanged(zone: str, position: int, letters: str) -> str:
    """The zone, lines joined, with other letters at a position."""
    joined = zone.replace("\n", "")
    return joined[:position] + letters + joined[position + len(letters) :]


def resealed(zone: str) -> str:
    """The zone with every check digit made to hold again."""
    joined = zone.replace("\n", "")
    name = next(name for name, layout in LAYOUTS.items() if layout.lines[0] * layout.lines[1] == len(joined))
    layout = LAYOUTS[name]
    for start, size in ((layout.number, 9), (layout.birth, 6), (layout.expiry, 6)):
        joined = exchanged(joined, start + size, check_digit(joined[start : start + size]))
    if layout.optional_check is not None:
        joined = exchanged(joined, layout.optional_check, check_digit(joined[slice(*layout.optional)]))
    composite = "".join(joined[slice(*stretch)] for stretch in layout.composite)
    return exchanged(joined, layout.composite_check, check_digit(composite))


@pytest.mark.parametrize(
    ("zone", "form", "number"),
    [
        (TD3, MrzFormat.TD3, "L898902C3"),
        (TD2, MrzFormat.TD2, "D23145890"),
        (TD1, MrzFormat.TD1, "D23145890"),
    ],
)
def test_the_standards_examples_are_read(zone: str, form: MrzFormat, number: str) -> None:
    """Anna Maria Eriksson of Utopia, in all three sizes, is the same person."""
    mrz = parse_mrz(zone, at=AT)
    assert (mrz.format, mrz.document_number, mrz.surname, mrz.given_names) == (
        form,
        number,
        "ERIKSSON",
        "ANNA MARIA",
    )
    assert (mrz.issuing_state, mrz.nationality, mrz.sex) == ("UTO", "UTO", Sex.FEMALE)
    assert (str(mrz.birth), mrz.expiry) == ("1974-08-12", date(2012, 4, 15))
    assert mrz.optional_data == ("ZE184226B" if form is MrzFormat.TD3 else "")


@pytest.mark.parametrize(
    ("zone", "number", "information", "seed"),
    [
        (LONG_TD2, "D23145890734", b"D23145890734934071279507122", "b366ad857ddca2b08c0e299811714730"),
        (LONG_TD1, "D23145890734", b"D23145890734934071279507122", "b366ad857ddca2b08c0e299811714730"),
        (SHORT_TD1, "L898902C", b"L898902C<369080619406236", "239ab9cb282daf66231dc5a4df6bfbae"),
    ],
)
def test_what_access_keys_are_derived_from(zone: str, number: str, information: bytes, seed: str) -> None:
    """ICAO 9303-11, appendix D.2: information and key seed, numbers of more than nine characters too."""
    mrz = parse_mrz(zone, at=AT)
    assert (mrz.document_number, mrz.information) == (number, information)
    assert hashlib.sha1(mrz.information).hexdigest()[:32] == seed


def test_information_can_be_typed_in() -> None:
    """A number, a birth date and an expiry typed by a person give what the zone gives."""
    assert mrz_information("L898902C", "690806", "940623") == b"L898902C<369080619406236"
    assert mrz_information("d23145890734", "340712", "950712") == b"D23145890734934071279507122"
    for number, birth, expiry, name in (
        ("L8989#2C", "690806", "940623", "passport.mrz-character"),
        ("L898902C", "19690806", "940623", "passport.mrz-date"),
    ):
        with pytest.raises(Refused) as caught:
            mrz_information(number, birth, expiry)
        assert caught.value.name == name


@pytest.mark.parametrize(
    ("zone", "position", "name"),
    [
        (TD3, 53, "number"),
        (TD3, 63, "birth"),
        (TD3, 71, "expiry"),
        (TD3, 86, "optional"),
        (TD3, 87, "composite"),
        (TD2, 45, "number"),
        (TD2, 55, "birth"),
        (TD2, 63, "expiry"),
        (TD2, 71, "composite"),
        (TD1, 14, "number"),
        (TD1, 36, "birth"),
        (TD1, 44, "expiry"),
        (TD1, 59, "composite"),
        (LONG_TD2, 67, "number"),
        (LONG_TD1, 18, "number"),
    ],
)
def test_every_check_digit_is_checked(zone: str, position: int, name: str) -> None:
    """One wrong check digit is refused under its own name, in every size."""
    digit = zone.replace("\n", "")[position]
    assert refusal(exchanged(zone, position, str((int(digit) + 1) % 10))) == f"passport.mrz-{name}-check"


def test_optional_data_without_a_digit_of_its_own_is_under_the_composite() -> None:
    """TD1 and TD2: what stands in the optional data and no other digit covers is covered by the last one."""
    assert refusal(exchanged(TD1, 20, "B")) == "passport.mrz-composite-check"
    assert refusal(exchanged(TD1, 50, "B")) == "passport.mrz-composite-check"
    assert refusal(exchanged(TD2, 65, "B")) == "passport.mrz-composite-check"


def test_no_optional_data_needs_no_digit() -> None:
    """9303-4: where a TD3 has no optional data, its check digit is 0 or left out; nothing else."""
    empty = resealed(exchanged(TD3, 72, "<" * 14))
    assert parse_mrz(empty, at=AT).optional_data == ""
    without = exchanged(empty, 86, "<")
    assert parse_mrz(without, at=AT).optional_data == ""
    assert refusal(exchanged(empty, 86, "7")) == "passport.mrz-optional-check"
    assert refusal(exchanged(TD3, 86, "<")) == "passport.mrz-optional-check"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (TD3[:-1], "mrz-length"),
        (TD3.lower(), "mrz-character"),
        (exchanged(TD3, 10, " "), "mrz-character"),
        (exchanged(TD3, 10, "É"), "mrz-character"),
        (exchanged(TD3, 2, "U<O"), "mrz-character"),
        (resealed(exchanged(TD3, 64, "X")), "mrz-character"),
        (exchanged(TD3, 0, "V"), "mrz-document-code"),
        (exchanged(TD1, 0, "P"), "mrz-document-code"),
        (exchanged(TD1, 1, "7"), "mrz-document-code"),
        (resealed(exchanged(TD3, 44, "<")), "mrz-filler"),
        (exchanged(LONG_TD1, 15, "<"), "mrz-filler"),
        (exchanged(TD1, 14, "<"), "mrz-filler"),
        (exchanged(TD3, 5, "<"), "mrz-names"),
        (exchanged(TD3, 5, "<" * 39), "mrz-names"),
        (exchanged(TD3, 11, "<<<<"), "mrz-names"),
        (exchanged(TD3, 6, "7"), "mrz-names"),
        (resealed(exchanged(TD3, 59, "13")), "mrz-date"),
        (resealed(exchanged(TD3, 59, "00")), "mrz-date"),
        (resealed(exchanged(TD3, 65, "130229")), "mrz-date"),
        (resealed(exchanged(TD3, 65, "12<<15")), "mrz-date"),
        (resealed(exchanged(TD3, 57, "7A")), "mrz-date"),
        (resealed(exchanged(TD3, 57, "750230")), "mrz-date"),
    ],
)
def test_what_the_standard_forbids_has_a_name(zone: str, name: str) -> None:
    """Lengths, letters, fillers, names and dates: each rule refuses under its own name, digits or not."""
    assert refusal(zone) == f"passport.{name}"


def test_years_of_two_digits() -> None:
    """Nobody is born after today; an expiry lies at most fifty years away."""

    def read(birth: str, expiry: str, year: int) -> tuple[str, int]:
        zone = resealed(exchanged(exchanged(TD3, 57, birth), 65, expiry))
        mrz = parse_mrz(zone, at=datetime(year, 6, 1, tzinfo=UTC))
        return str(mrz.birth), mrz.expiry.year

    assert read("260601", "360101", 2026) == ("2026-06-01", 2036)
    assert read("260602", "750101", 2026) == ("1926-06-02", 2075)
    assert read("260602", "760101", 2026) == ("1926-06-02", 1976)
    assert read("990101", "990101", 1999) == ("1999-01-01", 1999)
    assert read("991231", "050101", 1999) == ("1899-12-31", 2005)
    assert read("000229", "000229", 2026) == ("2000-02-29", 2000)


@pytest.mark.parametrize(
    ("birth", "said"),
    [
        ("74<<<<", "1974------"),
        ("7408<<", "1974-08---"),
        ("<<<<<<", "----------"),
        ("<<0812", "-----08-12"),
    ],
)
def test_birth_dates_not_known_in_full(birth: str, said: str) -> None:
    """What an issuer did not know stays unknown: no day is made up."""
    assert str(parse_mrz(resealed(exchanged(TD3, 57, birth)), at=AT).birth) == said


def test_the_last_day_lasts_everywhere() -> None:
    """A document that expires on the 15th is good until that day is over in the last time zone."""
    mrz = parse_mrz(TD3, at=AT)
    require_unexpired(mrz, at=datetime(2012, 4, 16, 11, 59, tzinfo=UTC))
    require_unexpired(mrz, at=datetime(2012, 4, 15, 23, 59, tzinfo=timezone(timedelta(hours=-12))))
    with pytest.raises(Refused) as caught:
        require_unexpired(mrz, at=datetime(2012, 4, 16, 12, 0, tzinfo=UTC))
    assert caught.value.name == "passport.expired"


def test_a_zone_does_not_show_the_person() -> None:
    """``repr`` and refusals hold no field of the document."""
    shown = repr(parse_mrz(TD3, at=AT))
    with pytest.raises(Refused) as caught:
        parse_mrz(exchanged(TD3, 63, "9"), at=AT)
    for text in (shown, str(caught.value)):
        assert not any(word in text for word in ("ERIKSSON", "ANNA", "L898902", "7408", "UTO", "1974"))
    assert isinstance(parse_mrz(TD3, at=AT), Mrz)


def test_line_breaks_of_every_system() -> None:
    """A zone typed or scanned into a text file is the same zone, whoever's line breaks it has."""
    assert parse_mrz(TD3.replace("\n", "\r\n") + "\r\n", at=AT) == parse_mrz(TD3, at=AT)


def test_the_zone_in_a_chip() -> None:
    """DG1 holds the zone's letters alone: no line breaks, no other bytes, no other objects."""
    zone = TD3.replace("\n", "").encode()
    assert parse_dg1(write(0x61, write(0x5F1F, zone)), at=AT).document_number == "L898902C3"
    for value, name in (
        (TD3.encode(), "passport.mrz-character"),
        (TD3.replace("\n", "\r\n").encode(), "passport.mrz-character"),
        (zone[:-1] + b"\xc3", "passport.mrz-character"),
        (b"", "passport.mrz-length"),
    ):
        with pytest.raises(Refused) as caught:
            parse_dg1(write(0x61, write(0x5F1F, value)), at=AT)
        assert caught.value.name == name
    many = write(0x61, *[write(0x5F1F, b"")] * 65)
    for data, name in (
        (many, "passport.tlv-too-many"),
        (write(0x75, b""), "passport.tlv-unexpected"),
        (write(0x61, b""), "passport.field-missing"),
    ):
        with pytest.raises(Refused) as caught:
            parse_dg1(data, at=AT)
        assert caught.value.name == name
