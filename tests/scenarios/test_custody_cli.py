"""From the ledger to a decided release and a correction, by commands alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.consent.moments import write_moment
from dongui.environment import SystemClock
from simulators.command_line import Terminal

PEOPLE = [f"{number:032x}" for number in (7, 3, 5)]
HEAD = "person,purpose,recipient,artefact,kind,claimed_at,flags,valid_until\n"
SAID = "informed separate explicit"


def row(
    person: str, kind: str = "given", at: str = "2026-11-01T09:00:00+09:00", artefact: str = "image"
) -> str:
    """Return a line of a delivery."""
    flags, end = (SAID, "2036-11-01T00:00:00+09:00") if kind == "given" else ("", "")
    return f"{person},face-test,laboratory.example,{artefact},{kind},{at},{flags},{end}\n"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A desk whose ledger knows three people."""
    terminal = Terminal(tmp_path)
    terminal.processes = False
    options = {"id": "port.example", "name-ko": "항만", "name-en": "Port", "address-ko": "부산"}
    more = {"address-en": "Busan", "contact": "privacy@port.example"}
    words = [part for name, value in {**options, **more}.items() for part in (f"--{name}", value)]
    assert terminal.run("desk", "create", terminal.desk, *words).code == 0
    assert terminal.run("custody", "register", *PEOPLE, "--json").result == {"new": 3}
    return terminal


def deliver(terminal: Terminal, *rows: str, head: str = HEAD) -> Path:
    """Write a CSV."""
    path = terminal.folder / "acts.csv"
    path.write_text(head + "".join(rows), encoding="utf-8")
    return path


def index(terminal: Terminal, layout: str) -> None:
    """Write records and a snapshot in one layout."""
    numbers = [str(9 - place) if layout == "sorted" else f"{place:032x}" for place in range(3)]
    lines = [f"{person},{number},image,\n" for person, number in zip(PEOPLE, numbers, strict=True)]
    (terminal.folder / "records.csv").write_text("person,record,traits,retained_until\n" + "".join(lines))
    made = terminal.run("custody", "index", "records.csv", "--out", "R.parquet", "--layout", layout, "--json")
    assert made.result["records"] == 3, made.out
    assert terminal.run("custody", "export", "--out", "C.parquet", "--layout", layout).code == 0


def decide(terminal: Terminal, *more: object) -> object:
    """Decide at this moment, after the snapshot's."""
    return terminal.run(
        *("release", "decide", "--records", "R.parquet", "--consents", "C.parquet", "--out", "decided"),
        *("--purpose", "face-test", "--recipient", "laboratory.example", "--artefact", "image"),
        *(
            "--use",
            "test-model",
            "--pack",
            "PIPA_2025_10",
            "--at",
            write_moment(SystemClock().now()),
            "--json",
        ),
        *more,
    ).result


@pytest.mark.parametrize("layout", ["sorted", "general"])
def test_from_the_ledger_to_a_release_and_a_correction(terminal: Terminal, layout: str) -> None:
    """Whoever gave is released, whoever withdrew is not; whoever withdraws later is taken out, once."""
    deliver(terminal, *map(row, PEOPLE), row(PEOPLE[1], "withdrawn"))
    assert terminal.run("custody", "import", "acts.csv", "--json").result["appended"] == 4
    assert terminal.run("custody", "check", "--json").result == {"events": 4}
    index(terminal, layout)
    decided = decide(terminal)
    assert isinstance(decided, dict)
    assert (decided["standing"], decided["released"]) == ("release", 2), decided
    assert decided["reasons"] == {"consent.withdrawn": 1}
    shown = terminal.run("release", "show", "decided", "--json").result
    assert shown["question"]["controller"] == "port.example"
    assert shown["may_be_used"] == 2
    listed = terminal.run("release", "list", "--json").result
    assert listed == {"sealed": [], "unsealed": [decided["log_index"]]}
    assert terminal.run("release", "correct", "decided", "--person", PEOPLE[0], "--json").result["log_index"]
    again = terminal.run("release", "correct", "decided", "--person", PEOPLE[0], "--json")
    assert again.result["log_index"] is None
    absent = terminal.run("release", "correct", "decided", "--person", PEOPLE[1], "--json")
    assert absent.failure == "release.person-not-in-it"
    assert terminal.run("release", "show", "decided", "--json").result["may_be_used"] == 1


def test_one_act_is_shown_with_its_place(terminal: Terminal) -> None:
    """What one person said is one event a line, and the ledger gives out the blind that opens its entry."""
    words = ("--purpose", "face-test", "--recipient", "r", "--artefact", "image", "--flags", SAID)
    added = terminal.run("custody", "act", "--person", PEOPLE[2], *words, "--kind", "given", "--json").result
    assert len(added["blind"]) == 64
    shown = terminal.run("custody", "show", "--person", PEOPLE[2], "--json").result
    assert shown["number"] == 2
    assert [event["log_index"] for event in shown["events"]] == [added["log_index"]]


