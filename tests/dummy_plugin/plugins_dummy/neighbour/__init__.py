"""A plug-in that stands on another one, by its public door."""
