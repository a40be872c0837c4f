"""Custody: a face is used only as its person agreed, and can prove it."""
