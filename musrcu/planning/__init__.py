"""Planning a beam time: where the next run says most of T_N and beta."""
