"""From raw histograms to an asymmetry: pure functions, each adding its step to the history."""
