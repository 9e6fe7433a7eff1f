"""Pages of the organisation: people, units, groups, taking them in from tables."""
