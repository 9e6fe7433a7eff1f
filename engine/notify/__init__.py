"""What is said to people and what they answer."""
