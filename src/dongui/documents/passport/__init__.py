"""ICAO 9303 electronic passports and identity cards: reading, judging, issuing some to test."""
