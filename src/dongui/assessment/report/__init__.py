"""The report of an assessment for people: a page, a document, a card, in Korean and English."""
