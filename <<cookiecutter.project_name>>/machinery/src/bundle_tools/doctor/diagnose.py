"""Prints what a workspace lacks for the first deployment of a target."""

from __future__ import annotations

import os

from rich.console import Console

from ..bundle.load import Bundle, load
from ..deployment import identity
from ..run.options import Options
from .access import Me
from .examination import examine
from .patience import Patience

PATIENCE = Patience()
_PROBE = "probe"


def diagnose(options: Options, console: Console, deployer: Me | None = None) -> bool:
    """Print one line for each check, and what comes after a deployment; return whether nothing is missing.

    Args:
        options: The project and the target.
        console: Where it is printed.
        deployer: Who deploys, if that is somebody else than the identity that asks.

    Raises:
        ProjectError: The bundle has an error.
    """

    def bundle(user: str | None) -> Bundle:
        return load(options.root, options.target, options.variables, user=user)

    complete = True
    os.environ.update(identity.settings(bundle(None), os.environ))
    for finding in examine(bundle, PATIENCE, deployer):
        console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
        complete = complete and finding.is_good
    if _PROBE in (deployed := bundle(None)).jobs:
        next_step = f"make {_PROBE} TARGET={deployed.target}"
        console.print(
            f"after a deployment, run {next_step}: it asks the platform what cannot be asked from this machine",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return complete
