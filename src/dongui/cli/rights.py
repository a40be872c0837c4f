"""``dongui rights``: what a person may ask of whoever keeps their face."""

from __future__ import annotations

import typer

from dongui.cli.rights_membership import give_key, was_my_face_used

__all__ = ["app"]

app = typer.Typer(help="A person's rights: was my face used, and the key to prove it.", no_args_is_help=True)
app.command("give-key")(give_key)
app.command("was-my-face-used")(was_my_face_used)
