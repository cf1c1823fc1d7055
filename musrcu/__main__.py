"""``python -m musrcu`` is the command ``musrcu``."""

from musrcu.cli.main import main

raise SystemExit(main())
