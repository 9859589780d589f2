"""The command `mlops`: one program for laptops and CI, and the only place that prints errors.

Exit codes: 0 for success, 1 for a mistake in the project or a failure, 2 for a mistake on the command line, 130 after
Ctrl-C.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from mlops.errors import ProjectError

from .commands.program import program
from .messages import of_failure, of_usage

_MISTAKE = 1
_USAGE = 2
_STOPPED = 130  # as a shell returns after Ctrl-C


def main() -> NoReturn:
    """Run the command line of this process, and exit."""
    # Looking for garbage takes most of a second at the start and one at the end, and what is imported stays.
    gc.disable()
    try:
        code = run(sys.argv[1:])
    finally:
        gc.freeze()
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run a command, print an error as one sentence, and return the exit code."""
    try:
        if not words:
            program.main(["--help"], "mlops", standalone_mode=False)
            return _USAGE
        return int(program.main(list(words), "mlops", standalone_mode=False) or 0)
    except click.UsageError as error:
        return _print(f"error: {of_usage(error, _path(words))}", _USAGE)
    except (ProjectError, OSError) as error:  # the SDK's errors are OSErrors
        return _print(f"error: {of_failure(error)}", _MISTAKE)
    except click.Abort:
        return _print("stopped.", _STOPPED)


def _path(words: Sequence[str]) -> str:
    """Return the command that the words begin with."""
    return f"mlops {words[0]}" if words and words[0] in program.commands else "mlops"


def _print(text: str, code: int) -> int:
    sys.stdout.flush()  # earlier output comes first, even into a pipe
    click.echo(text, err=True)
    return code
