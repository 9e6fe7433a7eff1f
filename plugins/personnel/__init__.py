"""Personnel: takes people in, keeps their employment, lets them go. README.md says what drawings can call."""
