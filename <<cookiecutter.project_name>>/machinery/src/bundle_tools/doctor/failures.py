"""Explains why a question got no answer, and says what to do."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

from databricks.sdk.errors import PermissionDenied, TooManyRequests, Unauthenticated
from databricks.sdk.errors.base import DatabricksError
from urllib3.exceptions import ProxyError

# What the SDK raises: API errors, time-outs and broken connections are OSErrors; an answer that is not JSON and missing
# credentials are ValueErrors.
FAILURES = (OSError, ValueError)

_LONGEST = 300


def reason(error: Exception, permission: str) -> str:
    """Return why a question failed and what to do.

    Args:
        error: One of `FAILURES`.
        permission: The permission that the question requires, in the platform's terms.
    """
    if isinstance(error, Unauthenticated):
        return f"the credentials are not accepted: log in again ({message_of(error)})"
    if isinstance(error, PermissionDenied):
        message = message_of(error)
        return f"permission denied: this requires {permission}; get it, or let someone who has it run this ({message})"
    if isinstance(error, TimeoutError):
        return _not_reached(error) or _too_late(error.__cause__)
    if isinstance(error, DatabricksError):
        return f"the workspace returned an error: try again later ({message_of(error)})"
    return f"the answer does not come from a Databricks workspace ({message_of(error)})"


def _not_reached(error: BaseException) -> str:
    """Return why there was no connection at all, or nothing; the SDK repeats such requests until time is up."""
    causes = list(_causes(error))
    if any(isinstance(cause, ProxyError) for cause in causes):
        return "the proxy cannot be reached: check the variables HTTPS_PROXY and NO_PROXY"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "unknown host: the name of the workspace has no address here; check the spelling, or connect to the VPN"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "connection refused: nothing answers at this address and port; check both, or start the VPN or tunnel"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _too_late(cause: BaseException | None) -> str:
    if isinstance(cause, TooManyRequests):
        return "the workspace keeps asking for fewer requests (429): wait a minute and run this again"
    if isinstance(cause, DatabricksError):
        return f"the workspace is not available at the moment: try again later ({message_of(cause)})"
    words = f" ({message_of(cause)})" if cause else ""
    return f"timed out: check the address, and any VPN or network rules, then run this again{words}"


def message_of(error: BaseException) -> str:
    """Return an error's message in one line, without the list of settings that the SDK appends."""
    words = re.split(r"\.? (?:Config|Env): ", " ".join(str(error).split()))[0] or type(error).__name__
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "..."
