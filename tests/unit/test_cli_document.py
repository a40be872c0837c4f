"""``dongui document``: what is authentic, what is only claimed, and what never reaches a screen."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from dongui.cli.main import run
from dongui.documents.authenticated import Treatment
from dongui.documents.mdoc.looking import look
from simulators.mdoc_drafting import NAMESPACE, Draft
from simulators.plain_cbor import Embedded, Raw, plain
from simulators.published_mdocs import annex_d, bdr, france, needs_published_mdocs
from simulators.tiny_portrait import TINY_PORTRAIT

AT = "2026-11-22T12:00:00Z"


class Counter:
    """A folder with a document, what judges it, and the command."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        (folder / "trust").mkdir()

    def lay_out(self, draft: Draft) -> None:
        """Write the document, its root, its session and the reader's key."""
        self.write("document", draft.build())
        self.write("trust/root.der", draft.root.sign())
        self.write("transcript", draft.transcript)
        self.write("reader.pem", private_pem(draft.reader_key))

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run(self, verb: str, *arguments: str, file: str = "document") -> tuple[int, str, str]:
        given = [str(self.folder / word[1:]) if word.startswith("@") else word for word in arguments]
        with pytest.raises(SystemExit) as end:
            run(["document", verb, str(self.folder / file), *given])
        assert isinstance(end.value.code, int)
        out, err = self.capture.readouterr()
        return end.value.code, out, err

    def json(self, verb: str, *arguments: str, file: str = "document") -> tuple[int, Any]:
        code, out, _ = self.run(verb, *arguments, "--json", file=file)
        return code, json.loads(out)


