"""Issuing states and the countries whose authorities sign for them."""

from __future__ import annotations

import pytest

from dongui.documents.passport.issuing_states import certificate_countries


@pytest.mark.parametrize(
    ("state", "countries"),
    [
        ("KOR", ("KR",)),
        ("D", ("DE",)),
        ("GBR", ("GB",)),
        ("GBN", ("GB",)),
        ("UNO", ("UN",)),
        ("EUE", ("EU",)),
        ("RKS", ("KS", "XK")),
        ("CHN", ("CN",)),
        ("HKG", ("HK", "CN")),
        ("UTO", ("UT",)),
        ("XXX", ()),
        ("kor", ()),
        ("", ()),
    ],
)
def test_a_state_has_its_signers_and_no_others(state: str, countries: tuple[str, ...]) -> None:
    """ISO 3166 with each exception by name; a state nobody signs for has none."""
    assert certificate_countries(state) == countries
