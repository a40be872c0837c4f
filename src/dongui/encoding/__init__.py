"""Canonical forms and bounded parsing, over libraries. Knows nothing of documents, people or logs."""
