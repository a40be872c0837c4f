"""Key files outlive releases: what an earlier one wrote is read by this one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.holder import Holder

VECTORS = Path(__file__).parent / "issuing" / "key-files-1.json"
FILES = json.loads(VECTORS.read_text(encoding="ascii"))["files"]


def test_the_first_format_is_read() -> None:
    """Authority, signer and holder of 0.1.0, with the keys they had, written back byte for byte."""
    readers: dict[str, type[Authority] | type[DocumentSigner] | type[Holder]] = {
        "issuing-authority": Authority,
        "document-signer": DocumentSigner,
        "holder": Holder,
    }
    assert FILES.keys() == readers.keys()
    for kind, reader in readers.items():
        data = bytes.fromhex(FILES[kind]["file"])
        read = reader.from_bytes(data)
        public = read.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert hashlib.sha256(public).hexdigest() == FILES[kind]["public_key_sha256"]
        assert read.to_bytes() == data
