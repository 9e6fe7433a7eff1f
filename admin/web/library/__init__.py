"""The process library: versions, what runs in each, migrations."""
