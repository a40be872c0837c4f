"""`dongui assess attacks`: each species for itself, bona fide presentations apart, nothing pooled."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from dongui.assessment.clips import declare_clips, read_clips
from dongui.assessment.declaration import Declaration, sign_declaration
from dongui.assessment.intervals import clopper_pearson
from dongui.cli.main import run
from dongui.demo.cast import portrait, turn
from dongui.demo.staging import still_clip, turned_print
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey


def dongui(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        run([*arguments])
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people's turns, the same backwards, three flat prints turned, a picture held still."""
    folder = tmp_path_factory.mktemp("clips")
    made = {
        "bona-fide/one": turn("05"),
        "bona-fide/backwards": turn("05")[::-1],
        "bona-fide/two": turn("09"),
        "attacks/flat-print/1": turned_print(portrait("05")),
        "attacks/flat-print/2": turned_print(portrait("09")),
        "attacks/held-still/1": still_clip(portrait("05")),
    }
    for name, frames in made.items():
        (folder / name).mkdir(parents=True)
        for number, frame in enumerate(frames):
            (folder / name / f"frame{number:02}.jpg").write_bytes(frame)
    rows = "".join(f"{name},declaration:nobody\n" for name in made)
    (folder / "consent.csv").write_text(f"clip,consent\n{rows}")
    digest, count = declare_clips(read_clips(folder), "nobody")
    assert count == 6
    key = SignerKey.generate("holder.example", entropy=SystemEntropy())
    note = Declaration(
        "nobody",
        "Holder",
        "Rendered",
        "people who do not exist",
        date(2026, 11, 1),
        date(2099, 1, 1),
        digest,
    )
    (folder / "note").write_bytes(sign_declaration(note, key=key))
    (folder / "key").write_text(key.verifier.text())
    return folder


def given(folder: Path) -> list[str]:
    return ["--declaration", str(folder / "note"), "--declaration-key", str(folder / "key")]


def test_each_species_has_its_own_rate(clips: Path, tmp_path: Path) -> None:
    """Flat prints are called attacks, a still picture is undetermined, people are live in either order."""
    code, out, err = dongui(
        "assess", "attacks", str(clips), *given(clips), "--json", "--out", str(tmp_path / "report")
    )
    assert code == 0, err
    result = json.loads(out)["result"]
    assert json.loads((tmp_path / "report" / "attacks.json").read_text()) == result
    prints, still = result["species"]
    assert (prints["species"], prints["attempts"], prints["attack"], prints["apcer"]) == (
        "flat-print",
        2,
        2,
        0,
    )
    assert prints["interval"] == list(clopper_pearson(0, 2, confidence=0.95))
    assert (still["species"], still["attempts"], still["undetermined"], still["apcer"]) == (
        "held-still",
        1,
        1,
        0,
    )
    assert still["reasons"] == {"attack-detection.turn-not-made": 1}
    own = result["bona_fide"]
    assert (own["attempts"], own["live"], own["bpcer"]) == (3, 3, 0)
    assert "frame" not in out
    assert "backwards" not in out
    assert "apcer" not in result
    assert "apcer" not in own


def test_a_clip_without_a_consent_stops_the_run(clips: Path) -> None:
    """An attack shows a face as well: a clip that the list of consents leaves out is measured by nobody."""
    ledger = clips / "consent.csv"
    sound = ledger.read_text()
    try:
        ledger.write_text(sound.replace("attacks/held-still/1,declaration:nobody\n", ""))
        code, _, err = dongui("assess", "attacks", str(clips), *given(clips))
    finally:
        ledger.write_text(sound)
    assert code == 1
    assert "assessment.consent-missing" in err
    code, _, err = dongui("assess", "attacks", str(clips))
    assert code == 2
    assert "assessment.declaration-not-given" in err


def test_a_clip_exchanged_is_not_what_was_declared(clips: Path) -> None:
    """A frame of another clip in its place: the declaration is over other clips."""
    frame = clips / "bona-fide" / "one" / "frame00.jpg"
    sound = frame.read_bytes()
    try:
        frame.write_bytes(turn("09")[0])
        code, _, err = dongui("assess", "attacks", str(clips), *given(clips))
    finally:
        frame.write_bytes(sound)
    assert code == 1
    assert "assessment.declaration-other-pictures" in err


def test_a_folder_that_holds_no_clips_is_named(tmp_path: Path) -> None:
    """No clip, a species that is none, too few frames: misuse, by name."""
    (tmp_path / "consent.csv").write_text("clip,consent\n")
    code, _, err = dongui("assess", "attacks", str(tmp_path))
    assert code == 2
    assert "assessment.clips-malformed" in err
    (tmp_path / "attacks" / "Bad Name" / "1").mkdir(parents=True)
    assert "assessment.clips-malformed" in dongui("assess", "attacks", str(tmp_path))[2]


@pytest.mark.parametrize(
    ("folder", "rows"),
    [
        ("flat-print/1", ["flat-print/1"]),
        ("flat-print/1", []),
        ("attacks/flat-print/1", ["attacks/flat-print/1", "attacks/paper-mask/1"]),
        ("attacks/flat-print/1", ["attacks/flat-print/1", "attacks/flat-print/1"]),
    ],
    ids=["listed-beside", "unlisted-beside", "listed-and-not-there", "listed-twice"],
)
def test_no_attack_is_left_out_unsaid(tmp_path: Path, folder: str, rows: list[str]) -> None:
    """An attack in a folder nobody looks into would stand in no report, and nobody would know."""
    for name in ("bona-fide/1", folder):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "frame.jpg").write_bytes(portrait("05"))
    listed = "".join(f"{name},declaration:nobody\n" for name in ("bona-fide/1", *rows))
    (tmp_path / "consent.csv").write_text(f"clip,consent\n{listed}")
    code, _, err = dongui("assess", "attacks", str(tmp_path))
    assert code == 2
    assert "assessment.clips-malformed" in err
