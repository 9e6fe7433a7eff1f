"""Demo worlds: a believable call centre to try the product in."""
