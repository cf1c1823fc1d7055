"""Independent ways to the value of a function, in as many digits as one asks for."""
