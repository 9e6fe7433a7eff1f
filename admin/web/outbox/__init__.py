"""What was said to people and what came in."""
