"""What a warmed command is: a process like any other, quicker at its start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from simulators.warmed import Warmed, warmed

PROGRAM = """
import os, sys, threading
print(os.getcwd(), os.environ["HOME"], sys.argv[1:], sys.path[0], len(threading.enumerate()))
print(len(os.listdir("/proc/self/task")), sorted(os.listdir("/proc/self/fd"))[:3], oct(os.umask(0)))
print(sys.stdin.read(), sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors)
sys.stderr.write("told apart\\n")
os.kill(os.getpid(), int(sys.argv[1])) if len(sys.argv) > 1 else sys.exit(7)
"""

ACCOUNT = """
import os
print(os.getresuid(), os.getresgid(), os.getgroups(), os.access("/proc/self/fd/0", os.R_OK))
print([line for line in open("/proc/self/status") if line.startswith("CapEff")])
"""


def ended(
    command: list[str], folder: Path, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**Warmed.environment(), "HOME": str(folder), "COLUMNS": "100", **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["receipt", "check", "--help"], 0),
        (["purpose", "check", "nowhere", "--language", "ko"], 2),
        (["document", "check", "nothing", "--trust", ".", "--json"], 2),
    ],
    ids=["version", "help", "Korean", "JSON"],
)
def test_a_warmed_command_says_what_the_installed_one_says(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    """The installed ``dongui``, started whole, and the warmed one: the same output, errors and exit code."""
    installed = ended([str(Path(sys.executable).with_name("dongui")), *arguments], tmp_path)
    quick = ended([warmed().dongui, *arguments], tmp_path)
    assert (quick.returncode, quick.stdout, quick.stderr) == (
        installed.returncode,
        installed.stdout,
        installed.stderr,
    )
    assert quick.returncode == code


@pytest.mark.parametrize("arguments", [[], [str(int(signal.SIGTERM))], [str(int(signal.SIGKILL))]])
def test_a_warmed_process_is_surrounded_like_any_other(arguments: list[str], tmp_path: Path) -> None:
    """Folder, environment, streams, file mask, one thread, exit code or signal: those of a fresh Python."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    fresh = ended([sys.executable, str(script), *arguments], tmp_path, "얼굴")
    quick = ended([warmed().python, str(script), *arguments], tmp_path, "얼굴")
    assert (quick.returncode, quick.stdout, quick.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)
    assert quick.returncode == (-int(arguments[0]) if arguments else 7)


def test_what_python_reads_at_its_start_is_never_the_servers(tmp_path: Path) -> None:
    """A variable that decides how Python starts, here the encoding of its streams, is obeyed."""
    script = tmp_path / "program.py"
    script.write_text("import sys; print(sys.stdout.encoding)", encoding="utf-8")
    quick = ended([warmed().python, str(script)], tmp_path, PYTHONIOENCODING="iso8859-1")
    assert quick.stdout == "iso8859-1\n"


def test_no_command_finds_what_another_left(tmp_path: Path) -> None:
    """A module that one process changed is as it was for the next."""
    script = tmp_path / "program.py"
    script.write_text("import dongui.errors as e; print(hasattr(e, 'left')); e.left = 1", encoding="utf-8")
    assert [ended([warmed().python, str(script)], tmp_path).stdout for _ in range(2)] == ["False\n"] * 2


def test_a_command_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    """Whoever kills the client has killed the command: none works on unseen."""
    script = tmp_path / "program.py"
    script.write_text(
        "import time; print('begun', flush=True); time.sleep(20); print('went on')", encoding="utf-8"
    )
    client = subprocess.Popen(
        [warmed().python, str(script)], stdout=subprocess.PIPE, env=Warmed.environment(), text=True
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == "begun\n"
        client.kill()
        assert client.stdout.read() == "", "it wrote after its client was gone"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_a_warmed_command_has_the_account_of_its_giver() -> None:
    """Given by nobody, it is nobody's: no group, no right and no file of the server's account."""
    nobody = ["setpriv", "--reuid=65534", "--regid=65533", "--clear-groups"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        script = folder / "program.py"
        script.write_text(ACCOUNT, encoding="utf-8")
        fresh = ended([*nobody, sys.executable, str(script)], folder)
        if "Permission denied" in fresh.stderr:
            pytest.skip("nobody may not run this Python")
        quick = ended([*nobody, warmed().python, str(script)], folder)
    assert (quick.returncode, quick.stdout, quick.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)
    assert quick.stdout.startswith("(65534, 65534, 65534) (65533, 65533, 65533) []")
