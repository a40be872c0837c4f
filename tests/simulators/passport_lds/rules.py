"""One rule for each name: what is demanded, in this project's own words, and where."""

from __future__ import annotations

__all__ = ["RULES"]

_BER, _LDS, _KEYS = "ISO/IEC 8825-1", "ICAO 9303-10", "ICAO 9303-11"
_MRZ, _FACE = "ICAO 9303-3", "ISO/IEC 19794-5:2005"

RULES: dict[str, tuple[str, str]] = {
    "verified": (f"{_LDS} and {_MRZ}", "Everything the standards ask of the file itself holds."),
    "passport.tlv-truncated": (f"{_BER}, 8.1.3", "An object has as many bytes as its length declares."),
    "passport.tlv-malformed": (
        "ISO/IEC 7816-4, 5.2.2",
        "Tags have at most three bytes, lengths are definite and of at most four.",
    ),
    "passport.tlv-unexpected": (f"{_LDS}, 4.6 and 4.7", "A template begins with the tag of its kind."),
    "passport.tlv-too-many": (f"Dongui; {_LDS}", "A template has at most 64 objects."),
    "passport.trailing-bytes": (
        "ISO/IEC 7816-4, 5.2.2",
        "Nothing follows the one object a file consists of.",
    ),
    "passport.field-missing": (f"{_LDS}, 4.6 and 4.7", "A mandatory object is there."),
    "passport.field-twice": (f"{_LDS}, 4.6 and 4.7", "An object that may stand once stands once."),
    "passport.field-unknown": (f"Dongui; {_LDS}, 4.6 and 4.7", "No object stands there that nobody judges."),
    "passport.com-malformed": (
        f"{_LDS}, 4.6.1",
        "Versions are digits; each listed tag is a data group's, once.",
    ),
    "passport.lds-version": (f"{_LDS}, 4.6.1", "The logical data structure is of version 1.7 or 1.8."),
    "passport.mrz-length": (f"{_MRZ}, 4.2", "A zone with a chip has 72, 88 or 90 characters."),
    "passport.mrz-character": (f"{_MRZ}, 4.3", "Each field holds the letters, digits and fillers it may."),
    "passport.mrz-document-code": (f"{_MRZ}, 4.4", "TD3 begins with P; TD1 and TD2 with A, C or I."),
    "passport.mrz-filler": (
        "ICAO 9303-5, 4.2.4",
        "A document number begins with a letter or digit, and a long one ends with its check digit.",
    ),
    "passport.mrz-names": (
        f"{_MRZ}, 4.6",
        "Names are letters, apart by one filler or two, from the beginning.",
    ),
    "passport.mrz-date": (f"{_MRZ}, 4.8", "A date is a day there is; of a birth date, parts may be unknown."),
    "passport.mrz-number-check": (f"{_MRZ}, 4.9", "The check digit over the document number holds."),
    "passport.mrz-birth-check": (f"{_MRZ}, 4.9", "The check digit over the birth date holds."),
    "passport.mrz-expiry-check": (f"{_MRZ}, 4.9", "The check digit over the expiry date holds."),
    "passport.mrz-optional-check": (
        "ICAO 9303-4, 4.2.2.2",
        "The check digit over TD3's optional data holds.",
    ),
    "passport.mrz-composite-check": (f"{_MRZ}, 4.9", "The check digit over the composite fields holds."),
    "passport.expired": (f"{_MRZ}, 4.8", "The last day of validity is not over in every time zone."),
    "passport.biometric-count": (
        f"{_LDS}, 4.7.2",
        "A group announces as many templates as it has, one to nine.",
    ),
    "passport.biometric-type": (f"{_LDS}, 4.7.2", "A template in DG2 is of a face."),
    "passport.face-record-version": (
        f"{_LDS}, 4.7.2",
        "A face record follows ISO/IEC 19794-5:2005, or ISO/IEC 39794-5 from generation 3.",
    ),
    "passport.face-record-length": (
        f"{_FACE}, 5.4 and 5.5",
        "Declared lengths and bytes agree within eight.",
    ),
    "passport.face-record-malformed": ("ISO/IEC 39794-5, annex A", "A number is one, and not negative."),
    "passport.face-count": (f"Dongui; {_FACE}, 5.4", "A record has one to nine images."),
    "passport.image-format": (f"{_LDS}, 4.7.2", "A face image is JPEG or JPEG 2000."),
    "passport.image-unreadable": (
        "ISO/IEC 10918-1, B.2; ISO/IEC 15444-1, A.5 and A.6",
        "An image tells its size.",
    ),
    "passport.image-not-supported": (
        "Dongui; ISO/IEC 15444-1, A.5 and A.6",
        "A JPEG 2000 has one or three colours of 8 bits, and asks for no more memory than a portrait needs.",
    ),
    "passport.security-infos-malformed": (
        f"{_KEYS}, 9.2",
        "A security info is an identifier with the one or two values its protocol defines.",
    ),
    "passport.public-key-malformed": ("RFC 5280, 4.1", "A public key is an algorithm and the bits of a key."),
    "passport.public-key-unsupported": (
        f"{_KEYS}, 6.1",
        "Keys of active authentication are RSA or on a curve.",
    ),
    "passport.archive-malformed": (
        "Dongui",
        "A zip of a passport's files unpacks, without a password, to what its checksums say.",
    ),
    "passport.archive-path": ("Dongui", "No name in a zip leads out of its folder."),
    "passport.file-twice": ("Dongui", "Each of a passport's files is there once."),
    "passport.data-group-tag": (f"{_LDS}, 4.6 and 4.7", "A file begins with the tag its name stands for."),
    "passport.no-files": ("Dongui", "At least one file is one of a passport's."),
    "passport.too-many-files": ("Dongui", "There are at most 64 files."),
    "passport.data-group-missing": (f"{_LDS}, 4.7", "A passport has DG1."),
}
