"""Presentation attack detection: the challenge, and the parallax of a turning head."""
