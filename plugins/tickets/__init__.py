"""Tickets: what the public reports, from opening to rating. Begin with README.md and plugin.toml."""
