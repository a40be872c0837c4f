"""Begins a harness of ``tests/fuzz``: sound inputs into its corpus, then the fuzzer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

__all__ = ["fuzz", "one_for_each"]


def one_for_each(contents: Iterable[bytes]) -> dict[str, bytes]:
    """Return a seed for each reader: its number, then what is sound to it."""
    return {f"seed-{reader}": bytes([reader]) + content for reader, content in enumerate(contents)}


def fuzz(one_input: Callable[[bytes], None], seeds: Callable[[], Mapping[str, bytes]]) -> None:
    """Fuzz with libFuzzer's options; the first folder named is the corpus.

    It is filled with ``seeds``, contents by name: without them a fuzzer spends its time on the first byte.
    """
    import atheris

    corpus = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for name, content in seeds().items():
            (corpus / name).write_bytes(content)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
