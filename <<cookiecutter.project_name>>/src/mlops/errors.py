"""The error that a user can act on."""

import difflib
from collections.abc import Iterable


class ProjectError(Exception):
    """A mistake in the data, the configuration, the bundle or the command line.

    Its text is one sentence that says what is wrong, where, and what to do. The command line prints that sentence
    and exits with 1; any other exception is a defect and keeps its traceback.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `: did you mean 'x'?` for the most similar of the known names, or what there is to choose from."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    return f": there is {', '.join(names)}" if names else ": there is none"


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its text, at most 300 characters of it."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
