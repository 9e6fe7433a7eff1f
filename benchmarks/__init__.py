"""What ``make bench`` runs: ratios beside another engine in the same run, because machines are noisy."""
