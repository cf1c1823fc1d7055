"""The command ``musrcu``: one module a verb.

A verb is a module with ``add_arguments(parser)`` and ``run(arguments) -> exit code``. Only the
module of the verb that was typed is imported, and what is heavy is imported inside its functions,
so that ``musrcu --help`` answers at once.
"""
