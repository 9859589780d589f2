"""The command line of the doctor."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mlops.errors import ProjectError

from ..arguments import key_value
from ..bundle.load import Bundle
from ..bundle.load import load as load_bundle
from ..deployment import identity
from .examination import examine
from .patience import Patience

_PATIENCE = Patience()


def main(argv: Sequence[str] | None = None, patience: Patience = _PATIENCE) -> int:
    """Print one line per check; return 0 if everything that the bundle needs is there, otherwise 1."""
    options = _parser().parse_args(argv)
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)  # the findings already include its warnings
    console = Console()

    def load(user: str | None) -> Bundle:
        return load_bundle(options.root.resolve(), options.target, dict(options.var), user=user)

    complete = True
    try:
        os.environ.update(identity.settings(load(None), os.environ))
        for finding in examine(load, patience):
            console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
            complete = complete and finding.ok is True
    except ProjectError as error:
        console.file.flush()  # print earlier output first, even into a pipe
        sentence = str(error).rstrip(".")
        print(f"error: {sentence if sentence.endswith('?') else sentence + '.'}", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0 if complete else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m " + __package__, description="List what the workspace is missing for the first deployment."
    )
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
    parser.add_argument(
        "--var", type=key_value, action="append", default=[], metavar="KEY=VALUE", help="a bundle variable"
    )
    return parser
