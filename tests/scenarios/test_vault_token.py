"""Master keys in a token: SoftHSM, with the very library a hardware token's maker would replace."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from dongui.custody.vault.person_wrapping_keys import open_for_person, seal_for_person
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite.vault_person_keys import SqliteVaultPersonKeys
from simulators.vault_office import CLOCK

pkcs11 = pytest.importorskip(
    "pkcs11", reason="python-pkcs11 is not installed: keys in a token are not tested"
)
LIBRARIES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
]
LIBRARY = next((path for path in LIBRARIES if path.exists()), None)
needs_softhsm = pytest.mark.skipif(
    LIBRARY is None or which("softhsm2-util") is None,
    reason="softhsm2 is not installed (make services): master keys in a token are not tested",
)
ENTROPY = SystemEntropy()
PIN, TOKEN = "4711-test", "dongui test"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A token of its own in a folder of the test's."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOFTHSM2_CONF", str(config))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", PIN],
            check=True,
            capture_output=True,
        )
        assert LIBRARY is not None
        yield LIBRARY


@needs_softhsm
def test_a_tokens_keys_wrap_rotate_and_are_destroyed(library: Path, tmp_path: Path) -> None:
    """The whole life of master keys that never leave a token; copies from before a rotation end with it."""
    from dongui.storage.pkcs11_master_key import TokenMasterKeys

    with TokenMasterKeys.open(library, token=TOKEN, pin=PIN, label="vault", entropy=ENTROPY) as master:
        with pytest.raises(Misuse, match=r"vault\.no-master-key"):
            master.held()
        first = master.add()
        with SqliteVaultPersonKeys.create(
            tmp_path / "keys", master=master, clock=CLOCK, entropy=ENTROPY
        ) as keys:
            keys.draw([b"a" * 16])
            sealed = seal_for_person(b"hers", person=b"a" * 16, use=b"t", keys=keys, entropy=ENTROPY)
            key = master.wrap(bytes(32), by=first, bound_to=b"x")
            with pytest.raises(Refused, match=r"vault\.wrong-master-key"):
                master.unwrap(key, by=first, bound_to=b"y")
            with pytest.raises(Refused, match=r"vault\.wrapped-key-malformed"):
                master.unwrap(key[1:], by=first, bound_to=b"x")
            rotated = keys.rotate(clock=CLOCK)
            assert (rotated.old, rotated.destroyed, master.held()) == (first, True, [rotated.master])
            assert open_for_person(sealed, person=b"a" * 16, use=b"t", keys=keys) == b"hers"
            with pytest.raises(Refused, match=r"vault\.wrong-master-key"):
                master.unwrap(key, by=first, bound_to=b"x")


@needs_softhsm
def test_a_wrong_pin_and_a_missing_token_are_told_apart(library: Path) -> None:
    """Nothing found is the caller's to mend; a refusal of the token's is trouble."""
    from dongui.storage.pkcs11_master_key import TokenMasterKeys

    with pytest.raises(Misuse, match=r"vault\.token-not-found"):
        TokenMasterKeys.open(library, token="another", pin=PIN, label="v", entropy=ENTROPY)
    with pytest.raises(Misuse, match=r"vault\.token-not-found"):
        TokenMasterKeys.open(Path("/nowhere.so"), token=TOKEN, pin=PIN, label="v", entropy=ENTROPY)
    with pytest.raises(Trouble, match=r"vault\.token-failed"):
        TokenMasterKeys.open(library, token=TOKEN, pin="0000", label="v", entropy=ENTROPY)
