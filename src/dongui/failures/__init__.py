"""The names of every failure, one TOML file a room. Read through :func:`dongui.errors.failures`."""
