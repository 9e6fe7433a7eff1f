"""The start catalogue: what one may start, and its form."""
