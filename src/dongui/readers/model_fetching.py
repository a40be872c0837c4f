"""Fetching a published model over HTTPS into the folder of models: these bytes, whole, or nothing.

The digest and the size are pinned beforehand, so that the server need not be believed: whoever exchanges the
file there, or on the way, stops the fetching and changes nothing here. What arrived before a connection broke
lies in ``.NAME.part`` and is hashed anew when the fetching goes on (RFC 9110, section 14). No proxy of the
environment is used; where there is no way out, the file is carried here and given to :func:`keep_file`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol
from urllib.parse import urljoin

from dongui.errors import Misuse, Trouble

__all__ = ["FETCH_SECONDS", "MAX_REDIRECTIONS", "RemoteFile", "fetch_file", "keep_file"]

FETCH_SECONDS = 1800.0
"""How long a fetch may take as a whole, redirections and renewed attempts included."""
MAX_REDIRECTIONS = 4
SOCKET_SECONDS = 30.0

_ATTEMPTS = 4
_CHUNK_BYTES = 256 * 1024
_URI = re.compile(r"https://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?(/[!-\"$-~]*)?")
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")

Told = Callable[[int], None]


class RemoteFile(Protocol):
    """What is fetched: where it lies, and which bytes it is."""

    @property
    def uri(self) -> str:
        """https, a host and a path."""

    @property
    def file_bytes(self) -> int:
        """Its size in bytes."""

    @property
    def sha256(self) -> str:
        """Its digest in hexadecimal."""


def fetch_file(
    remote: RemoteFile, into: Path, *, tls: ssl.SSLContext, progress: Told, seconds: float = FETCH_SECONDS
) -> None:
    """Fetch ``remote`` to the path ``into``, going on where an earlier fetch stopped.

    ``progress`` is told how many bytes are there. Raises ``Trouble``: ``recogniser.fetch-failed`` (what
    arrived is kept for the next time), ``recogniser.fetched-other-bytes`` (nothing is kept); ``Misuse``
    ``file.not-writable`` (also where another fetch of this file is running); ``Trouble`` ``file.no-room``.
    """
    with _Part.open(remote, into) as part:
        deadline = time.monotonic() + seconds
        trouble = ""
        for _ in range(_ATTEMPTS):
            if part.held == remote.file_bytes:
                break
            try:
                _Transfer(part, tls, deadline, progress).go_on()
            except (OSError, http.client.HTTPException) as error:
                trouble = f"{type(error).__name__} from the server"
        if part.held < remote.file_bytes:
            _failed(
                f"{trouble or 'the answer ended early'}; {part.held} of {remote.file_bytes} bytes are kept"
            )
        part.finish()


def keep_file(source: Path, remote: RemoteFile, into: Path, *, progress: Told) -> None:
    """Copy a file that was carried here, after the same checks.

    Raises ``Misuse``: ``file.not-found``, ``file.is-directory``, ``file.not-readable``,
    ``file.not-writable``; ``Trouble`` (``recogniser.fetched-other-bytes``).
    """
    with _opened(source) as given, _Part.open(remote, into) as part:
        part.restart()
        while chunk := given.read(_CHUNK_BYTES):
            part.add(chunk)
            progress(part.held)
        part.finish()


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        given = source.open("rb")
    except FileNotFoundError:
        raise Misuse("file.not-found", f"{source} does not exist") from None
    except IsADirectoryError:
        raise Misuse("file.is-directory", f"{source} is a folder") from None
    except OSError as error:
        raise Misuse("file.not-readable", f"{source}: {error.strerror}") from None
    with given:
        yield given


@dataclass(slots=True)
class _Part:
    """What has arrived, on disk under another name, and its running digest."""

    remote: RemoteFile
    into: Path
    path: Path
    _file: BinaryIO = field(repr=False)
    held: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    @classmethod
    @contextmanager
    def open(cls, remote: RemoteFile, into: Path) -> Iterator[_Part]:
        """Open the part, alone: two fetches into one file would mix their bytes."""
        path = into.with_name(f".{into.name}.part")
        try:
            into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Nobody's link is followed: the folder may be another user's too.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from None
        with os.fdopen(descriptor, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Misuse("file.not-writable", f"{path}: another fetch is running") from None
            part = cls(remote, into, path, file)
            part._read_held()
            yield part

    def _read_held(self) -> None:
        if os.fstat(self._file.fileno()).st_size > self.remote.file_bytes:
            self.restart()
        while chunk := self._file.read(_CHUNK_BYTES):
            self._digest.update(chunk)
            self.held += len(chunk)
        if self.held == self.remote.file_bytes and self._digest.hexdigest() != self.remote.sha256:
            self.restart()

    def restart(self) -> None:
        """Forget what has arrived."""
        self._file.seek(0)
        self._file.truncate()
        self.held, self._digest = 0, hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        """Keep some more bytes. Raises as :func:`fetch_file` for more than there should be."""
        if self.held + len(chunk) > self.remote.file_bytes:
            self.discard(f"it has more than {self.remote.file_bytes} bytes")
        try:
            self._file.write(chunk)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self._digest.update(chunk)
        self.held += len(chunk)

    def finish(self) -> None:
        """Give the file its name once all its bytes are the right ones, and on disk."""
        if self.held != self.remote.file_bytes:
            self.discard(f"it has {self.held} bytes; its card says {self.remote.file_bytes}")
        found = self._digest.hexdigest()
        if found != self.remote.sha256:
            self.discard(f"its SHA-256 is {found[:16]}; its card says {self.remote.sha256[:16]}")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self.path.replace(self.into)
            folder = os.open(self.into.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _unwritable(self.into, error) from None

    def discard(self, why: str) -> NoReturn:
        """Keep nothing: bytes of another file would only be fetched on to."""
        self.path.unlink(missing_ok=True)
        raise Trouble("recogniser.fetched-other-bytes", why)


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One attempt: from the official address through its redirections to the bytes."""

    part: _Part
    tls: ssl.SSLContext
    deadline: float
    progress: Told

    def go_on(self) -> None:
        """Fetch what is missing. ``OSError`` and ``HTTPException`` where the connection breaks."""
        uri = self.part.remote.uri
        for _ in range(MAX_REDIRECTIONS + 1):
            elsewhere = self._ask(uri)
            if elsewhere is None:
                return
            uri = urljoin(uri, elsewhere)
        _failed(f"the server redirects more than {MAX_REDIRECTIONS} times")

    def _ask(self, uri: str) -> str | None:
        found = _URI.fullmatch(uri)
        if found is None:
            _failed("the server redirects to something that is no https address")
        host, port, path = found[1].strip("[]"), int(found[2] or 443), found[3] or "/"
        left = self.deadline - time.monotonic()
        if left <= 0:
            _failed("it took too long; what arrived is kept")
        connection = http.client.HTTPSConnection(
            host, port, timeout=min(SOCKET_SECONDS, left), context=self.tls
        )
        # Identity: the digest is the file's, and a compressed answer could be a thousand times as large.
        headers = {"Accept-Encoding": "identity"}
        if self.part.held:
            headers["Range"] = f"bytes={self.part.held}-"
        try:
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as response:
                return self._receive(response)
        finally:
            connection.close()

    def _receive(self, response: http.client.HTTPResponse) -> str | None:
        if response.status in (301, 302, 303, 307, 308):
            return response.getheader("Location", "")
        if response.status == 416 and self.part.held:
            self.part.restart()
            raise http.client.HTTPException("nothing left to fetch, but the file is not whole")
        if response.status not in (200, 206):
            _failed(f"the server answers {response.status}")
        if response.getheader("Content-Encoding", "identity") != "identity":
            _failed("the server compresses its answer unasked")
        self._begin(response)
        self._take(response)
        return None

    def _begin(self, response: http.client.HTTPResponse) -> None:
        """Agree on where the bytes go; a server that knows no ranges begins anew, and so do we."""
        whole = self.part.remote.file_bytes
        if response.status == 206:
            said = _RANGE.fullmatch(response.getheader("Content-Range", ""))
            if said is None or int(said[1]) != self.part.held:
                self.part.restart()
                raise http.client.HTTPException("the server sends another range than it was asked for")
            if int(said[3]) != whole:
                self.part.discard(f"the server's file has {said[3]} bytes; its card says {whole}")
            return
        self.part.restart()
        length = response.getheader("Content-Length")
        if length is not None and length != str(whole):
            self.part.discard(f"the server's file has {length[:12]} bytes; its card says {whole}")

    def _take(self, response: http.client.HTTPResponse) -> None:
        while chunk := response.read1(_CHUNK_BYTES):
            self.part.add(chunk)
            self.progress(self.part.held)
            if time.monotonic() > self.deadline:
                _failed("it took too long; what arrived is kept")


def _unwritable(path: Path, error: OSError) -> Misuse | Trouble:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble("file.no-room", f"{path}: {error.strerror}")
    return Misuse("file.not-writable", f"{path}: {error.strerror}")


def _failed(why: str) -> NoReturn:
    raise Trouble("recogniser.fetch-failed", f"the model cannot be fetched: {why}")
