"""A task of a job: a frozen model of its parameters, a function, and a frozen model of its task values."""

from __future__ import annotations

import logging
import sys
import typing
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..loading import forget_downloads
from ..model_card import publish as model_card
from ..parameters import Parameters, Values, parse
from ..platform.base import Platform, current
from ..project import Project
from ..registry import changed_versions

log = logging.getLogger(__name__)

__all__ = ["Parameters", "Task", "Values"]

P = TypeVar("P", bound=Parameters)
V = TypeVar("V", bound=Values)


class Task(Generic[P, V]):
    """Makes an entry point from a function `run(parameters, project, platform) -> values` and a project.

    Databricks calls the entry point of a wheel task without arguments. The task then parses the command line
    (`--name=value`), runs, and publishes the task values. The type hints of `run` define its parameters, a union if it
    has several actions, and its values.
    """

    def __init__(self, run: Callable[[P, Project, Platform], V], project: Project) -> None:
        hints = typing.get_type_hints(run)
        self.run = run
        self.project = project
        self.parameters: type[P] = hints["parameters"]
        self.values: type[V] = hints["return"]

    def __call__(self, argv: Sequence[str] | None = None) -> None:
        """Run the task.

        Raises:
            ProjectError: A parameter is missing or has the wrong type, the task values would be lost, or it comes
                from the task.
        """
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        for module in (__name__, self.project.spine.__module__):
            logging.getLogger(module.partition(".")[0]).setLevel(logging.INFO)
        parameters = parse(self.parameters, sys.argv[1:] if argv is None else argv)
        platform = current()
        if self.values.model_fields and not self.values.may_be_lost():
            platform.require_task_values()  # now, not after hours of work that later tasks could not use
        values = self.execute(parameters, platform)
        for key, value in values.model_dump(mode="json").items():
            platform.publish(key, str(value))
        log.info("task values: %s", values)

    def execute(self, parameters: P, platform: Platform) -> V:
        """Run the task on a platform, then refresh the card of every version that it changed, even if it fails."""
        platform.tables.forget()
        forget_downloads()
        with changed_versions() as changed:
            try:
                return self.run(parameters, self.project, platform)
            finally:
                for model_name, version in sorted(changed):
                    model_card.refresh(self.project.config, model_name, version)
