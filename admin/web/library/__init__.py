"""The process library: versions, what runs in each, migrations; figures about a process."""
