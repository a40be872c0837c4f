"""Where an operator's own releases lie, so that a withdrawal finds them without being told.

One small file for each release, named by its id. A release is moved, or destroyed when its time is over,
without anybody telling Dongui: a place is where it was last seen, and whoever looks says what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dongui.custody.gate import MANIFEST
from dongui.custody.release_files import Draft, dump, naming_disk, write_durably
from dongui.custody.release_opening import VerifiedRelease, read_release
from dongui.custody.release_seal import SEAL
from dongui.log.keys import VerifierKey

__all__ = ["ReleasePlace", "ReleasePlaces"]

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """A release of this operator by its id, and the folder it was last seen in."""

    release: bytes
    path: Path

    @property
    def is_there(self) -> bool:
        """True if something with a manifest is at the place."""
        return (self.path / MANIFEST).is_file()

    @property
    def is_sealed(self) -> bool:
        """True if it can be opened by its recipient."""
        return (self.path / SEAL).is_file()

    def read(self, key: VerifierKey) -> VerifiedRelease:
        """Read the release. Raises as :func:`~dongui.custody.release_opening.read_release`."""
        return read_release(self.path, key=key)


class ReleasePlaces:
    """Every place that was noted, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, release: VerifiedRelease) -> None:
        """Note where a release is now, durably. Raises as :func:`.release_files.naming_disk`."""
        with naming_disk(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = str(release.path.absolute())
        write_durably(self._folder / f"{release.id.hex()}.json", dump({"path": path}))

    def known(self) -> Iterator[ReleasePlace]:
        """Yield every noted place, by the releases' ids."""
        for file in sorted(self._folder.glob("[0-9a-f]" * 2 * _ID_BYTES + ".json")):
            content = Draft(self._folder, self._folder).read(file.name) or {}
            yield ReleasePlace(bytes.fromhex(file.stem), Path(str(content["path"])))
