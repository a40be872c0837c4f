"""SQLite: write-ahead log, full synchronisation."""
