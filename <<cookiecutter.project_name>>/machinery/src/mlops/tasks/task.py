"""A task of a job: a frozen model of its parameters, a function, and a frozen model of its task values."""

from __future__ import annotations

import argparse
import logging
import sys
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError

from ..errors import ProjectError
from ..model_card import publish as model_card
from ..parameters import Parameters, Values
from ..platform.base import Platform, current
from ..project import Project
from ..registry import changed_versions

log = logging.getLogger(__name__)

__all__ = ["Parameters", "Task", "Values", "parse", "text_problem"]


P = TypeVar("P", bound=Parameters)
V = TypeVar("V", bound=Values)


class Task(Generic[P, V]):
    """Makes an entry point from a function `run(parameters, project, platform) -> values` and a project.

    Databricks calls the entry point of a wheel task without arguments. The task then parses the command line
    (`--name=value`), runs, and publishes the task values. The type hints of `run` define its parameters and values.
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
            ProjectError: A parameter is missing or has the wrong type, or the task itself raises the error.
        """
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        for module in (__name__, self.project.spine.__module__):
            logging.getLogger(module.partition(".")[0]).setLevel(logging.INFO)
        parameters = parse(self.parameters, sys.argv[1:] if argv is None else argv)
        platform = current()
        values = self.execute(parameters, platform)
        for key, value in values.model_dump(mode="json").items():
            platform.publish(key, str(value))
        log.info("task values: %s", values)

    def execute(self, parameters: P, platform: Platform) -> V:
        """Run the task on a platform, then refresh the card of every version that it changed, even if it fails."""
        with changed_versions() as changed:
            try:
                return self.run(parameters, self.project, platform)
            finally:
                for model_name, version in sorted(changed):
                    model_card.refresh(self.project.config, model_name, version)


def parse(model: type[P], argv: Sequence[str]) -> P:
    """Parse the parameters from a command line.

    Parameters that the model does not have are ignored, because Databricks passes every parameter of a job to each of
    its wheel tasks (https://docs.databricks.com/jobs/job-parameters). Misspelt parameters in the job files are found by
    a check before they are deployed.

    Raises:
        ProjectError: A parameter is missing or has the wrong type, or a word is not a parameter.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for name, field in model.model_fields.items():
        parser.add_argument(f"--{name}", required=field.is_required(), default=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(argv)
    for word in unknown:
        if not word.startswith("--"):
            raise ProjectError(f"task parameters: {word!r} is not a parameter: write --name=value.")
        log.info("ignoring %s, which is not a parameter of this task", word)
    try:
        return model.model_validate(vars(known))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        told = problem["msg"].removeprefix("Value error, ")
        raise ProjectError(f"task parameter {name!r} is {problem['input']!r}: {told}.") from None


def text_problem(model: type[Parameters], name: str, text: str) -> str | None:
    """Return what is wrong with the text of one parameter of the model, or None if the text is valid."""
    field = model.model_fields[name]
    declared: Any = Annotated[field.annotation, field]
    try:
        TypeAdapter(declared).validate_python(text)
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return None


class _Parser(argparse.ArgumentParser):
    """Reports an invalid command line as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        raise ProjectError(f"task parameters: {message}.")
