"""Documents, messages and runs of one service whose keys are drawn from names, for the vectors of docs/coordination.md."""
