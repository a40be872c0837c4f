"""``dongui rights``: what a person may ask of whoever keeps their face."""

from __future__ import annotations

import typer

from dongui.cli.rights_give_keys import give_keys
from dongui.cli.rights_membership import give_key, was_my_face_used
from dongui.cli.rights_open_copy import open_copy
from dongui.cli.rights_papers import fulfil, notice, register
from dongui.cli.rights_requests import confirm, due, extend, list_, refuse, request, show_request

__all__ = ["app"]

app = typer.Typer(
    help="A person's rights: was my face used; access, erasure and the rest as recorded requests.",
    no_args_is_help=True,
)
app.command("give-key")(give_key)
app.command("give-keys")(give_keys)
app.command("was-my-face-used")(was_my_face_used)
app.command("request")(request)
app.command("confirm")(confirm)
app.command("list")(list_)
app.command("show")(show_request)
app.command("due")(due)
app.command("extend")(extend)
app.command("fulfil")(fulfil)
app.command("open-copy")(open_copy)
app.command("refuse")(refuse)
app.command("notice")(notice)
app.command("register")(register)
