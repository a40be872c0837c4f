"""One TOML file for each model, read by :mod:`dongui.biometrics.cards`."""
