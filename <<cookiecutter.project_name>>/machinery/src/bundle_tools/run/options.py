"""Which project a command is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..bundle import load as bundles


@dataclass(frozen=True)
class Options:
    """The folders of the project and of its local state, the target, and bundle variables from the command line."""

    root: Path
    state: Path
    target: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def bundle(self) -> bundles.Bundle:
        """Load the bundle for the target.

        Raises:
            ProjectError: The bundle has an error, or the target does not exist.
        """
        return bundles.load(self.root, self.target, variables=self.variables)
