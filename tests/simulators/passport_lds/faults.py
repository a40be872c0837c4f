"""Single faults in a passport's files, and files without any. Nothing around a fault is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulators.passport_lds.drafting import (
    TD1,
    TD2,
    TD3,
    archive,
    com,
    dg1,
    dg2,
    fac,
    jpeg,
    jpeg2000,
    modern,
    oid,
    placed,
    sealed,
    template,
    tlv,
)

__all__ = ["LdsVector", "vectors"]

_NEWER = "870201018802002a"
_BSI = "0.4.0.127.0.7.2.2"
_RSA = tlv("30", oid("1.2.840.113549.1.1.1"), tlv("05"))
_KEY = tlv("03", b"\0" + bytes(range(20)))


@dataclass(frozen=True)
class LdsVector:
    """``content`` is one file, named by ``file``, or a zip of files (``file`` "zip")."""

    name: str
    expect: str
    file: str
    content: bytes


def vectors() -> dict[str, list[LdsVector]]:
    """The vectors by the file they are written to."""
    return {
        "sound.json": list(_sound()),
        "mrz.json": list(_mrz()),
        "face.json": [*_templates(), *_records(), *_newer(), *_pictures()],
        "chip.json": list(_chip()),
        "files.json": [*_objects(), *_contents(), *_archives()],
    }


def _sound() -> Iterator[LdsVector]:
    for name, zone in (("td1", TD1), ("td2", TD2), ("td3", TD3)):
        yield LdsVector(f"zone-{name}", "verified", "DG1", dg1(sealed(zone)))
    yield LdsVector("zone-long-number", "verified", "DG1", dg1(_LONG))
    yield LdsVector("zone-birth-day-unknown", "verified", "DG1", dg1(sealed(placed(TD3, 61, "<<"))))
    empty = sealed(placed(TD3, 72, "<" * 14))
    yield LdsVector("zone-optional-digit-left-out", "verified", "DG1", dg1(placed(empty, 86, "<")))
    yield LdsVector("face-jpeg", "verified", "DG2", dg2(template(fac([jpeg()]))))
    yield LdsVector("face-jpeg2000", "verified", "DG2", dg2(template(fac([jpeg2000()], encoding=1))))
    yield LdsVector("face-with-points", "verified", "DG2", dg2(template(fac([jpeg()], points=3))))
    yield LdsVector("face-record-8-bytes-off", "verified", "DG2", dg2(template(fac([jpeg()], longer=-8))))
    small = template(fac([jpeg2000()], size=(337, 449), encoding=1))
    yield LdsVector("face-record-misstates-size", "verified", "DG2", dg2(small))
    lying = template(fac([jpeg2000(boxed=(9_999, 9_999))], encoding=1))
    yield LdsVector("face-box-misstates-size", "verified", "DG2", dg2(lying))
    yield LdsVector("faces-two-templates", "verified", "DG2", dg2(*[template(fac([jpeg()]))] * 2))
    newer = template(modern([jpeg()]), tag="7f2e", header=_NEWER)
    yield LdsVector("face-39794", "verified", "DG2", dg2(newer))
    extended = template(modern([jpeg()], extra=tlv("bf20", b"")), tag="7f2e", header=_NEWER)
    yield LdsVector("face-39794-extended", "verified", "DG2", dg2(extended))
    yield LdsVector("contents", "verified", "EF.COM", com())
    yield LdsVector("chip-infos", "verified", "DG14", _dg14(_pace(), _info("1.2.3", b"")))
    yield LdsVector("chip-key", "verified", "DG15", tlv("6f", tlv("30", _RSA, _KEY)))
    yield LdsVector("length-longer-than-needed", "verified", "DG15", _long_form())
    yield LdsVector("zip", "verified", "zip", archive({"0101.bin": _DG1, "EF_COM.bin": com(), "DG3": b"no"}))


# ICAO 9303-11, appendix D.2, and valid longer: the digit over D23145890734 is 9.
_LONG = sealed(
    "I<UTOD23145890<7349<<<<<<<<<<<3407127M3507120UTO<<<<<<<<<<<0STEVENSON<<PETER<JOHN<<<<<<<<<",
    number_runs_on=True,
)
_DG1 = dg1(sealed(TD3))


def _long_form() -> bytes:
    content = tlv("30", _RSA, _KEY)
    return b"\x6f\x82" + len(content).to_bytes(2, "big") + content


def _zone(name: str, expect: str, zone: str) -> LdsVector:
    return LdsVector(f"zone-{name}", f"passport.{expect}", "DG1", dg1(zone))


def _mrz() -> Iterator[LdsVector]:
    for form, zone, places in (
        ("td1", sealed(TD1), (("number", 14), ("birth", 36), ("expiry", 44), ("composite", 59))),
        ("td2", sealed(TD2), (("number", 45), ("birth", 55), ("expiry", 63), ("composite", 71))),
        (
            "td3",
            sealed(TD3),
            (("number", 53), ("birth", 63), ("expiry", 71), ("optional", 86), ("composite", 87)),
        ),
    ):
        for field, place in places:
            wrong = placed(zone, place, str((int(zone[place]) + 1) % 10))
            yield _zone(f"{form}-{field}-digit", f"mrz-{field}-check", wrong)
    good = sealed(TD3)
    yield _zone("long-number-digit", "mrz-number-check", placed(_LONG, 18, "8"))
    yield _zone("optional-letter", "mrz-optional-check", placed(good, 75, "X"))
    yield _zone("td1-optional-letter", "mrz-composite-check", placed(sealed(TD1), 20, "X"))
    yield _zone("empty", "mrz-length", "")
    yield _zone("of-87", "mrz-length", good[:-1])
    yield _zone("visa-of-80", "mrz-length", good[:80])
    yield _zone("lower-case", "mrz-character", placed(good, 6, "r"))
    yield _zone("space", "mrz-character", placed(good, 13, " "))
    yield _zone("line-break", "mrz-character", good[:44] + "\n" + good[44:])
    yield _zone("state-with-gap", "mrz-character", placed(good, 2, "U<O"))
    yield _zone("sex-x", "mrz-character", sealed(placed(TD3, 64, "X")))
    yield _zone("visa", "mrz-document-code", placed(good, 0, "V"))
    yield _zone("code-with-digit", "mrz-document-code", placed(good, 1, "1"))
    yield _zone("td1-called-passport", "mrz-document-code", placed(sealed(TD1), 0, "P"))
    yield _zone("number-begins-with-filler", "mrz-filler", sealed(placed(TD3, 44, "<")))
    yield _zone("long-number-without-end", "mrz-filler", placed(_LONG, 15, "<"))
    yield _zone("names-begin-with-filler", "mrz-names", placed(good, 5, "<"))
    yield _zone("names-with-gap", "mrz-names", placed(good, 13, "<<<"))
    yield _zone("names-with-digit", "mrz-names", placed(good, 7, "1"))
    yield _zone("no-names", "mrz-names", placed(good, 5, "<" * 39))
    yield _zone("birth-month-13", "mrz-date", sealed(placed(TD3, 59, "13")))
    yield _zone("birth-day-0", "mrz-date", sealed(placed(TD3, 61, "00")))
    yield _zone("birth-30-february", "mrz-date", sealed(placed(TD3, 59, "0230")))
    yield _zone("birth-with-letter", "mrz-date", sealed(placed(TD3, 57, "7A")))
    yield _zone("birth-half-unknown", "mrz-date", sealed(placed(TD3, 61, "1<")))
    yield _zone("expiry-30-february", "mrz-date", sealed(placed(TD3, 67, "0230")))
    yield _zone("expiry-unknown", "mrz-date", sealed(placed(TD3, 69, "<<")))
    yield _zone("expired", "expired", sealed(placed(TD3, 65, "261120")))


def _face(name: str, expect: str, *templates: bytes, count: bytes | None = None) -> LdsVector:
    return LdsVector(f"face-{name}", f"passport.{expect}", "DG2", dg2(*templates, count=count))


def _templates() -> Iterator[LdsVector]:
    good = template(fac([jpeg()]))
    yield _face("none-announced", "biometric-count", good, count=b"\0")
    yield _face("two-announced", "biometric-count", good, count=b"\2")
    yield _face("count-empty", "biometric-count", good, count=b"")
    yield _face("ten-templates", "biometric-count", *[good] * 10)
    yield _face("no-templates", "biometric-count")
    finger = template(fac([jpeg()]), header="8101088702010188020008")
    yield _face("called-finger", "biometric-type", finger)
    yield _face("format-owner-missing", "field-missing", template(fac([jpeg()]), header="81010288020008"))
    yield _face("format-twice", "field-twice", template(fac([jpeg()]), header="870201018802000888020008"))
    yield _face(
        "header-unknown-field", "field-unknown", template(fac([jpeg()]), header="87020101880200089000")
    )
    yield _face("both-blocks", "field-twice", template(fac([jpeg()]), extra=tlv("7f2e", modern([jpeg()]))))
    yield _face("encrypted", "field-unknown", template(fac([jpeg()]), extra=tlv("7d", b"")))
    header = tlv("a1", bytes.fromhex("8702010188020008"))
    yield _face("no-block", "field-missing", tlv("7f60", header))


def _records() -> Iterator[LdsVector]:
    def face(name: str, expect: str, record: bytes) -> LdsVector:
        return _face(f"19794-{name}", expect, template(record))

    yield face("fingers", "face-record-version", fac([jpeg()], identifier=b"FIR\0"))
    yield face("of-2011", "face-record-version", fac([jpeg()], version=b"030\0"))
    yield face("header-cut", "face-record-length", fac([jpeg()])[:13])
    yield face("no-images", "face-count", fac([]))
    yield face("ten-images", "face-count", fac([jpeg()] * 10))
    yield face("one-of-two-missing", "face-record-length", fac([jpeg()], count=2))
    yield face("one-of-two-unannounced", "face-record-length", fac([jpeg()] * 2, count=1))
    yield face("9-bytes-longer", "face-record-length", fac([jpeg()], longer=9))
    yield face("9-bytes-shorter", "face-record-length", fac([jpeg()], longer=-9))
    yield face("face-longer-than-record", "face-record-length", fac([jpeg()], face_longer=1))
    yield face("face-of-no-bytes", "face-record-length", fac([b""]))
    yield face("more-points-than-bytes", "face-record-length", _many_points())


def _many_points() -> bytes:
    record = bytearray(fac([jpeg()]))
    record[18:20] = b"\xff\xff"
    return bytes(record)


def _newer() -> Iterator[LdsVector]:
    def face(name: str, expect: str, record: bytes) -> LdsVector:
        return _face(f"39794-{name}", expect, template(record, tag="7f2e", header=_NEWER))

    yield face("generation-2", "face-record-version", modern([jpeg()], generation="02"))
    yield face("negative-generation", "face-record-malformed", modern([jpeg()], generation="83"))
    yield face("size-of-no-bytes", "face-record-malformed", modern([jpeg()], size="a70480008100"))
    yield face("code-of-nine-bytes", "face-record-malformed", modern([jpeg()], code="02" * 9))
    yield face("no-images", "face-count", modern([]))
    yield face("ten-images", "face-count", modern([jpeg()] * 10))
    yield face("fingers", "tlv-unexpected", modern([jpeg()], outer="64"))
    yield face("followed-by-more", "trailing-bytes", modern([jpeg()]) + b"\0")
    yield face("no-height", "field-missing", modern([jpeg()], size="a7048002019d"))
    yield face("two-identifiers", "field-twice", modern([jpeg()], extra=bytes.fromhex("800101")))


def _pictures() -> Iterator[LdsVector]:
    def shown(name: str, expect: str, picture: bytes) -> LdsVector:
        return _face(f"picture-{name}", expect, template(fac([picture])))

    unread, other = "image-unreadable", "image-not-supported"
    yield shown("png", "image-format", b"\x89PNG\r\n\x1a\n" + bytes(60))
    yield shown("nothing-known", "image-format", b"portrait")
    yield shown("jpeg-without-frame", unread, b"\xff\xd8\xff\xda\0\x0c" + bytes(10))
    yield shown("jpeg-cut-in-frame", unread, jpeg()[:8])
    yield shown("jpeg2000-without-stream", unread, jpeg2000()[:40])
    yield shown("jpeg2000-cut-in-header", unread, jpeg2000(boxed=None)[:50])
    yield shown("jpeg2000-of-four-colours", other, jpeg2000(colours=4))
    yield shown("jpeg2000-of-16-bits", other, jpeg2000(depth=15))
    yield shown("jpeg2000-of-no-pixels", unread, jpeg2000(width=0))
    yield shown("jpeg2000-of-219303-tiles", other, jpeg2000(tile=(1, 1)))
    yield shown("jpeg2000-of-tiny-precincts", other, jpeg2000(coding="0100000101000404000100"))
    yield shown("jpeg2000-of-65535-layers", other, jpeg2000(coding="0100ffff010504040001" + "66" * 6))
    yield shown("jpeg2000-of-33-halvings", unread, jpeg2000(coding="00000001012104040001"))


def _info(identifier: str, *values: bytes) -> bytes:
    return tlv("30", oid(identifier), *(value or tlv("05") for value in values))


def _pace() -> bytes:
    return _info(f"{_BSI}.4.2.2", tlv("02", b"\2"), tlv("02", b"\x0d"))


def _dg14(*infos: bytes) -> bytes:
    return tlv("6e", tlv("31", *infos))


def _chip() -> Iterator[LdsVector]:
    wrong = "passport.security-infos-malformed"
    number = tlv("02", b"\1")
    for name, infos in (
        ("entry-no-sequence", (tlv("31", oid("1.2.3"), number),)),
        ("entry-alone", (tlv("30", oid("1.2.3")),)),
        ("entry-of-four", (_info("1.2.3", number, number, number),)),
        ("entry-without-identifier", (tlv("30", number, number),)),
        ("identifier-empty", (tlv("30", tlv("06"), number),)),
        ("identifier-without-end", (tlv("30", tlv("06", b"\x2a\x83"), number),)),
        ("identifier-padded", (tlv("30", tlv("06", b"\x2a\x80\x03"), number),)),
        ("identifier-of-33-bytes", (tlv("30", tlv("06", bytes(33)), number),)),
        ("pace-version-negative", (_info(f"{_BSI}.4.2.2", tlv("02", b"\x82")),)),
        ("pace-version-no-number", (_info(f"{_BSI}.4.2.2", tlv("04", b"\2")),)),
        ("pace-version-empty", (_info(f"{_BSI}.4.2.2", tlv("02")),)),
        ("key-no-sequence", (_info(f"{_BSI}.1.2", number),)),
        ("active-authentication-without-algorithm", (_info("2.23.136.1.1.5", number),)),
    ):
        yield LdsVector(f"infos-{name}", wrong, "DG14", _dg14(*infos))
    yield LdsVector("infos-65-entries", "passport.tlv-too-many", "DG14", _dg14(*[_pace()] * 65))
    yield LdsVector("infos-no-set", "passport.tlv-unexpected", "DG14", tlv("6e", tlv("30", _pace())))
    malformed = "passport.public-key-malformed"
    for name, key in (
        ("bits-first", tlv("30", _KEY, _RSA)),
        ("without-key", tlv("30", _RSA)),
        ("empty-key", tlv("30", _RSA, tlv("03", b"\0"))),
        ("without-algorithm", tlv("30", tlv("30", tlv("05")), _KEY)),
    ):
        yield LdsVector(f"key-{name}", malformed, "DG15", tlv("6f", key))
    dsa = tlv("30", tlv("30", oid("1.2.840.10040.4.1")), _KEY)
    yield LdsVector("key-dsa", "passport.public-key-unsupported", "DG15", tlv("6f", dsa))


def _objects() -> Iterator[LdsVector]:
    for name, expect, content in (
        ("nothing", "tlv-truncated", b""),
        ("tag-alone", "tlv-truncated", b"\x61"),
        ("length-cut", "tlv-truncated", b"\x61\x82\x01"),
        ("value-cut", "tlv-truncated", _DG1[:-1]),
        ("inner-value-cut", "tlv-truncated", tlv("61", _DG1[2:-1])),
        ("indefinite-length", "tlv-malformed", b"\x61\x80" + _DG1[2:] + b"\0\0"),
        ("length-of-five-bytes", "tlv-malformed", b"\x61\x85\0\0\0\0" + _DG1[1:]),
        ("tag-of-four-bytes", "tlv-malformed", tlv("61", b"\x7f\x81\x81\x01\0")),
        ("tag-padded", "tlv-malformed", tlv("61", b"\x7f\x80\x1f\0")),
        ("another-group", "tlv-unexpected", com()),
        ("byte-behind", "trailing-bytes", _DG1 + b"\0"),
        ("zone-missing", "field-missing", tlv("61")),
        ("zone-twice", "field-twice", tlv("61", _DG1[2:] * 2)),
        ("field-beside-zone", "field-unknown", tlv("61", _DG1[2:], tlv("53", b"x"))),
    ):
        yield LdsVector(f"object-{name}", f"passport.{expect}", "DG1", content)


def _contents() -> Iterator[LdsVector]:
    for name, expect, content in (
        ("version-1.9", "lds-version", com(b"0109")),
        ("version-in-letters", "com-malformed", com(b"01A7")),
        ("version-short", "com-malformed", com(b"107")),
        ("unicode-version-short", "com-malformed", com(unicode=b"0400")),
        ("group-twice", "com-malformed", com(tags="617561")),
        ("unknown-group", "com-malformed", com(tags="617577")),
        ("no-list", "field-missing", tlv("60", com()[2:18])),
    ):
        yield LdsVector(f"contents-{name}", f"passport.{expect}", "EF.COM", content)


def _archives() -> Iterator[LdsVector]:
    malformed = "archive-malformed"
    for name, expect, content in (
        ("nothing", malformed, b""),
        ("cut", malformed, archive({"DG1": _DG1})[:-9]),
        ("contents-exchanged", malformed, archive({"DG1": _DG1}).replace(b"ERIKSSON", b"ERIKSSEN")),
        ("name-empty", "no-files", archive({"": _DG1})),
        ("encrypted", malformed, archive({"DG1": _DG1}, flag=1)),
        ("climbing", "archive-path", archive({"../DG1": _DG1})),
        ("absolute", "archive-path", archive({"/DG1": _DG1})),
        ("backslash", "archive-path", archive({"a\\..\\DG1": _DG1})),
        ("group-twice", "file-twice", archive({"DG1": _DG1, "0101.bin": _DG1})),
        ("group-under-another-name", "data-group-tag", archive({"DG2": _DG1})),
        ("byte-behind-group", "trailing-bytes", archive({"DG1": _DG1 + b"\0"})),
        ("no-passport-file", "no-files", archive({"portrait.jpg": b"x"})),
        ("fingerprints-alone", "no-files", archive({"DG3": b"x"})),
        ("65-files", "too-many-files", archive({f"{number}.txt": b"" for number in range(65)})),
        ("without-zone", "data-group-missing", archive({"EF.COM": com()})),
    ):
        yield LdsVector(f"zip-{name}", f"passport.{expect}", "zip", content)
