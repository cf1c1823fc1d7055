"""What a container has to know of the recipe that it was made by: how to write it down."""

from __future__ import annotations

from typing import Any, Protocol


class Recipe(Protocol):
    """The options of a reduction."""

    def to_tables(self) -> dict[str, Any]:
        """The options as plain tables, from which the same recipe can be made again."""
        ...
