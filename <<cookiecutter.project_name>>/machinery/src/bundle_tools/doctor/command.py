"""The Databricks CLI, which deploys the bundle."""

from __future__ import annotations

import operator
import re
import shutil
import subprocess

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import Bundle
from .finding import Finding, fine, missing, unseen

_PLACE = f"{ROOT_FILE}: bundle.databricks_cli_version"
_INSTALL = "https://docs.databricks.com/dev-tools/cli/install.html"
_SECONDS = 5

_OPERATORS = {
    "": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_CONSTRAINT = re.compile(r"(>=|<=|!=|=|>|<|)\s*(\d+(?:\.\d+){0,2})(\.\*)?(-[\w.-]+)?")
_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+)(-[\w.-]+)?")


def check(bundle: Bundle) -> Finding:
    """Return whether `databricks` is on the PATH, in a version that the bundle allows."""
    wanted = str(bundle.config["bundle"].get("databricks_cli_version") or "")
    fits = f" fits {wanted!r} of {_PLACE}" if wanted else ""
    path = shutil.which("databricks")
    if path is None:
        which = f" in a version that{fits}" if wanted else ""
        return missing(f"databricks, the Databricks CLI, is not on the PATH: install it{which} from {_INSTALL}")
    try:
        version = _version(path)
        if satisfies(version, wanted):
            return fine(f"Databricks CLI {version}{fits}")
    except ValueError as error:
        return unseen(f"Databricks CLI: {error}")
    return missing(f"no Databricks CLI on the PATH{fits}: {path} is {version}; install another version from {_INSTALL}")


def _version(path: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command without user input
            [path, "--version"], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"{path} --version does not run ({error}): install it again from {_INSTALL}") from None
    match = _VERSION.search(done.stdout)
    if match is None:
        raise ValueError(f"{path} --version prints no version: install the CLI again from {_INSTALL}")
    return match[0].removeprefix("v")


def satisfies(version: str, constraint: str) -> bool:
    """Return whether a version such as 1.3.0 satisfies a constraint such as `>= 1.2.0-0, < 2.0.0` or `1.*`.

    As in the CLI (bundle/config/mutator/verify_cli_version.go): a constraint that ends in a star leaves the
    rest open, a pre-release needs a constraint that names a pre-release, and a development build always passes.

    Raises:
        ValueError: The constraint has a different form.
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a version")
    return match[2] == "-dev" or all(_fits(match, part.strip()) for part in constraint.split(",") if constraint)


def _fits(version: re.Match[str], part: str) -> bool:
    match = _CONSTRAINT.fullmatch(part)
    if match is None or (match[3] and match[4]):
        raise ValueError(f"{part!r} in {_PLACE} cannot be read: write it as '>= 1.3.0' or '>= 1.3.0, < 2.0.0'")
    sign, numbers, star, pre = match.groups()
    bound = [int(number) for number in numbers.split(".")]
    actual = [int(number) for number in version[1].split(".")]
    if star:
        return version[2] is None and bool(_OPERATORS[sign](actual[: len(bound)], bound))
    if version[2] and not pre:
        return False
    padded = bound + [0] * (3 - len(bound))
    return bool(_OPERATORS[sign]((actual, version[2] is None), (padded, pre is None)))
