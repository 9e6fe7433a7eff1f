"""SMS through a provider's HTTP interface, described by an administrator."""
