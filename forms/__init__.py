"""Forms: one way to start a process or to finish a task. See README.md."""
