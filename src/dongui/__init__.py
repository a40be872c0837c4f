"""Dongui: is this person the rightful holder of this document? With consent, a receipt, and no face kept."""

__version__ = "0.1.0"
