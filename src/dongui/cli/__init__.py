"""The command line. One module a noun; all output goes through :mod:`dongui.cli.output`."""
