"""Who hears of what: the notice matrix, and what an administrator sets in place of a drawing."""
