"""Published examples of signed notes: the Go checksum database's, and those of the C2SP specifications."""

from __future__ import annotations

import pytest

from dongui.errors import Misuse, Refused
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.note import open_note, parse_note, sign_note

# golang.org/x/mod/sumdb/note (BSD-3-Clause): package documentation and tests.
PETER_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIn"
    "NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2"
    "tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# c2sp.org/signed-note and c2sp.org/tlog-checkpoint: their examples (no public keys are published with them).
SPECIFICATION_NOTES = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99i"
    "hAQwaqP3ZekRwNtIc=\n",
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9n"
    "To+zyWE+xeMcTOAYQ8=\n",
)


def note(*lines: str) -> bytes:
    return (TEXT + "\n" + "".join(lines)).encode()


def test_signing_gives_the_published_bytes() -> None:
    """Ed25519 is deterministic: key, text and form give exactly the published note."""
    assert sign_note(TEXT, key=SignerKey.parse(PETER_SIGNER)) == note(PETER_LINE)


@pytest.mark.parametrize("key", [PETER, ENOCH])
@pytest.mark.parametrize("lines", [(PETER_LINE, ENOCH_LINE), (ENOCH_LINE, PETER_LINE)])
def test_a_note_of_two_signers_opens_with_either_key(key: str, lines: tuple[str, str]) -> None:
    """Lines of unknown keys are read over, wherever they stand."""
    assert open_note(note(*lines), key=VerifierKey.parse(key)) == TEXT


def test_keys_survive_reading_and_writing() -> None:
    """The text forms are those the ecosystem exchanges."""
    signer = SignerKey.parse(PETER_SIGNER)
    assert signer.text() == PETER_SIGNER
    assert signer.verifier.text() == PETER
    assert VerifierKey.parse(PETER).key_id.hex() == "c74f20a3"


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ((ENOCH_LINE,), "log.note-not-signed-by-key"),
        ((PETER_LINE.replace("PeterNeumann", "CarmenSandiego"),), "log.note-not-signed-by-key"),
        ((PETER_LINE.replace("x08g", "xxxx"),), "log.note-not-signed-by-key"),
        ((PETER_LINE[:60] + "ABCD" + PETER_LINE[60:],), "log.note-signature-invalid"),
        ((PETER_LINE, PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]), "log.note-signature-invalid"),
        ((PETER_LINE,) * 101, "log.note-too-large"),
        ((), "log.note-malformed"),
        ((PETER_LINE[:-1],), "log.note-malformed"),
        (("— Bad Name x08go/ZJ\n",), "log.note-malformed"),
        ((PETER_LINE, "Unexpected line.\n"), "log.note-malformed"),
    ],
)
def test_published_faults_are_refused(lines: tuple[str, ...], name: str) -> None:
    """Each manipulation the reference implementation refuses is refused here, under its own name."""
    with pytest.raises(Refused) as refused:
        open_note(note(*lines), key=VerifierKey.parse(PETER))
    assert refused.value.name == name


@pytest.mark.parametrize("data", [b"\x01" + note(PETER_LINE), b"\xff" + note(PETER_LINE), TEXT.encode()])
def test_published_malformed_notes_are_refused(data: bytes) -> None:
    """Control characters, what is not UTF-8, and a text without signatures are no note."""
    with pytest.raises(Refused) as refused:
        parse_note(data)
    assert refused.value.name == "log.note-malformed"


@pytest.mark.parametrize("text", SPECIFICATION_NOTES)
def test_the_examples_of_the_specifications_are_read(text: str) -> None:
    """A text may have empty lines of its own: the last one parts it from its signatures."""
    parsed = parse_note(text.encode())
    assert parsed.text == text[: text.rindex("\n\n") + 1]
    assert [len(line.signature) for line in parsed.signatures] == [64]


@pytest.mark.parametrize("key", [PETER, PETER_SIGNER])
def test_every_part_of_a_key_and_every_changed_letter_is_refused(key: str) -> None:
    """A key cut short, or with one letter mistyped, never passes for another key."""
    read = SignerKey.parse if key.startswith("PRIVATE") else VerifierKey.parse
    cut = {key[begin:end] for begin in range(len(key)) for end in range(begin, len(key) + 1)} - {key}
    mistyped = {key[:place] + chr(ord(key[place]) + 1) + key[place + 1 :] for place in range(len(key))}
    for text in cut | mistyped:
        with pytest.raises(Misuse, match=r"log\.key-malformed"):
            read(text)


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_keys_of_another_length_or_algorithm_are_refused(key: str) -> None:
    """An identifier that was recomputed does not make an unknown algorithm known."""
    with pytest.raises(Misuse, match=r"log\.key-malformed"):
        VerifierKey.parse(key)