TRUST = ("--trust", "@trust", "--at", AT)
SESSION = ("--session-transcript", "@transcript")
READER = ("--reader-key", "@reader.pem")


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def counter(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Counter:
    monkeypatch.setenv("DONGUI_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    return Counter(tmp_path, capsys)


@pytest.mark.parametrize("method", ["signature", "mac"])
def test_with_its_session_a_document_is_bound(counter: Counter, method: str) -> None:
    """Signature or MAC: issuer, validity, binding, and that validity was judged at another time."""
    counter.lay_out(Draft(method=method))
    code, answer = counter.json("check", *TRUST, *SESSION, *(READER if method == "mac" else ()))
    assert (code, answer["outcome"]) == (0, "authentic")
    result = answer["result"]
    assert result["holder_binding"] == f"device-{method}"
    assert result["verify_would_refuse"] is None
    assert (result["judged_at"], result["judged_at_another_time"]) == ("2026-11-22T12:00:00+00:00", True)
    assert result["valid_until"] == "2027-02-01T09:00:00+00:00"
    assert {field["treatment"] for field in result["fields"]} == {"verified"}
    assert not any("value" in field for field in result["fields"])


def test_without_a_session_it_is_authentic_and_not_bound(counter: Counter) -> None:
    """A copy of a document is a document: the answer says what `dongui verify` would say to it."""
    counter.lay_out(Draft())
    code, answer = counter.json("check", *TRUST)
    assert (code, answer["outcome"]) == (0, "authentic")
    assert answer["result"]["holder_binding"] == "not-bound"
    assert answer["result"]["verify_would_refuse"] == "mdoc.holder-not-bound"
    code, out, _ = counter.run("check", *TRUST)
    assert "holder not bound" in out
    assert "dongui verify" in out
    assert "ANOTHER TIME" in out
    _, out, _ = counter.run("check", *TRUST, "--language", "ko")
    assert "소지자 결속 없음" in out
    assert "진본" in out


def test_now_is_said_to_be_now(counter: Counter) -> None:
    """Without ``--at`` nothing speaks of another time."""
    counter.lay_out(Draft())
    code, answer = counter.json("check", "--trust", "@trust")
    assert (code, answer["result"]["judged_at_another_time"]) == (0, False)
    assert "ANOTHER" not in counter.run("check", "--trust", "@trust")[1]


def test_every_treatment_is_shown(counter: Counter) -> None:
    """The issuer's fields verified, the device's own and error codes carried unverified by name."""
    draft = Draft()
    draft.security_object["deviceKeyInfo"]["keyAuthorizations"] = {"nameSpaces": ["example"]}
    draft.device_namespaces["example"] = {"note": "from the device"}
    draft.edits["document"] = lambda document: document.update(errors={NAMESPACE: {"weight": 0}})
    counter.lay_out(draft)
    code, answer = counter.json("show", *TRUST, *SESSION)
    assert (code, answer["outcome"]) == (0, "authentic")
    treated = {
        field["identifier"]: (field["value"], field["treatment"]) for field in answer["result"]["fields"]
    }
    assert treated["family_name"] == ("Seo", "verified")
    assert treated["birth_date"] == ("1990-05-17", "verified")
    assert treated["driving_privileges"] == ([{"vehicle_category_code": "B"}], "verified")
    assert treated["note"] == ("from the device", "carried-unverified")
    assert treated["weight"] == (0, "carried-unverified")
    _, out, _ = counter.run("show", *TRUST, *SESSION)
    assert "12 verified, 2 carried unverified" in out


def test_without_trust_everything_is_unverified(counter: Counter) -> None:
    """What nobody judged is never called authentic, whatever it looks like."""
    counter.lay_out(Draft())
    code, answer = counter.json("show")
    assert (code, answer["outcome"]) == (0, "not-judged")
    assert {field["treatment"] for field in answer["result"]["fields"]} == {"carried-unverified"}
    assert "issuer" not in answer["result"]
    _, out, _ = counter.run("show")
    assert "AUTHENTIC" not in out.upper()
    assert "without --trust nothing here is verified" in out


def test_a_refused_document_is_shown_refused(counter: Counter) -> None:
    """One changed byte: the reason by name, every field refused, the exit code of a refusal."""
    counter.lay_out(Draft())
    content = (counter.folder / "document").read_bytes()
    counter.write("document", content.replace(b"Haneul", b"Haneol"))
    code, answer = counter.json("check", *TRUST)
    assert (code, answer["failure"]["name"]) == (1, "mdoc.digest-mismatch")
    code, answer = counter.json("show", *TRUST)
    assert (code, answer["outcome"]) == (1, "refused")
    assert answer["result"]["reason"]["name"] == "mdoc.digest-mismatch"
    assert {field["treatment"] for field in answer["result"]["fields"]} == {"refused"}
    code, out, _ = counter.run("show", *TRUST)
    assert code == 1
    assert "REFUSED" in out
    assert "mdoc.digest-mismatch" in out


def test_what_cannot_be_told_is_not_refused(counter: Counter) -> None:
    """A status nobody can look up here: undetermined, exit code 3, no field called refused."""
    draft = Draft()
    draft.security_object["status"] = {"status_list": {"idx": 7, "uri": "https://utopia.example/status"}}
    counter.lay_out(draft)
    code, answer = counter.json("check", *TRUST)
    assert (code, answer["failure"]["name"]) == (3, "status.list-missing")
    code, answer = counter.json("show", *TRUST)
    assert (code, answer["outcome"]) == (3, "undetermined")
    assert {field["treatment"] for field in answer["result"]["fields"]} == {"carried-unverified"}


def test_no_byte_of_a_portrait_reaches_the_screen(counter: Counter) -> None:
    """Pictures are kind and size, in text, in JSON, in a field of any other name, in a field of a field."""
    draft = Draft()
    draft.element("given_name")["elementValue"] = TINY_PORTRAIT
    draft.element("issuing_authority")["elementValue"] = {"inner": [TINY_PORTRAIT, Embedded(TINY_PORTRAIT)]}
    counter.lay_out(draft)
    size = f"JPEG picture, {len(TINY_PORTRAIT):,} bytes"
    parts = [TINY_PORTRAIT[start : start + 12] for start in range(0, len(TINY_PORTRAIT) - 12, 12)]
    for more in ((), ("--json",), ("--trust", "@trust", "--at", AT)):
        code, out, err = counter.run("show", *more)
        assert code == 0
        assert out.count(size) >= 2
        for part in parts:
            for form in (part.hex(), base64.b64encode(part).decode(), repr(part)[2:-1]):
                assert form not in out + err


def test_a_value_cannot_draw_on_the_terminal(counter: Counter) -> None:
    """The attack: a name that moves the cursor, turns the text around, or writes a row of its own."""
    draft = Draft()
    draft.element("family_name")["elementValue"] = "Seo\x1b[2J\u202e\nportrait verified"
    draft.element("document_number")["elementValue"] = {"[red]n": "[/red]\n"}
    counter.lay_out(draft)
    _, out, _ = counter.run("show", *TRUST)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "Seo\\x1b[2J\\u202e\\nportrait" in " ".join(out.split())
    assert not any(line.startswith("portrait verified") for line in out.splitlines())
    _, answer = counter.json("show", *TRUST)
    assert answer["result"]["fields"][0]["value"] == "Seo\x1b[2J\u202e\nportrait verified"


def test_numbers_json_does_not_know_are_told_as_text(counter: Counter) -> None:
    """A document may hold an infinity; JSON may not."""
    draft = Draft()
    draft.element("family_name")["elementValue"] = Raw(b"\xf9\x7c\x00")
    draft.element("given_name")["elementValue"] = {7: Raw(b"\xf9\x3e\x00"), b"\x00\x01": None}
    counter.lay_out(draft)
    code, answer = counter.json("show", *TRUST)
    values = [field["value"] for field in answer["result"]["fields"]]
    assert (code, values[:2]) == (0, ["inf", {"7": 1.5, "2 bytes": None}])


def test_two_keys_that_look_alike_are_both_shown(counter: Counter) -> None:
    """The number 7 and the text "7" are two keys; neither may hide the other."""
    draft = Draft()
    draft.element("given_name")["elementValue"] = {7: "number", "7": "text"}
    counter.lay_out(draft)
    _, answer = counter.json("show", *TRUST)
    assert answer["result"]["fields"][1]["value"] == [["7", "number"], ["7", "text"]]


def hex_lines(data: bytes) -> bytes:
    digits = data.hex()
    return "\n".join(digits[start : start + 64] for start in range(0, len(digits), 64)).encode() + b"\n"


@pytest.mark.parametrize(
    "form",
    [
        bytes,
        hex_lines,
        base64.encodebytes,
        lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    ],
    ids=["cbor", "hex", "base64", "base64url"],
)
def test_files_may_be_text(counter: Counter, form: Callable[[bytes], bytes]) -> None:
    """Documents and transcripts travel as CBOR, hexadecimal digits and base64: all mean the same."""
    draft = Draft()
    counter.lay_out(draft)
    counter.write("document", form(draft.build()))
    counter.write("transcript", form(draft.transcript))
    assert counter.json("check", *TRUST, *SESSION)[1]["result"]["holder_binding"] == "device-signature"
    # ISO/IEC 18013-5 prints the transcript as SessionTranscriptBytes, inside an item of tag 24.
    counter.write("transcript", form(plain(Embedded(draft.transcript))))
    assert counter.json("check", *TRUST, *SESSION)[1]["result"]["holder_binding"] == "device-signature"


def test_a_bare_issuer_signed_is_read_too(counter: Counter) -> None:
    """It carries no device part: authentic, and never bound, whatever transcript is given."""
    kept: list[Any] = []
    draft = Draft()
    draft.edits["document"] = lambda document: kept.append(document["issuerSigned"])
    counter.lay_out(draft)
    counter.write("document", plain(kept[0]))
    code, answer = counter.json("check", *TRUST, *SESSION)
    assert (code, answer["result"]["holder_binding"]) == (0, "not-bound")
    assert "not said outside" in counter.run("show")[1]


def test_proofs_that_do_not_hold_are_named(counter: Counter) -> None:
    """Another session, a MAC without the reader's key, expired, not yet valid, an issuer nobody trusts."""
    draft = Draft(method="mac")
    counter.lay_out(draft)
    counter.write("other", plain([None, None, ["another session"]]))
    stranger = Draft()
    stranger.root.key = ec.generate_private_key(ec.SECP256R1())
    counter.folder.joinpath("strangers").mkdir()
    counter.write("strangers/root.der", stranger.root.sign())
    for arguments, name in (
        ((*TRUST, "--session-transcript", "@other", *READER), "mdoc.device-mac-invalid"),
        ((*TRUST, *SESSION), "mdoc.reader-key-missing"),
        (("--trust", "@trust", "--at", "2027-02-02"), "mdoc.expired"),
        (("--trust", "@trust", "--at", "2026-11-01T08:59:59Z"), "mdoc.not-yet-valid"),
        (("--trust", "@strangers", "--at", AT), "trust."),
    ):
        code, answer = counter.json("check", *arguments)
        assert code == 1
        assert answer["failure"]["name"].startswith(name)


@pytest.mark.parametrize("text", ["Dear reader, this is a letter.\n", "신분증이 아닙니다.\r\n", "{}"])
def test_text_that_is_no_document_is_called_text(counter: Counter, text: str) -> None:
    """A letter is refused as no document, and told which there are: not as lengths of a CBOR item."""
    counter.lay_out(Draft())
    counter.write("document", text.encode())
    for verb in ("check", "show"):
        code, answer = counter.json(verb, *TRUST)
        assert (code, answer["failure"]["name"]) == (1, "document.kind-unknown")
        for kind in ("mobile document", "passport", "SD-JWT", "staff card"):
            assert kind in answer["failure"]["detail"]


def test_a_public_reader_key_is_told_apart(counter: Counter) -> None:
    """`session open` writes the public key for the device; the MAC is checked with the private one."""
    counter.lay_out(Draft())
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    counter.write("public.pem", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    code, answer = counter.json("check", *TRUST, *SESSION, "--reader-key", "@public.pem")
    assert (code, answer["failure"]["name"]) == (2, "document.reader-key-unreadable")
    assert "is a public key; the MAC needs the session's private key" in answer["failure"]["detail"]


def test_mistakes_are_named(counter: Counter) -> None:
    """Options that do not fit, keys that are none, moments that are none: exit code 2, a name each."""
    counter.lay_out(Draft())
    encrypted = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    counter.write("encrypted.pem", encrypted)
    counter.write("edwards.pem", private_pem(Ed25519PrivateKey.generate()))
    counter.write("text", b"not a transcript")
    counter.write("huge", b"0" * 300_000)
    for arguments, name in (
        ((*TRUST, *READER), "document.options-incomplete"),
        ((*TRUST, *SESSION, "--reader-key", "@encrypted.pem"), "document.reader-key-unreadable"),
        ((*TRUST, *SESSION, "--reader-key", "@edwards.pem"), "document.reader-key-unreadable"),
        ((*TRUST, *SESSION, "--reader-key", "@document"), "document.reader-key-unreadable"),
        ((*TRUST, "--session-transcript", "@text"), "mdoc.session-transcript-malformed"),
        ((*TRUST, "--session-transcript", "@huge"), "file.too-large"),
        ((*TRUST, "--session-transcript", "@trust"), "file.is-directory"),
        (("--trust", "@trust", "--at", "yesterday"), "document.moment-unreadable"),
        (("--trust", "@trust", "--at", "2026-11-22T12:00:00"), "document.moment-unreadable"),
        (("--trust", "@trust", "--at", "0001-01-01T00:00:00+14:00"), "document.moment-unreadable"),
        (("--trust", "@nowhere"), "file.not-found"),
        (("--trust", "@document"), "trust.no-anchors"),
    ):
        code, answer = counter.json("check", *arguments)
        assert (code, answer["failure"]["name"]) == (2, name), arguments
    for arguments in (("--at", AT), SESSION):
        assert counter.json("show", *arguments)[1]["failure"]["name"] == "document.options-incomplete"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"not a document", "document.kind-unknown"),
        (b"deadbee", "document.kind-unknown"),
        (b"%PDF-1.7", "document.kind-unknown"),
        (b"\x00\x01", "document.kind-unknown"),
        (b"a0", "mdoc.not-a-document"),
        (b"\xa0", "mdoc.not-a-document"),
        (b"oA==", "mdoc.not-a-document"),
        (b"AA==", "document.kind-unknown"),
        (b"\x9f" * 100_000, "document.kind-unknown"),
        (b"\xbf" * 100_000, "cbor."),
        (b"\xa1\x01" * 100_000, "cbor.too-deep"),
        (b"\xa1\x01\x5b\x00\x00\x00\x01\x00\x00\x00\x00", "cbor.truncated"),
        (b"\xff\xd8\xff\xe0 no picture", "capture.truncated"),
        (b"", "file.empty"),
        (b"\xa0" * (2 * 2**20 + 1), "file.too-large"),
    ],
)
def test_what_is_no_document_is_named(counter: Counter, content: bytes, name: str) -> None:
    """Whatever the bytes are, checking and showing end with the same name and no traceback."""
    counter.lay_out(Draft())
    counter.write("document", content)
    for verb, more in (("check", TRUST), ("show", TRUST), ("show", ())):
        code, out, err = counter.run(verb, *more, "--json")
        failure = json.loads(out)["failure"]
        assert failure["name"].startswith(name)
        assert code == failure["exit_code"] == (2 if name.startswith(("file", "capture")) else 1)
        assert err == ""


