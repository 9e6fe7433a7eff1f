"""Pages of running and finished processes: the list, one with its drawing, position and history."""
