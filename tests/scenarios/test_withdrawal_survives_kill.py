"""One command from a withdrawal to the receipt, killed at the instants at which it writes anything at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dongui
from dongui.cli.model_inputs import open_models
from dongui.log.checking import check_log
from dongui.log.entry import EntryKind
from simulators.withdrawal_office import WithdrawalOffice, name_of

# One person for each kill, spread over all instants; every one by hand: DONGUI_KILLS=1000.
KILLS = int(os.environ.get("DONGUI_KILLS", "12"))
NEVER = 10**9
VICTIM = Path(__file__).parent.parent / "simulators" / "withdrawal_victim.py"


class Commands:
    """Commands given in processes that are killed."""

    def __init__(self, office: WithdrawalOffice, process: subprocess.Popen[str]) -> None:
        self._office, self._process = office, process

    def give(self, *command: str, at: int) -> str:
        """Give one; return ``killed``, or ``done`` and how many instants it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "folder": str(self._office.terminal.folder),
            "desk": str(self._office.terminal.desk),
            "at": at,
            "command": command,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def commands(office: WithdrawalOffice) -> Iterator[Commands]:
    places = f"{Path(dongui.__file__).parents[1]}:{VICTIM.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(VICTIM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": places, "LC_ALL": "C.UTF-8"},
    ) as process:
        yield Commands(office, process)
        process.kill()


def withdrawal(number: int) -> tuple[str, ...]:
    return ("custody", "withdraw", "--person", name_of(number), "--receipts", "receipts", "--json")


def test_killed_at_any_instant_the_same_command_goes_on(tmp_path: Path) -> None:
    """Each person's withdrawal is killed once, further on than the one before, and then given again.

    Until it is done ``unfinished`` says so; then there is one event for each consent, one receipt, notices
    once, the person in no release and no model, and the log holds each entry once.
    """
    people = KILLS + 10
    office = WithdrawalOffice.open(tmp_path, people=people)
    with commands(office) as given:
        ended, instants = given.give(*withdrawal(0), at=NEVER).split()
        assert ended == "done"
        done, killed_at = 1, list[int]()
        for place in range(KILLS):
            at = 1 + place * int(instants) // KILLS
            if given.give(*withdrawal(done), at=at) == "killed":
                killed_at.append(at)
                check_said_or_whole(office, done)
            assert given.give(*withdrawal(done), at=NEVER).startswith("done ")
            done += 1
            check_whole(office, done)
        check_log_and_files(office, done)
    assert len(killed_at) >= KILLS - 2
    print(f"{instants} instants, killed at {len(killed_at)} of them")


def check_said_or_whole(office: WithdrawalOffice, number: int) -> None:
    """Never is a withdrawal in the ledger, not carried out, and called finished."""
    shown = office.done("custody", "show", "--person", name_of(number), "--json").result["events"]
    said = sum(event["kind"] == "withdrawn" for event in shown)
    assert said in (0, 2), "the two consents are withdrawn together"
    looked = office.terminal.run("custody", "unfinished", "--json")
    if looked.code == 0 and said:
        check_whole(office, number + 1)


def check_whole(office: WithdrawalOffice, done: int) -> None:
    """Whoever withdrew is in nothing; one receipt each; nobody else is missing."""
    assert len(list((office.terminal.folder / "receipts").glob("*.receipt"))) == done
    assert not list((office.terminal.folder / "receipts").glob(".*"))
    with office.desk() as desk, open_models(desk) as kept:
        left = [one for one in range(office.people) if kept.store.contributions([one.to_bytes(4, "big")])]
        assert left == list(range(done, office.people))
        assert kept.store.undoings() == []
    assert office.done("custody", "unfinished").code == 0


def check_log_and_files(office: WithdrawalOffice, done: int) -> None:
    """Every entry once: acts, corrections, undoings; notices for each recipient of each withdrawal."""
    assert (office.given_out("pictures"), office.given_out("templates")) == (office.people - done,) * 2
    with office.desk() as desk:
        check_log(desk.log)
        size = desk.log.checkpoint().size
        kinds = [desk.log.entry(index).kind for index in range(size)]
    assert kinds.count(EntryKind.CONSENT) == 2 * office.people + 2 * done
    assert kinds.count(EntryKind.CORRECTION) == 2 * done
    assert kinds.count(EntryKind.UNDOING) == done
    assert kinds.count(EntryKind.MODEL) == 1 + done
    notices = office.terminal.desk / "custody" / "notices"
    assert sorted(len(list(one.glob("*.notice"))) for one in notices.iterdir()) == [2] * done
    assert office.done("custody", "check", "--json").result["events"] == 2 * office.people + 2 * done
