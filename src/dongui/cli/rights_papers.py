"""``dongui rights fulfil|notice|register``: answers and papers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli import rights_fulfil_options as options
from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.custody_options import parse_id as parse_person
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import Language, choose, settings, show
from dongui.cli.rights_requests import PersonId, RequestId, request_json
from dongui.cli.writing import require_place, write_once
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.rights.notices import Paper
    from dongui.custody.vault.vault import Vault

__all__ = ["fulfil", "notice", "register"]


class PaperForm(StrEnum):
    """How a paper is written."""

    TEXT = "text"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


_Form = Annotated[PaperForm, typer.Option(help="How it is written; text and HTML in the run's language.")]
_Releases = Annotated[
    list[Path] | None, typer.Option("--release", help="Folder of a release at hand; several times.")
]


def fulfil(
    request_id: RequestId,
    desk: RequiredDesk,
    out: options.ForPerson = None,
    records: options.Records = None,
    release: _Releases = None,
    vault: options.Vault = None,
    no_vault: options.NoVault = False,
    keys: options.VaultKeys = None,
    master: options.Master = "",
    public_key: options.PublicKey = None,
    code_out: options.CodeOut = None,
    record: options.Record = "",
    picture: options.Picture = None,
    done: options.Done = "",
    reviewer: options.Reviewer = "",
    changed: options.Changed = False,
    postgresql: PostgresqlOption = None,
) -> None:
    """Do what a request asks for, then record that it was done. Interrupted, give the same command again.

    A copy holds the pictures themselves, encrypted for the person alone (`rights open-copy`). Erasure goes
    through suspension, releases, models, the vault, the ledger and the keys, each logged before anything of
    it is destroyed.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.carrying_out_inputs import lines_of, not_yet_json
    from dongui.cli.rights_fulfilling import Given, fulfil_request, left_undone
    from dongui.cli.rights_stores import open_office, parse_request
    from dongui.cli.vault_inputs import parse_id, read_raw_key

    with (
        open_desk(desk) as opened,
        open_office(opened, postgresql) as office,
        _vault_if_any(vault, keys, master) as held,
    ):
        given = Given(
            out=out,
            records=records or [],
            releases=release or [],
            vault=held,
            no_vault=no_vault,
            public_key=None if public_key is None else read_raw_key(public_key, "public key"),
            code_out=code_out,
            record=parse_id(record) if record else None,
            picture=picture,
            done=done,
            reviewer=reviewer,
            changed=changed,
        )
        found = fulfil_request(office, parse_request(request_id), given)
        left = left_undone(office, found, given)
        said = choose(f"Done: {found.right.value}.", f"처리했습니다: {found.right.value}.")
        result = {**request_json(found, opened.clock.now()), "not_yet": not_yet_json(left)}
        show(result, lines_of(said, left))


@contextmanager
def _vault_if_any(folder: Path | None, keys: Path | None, master: str) -> Iterator[Vault | None]:
    from dongui.cli.vault_inputs import open_at

    if folder is None:
        yield None
        return
    if keys is None or not master:
        raise Misuse("rights.options-incomplete", "--vault needs --keys and --master")
    with open_at(folder, keys, master, write=True) as opened:
        yield opened


def notice(
    person: PersonId,
    year: Annotated[int, typer.Option(min=2000, max=9999, help="Year of the releases told of.")],
    out: Annotated[Path, typer.Option(help="Write the notice to this new file, for the person alone.")],
    desk: RequiredDesk,
    form: _Form = PaperForm.TEXT,
    zone: Annotated[str, typer.Option(help="Time zone in which the year begins.")] = "Asia/Seoul",
) -> None:
    """Write the yearly notice to one person: what was used, by whom, for what, and where to check it."""
    require_extra("custody")
    from dongui.cli.membership_inputs import open_keys, register_of
    from dongui.custody.release_seal import Register
    from dongui.custody.rights.notices import usage_notice

    require_place(out)
    with open_desk(desk) as opened, open_keys(opened) as keys:
        key = keys.key_of(parse_person(person))
        if key is None:
            raise Misuse("membership.no-key", "whoever has no key is in no release")
        entry = opened.entry
        paper = usage_notice(
            key,
            register=Register(register_of(desk), key=opened.keys.log),
            year=year,
            zone=zone,
            controller=(entry.name_en, entry.name_ko),
            contact=entry.contact,
        )
    write_once(out, _written(paper, form), private=True)
    show(
        {"file": str(out), "releases": len(paper.rows)},
        choose(f"{len(paper.rows)} releases.", f"{len(paper.rows)}건."),
    )


def register(
    file_name: Annotated[str, typer.Option(help="What the controller calls its file of faces.")],
    out: Annotated[Path, typer.Option(help="Write the register to this new file.")],
    desk: RequiredDesk,
    release: _Releases = None,
    form: _Form = PaperForm.CSV,
) -> None:
    """Write the register of all sealed releases in the statutory columns (PIPA, Decree 15).

    The legal ground of a release stands in its manifest: name with --release the folders that this desk did
    not decide, or that were moved.
    """
    require_extra("custody")
    from dongui.cli.membership_inputs import register_of
    from dongui.cli.model_inputs import at_hand
    from dongui.custody.release_opening import read_release
    from dongui.custody.release_seal import Register
    from dongui.custody.rights.notices import register_paper

    require_place(out)
    with open_desk(desk) as opened:
        sealed = Register(register_of(desk), key=opened.keys.log).sealed()
        grounds = {}
        for path in at_hand(opened, release or []):
            found = read_release(path, key=opened.keys.log)
            question = found.manifest["question"]
            said = question if isinstance(question, dict) else {}
            grounds[found.id] = f"{said.get('ground', '')} {said.get('ground_record', '')}".strip()
    paper = register_paper(sealed, file_name=file_name, grounds=grounds)
    write_once(out, _written(paper, form), private=False)
    show(
        {"file": str(out), "releases": len(paper.rows)},
        choose(f"{len(paper.rows)} releases.", f"{len(paper.rows)}건."),
    )


def _written(paper: Paper, form: PaperForm) -> bytes:
    korean = settings().language is Language.KO
    written = {
        PaperForm.TEXT: lambda: paper.text(korean=korean),
        PaperForm.HTML: lambda: paper.page(korean=korean),
        PaperForm.CSV: lambda: paper.csv(korean=korean),
        PaperForm.JSON: paper.json,
    }
    return written[form]().encode()
