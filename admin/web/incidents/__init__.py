"""What needs an operator: incidents grouped by cause, jobs."""
