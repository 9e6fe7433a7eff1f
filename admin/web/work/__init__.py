"""Pages of one's own work: home, the work list, a task."""
