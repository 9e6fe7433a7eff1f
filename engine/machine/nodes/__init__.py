"""What each kind of element does with a token: one small class a kind, on SpiffWorkflow's TaskSpec."""
