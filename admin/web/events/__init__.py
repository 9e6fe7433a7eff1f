"""The event stream: open pages hear what changed."""
