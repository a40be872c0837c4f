"""A release that is about to be used: first, whoever withdrew since is taken out of it."""

from __future__ import annotations

from dongui.cli.custody_options import open_ledger
from dongui.custody.release_opening import VerifiedRelease
from dongui.custody.standing import ReleaseLog
from dongui.custody.stops import take_out_stopped
from dongui.desk import Desk

__all__ = ["take_out_since"]


def take_out_since(desk: Desk, release: VerifiedRelease, postgresql: str | None) -> int:
    """Take whoever stopped since out of a release that is about to be used; return how many that were."""
    log = ReleaseLog(desk.log, desk.keys.log)
    with open_ledger(desk, postgresql) as ledger:
        return take_out_stopped(release, ledger, log=log, entropy=desk.entropy)
