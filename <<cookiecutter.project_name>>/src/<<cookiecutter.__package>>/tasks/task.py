"""A job's task: a frozen model of its parameters, a function, and a frozen model of its task values."""

from __future__ import annotations

import argparse
import logging
import sys
import typing
from collections.abc import Callable, Sequence
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ProjectError, did_you_mean
from ..platform import Platform, current

log = logging.getLogger(__name__)


class Parameters(BaseModel):
    """The named parameters of a task: each field is one, required unless it has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Values(BaseModel):
    """The task values that a task sets: each field is one, published as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


P = TypeVar("P", bound=Parameters)
V = TypeVar("V", bound=Values)


class Task(Generic[P, V]):
    """Makes an entry point of `run(parameters, platform) -> values`.

    Called without arguments, as Databricks calls the entry point of a wheel task, it parses the command line
    (`--name=value`), runs, and publishes the task values; the types of `run` say which parameters and values there are.
    """

    def __init__(self, run: Callable[[P, Platform], V]) -> None:
        hints = typing.get_type_hints(run)
        self.run = run
        self.parameters: type[P] = hints["parameters"]
        self.values: type[V] = hints["return"]

    def __call__(self, argv: Sequence[str] | None = None) -> None:
        """Run the task.

        Raises:
            ProjectError: A parameter is missing, unknown or of the wrong type, or the task says what is wrong.
        """
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger(__package__.split(".")[0]).setLevel(logging.INFO)
        parameters = parse(self.parameters, sys.argv[1:] if argv is None else argv)
        platform = current()
        values = self.run(parameters, platform)
        for key, value in values.model_dump(mode="json").items():
            platform.publish(key, str(value))
        log.info("task values: %s", values)


def parse(model: type[P], argv: Sequence[str]) -> P:
    """Read the parameters from a command line.

    Raises:
        ProjectError: A parameter is missing, unknown or of the wrong type.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for name, field in model.model_fields.items():
        parser.add_argument(f"--{name}", required=field.is_required(), default=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        name = unknown[0].removeprefix("--").split("=")[0]
        raise ProjectError(f"unknown task parameter {name!r}{did_you_mean(name, model.model_fields)}.")
    try:
        return model.model_validate(vars(known))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise ProjectError(f"task parameter {name!r} is {problem['input']!r}: {problem['msg']}.") from None


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        raise ProjectError(f"task parameters: {message}.")
