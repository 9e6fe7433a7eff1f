"""Capabilities: one folder each, found by its manifest. README.md is their contract."""
