"""Fuzz everything that reads a receipt: a value or ``Refused`` under ``receipt.*``, whatever bytes arrive.

What is read is written back byte for byte, and nothing that was not issued here checks out. Run from the root
of the tree with the ``fuzz`` dependencies installed; the folder is filled with sound inputs to begin from::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_receipt.py CORPUS -max_total_time=300 -max_len=4096
"""

from __future__ import annotations

from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["dongui", "cbor2"]):
    from dongui.errors import Refused
    from dongui.receipts.bundle import ReceiptBundle
    from dongui.receipts.checking import check_receipt
    from dongui.receipts.encoding import decode_statement, encode_statement
    from dongui.receipts.salts import Disclosure
    from dongui.receipts.signing import read_statement
    from dongui.receipts.trusting import read_trusted, write_trusted
    from simulators.fuzzing import fuzz, one_for_each
    from simulators.receipts import Operator, Person, refused, undetermined, verified

OPERATOR = Operator()
SOMEBODY = Person.named("somebody")
SOUND = [
    OPERATOR.bundle(OPERATOR.issue(findings))
    for findings in (
        verified(SOMEBODY),
        refused(SOMEBODY, "session.consumed"),
        undetermined(SOMEBODY, "clock.implausible"),
    )
]
ISSUED = {bundle.receipt for bundle in SOUND}


def read_file(data: bytes) -> None:
    bundle = ReceiptBundle.read(data)
    again = ReceiptBundle.from_bytes(bundle.to_bytes())
    if again != bundle or ReceiptBundle.from_text(bundle.to_text()) != bundle:
        raise AssertionError("a bundle does not survive its two forms")
    bundle.statement()
    check_receipt(bundle, operator=OPERATOR.keys, trusted=None)
    if bundle.receipt not in ISSUED:
        raise AssertionError("a receipt nobody issued checks out")


def read_signed(data: bytes) -> None:
    read_statement(data)


def read_fields(data: bytes) -> None:
    if encode_statement(decode_statement(data)) != data:
        raise AssertionError("a statement has two encodings")


def read_salts(data: bytes) -> None:
    Disclosure.from_bytes(Disclosure.read(data).to_bytes())


def read_state(data: bytes) -> None:
    trusted = read_trusted(data, log_key=OPERATOR.keys.log)
    if write_trusted(trusted.checkpoint, trusted.consistency) != data:
        raise AssertionError("a trusted state has two spellings")


READERS: tuple[Callable[[bytes], None], ...] = (
    read_file,
    read_signed,
    read_fields,
    read_salts,
    read_state,
)


def one_input(data: bytes) -> None:
    """The first byte chooses the reader, the rest is what it reads."""
    if not data:
        return
    try:
        READERS[data[0] % len(READERS)](data[1:])
    except Refused as error:
        if not error.name.startswith("receipt."):
            raise


def seeds() -> dict[str, bytes]:
    """Sound inputs, one for each reader and each way a verification ends."""
    inputs: dict[str, bytes] = {}
    for number, bundle in enumerate(SOUND):
        issued = OPERATOR.issue(verified(SOMEBODY))
        sound = (
            bundle.to_bytes(),
            bundle.receipt,
            encode_statement(bundle.statement()),
            issued.disclosure.to_bytes(),
            write_trusted(OPERATOR.checkpoint(3), OPERATOR.consistency(2, 3)),
        )
        inputs |= {f"{name}-{number}": content for name, content in one_for_each(sound).items()}
        inputs[f"seed-text-{number}"] = b"\x00" + bundle.to_text().encode()
    return inputs


if __name__ == "__main__":
    fuzz(one_input, seeds)
