"""Wrote ``key-files-1.json``: the three kinds of key file in their first format. Not to be run again.

The file is what a later release must still read; written anew by that release it would prove nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.encoding.cose import PublicKey
from simulators.mdoc_issuance import a_licence, an_issuer


def fingerprint(key: PublicKey) -> str:
    """SHA-256 of the SubjectPublicKeyInfo."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


if __name__ == "__main__":
    issuer = an_issuer()
    holder = a_licence(issuer)
    made = {
        "issuing-authority": (issuer.authority.to_bytes(), issuer.authority.key),
        "document-signer": (issuer.signer.to_bytes(), issuer.signer.key),
        "holder": (holder.to_bytes(), holder.key),
    }
    content = {
        "provenance": "made for Dongui 0.1.0 by make_key_files.py; keys of nobody",
        "licence": "Apache-2.0",
        "files": {
            kind: {"file": data.hex(), "public_key_sha256": fingerprint(key.public_key())}
            for kind, (data, key) in made.items()
        },
    }
    with (Path(__file__).parent / "key-files-1.json").open("x", encoding="ascii") as file:
        file.write(json.dumps(content, indent=1) + "\n")
