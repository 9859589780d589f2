"""Prints what a workspace lacks for the first deployment of a target."""

from __future__ import annotations

import os

from rich.console import Console

from ..bundle.load import Bundle, load
from ..deployment import identity
from ..run.options import Options
from .examination import examine
from .patience import Patience

PATIENCE = Patience()


def diagnose(options: Options, console: Console) -> bool:
    """Print one line for each check, and return whether everything that the bundle needs is there.

    Raises:
        ProjectError: The bundle has an error.
    """

    def bundle(user: str | None) -> Bundle:
        return load(options.root, options.target, options.variables, user=user)

    complete = True
    os.environ.update(identity.settings(bundle(None), os.environ))
    for finding in examine(bundle, PATIENCE):
        console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
        complete = complete and finding.ok is True
    return complete
