"""Group commit over an appender that can be held back, so that who waits for whom is decided by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from dongui.errors import Trouble
from dongui.log.entry import Entry, EntryKind
from dongui.log.group_commit import GroupCommit, _Ticket
from dongui.log.interface import MAX_BATCH

ENTRY = Entry(EntryKind.CONSENT, bytes(32))
PATIENCE = 10.0  # seconds; far beyond what any of this takes


class HeldAppender:
    """Appends in memory, one at a time, each only when the test lets it."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.failures: dict[int, BaseException] = {}
        self._alone = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> range:
        assert self._alone.acquire(blocking=False), "two appends at once"
        try:
            self.entered.release()
            assert self.go.acquire(timeout=PATIENCE)
            if len(self.batches) in self.failures:
                raise self.failures.pop(len(self.batches))
            begin = sum(self.batches)
            self.batches.append(len(entries))
            return range(begin, begin + len(entries))
        finally:
            self._alone.release()


class Callers:
    """Threads that append, and what they got."""

    def __init__(self, group: GroupCommit) -> None:
        self._group = group
        self._threads: list[threading.Thread] = []
        self.answers: list[range] = []
        self.failures: list[BaseException] = []

    def start(self, count: int = 1) -> None:
        """Start a caller of ``count`` entries."""
        thread = threading.Thread(target=self._work, args=(count,))
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a caller was left waiting"

    def _work(self, count: int) -> None:
        try:
            self.answers.append(self._group.append([ENTRY] * count))
        except (Trouble, RuntimeError, KeyboardInterrupt) as failure:
            self.failures.append(failure)


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2_000):
        if condition():
            return
        pause.wait(PATIENCE / 2_000)
    raise AssertionError("what should have happened did not")


def held() -> tuple[HeldAppender, Callers, GroupCommit]:
    """A first caller is in the middle of its append; others can come."""
    appender = HeldAppender()
    group = GroupCommit(appender)
    callers = Callers(group)
    callers.start(2)
    assert appender.entered.acquire(timeout=PATIENCE)
    return appender, callers, group


def gather(callers: Callers, group: GroupCommit, counts: Sequence[int]) -> None:
    """Let callers come one after another, each waiting before the next comes."""
    for count in counts:
        waiting = len(group._waiting) + 1
        callers.start(count)
        until(partial(is_waiting, group, waiting))


def is_waiting(group: GroupCommit, count: int) -> bool:
    return len(group._waiting) == count


def test_those_who_come_meanwhile_share_the_next_append() -> None:
    """One append for the first, one for all who waited, in the order they came."""
    appender, callers, group = held()
    gather(callers, group, [1, 3, 1])
    appender.go.release(2)
    callers.join()
    assert appender.batches == [2, 5]
    assert sorted(callers.answers, key=lambda answer: answer.start) == [
        range(2),
        range(2, 3),
        range(3, 6),
        range(6, 7),
    ]


def test_an_append_takes_no_more_than_it_may() -> None:
    """Callers beyond the limit lead the next append themselves."""
    appender, callers, group = held()
    gather(callers, group, [MAX_BATCH - 1, 2, 1])
    appender.go.release(3)
    callers.join()
    assert appender.batches == [2, MAX_BATCH - 1, 3]


def test_a_failure_is_each_caller_s_own_and_the_next_append_goes_on() -> None:
    """Those who shared the failed append are told; those who came later are not concerned."""
    appender, callers, group = held()
    appender.failures[1] = Trouble("storage.full", "no room")
    gather(callers, group, [1, 1])
    appender.go.release(2)
    callers.join()
    assert [str(failure) for failure in callers.failures] == ["storage.full: no room"] * 2
    assert callers.failures[0] is not callers.failures[1]
    appender.go.release()
    callers.start()
    callers.join()
    assert appender.batches == [2, 1]


def test_an_interrupt_of_the_leader_leaves_nobody_waiting() -> None:
    """Whatever ends the thread that writes, those who waited for it get an answer, and the lead passes on."""
    appender, callers, group = held()
    appender.failures[0] = KeyboardInterrupt()
    gather(callers, group, [1, 1])
    appender.go.release(2)
    callers.join()
    assert [type(failure) for failure in callers.failures] == [KeyboardInterrupt]
    assert appender.batches == [2]


def test_an_interrupted_waiter_takes_its_entries_along() -> None:
    """Who stops waiting is not written for, and the lead it may just have been given goes to the next."""
    group = GroupCommit(HeldAppender())
    first, second, third = _Ticket((ENTRY,)), _Ticket((ENTRY,)), _Ticket((ENTRY,))
    group._waiting.extend((first, second, third))
    group._led = True
    group._leave(second)
    assert list(group._waiting) == [first, third]
    assert not third.wake.is_set()
    first.wake.set()
    group._leave(first)
    assert third.wake.is_set()
    group._leave(third)
    assert not group._led
    group._leave(third)
    assert not group._led
