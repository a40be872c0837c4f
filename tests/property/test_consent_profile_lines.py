"""A purpose folder whose lines were lost, doubled or swapped is judged by name, whatever is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as draws
from hypothesis import settings
from hypothesis import strategies as st

from dongui.consent.profile import load_profile
from dongui.consent.registration import faults, register
from dongui.errors import Misuse
from dongui.profiles import shipped_profiles

GATE = shipped_profiles()["airport-gate"]
FILES = {
    name: GATE.joinpath(name).read_text(encoding="utf-8")
    for name in ("purpose.toml", "notice.ko.md", "notice.en.md")
}
LINES = FILES["purpose.toml"].splitlines(keepends=True)
EDITS = st.tuples(
    st.sampled_from(["drop", "double", "swap", "junk"]), st.integers(0, len(LINES) - 2), st.text(max_size=12)
)


def edited(edits: list[tuple[str, int, str]]) -> str:
    lines = list(LINES)
    for kind, place, junk in edits:
        at = min(place, len(lines) - 2)
        if kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        else:
            lines.insert(at, junk)
    return "".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("purpose")
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


@settings(max_examples=150, deadline=None)
@draws(st.lists(EDITS, min_size=1, max_size=4))
def test_a_damaged_folder_is_registered_whole_or_refused_by_name(
    folder: Path, edits: list[tuple[str, int, str]]
) -> None:
    """Only a failure with a name leaves the loader; what registers has lost nothing that matters."""
    (folder / "purpose.toml").write_text(edited(edits), encoding="utf-8", newline="")
    try:
        purpose = load_profile(folder)
    except Misuse:
        return
    if faults(purpose):
        with pytest.raises(Misuse):
            register(purpose)
        return
    registered = register(purpose)
    assert not registered.other_way.uses_biometrics
    assert not registered.retention.face
    assert purpose.uses
    assert purpose.consent_covers == (purpose.id,)
