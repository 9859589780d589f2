"""The parameters of a task, read from its command line, and its task values.

A task with several actions has one type of parameters for each, which the field `action` tells apart.
"""

from __future__ import annotations

import argparse
import logging
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from .errors import ProjectError, did_you_mean

log = logging.getLogger(__name__)


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


# A time such as {{job.start_time.iso_datetime}}. It is documented to be in UTC, but not to have an offset
# (https://docs.databricks.com/jobs/dynamic-value-references), so one without an offset is in UTC too.
UtcDatetime = Annotated[datetime, AfterValidator(_in_utc)]


class Parameters(BaseModel):
    """The named parameters of a task. Each field is a parameter, which is required unless the field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def optional_together(cls) -> frozenset[str]:
        """Return the parameters that a job gives all or none of; it must give every other one."""
        return frozenset()


class Values(BaseModel):
    """The task values that a task sets. Each field is a task value, which is published as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def may_be_lost(cls) -> bool:
        """Return whether the task also runs where its values would be lost, because it is the one that reports it."""
        return False


P = TypeVar("P", bound=Parameters)
Model = type[P] | UnionType  # one type of parameters, or a union with one for each action


def types_of(model: Model[P]) -> tuple[type[P], ...]:
    """Return the types of parameters of a task: one, or one for each action."""
    return cast("tuple[type[P], ...]", typing.get_args(model) or (model,))


def requirements(model: Model[Any]) -> dict[str, bool]:
    """Return every parameter, and whether it is required whatever the action is."""
    types = types_of(model)
    names = dict.fromkeys(name for each in types for name in each.model_fields)
    chosen = len(types) > 1  # each type has a default for the one action that it belongs to
    return {name: (name == "action" and chosen) or all(_requires(each, name) for each in types) for name in names}


def optional_together(model: Model[Any]) -> frozenset[str]:
    """Return the parameters that a job gives all or none of; it must give every other one."""
    return frozenset().union(*(each.optional_together() for each in types_of(model)))


def parse(model: Model[P], argv: Sequence[str]) -> P:
    """Parse the parameters from a command line.

    Parameters that the model does not have are ignored, because Databricks passes every parameter of a job to each of
    its wheel tasks (https://docs.databricks.com/jobs/job-parameters). Misspelt parameters in the job files are found by
    a check before they are deployed. A job gives the parameters of all actions: those of other actions are ignored too,
    and those that are blank count as not given.

    Raises:
        ProjectError: A parameter is missing or has the wrong type, or a word is not a parameter.
    """
    given = _read(model, argv)
    chosen = types_of(model)[0]
    if "action" in chosen.model_fields:
        chosen = _type_of_action(model, given.get("action"))
        given = {name: text for name, text in given.items() if name in chosen.model_fields and text.strip()}
        if missing := [name for name in chosen.model_fields if _requires(chosen, name) and name not in given]:
            words = ("parameter", "it a value") if len(missing) == 1 else ("parameters", "them values")
            names = " and ".join(missing)
            raise ProjectError(f"the action {_action(chosen)} needs the {words[0]} {names}: give {words[1]}.")
    try:
        return chosen.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        raise ProjectError(f"task parameter {name!r} is {problem['input']!r}: {message}.") from None


def text_problem(model: Model[Any], name: str, text: str) -> str | None:
    """Return what is wrong with the text of one parameter for every action that has it, or None if it is valid."""
    types = types_of(model)
    if name == "action" and len(types) > 1:
        actions = [_action(each) for each in types]
        return None if text in actions else f"choose one of {', '.join(actions)}"
    if "action" in types[0].model_fields and not text.strip():
        return None
    problems = [_problem(each, name, text) for each in types if name in each.model_fields]
    return None if None in problems else problems[0]


def _problem(model: type[Parameters], name: str, text: str) -> str | None:
    field = model.model_fields[name]
    declared: Any = Annotated[field.annotation, field]
    try:
        TypeAdapter(declared).validate_python(text)
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return None


def _read(model: Model[Any], argv: Sequence[str]) -> Mapping[str, str]:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for name, is_required in requirements(model).items():
        parser.add_argument(f"--{name}", required=is_required, default=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(argv)
    for word in unknown:
        if not word.startswith("--"):
            raise ProjectError(f"task parameters: {word!r} is not a parameter: write --name=value.")
        log.info("ignoring %s, which is not a parameter of this task", word)
    return vars(known)


def _requires(model: type[Parameters], name: str) -> bool:
    return name in model.model_fields and model.model_fields[name].is_required()


def _action(model: type[Parameters]) -> str:
    return str(model.model_fields["action"].default)


def _type_of_action(model: Model[P], action: str | None) -> type[P]:
    types = {_action(each): each for each in types_of(model)}
    if action is None and len(types) == 1:
        return next(iter(types.values()))
    if action not in types:
        raise ProjectError(f"task parameter 'action' is {action!r}{did_you_mean(str(action), types)}")
    return types[action]


class _Parser(argparse.ArgumentParser):
    """Reports an invalid command line as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        raise ProjectError(f"task parameters: {message}.")
