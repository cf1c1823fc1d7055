"""The command ``musrcu``: one module a verb."""
