"""The border around a task: what crosses it, and what never does."""

from __future__ import annotations

import ast
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.confinement import Confined, Confinement, InProcess
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from dongui.memory import SecretBuffer
from simulators import confined_tasks

TASKS = "simulators.confined_tasks"
MEMORY = 64 << 20


def start(prepare: str = "prepare", *, seconds: float = 60.0, prepare_seconds: float = 60.0) -> Confinement:
    """A confinement of the simulated tasks."""
    return Confinement.start(
        f"{TASKS}:{prepare}",
        arguments=b"model",
        progress=lambda _message: None,
        timeout_seconds=seconds,
        memory_bytes=MEMORY,
        prepare_timeout_seconds=prepare_seconds,
    )


def run(confined: Confined, task: str, order: bytes = b"", *buffers: SecretBuffer) -> bytes:
    """Run one of the simulated tasks."""
    return confined.run(f"{TASKS}:{task}", order=order, buffers=buffers)


@pytest.fixture(scope="module")
def confinement() -> Iterator[Confinement]:
    """One zygote for the tests that leave it as it was."""
    with start() as started:
        yield started


@pytest.fixture(params=["confined", "in-process"])
def either(request: pytest.FixtureRequest, confinement: Confinement) -> Confined:
    """Both places a task can run in."""
    if request.param == "confined":
        return confinement
    return InProcess.start(f"{TASKS}:prepare", arguments=b"model", progress=lambda _message: None)


def test_order_and_buffers_arrive_whole(either: Confined) -> None:
    """A task sees what was prepared, its order, and every buffer, empty and large ones too."""
    buffers = [SecretBuffer(bytearray(b"\x01" * size)) for size in (0, 1, 3_000_000)]
    assert run(either, "measure", b"order", *buffers) == b"model|order|0:0|1:1|3000000:3000000"


def test_each_task_has_a_process_of_its_own(confinement: Confinement) -> None:
    """What one task leaves in memory the next does not find."""
    for _ in range(3):
        assert run(confinement, "keep", b"", SecretBuffer(bytearray(10))) == b"10"


def test_a_failure_keeps_its_name(either: Confined) -> None:
    """A failure the task names comes out with the same family, name and detail, and nothing behind it."""
    with pytest.raises(Refused) as raised:
        run(either, "refuse")
    assert raised.value.name == "cose.signature-invalid"
    assert raised.value.detail == "the signature of line 3"
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(("task", "kind"), [("quote", "builtins.ValueError"), ("nowhere", "AttributeError")])
def test_the_unforeseen_crosses_by_its_type_alone(either: Confined, task: str, kind: str) -> None:
    """The text of an unforeseen exception may quote a document: only its type gets out."""
    with pytest.raises(Trouble) as raised:
        run(either, task)
    assert raised.value.name == "confinement.crashed"
    assert kind in raised.value.detail
    assert confined_tasks.PERSONAL not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("task", "order", "name"),
    [
        ("fault", b"", "confinement.crashed"),
        ("leave", b"", "confinement.crashed"),
        ("answer_too_much", b"", "confinement.crashed"),
        ("answer_no_bytes", b"", "confinement.crashed"),
        ("allocate", str(2 * MEMORY).encode(), "confinement.out-of-memory"),
    ],
)
def test_what_goes_wrong_has_a_name_and_is_over(
    confinement: Confinement, task: str, order: bytes, name: str
) -> None:
    """A crash, an exit, a bad answer, too much memory: each is named, and the next task runs."""
    with pytest.raises(Trouble) as raised:
        run(confinement, task, order)
    assert raised.value.name == name
    assert run(confinement, "measure", b"next") == b"model|next"


