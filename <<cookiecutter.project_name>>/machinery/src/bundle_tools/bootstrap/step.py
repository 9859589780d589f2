"""One thing that an administrator sets up, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from databricks.sdk import AccountClient, WorkspaceClient

from ..bundle.load import Bundle
from ..doctor.access import Me
from ..doctor.account import account_login


class CannotError(Exception):
    """A step cannot be done here; the message says why, and what to do."""


@dataclass(frozen=True)
class Site:
    """A workspace and its account, with the bundle that is to be deployed there.

    Attributes:
        client: The client for the workspace.
        bundle: The bundle for the target.
        me: The identity that sets it up.
    """

    client: WorkspaceClient
    bundle: Bundle
    me: Me

    @cached_property
    def account(self) -> AccountClient:
        """The client for the account.

        Raises:
            CannotError: There is no login to the account.
        """
        try:
            return account_login(self.client)
        except ValueError as error:
            raise CannotError(str(error)) from None

    @cached_property
    def workspace_id(self) -> int:
        """The id of the workspace."""
        return self.client.get_workspace_id()


@dataclass(frozen=True)
class Step:
    """One thing that is there, or is to be made.

    Attributes:
        name: What it is; other steps refer to it by this name.
        is_there: Asks whether it is there already; called only if the steps that it needs are.
        call: Returns the documented call that makes it.
        make: Makes it.
        permission: What making it, or asking for it, requires.
        needs: The names of steps without which it cannot be made.
    """

    name: str
    is_there: Callable[[], bool]
    call: Callable[[], str]
    make: Callable[[], object]
    permission: str
    needs: tuple[str, ...] = ()
