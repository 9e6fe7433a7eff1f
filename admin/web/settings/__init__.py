"""The Parameters page: what an administrator may change while the product runs."""
