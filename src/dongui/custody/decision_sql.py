"""The whole decision as one SQL query over the two tables: join, reach, latest event, reasons.

Plain SQL that DuckDB, PostgreSQL and Spark read alike: no hint, no function of one of them. Its tables are
called ``records`` and ``consents``; what is filled in are whole numbers and the compiled rules, no text of
anybody's.
"""

from __future__ import annotations

from string import Template

from dongui.custody.rules import Rules

__all__ = ["FOLD", "decision_sql"]

FOLD = """
SELECT person, purpose, recipient, artefact, state, flags,
       counts_from_us, valid_until_us, retained_until_us, position
FROM (
  SELECT consents.*,
         row_number() OVER (PARTITION BY person, purpose, recipient, artefact ORDER BY position DESC) AS place
  FROM consents
) AS ordered
WHERE place = 1
"""
"""The query that keeps each key's latest event: a fold over the events in the order of the log."""

_DECISION = Template("""
WITH reached AS (
  SELECT person,
         max(CASE WHEN purpose <> $purpose THEN 1
                  WHEN recipient <> $recipient THEN 2
                  WHEN artefact <> $artefact THEN 3
                  ELSE 4 END) AS reach
  FROM consents
  GROUP BY person
), matching AS (
  SELECT * FROM consents
  WHERE purpose = $purpose AND recipient = $recipient AND artefact = $artefact
), matched AS ($matched
), joined AS (
  SELECT records.person AS person,
         records.record AS record,
         records.traits AS traits,
         records.retained_until_us AS retained_until_us,
         coalesce(reached.reach, 0) AS reach,
         coalesce(matched.state, 0) AS state,
         coalesce(matched.flags, 0) AS flags,
         coalesce(matched.counts_from_us, 0) AS counts_from_us,
         coalesce(matched.valid_until_us, 0) AS valid_until_us,
         coalesce(matched.retained_until_us, 0) AS consent_retained_until_us
  FROM records
  LEFT JOIN reached ON records.person = reached.person
  LEFT JOIN matched ON records.person = matched.person
)
SELECT person, record, $case AS reason
FROM joined
ORDER BY person, record
""")
_ALL = """
  SELECT * FROM matching"""
_LATEST = """
  SELECT * FROM (
    SELECT matching.*, row_number() OVER (PARTITION BY person ORDER BY position DESC) AS place FROM matching
  ) AS ordered
  WHERE place = 1"""


def decision_sql(rules: Rules, *, folded: bool) -> str:
    """Return the query that gives (person, record, reason code) for every record, in the records' order.

    ``folded``: the consents hold the latest event alone. Where they do not, the query itself folds the rows
    that match the question, and no others.
    """
    question = rules.question
    return _DECISION.substitute(
        purpose=question.purpose,
        recipient=question.recipient,
        artefact=question.artefact.value,
        matched=_ALL if folded else _LATEST,
        case=rules.case,
    )
