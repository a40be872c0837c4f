"""One TOML file for each operating point, read by :mod:`dongui.biometrics.operating_points`."""
