"""Rule packs: one law each, as a list of articles and grounds (TOML) and as rules (Cedar)."""
