"""Logins and persons: who may come in, how they prove it, what their roles let them do."""
