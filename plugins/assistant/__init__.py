"""Assistant: a language model proposes, and people decide where it is not sure. README.md says how."""
