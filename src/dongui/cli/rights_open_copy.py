"""``dongui rights open-copy``: what a person does with the copy they were handed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.output import choose, show
from dongui.cli.writing import make_folder, require_absent
from dongui.errors import Misuse, Refused
from dongui.extras import require_extra
from dongui.memory import SecretBuffer, forbid_core_dumps

__all__ = ["open_copy"]


def open_copy(
    file: Annotated[Path, typer.Argument(help="The copy that was handed over.")],
    out: Annotated[Path, typer.Option(help="New folder for what is in it, in the clear.")],
    key: Annotated[Path | None, typer.Option(help="One's own private key file.")] = None,
    code: Annotated[Path | None, typer.Option(help="File with the code that was handed over.")] = None,
) -> None:
    """As the person: decrypt one's own copy into a new folder. From then on it is one's own to protect."""
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.vault_inputs import read_raw_key, write_view
    from dongui.custody.personal_copy import Opener, open_copy, parse_code

    if (key is None) is (code is None):
        raise Misuse("rights.options-incomplete", "either --key or --code")
    if code is None:
        opener = Opener(private_key=None if key is None else read_raw_key(key, "private key"))
    else:
        with SecretBuffer.read_file(code, max_bytes=200, what="code") as content:
            opener = Opener(code=parse_code(bytes(content.view).decode("ascii", "replace")))
    require_absent(out)
    count = 0
    with open_copy(file, opener) as copy:
        for one in copy.contents():
            _require_plain(one.name)
            make_folder(out)
            write_view(out / one.name, one.data.view)
            count += 1
    said = choose(f"{count} files in {out}.", f"{out}에 파일 {count}개를 썼습니다.")
    show({"files": count, "folder": str(out)}, said)


def _require_plain(name: str) -> None:
    """A name leads nowhere else: whoever made the file is not trusted with this folder's neighbours."""
    if not name.replace("-", "").replace(".", "").isalnum() or name.startswith("."):
        raise Refused("rights.copy-damaged", "a name in it is no plain file name")
