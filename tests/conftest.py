"""How the suite is dealt out: what takes long begins first, and what is costly to start is started once."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pytest

# A worker whose part is done takes from the end of another's, so what stands first stays with its worker.
# These share one Java machine, which takes longer to start than they take to run.
_TOGETHER = ("test_custody_rules_spark.py", "test_release_spark.py")
_LONG = {"scenarios", "attacks"}

# Spark works here for seconds: compiling its code twice and collecting garbage in parallel never pays.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

# Collecting and testing make many objects that stay: a look through them after every 700 finds next to none.
gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the tests to the workers: to each of them long modules first, then as many others as it lacks."""
    modules = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    together = [module for module in modules if module[0].path.name in _TOGETHER]
    lengthy = [module for module in modules if module not in together and _takes_long(module)]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    hands = [_tests(lengthy[worker::workers]) for worker in range(workers)]
    hands[0][:0] = _tests(together)
    _fill(hands, _tests(module for module in modules if module not in together and module not in lengthy))
    items[:] = [test for hand in hands for test in hand]


def _fill(hands: list[list[pytest.Item]], tests: list[pytest.Item]) -> None:
    """Bring each hand to the number of tests its worker is given, so that it begins where the worker does."""
    left = len(tests) + sum(map(len, hands))
    for place, hand in enumerate(hands):
        lacking = max(0, left // (len(hands) - place) - len(hand))
        hand += tests[:lacking]
        del tests[:lacking]
        left -= len(hand)


def _tests(modules: Iterable[Sequence[pytest.Item]]) -> list[pytest.Item]:
    return [test for module in modules for test in module]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what was found out of every collection of garbage: thousands of tests are none."""
    gc.collect()
    gc.freeze()


def _takes_long(module: Sequence[pytest.Item]) -> bool:
    path: Path = module[0].path
    return path.parent.name in _LONG or path.name == "test_docs.py"
