"""Purposes, notices, consent records, the ledger they are events of, and coverage."""
