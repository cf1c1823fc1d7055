"""From frequencies against temperature to nu0, T_N and beta, and what follows from them."""
