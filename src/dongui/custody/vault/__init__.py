"""The vault: images kept encrypted, each readable only through its person's key, which can be destroyed."""
