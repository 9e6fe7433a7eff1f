"""Records: what processes keep of people."""
