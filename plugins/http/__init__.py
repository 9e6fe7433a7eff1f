"""HTTP: calls other systems and tells them what happens. README.md says what drawings can call."""
