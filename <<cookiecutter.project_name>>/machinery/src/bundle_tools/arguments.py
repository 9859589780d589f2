"""Types of command-line arguments, shared by the tools."""

from __future__ import annotations

import argparse


def key_value(text: str) -> tuple[str, str]:
    """Return the two sides of KEY=VALUE.

    Raises:
        argparse.ArgumentTypeError: The text does not have this form.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return name, value
