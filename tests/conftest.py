"""How the suite is dealt out: what takes long begins first, and what is costly to start is started once."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

# A worker whose part is done takes from the end of another's, so what stands first stays with its worker.
# These share one Java machine, which takes longer to start than they take to run.
_TOGETHER = ("test_custody_rules_spark.py", "test_release_spark.py")
_LONG = {"scenarios", "attacks"}

# Spark works here for seconds: compiling its code twice and collecting garbage in parallel never pays.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the modules to two halves, each beginning with long ones; a module keeps its order."""
    modules = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    together = [module for module in modules if module[0].path.name in _TOGETHER]
    others = sorted((module for module in modules if module not in together), key=_takes_long, reverse=True)
    dealt = [*together, *others[0::2], *others[1::2]]
    items[:] = [test for module in dealt for test in module]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what was found out of every collection of garbage: thousands of tests are none."""
    gc.collect()
    gc.freeze()


def _takes_long(module: Sequence[pytest.Item]) -> bool:
    path: Path = module[0].path
    return path.parent.name in _LONG or path.name == "test_docs.py"
