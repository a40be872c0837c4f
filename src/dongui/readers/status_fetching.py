"""Fetching status lists over HTTPS and keeping them as files. Ahead of time, never while a person waits.

A list is fetched because the operator asked for its URI, not because a document named it: a verifier that
followed documents' links would tell each issuer where its documents are shown, and could be sent anywhere.
Whatever goes wrong is ``Trouble`` and says nothing about any document. No proxy of the environment is used.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from dongui.documents.status.token_status_list import MAX_LIST_BYTES, StatusListToken, read_status_list
from dongui.errors import Misuse, Trouble
from dongui.memory import SecretBuffer

__all__ = ["FETCH_SECONDS", "FetchedList", "StatusFiles", "fetch_status_list", "keep", "read_folder"]

FETCH_SECONDS = 20.0
"""How long a fetch may take as a whole, redirections included."""

_SOCKET_SECONDS = 10.0
_MAX_REDIRECTIONS = 3
_MAX_FILES = 1_000
_CHUNK_BYTES = 64 * 1024
_TYPES = ("application/statuslist+jwt", "application/statuslist+cwt")
_SUFFIXES = {"jwt": ".statuslist.jwt", "cwt": ".statuslist.cwt"}
_URI = re.compile(r"https://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?(/[!-\"$-~]*)?")


@dataclass(frozen=True, slots=True)
class FetchedList:
    """A list as served, readable, and naming the URI it was asked for. Its signature is not checked yet."""

    content: bytes = field(repr=False)
    token: StatusListToken


@dataclass(frozen=True, slots=True)
class StatusFiles:
    """A folder of lists, by file name, with when each was fetched: what ``StatusEvidence`` takes."""

    files: dict[str, bytes] = field(repr=False)
    fetched_at: dict[str, datetime]


def fetch_status_list(uri: str, *, tls: ssl.SSLContext, seconds: float = FETCH_SECONDS) -> FetchedList:
    """Fetch one list of at most 8 MiB.

    ``tls`` says whose servers are believed. Raises ``Misuse`` (``status.uri-unusable``); ``Trouble``:
    ``status.list-unreachable``, ``status.list-malformed`` (also where the list names another URI).
    """
    if _URI.fullmatch(uri) is None:
        raise Misuse("status.uri-unusable", "a status list's URI is https, a host and a path")
    content = _within(seconds, lambda deadline: _follow(uri, tls, deadline))
    token = read_status_list(content)
    if token.uri != uri:
        raise Trouble("status.list-malformed", "the list that was served names another URI as its own")
    return FetchedList(content, token)


def keep(fetched: FetchedList, *, into: Path) -> Path:
    """Write the list into a folder, whole or not at all, in place of an older one of the same URI.

    Raises ``Trouble`` ``status.list-stale`` where a newer one is there already: whoever serves an old list
    must not bring a revoked document back. ``Misuse`` ``file.not-writable``.
    """
    name = hashlib.sha256(fetched.token.uri.encode()).hexdigest()[:32] + _SUFFIXES[fetched.token.form]
    path = into / name
    _require_newer(fetched, path)
    temporary = path.with_name(f".{name}.{os.getpid()}")
    try:
        into.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(fetched.content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Misuse("file.not-writable", f"{path}: {error.strerror}") from None
    return path


def read_folder(path: Path) -> StatusFiles:
    """Read every ``.jwt`` and ``.cwt`` file of a folder; when it was written is when it was fetched.

    Raises ``Misuse``: ``file.*``, ``status.too-many-lists``.
    """
    try:
        found = sorted(file for file in path.iterdir() if file.suffix in (".jwt", ".cwt"))
    except OSError as error:
        raise Misuse("file.not-readable", f"the folder of status lists {path}: {error.strerror}") from None
    if len(found) > _MAX_FILES:
        raise Misuse("status.too-many-lists", f"{len(found)} lists; the limit is {_MAX_FILES}")
    files: dict[str, bytes] = {}
    fetched_at: dict[str, datetime] = {}
    for file in found:
        content = SecretBuffer.read_file(file, max_bytes=MAX_LIST_BYTES, what="status list")
        files[file.name] = bytes(content.view)
        fetched_at[file.name] = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return StatusFiles(files, fetched_at)


def _require_newer(fetched: FetchedList, path: Path) -> None:
    try:
        held = read_status_list(path.read_bytes()).issued_at
    except (OSError, Trouble):
        return
    if held > fetched.token.issued_at:
        raise Trouble("status.list-stale", f"the one on file was issued later, {held:%Y-%m-%d %H:%M}Z")


def _within(seconds: float, work: Callable[[float], bytes]) -> bytes:
    """Run ``work`` for at most ``seconds``: a server may answer each read in time and still never end."""
    answers: list[bytes] = []
    troubles: list[Misuse | Trouble] = []

    def run() -> None:
        try:
            answers.append(work(time.monotonic() + seconds))
        except (Misuse, Trouble) as failure:
            troubles.append(failure)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds + 0.5)
    if troubles:
        raise troubles[0]
    if not answers:
        _unreachable(f"the server took longer than {seconds:g} seconds")
    return answers[0]


def _follow(uri: str, tls: ssl.SSLContext, deadline: float) -> bytes:
    for _ in range(_MAX_REDIRECTIONS + 1):
        content, elsewhere = _get(uri, tls, deadline)
        if elsewhere is None:
            return content
        uri = elsewhere
    raise Trouble("status.list-unreachable", f"the server redirects more than {_MAX_REDIRECTIONS} times")


def _get(uri: str, tls: ssl.SSLContext, deadline: float) -> tuple[bytes, str | None]:
    """One request: the body, or where the server sends us instead."""
    found = _URI.fullmatch(uri)
    if found is None:
        _unreachable("the server redirects to something that is no https URI")
    host, port, path = found[1].strip("[]"), int(found[2] or 443), found[3] or "/"
    connection = http.client.HTTPSConnection(host, port, timeout=_SOCKET_SECONDS, context=tls)
    try:
        # Identity: a compressed answer could be a thousand times what was received.
        connection.request("GET", path, headers={"Accept": ", ".join(_TYPES), "Accept-Encoding": "identity"})
        with connection.getresponse() as response:
            return _answer(response, deadline)
    except (OSError, OverflowError, http.client.HTTPException) as error:
        _unreachable(f"{type(error).__name__} from {host}")
    finally:
        connection.close()


def _answer(response: http.client.HTTPResponse, deadline: float) -> tuple[bytes, str | None]:
    if response.status in (301, 302, 303, 307, 308):
        return b"", response.getheader("Location", "")
    if response.status != 200:
        _unreachable(f"the server answers {response.status}")
    if response.getheader("Content-Encoding", "identity") != "identity":
        _unreachable("the server compresses its answer unasked")
    if response.getheader("Content-Type", "").split(";")[0].strip().lower() not in _TYPES:
        _unreachable("the server answers with something other than a status list")
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_LIST_BYTES:
            _unreachable(f"the answer is larger than {MAX_LIST_BYTES} bytes")
        if time.monotonic() > deadline:
            _unreachable("the server took too long")
    return bytes(body), None


def _unreachable(why: str) -> NoReturn:
    raise Trouble("status.list-unreachable", f"the status list cannot be fetched: {why}")
