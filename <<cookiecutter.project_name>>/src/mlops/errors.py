"""The errors that a user can act on, and helpers to word them."""

import difflib
from collections.abc import Iterable


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
    """Return the type of an error and the first line of its message, cut to 300 characters."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