def test_memory_within_the_limit_is_given(confinement: Confinement) -> None:
    """The limit counts what the task adds, not what the models hold."""
    assert run(confinement, "allocate", str(MEMORY // 2).encode()) == b"taken"


@pytest.mark.parametrize("task", ["sleep", "ignore_and_sleep"])
def test_time_runs_out(task: str) -> None:
    """A task that takes too long is ended, whatever signals it ignores, and the zygote lives on."""
    with start(seconds=1.5) as confinement:
        zygote = confinement.zygote_pid
        began = time.monotonic()
        with pytest.raises(Trouble) as raised:
            run(confinement, task)
        assert raised.value.name == "confinement.timed-out"
        assert time.monotonic() - began < 20
        assert run(confinement, "measure", b"next") == b"model|next"
        assert confinement.zygote_pid == zygote
        assert children_of(zygote) == []


def children_of(pid: int) -> list[int]:
    """The living or unreaped children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_dead_zygote_is_replaced(confinement: Confinement) -> None:
    """A zygote that was killed between two tasks is started again, and no zombie is left."""
    before = confinement.zygote_pid
    os.kill(before, signal.SIGKILL)
    assert run(confinement, "measure", b"again") == b"model|again"
    assert confinement.zygote_pid != before
    assert not Path(f"/proc/{before}").exists()


def test_a_zygote_killed_during_a_task_is_a_named_failure() -> None:
    """The task's process goes with its zygote; the program is told, and the next task runs."""
    with start() as confinement:
        zygote = confinement.zygote_pid
        threading.Timer(0.5, os.kill, (zygote, signal.SIGKILL)).start()
        with pytest.raises(Trouble) as raised:
            run(confinement, "sleep")
        assert raised.value.name == "confinement.crashed"
        assert run(confinement, "measure", b"next") == b"model|next"


def test_an_interruption_ends_the_task_at_once() -> None:
    """Ctrl-C in the program leaves no child behind working on a face."""
    script = (
        "import os, sys\n"
        "from dongui.confinement import Confinement\n"
        f"c = Confinement.start('{TASKS}:prepare', arguments=b'', progress=print,"
        f" timeout_seconds=60, memory_bytes={MEMORY})\n"
        "print('pid', c.zygote_pid, flush=True)\n"
        f"c.run('{TASKS}:sleep', order=b'', buffers=[])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert program.stdout is not None
    with program.stdout as told:
        zygote = int(next(line for line in told if line.startswith("pid")).split()[1])
        wait_until(lambda: len(children_of(zygote)) == 1)
        child = children_of(zygote)[0]
        program.send_signal(signal.SIGINT)
        program.wait(60)
    wait_until(lambda: not Path(f"/proc/{child}").exists() and not Path(f"/proc/{zygote}").exists())


def wait_until(happened: object, seconds: float = 60.0) -> None:
    """Wait for something another process does."""
    assert callable(happened)
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_closing_leaves_nothing() -> None:
    """After close the zygote is gone, and a task afterwards is misuse; closing twice is fine."""
    confinement = start()
    zygote = confinement.zygote_pid
    confinement.close()
    confinement.close()
    assert not Path(f"/proc/{zygote}").exists()
    with pytest.raises(Misuse) as raised:
        run(confinement, "measure")
    assert raised.value.name == "confinement.closed"


def test_a_forgotten_confinement_is_ended() -> None:
    """A program that drops its confinement without closing it leaves no process behind."""
    confinement = start()
    zygote = confinement.zygote_pid
    del confinement
    assert not Path(f"/proc/{zygote}").exists()


@pytest.mark.parametrize(
    ("prepare", "seconds", "kind", "name"),
    [
        ("prepare_with_thread", 60.0, Misuse, "confinement.threads-started"),
        ("prepare_in_vain", 60.0, Misuse, "file.not-found"),
        ("prepare_and_break", 60.0, Trouble, "confinement.not-started"),
        ("nowhere", 60.0, Trouble, "confinement.not-started"),
        ("prepare_slowly", 0.5, Trouble, "confinement.not-started"),
    ],
)
def test_a_preparation_that_fails_is_named(
    prepare: str, seconds: float, kind: type[DonguiError], name: str
) -> None:
    """Whatever keeps the zygote from being ready, a second thread included, has a name; nothing is left."""
    before = children_of(os.getpid())
    with pytest.raises(kind) as raised:
        start(prepare, prepare_seconds=seconds)
    assert raised.value.name == name
    assert children_of(os.getpid()) == before


def test_no_interpreter_is_a_named_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no interpreter can be started, the failure says which was tried."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Trouble) as raised:
        start()
    assert raised.value.name == "confinement.not-started"
    assert "/nowhere/python" in raised.value.detail


def test_progress_is_told() -> None:
    """What the preparing function says arrives, in order."""
    told: list[str] = []
    Confinement.start(
        f"{TASKS}:prepare",
        arguments=b"",
        progress=told.append,
        timeout_seconds=5,
        memory_bytes=MEMORY,
    ).close()
    assert told == ["loading", "ready"]


def test_too_large_an_order_is_refused_before_anything_moves(either: Confined) -> None:
    """The limits hold on this side of the border already, and the message names them."""
    with pytest.raises(Misuse, match="16777217; the limit is 16777216"):
        run(either, "measure", bytes((16 << 20) + 1))
    with pytest.raises(Misuse, match="1025; the limit is 1024"):
        run(either, "measure", b"", *(SecretBuffer(bytearray(1)) for _ in range(1025)))


def test_too_large_arguments_are_refused() -> None:
    """What a preparing function is given is bounded too."""
    with pytest.raises(Misuse, match="524289; the limit is 524288"):
        Confinement.start(
            f"{TASKS}:prepare",
            arguments=bytes((1 << 19) + 1),
            progress=lambda _message: None,
            timeout_seconds=1,
            memory_bytes=MEMORY,
        )


def test_a_child_cannot_write_a_file(confinement: Confinement, tmp_path: Path) -> None:
    """A decoder that goes astray cannot leave a face on disk: the first byte is refused (EFBIG)."""
    assert run(confinement, "write_file", str(tmp_path / "face").encode()) == b"27"
    assert not any(file.stat().st_size for file in tmp_path.iterdir())


def test_a_child_holds_one_socket_and_nothing_else(confinement: Confinement) -> None:
    """No file of the program or the zygote is open in a child; no core dump, no tracing, one thread."""
    with open(__file__, "rb"):
        told = ast.literal_eval(run(confinement, "look_around").decode())
    pid, kinds, _, core, dumpable, threads = told
    assert pid not in (os.getpid(), confinement.zygote_pid)
    assert kinds == ["/dev/null", "socket"]
    assert run(confinement, "reach_siblings") == b"1"
    assert core == (0, 0)
    assert dumpable == 0
    assert threads == 1


def test_threads_take_turns(confinement: Confinement) -> None:
    """A confinement shared between threads answers each with its own answer."""
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = run(confinement, "measure", str(number).encode())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"model|{number}".encode() for number in range(8)}


def test_the_program_keeps_its_own_limits(confinement: Confinement) -> None:
    """What a child gives up, the program does not."""
    run(confinement, "measure")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 32