BAD = {
    "two zones": (row(PEOPLE[0]) + row(PEOPLE[1], at="2026-11-01T00:00:00Z"), "snapshot.two-time-zones"),
    "no zone": (row(PEOPLE[0]) + row(PEOPLE[1], at="2026-11-01T00:00:00"), "snapshot.two-time-zones"),
    "null": (row(PEOPLE[0]) + row(""), "snapshot.null"),
    "withdrawn before given": (
        row(PEOPLE[0]) + row(PEOPLE[1], "withdrawn"),
        "snapshot.withdrawn-before-given",
    ),
    "unknown person": (row(PEOPLE[0]) + row("f" * 32), "snapshot.unknown-person"),
    "no such kind": (row(PEOPLE[0]) + row(PEOPLE[1], "taken"), "custody.row-malformed"),
    "no such artefact": (row(PEOPLE[0]) + row(PEOPLE[1], artefact="gait"), "custody.row-malformed"),
    "given twice": (row(PEOPLE[0]) + row(PEOPLE[0]), "snapshot.event-out-of-order"),
    "a cell too few": (row(PEOPLE[0]) + "a,b\n", "custody.row-malformed"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named_with_its_number_and_its_batch_stays_out(terminal: Terminal, case: str) -> None:
    """Row 2 is named; row 1, of the same batch, is not in the ledger."""
    rows, name = BAD[case]
    deliver(terminal, rows)
    ended = terminal.run("custody", "import", "acts.csv", "--json")
    assert ended.failure == name
    detail = ended.json["failure"]["detail"]
    assert "row 2" in detail
    assert detail.endswith("the ledger has every row up to 0")
    assert terminal.run("custody", "check", "--json").result == {"events": 0}


def test_a_delivery_goes_on_after_its_last_whole_batch(terminal: Terminal) -> None:
    """The detail says from where; given again from there, nothing is lost or said twice."""
    deliver(terminal, row(PEOPLE[0]), row(PEOPLE[1]), row(""))
    ended = terminal.run("custody", "import", "acts.csv", "--batch", "1", "--json")
    assert ended.json["failure"]["detail"].endswith("the ledger has every row up to 2")
    deliver(terminal, row(PEOPLE[0]), row(PEOPLE[1]), row(PEOPLE[2]))
    again = terminal.run("custody", "import", "acts.csv", "--batch", "1", "--after", "2", "--json")
    assert again.result["appended"] == 1
    assert terminal.run("custody", "check", "--json").result == {"events": 3}


def test_columns_and_files_are_refused_before_any_row(terminal: Terminal) -> None:
    """A column missing or too many, a Parquet file cut off: by name, and nothing is read."""
    deliver(terminal, head="person,purpose\n")
    assert terminal.run("custody", "import", "acts.csv", "--json").failure == "snapshot.missing-column"
    deliver(terminal, head=HEAD.replace("flags", "flags,face"))
    assert terminal.run("custody", "import", "acts.csv", "--json").failure == "snapshot.extra-column"
    path = terminal.folder / "acts.parquet"
    given = dict(zip(HEAD.strip().split(","), row(PEOPLE[0]).strip().split(","), strict=True))
    pq.write_table(pa.Table.from_pylist([given]), path)
    assert terminal.run("custody", "import", "acts.parquet", "--json").result["appended"] == 1
    path.write_bytes(path.read_bytes()[:-9])
    assert terminal.run("custody", "import", "acts.parquet", "--json").failure == "snapshot.truncated"


def test_auto_decides_tables_that_only_say_they_are_sorted(terminal: Terminal) -> None:
    """The merge refuses them by name; `auto` asks DuckDB, and says so."""
    deliver(terminal, *map(row, PEOPLE))
    assert terminal.run("custody", "import", "acts.csv").code == 0
    index(terminal, "sorted")
    table = pq.read_table(terminal.folder / "R.parquet")
    pq.write_table(table.take([2, 0, 1]), terminal.folder / "R.parquet")
    refused = terminal.run(
        *("release", "decide", "--records", "R.parquet", "--consents", "C.parquet", "--out", "merged"),
        *("--purpose", "face-test", "--recipient", "laboratory.example", "--artefact", "image"),
        *("--pack", "PIPA_2025_10", "--at", write_moment(SystemClock().now()), "--engine", "merge", "--json"),
    )
    assert refused.failure == "snapshot.unsorted"
    decided = decide(terminal)
    assert isinstance(decided, dict)
    assert decided["released"] == 3


def test_rules_of_ones_own_are_evaluated_not_guessed(terminal: Terminal) -> None:
    """The merge knows the shipped packs alone: with another pack it is refused, and `auto` asks DuckDB."""
    source = Path(__file__).parents[2] / "src" / "dongui" / "custody" / "rule_packs"
    name = next(iter(sorted(source.glob("PIPA*.toml"))))
    own = terminal.folder / "own.toml"
    own.write_text(name.read_text(encoding="utf-8"), encoding="utf-8")
    text = name.with_suffix(".cedar").read_text(encoding="utf-8")
    own.with_suffix(".cedar").write_text(
        text + '\n@id("own.image")\n@article("house rule 1")\n@reason("consent.not-explicit")\n'
        "forbid (principal, action, resource);\n",
        encoding="utf-8",
    )
    deliver(terminal, *map(row, PEOPLE))
    assert terminal.run("custody", "import", "acts.csv").code == 0
    index(terminal, "sorted")
    words = ("--purpose", "face-test", "--recipient", "laboratory.example", "--artefact", "image", "--json")
    tables = ("--records", "R.parquet", "--consents", "C.parquet", "--at", write_moment(SystemClock().now()))
    asked = ("release", "decide", *tables, *words, "--pack", "own.toml")
    assert terminal.run(*asked, "--out", "one", "--engine", "merge").code == 2
    refused = terminal.run(*asked, "--out", "two", "--engine", "merge")
    assert refused.failure == "release.pack-needs-sql"
    assert terminal.run(*asked, "--out", "three").result["reasons"] == {"consent.not-explicit": 3}
