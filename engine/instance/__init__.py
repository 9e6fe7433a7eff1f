"""Running processes as rows: instances, their values, the messages they wait for."""
