"""The errors that a user can act on, and helpers to word them."""

import difflib
import re
from collections.abc import Iterable

_CAUSE = re.compile(r"(?:^|\s)[\w.]*(?:Error|Exception): (.+)")


class ProjectError(Exception):
    """A mistake in the data, the configuration, the bundle or the command line.

    Its message is one sentence that says what is wrong, where, and what to do. The command line prints that sentence
    and exits with status 1. Any other exception is a bug and keeps its traceback.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `: did you mean 'x'?` for the most similar known name, or a list of all known names if none is similar."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    return f": choose one of {', '.join(names)}" if names else ": there are none to choose from"


def first_line(error: BaseException) -> str:
    """Return the type of an error and the first line of its message, cut to 300 characters.

    Spark's and MLflow's errors say what is wrong only after a traceback or a printed frame: this cause is added.
    """
    first, _, rest = str(error).strip().partition("\n")
    causes = _CAUSE.findall(rest)
    cause = f" ... {causes[-1].strip()}" if causes else ""
    return f"{type(error).__name__}: {first[: max(100, 300 - len(cause))]}{cause}"[:400]
