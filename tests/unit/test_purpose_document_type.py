"""A document type comes from an issuer: it is told in bounds, and moves nobody's cursor."""

from __future__ import annotations

from dongui.consent.purpose import document_not_accepted


def test_a_type_not_accepted_is_told_short_and_printable() -> None:
    """80 characters at most, each printable, whatever an issuer wrote; the accepted types stand in full."""
    told = document_not_accepted("\x1b[2J\u202e" + "t" * 100_000, ["org.iso.18013.5.1.mDL"])
    assert told.name == "purpose.document-not-accepted"
    assert told.detail == f"\ufffd[2J\ufffd{'t' * 75}; accepted: org.iso.18013.5.1.mDL"
    assert told.detail.isprintable()


def test_an_honest_type_is_told_as_it_is() -> None:
    """A type of the length standards use is not shortened."""
    assert document_not_accepted("com.example.library-card", ["a", "b"]).detail == (
        "com.example.library-card; accepted: a, b"
    )
