"""Plans of the CLI, as JSON: what they would do, and what they must not do.

Source: bundle/deployplan/plan.go and action.go of the CLI. `bundle deploy --plan` applies exactly the plan in a file,
and refuses it once the state has changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlops.errors import ProjectError

from ..bundle.load import Bundle
from .deployment import Deployment

_SKIP = "skip"
_DESTRUCTIVE = ("delete", "recreate")
# They hold data, so they count as guarded where nobody can read what the deployed commit says about them.
_WITH_DATA = ("schemas", "volumes", "registered_models", "experiments")


@dataclass(frozen=True)
class Plan:
    """What a deployment would do.

    Attributes:
        content: The plan as the CLI wrote it.
        kept: The guarded resources that a rollback leaves although the earlier commit does not have them.
    """

    content: Mapping[str, Any]
    kept: tuple[str, ...] = ()

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """What is planned for each resource, by key such as resources.jobs.lifecycle."""
        return self.content.get("plan") or {}

    def keys(self, *actions: str) -> list[str]:
        """Return the keys of the resources for which one of these actions is planned.

        A resource that is gone from the workspace already is only forgotten, not deleted.
        """
        return sorted(
            key for key, entry in self.entries.items() if entry.get("action") in actions and not entry.get("gone")
        )

    def without(self, is_left_out: Callable[[str], bool]) -> Plan:
        """Return the plan in which nothing is done to some resources."""
        entries = {
            key: {**entry, "action": _SKIP} if is_left_out(key) else entry for key, entry in self.entries.items()
        }
        return Plan({**self.content, "plan": entries}, self.kept)


def read(deployment: Deployment, folder: Path) -> Plan:
    """Return the plan for the files in a folder.

    Raises:
        ProjectError: The CLI refuses to plan, or answers with something else than a plan.
    """
    text = deployment.cli("plan", "--output", "json", folder=folder, capture=True)
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ProjectError("`databricks bundle plan` wrote no JSON: install the version of the CLI that CI uses")
    return Plan(content)


@contextmanager
def written(plan: Plan) -> Iterator[Path]:
    """Yield a file with the plan."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        file.write_text(json.dumps(plan.content), encoding="utf-8")
        yield file


def guarded(bundle: Bundle) -> set[str]:
    """Return the keys of the resources that have `prevent_destroy`."""
    return {
        f"resources.{kind}.{key}"
        for kind, resources in bundle.config["resources"].items()
        for key, resource in (resources or {}).items()
        if (resource.get("lifecycle") or {}).get("prevent_destroy")
    }


def keep_guarded(plan: Plan, guards: set[str] | None, *, is_rollback: bool) -> Plan:
    """Return the plan, which deletes and recreates no guarded resource.

    The CLI itself guards only what the files to deploy still define (bundle/phases/plan.go). A rollback leaves a
    guarded resource that the earlier commit does not have yet; anything else that would remove one is refused.

    Args:
        plan: The plan.
        guards: The keys of guarded resources; None if nobody knows them.
        is_rollback: Whether an earlier commit is deployed.

    Raises:
        ProjectError: A guarded resource would be removed.
    """

    def is_guarded(key: str) -> bool:
        kind = key.split(".")[1]
        return kind in _WITH_DATA and key.count(".") == 2 if guards is None else key in guards  # noqa: PLR2004

    kept = [key for key in plan.keys("delete") if is_guarded(key)] if is_rollback else []
    removed = [key for key in plan.keys(*_DESTRUCTIVE) if is_guarded(key) and key not in kept]
    if removed:
        raise ProjectError(
            f"the deployment would delete or recreate {' and '.join(removed)}, which prevent_destroy guards: to do so "
            "on purpose, first release a commit without `prevent_destroy` on it"
        )
    below = tuple(f"{key}." for key in kept)  # grants and permissions
    return Plan(plan.without(lambda key: key in kept or key.startswith(below)).content, tuple(kept))
