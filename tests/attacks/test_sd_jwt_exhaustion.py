"""The attack: make a verifier work, or fall over, on a text that costs nothing to write."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import pytest

from dongui.documents.sd_jwt.reading import MAX_DOCUMENT_BYTES, read_presented
from dongui.documents.status.token_status_list import read_status_list
from dongui.errors import Refused, Trouble
from simulators.mdoc_certificates import key_for
from simulators.sd_jwt_drafting import RawJson, base64url, token
from simulators.status_drafting import ListDraft

KEY = key_for("sd-jwt signer")
SIZE = 2 * 2**20


def jwt(payload: bytes) -> bytes:
    return (token({"alg": "ES256"}, RawJson(payload), KEY) + "~").encode()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "tildes": (lambda: b"~" * MAX_DOCUMENT_BYTES, "sd-jwt.too-many-disclosures"),
    "dots": (lambda: b"." * SIZE + b"~", "jose.malformed"),
    "larger-than-read": (lambda: b"A" * (MAX_DOCUMENT_BYTES + 1), "sd-jwt.too-large"),
    "arrays": (lambda: jwt(b"[" * SIZE), "jose.json-too-deep"),
    "objects": (lambda: jwt(b'{"a":' * (SIZE // 5)), "jose.json-too-deep"),
    "commas": (lambda: jwt(b"[" + b"1," * (SIZE // 2) + b"1]"), "jose.json-too-many-items"),
    "quotes": (lambda: jwt(b'"' * SIZE), "jose.json-malformed"),
    "escapes": (lambda: jwt(b'"' + b"\\" * SIZE), "jose.json-malformed"),
    "escaped-quotes": (lambda: jwt(b'"' + b'\\"' * (SIZE // 2)), "jose.json-malformed"),
    "digits": (lambda: jwt(b'{"a":' + b"9" * SIZE + b"}"), "jose.json-malformed"),
    "one-name": (lambda: jwt(b'{"a":1' + b',"a":1' * 3_000 + b"}"), "jose.json-duplicate-key"),
    "white-space": (lambda: jwt(b" " * SIZE), "jose.json-malformed"),
    "disclosures": (
        lambda: jwt(b"{}") + f"{base64url(b'[' * 6_000)}~".encode() * 500,
        "jose.json-too-deep",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name_and_at_once(name: str) -> None:
    """Whatever the text is made of, it is refused in less than a second of this machine's time."""
    make, expected = BOMBS[name]
    data = make()
    begun = time.process_time()
    with pytest.raises(Refused) as caught:
        read_presented(data)
    assert caught.value.name == expected
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_a_list_that_unpacks_to_a_bomb_is_left_packed(form: str) -> None:
    """256 MiB of zeros in a quarter of one: refused at the limit, whatever it would have become."""
    packed = zlib.compressobj(9)
    bomb = b"".join([packed.compress(bytes(2**20)) for _ in range(256)]) + packed.flush()
    draft = ListDraft(compressed=bomb)
    draft.form = "jwt" if form == "jwt" else "cwt"
    listed = read_status_list(draft.build())
    begun = time.process_time()
    with pytest.raises(Trouble) as caught:
        listed.status(0)
    assert caught.value.name == "status.list-malformed"
    assert time.process_time() - begun < 0.5
