"""``python -m dongui.cli``: the same as the command ``dongui``."""

from dongui.cli.main import run

run()
