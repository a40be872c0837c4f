"""Whose due dates and grounds are counted with, one file a law and date."""
