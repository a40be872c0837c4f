"""`dongui assess` from end to end: on people who do not exist, and on people who agreed to studies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from dongui.assessment.error_rates import Kind
from dongui.assessment.result_json import write_result
from dongui.assessment.result_reading import read_result
from dongui.biometrics.operating_points import operating_point
from dongui.cli.main import run
from simulators.assessment_people import declared, london_table, write_table
from simulators.biometric_data import person

PEOPLE = ("04", "05", "09", "12")


def dongui(*arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        run([*arguments])
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


def rendered_table(folder: Path, *, consent: str = "declaration:set") -> Path:
    """A table of four people who do not exist: three pictures each."""
    rows = []
    for number in PEOPLE:
        for picture in ("portrait", "turn-07", "turn-06"):
            name = f"{number}-{picture}.jpg"
            shutil.copyfile(person(number, picture), folder / name)
            group = "even" if int(number) % 2 == 0 else "odd"
            rows.append({"person": number, "file": name, "consent": consent, "group": group})
    return write_table(folder / "people.csv", rows)


def assess(people: Path, *more: str, grounds: Sequence[Path]) -> tuple[int, str, str]:
    note, key = grounds
    given = ["--declaration", str(note), "--declaration-key", str(key)]
    return dongui("assess", "dlib-resnet-v1", "--people", str(people), *given, *more)


def test_an_assessment_counts_every_pair_of_the_labels(tmp_path: Path) -> None:
    """Four people with three pictures: 12 mated and 54 non-mated comparisons, and groups within them."""
    people = rendered_table(tmp_path)
    code, out, err = assess(people, "--json", "--out", str(tmp_path / "report"), grounds=declared(people))
    assert code == 0, err
    result = json.loads(out)["result"]
    assert result["trials"] == {
        "people": 4,
        "pictures": 12,
        "not_acquired": {},
        "mated": 12,
        "non_mated": 54,
        "mated_across_sessions": None,
    }
    groups = {group["name"]: group for group in result["groups"]}
    assert groups["everyone"]["rates"]["fmr"]["trials"] == 54
    assert groups["even"]["people"] == 2
    assert groups["even"]["rates"]["fmr"]["trials"] == groups["odd"]["rates"]["fmr"]["trials"] == 9
    (across,) = result["across"]
    assert across["rates"]["fmr"]["trials"] == 36
    assert result["assessed_for_use"] is False
    written = (tmp_path / "report" / "report.json").read_text()
    assert json.loads(written) == result
    assert write_result(read_result(written)) == written


def test_the_same_seed_repeats_the_figures(tmp_path: Path) -> None:
    """Everything but the moment is the same where the seed is; the seed stands in the result."""
    people = rendered_table(tmp_path)
    grounds = declared(people)
    seed = "0123456789abcdef" * 2
    runs = [assess(people, "--json", "--seed", seed, grounds=grounds) for _ in range(2)]
    one, other = (json.loads(out)["result"] for _, out, _ in runs)
    assert one["method"]["seed"] == seed
    assert one | {"made_at": ""} == other | {"made_at": ""}


def test_a_report_is_never_written_over(tmp_path: Path) -> None:
    """A report that is there is kept, and nothing is measured for one that could not be written."""
    people = rendered_table(tmp_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.json").write_text("{}")
    code, _, err = assess(people, "--out", str(tmp_path / "report"), grounds=declared(people))
    assert code == 2
    assert "file.exists" in err


def test_a_model_that_recognises_nobody_is_not_assessed(tmp_path: Path) -> None:
    """A detector's name, or nobody's, is refused before a picture is read."""
    people = rendered_table(tmp_path)
    for name in ("dlib-frontal-detector", "no-such-model"):
        code, _, err = dongui("assess", name, "--people", str(people), "--operating-point", "x")
        assert code == 2, err


def test_quality_without_an_operating_point_is_said_and_not_passed_over(tmp_path: Path) -> None:
    """Where errors are judged at no point, no curve can be drawn: an error, not silence."""
    people = rendered_table(tmp_path)
    code, _, err = dongui("assess", "sface-2021dec", "--people", str(people), "--quality")
    assert code == 2
    assert "--quality needs an operating point" in err


def test_a_shown_point_says_which_of_its_intervals_are_too_narrow() -> None:
    """A point's file holds no interval over people for what ended undetermined; and it is said."""
    code, out, _ = dongui("operating-point", "show", "dlib-resnet-v1-london")
    assert code == 0
    assert "over comparisons alone, too narrow" in " ".join(out.split())


def test_the_london_people_give_the_counts_that_ship(tmp_path: Path) -> None:
    """The shipped operating point's counts are what an assessment of its set finds, group by group."""
    folder = london_table(tmp_path / "set")
    code, _, err = assess(
        folder / "people.csv",
        "--out",
        str(tmp_path / "report"),
        grounds=(folder / "london.declaration", folder / "holder.pub"),
    )
    assert code == 0, err
    result = read_result((tmp_path / "report" / "report.json").read_text())
    point = operating_point("dlib-resnet-v1-london")
    found = {frozenset(group.values): group for group in result.groups}
    for shipped in point.by_group:
        group = found[frozenset(shipped.group.split(", "))]
        assert (group.people, group.pictures) == (shipped.people, shipped.pictures)
        for kind, rate in (
            (Kind.FMR, shipped.fmr),
            (Kind.FNMR, shipped.fnmr),
            (Kind.UNDETERMINED_NON_MATED, shipped.undetermined_non_mated),
            (Kind.UNDETERMINED_MATED, shipped.undetermined_mated),
            (Kind.FAILURE_TO_ACQUIRE, shipped.failure_to_acquire),
        ):
            counted = group.rates[kind]
            assert (counted.hits, counted.trials) == (rate.hits, rate.trials), (group.name, kind)
    assert not result.assessed_for_use
    assert all(need.more_people and need.more_people > 7000 for need in result.needs)