def test_looking_never_verifies() -> None:
    """No field of a document that was only looked at can be called verified, and ``repr`` shows no value."""
    found = look(Draft().build(), treatment=Treatment.UNVERIFIED)
    assert {element.treatment for element in found.elements} == {Treatment.UNVERIFIED}
    assert "Haneul" not in repr(found)


@needs_published_mdocs
def test_published_documents(counter: Counter) -> None:
    """Annex D of ISO/IEC 18013-5 verifies whole; two issuers' documents are authentic and not bound."""
    vector = annex_d()
    assert vector.root is not None
    assert vector.reader_key is not None
    assert vector.transcript is not None
    counter.write("trust/root.pem", vector.root)
    counter.write("document", vector.data.hex().encode())
    counter.write("transcript", plain(Embedded(vector.transcript)).hex().encode())
    counter.write("reader.pem", private_pem(vector.reader_key))
    at = ("--trust", "@trust", "--at", "2021-03-01")
    code, answer = counter.json("check", *at, *SESSION, *READER)
    assert (code, answer["result"]["holder_binding"]) == (0, "device-mac")
    counter.write("france", france().data)
    code, answer = counter.json("check", *at, file="france")
    assert (code, answer["result"]["verify_would_refuse"]) == (0, "mdoc.holder-not-bound")
    pinned = bdr().pinned
    assert pinned is not None
    (counter.folder / "trust" / "pinned-document-signers").mkdir()
    counter.write("trust/pinned-document-signers/bdr.pem", pinned)
    counter.write("bdr", bdr().data)
    code, answer = counter.json("show", "--trust", "@trust", "--at", "2025-06-01", file="bdr")
    assert (code, answer["result"]["holder_binding"]) == (0, "not-bound")
