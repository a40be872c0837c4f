"""Honest numbers: how often a recogniser errs, for whom, and what bounds can be answered for.

Nothing here is part of a verification. It runs on people who agreed to it, compares pairs that a table's
labels name, and hands out counts over groups: never a score, never a pair, never a file's name.
"""
