"""Whatever bytes stand for a passport's files: something read within its bounds, or a named failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.passport.dg1 import parse_dg1
from dongui.documents.passport.dg2 import parse_dg2
from dongui.documents.passport.dg14 import parse_dg14
from dongui.documents.passport.dg15 import parse_dg15
from dongui.documents.passport.face_image import RecordFormat
from dongui.documents.passport.files import LdsFiles, identify
from dongui.documents.passport.issuing import PassportHolder, build_com, build_dg2, write_mrz
from dongui.documents.passport.lds import parse_com
from dongui.documents.passport.mrz import Mrz, MrzFormat, Sex, parse_mrz
from dongui.documents.passport.tlv import read_fields, read_one, write
from dongui.encoding.jpeg2000 import Jpeg2000, Jpeg2000Error, read_jpeg2000
from dongui.errors import Refused, Undetermined
from simulators.passport_lds.drafting import jpeg, jpeg2000
from simulators.passport_lds.faults import LdsVector, vectors

AT = datetime(2026, 11, 22, tzinfo=UTC)
READERS: dict[str, Callable[[bytes], object]] = {
    "DG1": lambda data: parse_dg1(data, at=AT),
    "DG2": parse_dg2,
    "DG14": parse_dg14,
    "DG15": parse_dg15,
    "EF.COM": parse_com,
    "zip": LdsFiles.from_archive,
}
SOUND: list[LdsVector] = vectors()["sound.json"]
LETTERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)


def outcome(reader: str, data: bytes) -> str:
    """The name of the failure, or "read"; anything else is raised."""
    try:
        READERS[reader](data)
    except (Refused, Undetermined) as failure:
        return failure.name
    return "read"


def survives(reader: str, data: bytes) -> None:
    assert outcome(reader, data).startswith(("passport.", "read"))


def header_of(data: bytes) -> Jpeg2000 | None:
    try:
        return read_jpeg2000(memoryview(data))
    except Jpeg2000Error:
        return None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.binary(max_size=80))
def test_any_bytes(reader: str, data: bytes) -> None:
    """Bytes of no form at all, and behind a proper tag."""
    survives(reader, data)
    tag = {"DG1": 0x61, "DG2": 0x75, "DG14": 0x6E, "DG15": 0x6F, "EF.COM": 0x60, "zip": 0x504B0304}[reader]
    survives(reader, write(tag, data))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_sound_file_with_bytes_exchanged(sound: LdsVector, changes: list[tuple[int, int]]) -> None:
    """A file that is read, with up to four bytes exchanged anywhere."""
    data = bytearray(sound.content)
    for position, value in changes:
        data[position % len(data)] = value
    survives(sound.file, bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SOUND), st.integers(0, 5_000), st.binary(max_size=6), st.integers(0, 6))
def test_a_sound_file_with_a_run_exchanged(sound: LdsVector, place: int, run: bytes, taken: int) -> None:
    """A file that is read, with bytes put in or taken out: lengths no longer fit."""
    place %= len(sound.content)
    survives(sound.file, sound.content[:place] + run + sound.content[place + taken :])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 200), st.binary(max_size=8), st.booleans())
def test_any_header_of_a_jpeg_2000(place: int, run: bytes, boxed: bool) -> None:
    """A header with bytes exchanged is read within the bounds, or says why not."""
    data = jpeg2000(boxed=(413, 531) if boxed else None)
    place %= len(data)
    changed = data[:place] + run + data[place + len(run) :]
    header = header_of(changed)
    if header is not None:
        assert 0 <= header.codestream[0] <= header.codestream[1] <= len(changed)
        assert header.components in (1, 3)
        assert header.levels <= 32


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(MrzFormat),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9),
    LETTERS,
    st.lists(LETTERS, max_size=2),
    st.dates(date(1927, 1, 1), date(2026, 11, 1)),
    st.dates(date(1977, 1, 1), date(2075, 12, 31)),
    st.sampled_from(Sex),
)
def test_what_is_written_is_read(
    form: MrzFormat, number: str, surname: str, given_names: list[str], birth: date, expiry: date, sex: Sex
) -> None:
    """Zones: every field comes back, whatever the person is called and whenever they were born."""
    holder = PassportHolder(
        form, "P" if form is MrzFormat.TD3 else "I", "UTO", number, surname, " ".join(given_names), "UTO",
        birth, sex, expiry,
    )  # fmt: skip
    mrz = parse_mrz(write_mrz(holder), at=AT)
    assert isinstance(mrz, Mrz)
    assert (mrz.document_number, str(mrz.birth), mrz.expiry, mrz.sex) == (number, str(birth), expiry, sex)
    field = f"{surname}<<{'<'.join(given_names)}".rstrip("<")[: 30 if form is MrzFormat.TD1 else 31]
    if len(field) < 30:
        assert (mrz.surname, mrz.given_names) == (surname, " ".join(given_names))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(RecordFormat),
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 65_535), st.integers(1, 65_535)), min_size=1, max_size=3
    ),
)
def test_portraits_that_are_written_are_read(
    form: RecordFormat, pictures: list[tuple[bool, int, int]]
) -> None:
    """DG2: the first of several images is the portrait, at its own size, the others carried by name."""
    encoded = [
        jpeg(width, height) if plain else jpeg2000(width % 2_000 + 1, height % 2_000 + 1, boxed=None)
        for plain, width, height in pictures
    ]
    faces = parse_dg2(build_dg2(encoded, record_format=form))
    assert faces.portrait.encoded == encoded[0]
    assert faces.portrait.declared == (faces.portrait.width, faces.portrait.height)
    assert sum(name.startswith("image-") for name in faces.carried) == len(encoded) - 1
    assert faces.remarks == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0x02, 0x5C, 0x7F61, 0xBF8120]), st.binary(max_size=300)), max_size=5)
)
def test_objects_that_are_written_are_read(objects: list[tuple[int, bytes]]) -> None:
    """Tags of one to three bytes, lengths of one to three: the same objects, in the same order."""
    inner = b"".join(write(tag, value) for tag, value in objects)
    fields = read_fields(read_one(write(0x30, inner), 0x30, what="x"), what="x")
    assert [(item.tag, item.value) for item in fields.objects] == objects


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(1, 16), min_size=1))
def test_a_table_of_contents_that_is_written_is_read(groups: set[int]) -> None:
    """EF.COM lists what it was built of."""
    assert parse_com(build_com(groups)).data_groups == tuple(sorted(groups))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=24))
def test_any_name_of_a_file(name: str) -> None:
    """A name means one file or none; letters beyond ASCII mean none."""
    number = identify(name)
    assert number is None or (0 <= number <= 17 and name.isascii())


@pytest.mark.parametrize("sound", SOUND, ids=lambda vector: vector.name)
def test_no_sound_file_is_read_short_of_its_end(sound: LdsVector) -> None:
    """Each file cut at every byte is refused by name: nothing is read from the middle."""
    if sound.file != "zip":
        for end in range(len(sound.content)):
            with pytest.raises(Refused) as caught:
                READERS[sound.file](sound.content[:end])
            assert caught.value.name == "passport.tlv-truncated"
