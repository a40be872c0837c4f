"""PostgreSQL: the custody ledger, and the decision as a comparison. Needs ``dongui[custody]``."""
