"""The door and one's own account."""
