"""Joint fits of many runs: parameters in common, the others eliminated run by run."""
