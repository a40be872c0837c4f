"""Optional parts of the package."""

from __future__ import annotations

import pytest

from dongui import extras
from dongui.errors import Misuse
from dongui.extras import Extra, require_extra


@pytest.mark.parametrize("extra", ["assessment", "custody"])
def test_a_part_that_is_installed_is_let_through(extra: Extra) -> None:
    """What the lock file installs for the tests is found."""
    require_extra(extra)


def test_a_part_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure says which package is missing and what to install."""
    monkeypatch.setitem(extras._MODULES, "custody", ("pyarrow", "no_such_package"))
    with pytest.raises(Misuse, match=r"no_such_package not installed; install dongui\[custody\]") as caught:
        require_extra("custody")
    assert caught.value.name == "environment.extra-missing"
