"""The `{{...}}` values of a job, which Databricks fills in when a run or a task starts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlops.errors import ProjectError, did_you_mean

from ..bundle.merge import Tree
from ..bundle.references import label
from .dynamic_value_context import ALWAYS_KNOWN, Context, Finished

__all__ = ["ALWAYS_KNOWN", "Context", "Finished", "Reference", "fill", "references"]

_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PART = r"(?:`[^`]+`|\w+)"
_NAME = re.compile(rf"\s*({_PART}(?:\.{_PART})*)\s*")


@dataclass(frozen=True)
class Reference:
    """One `{{...}}`: its text with the braces, its parts, and its key path."""

    raw: str
    parts: tuple[str, ...]
    path: str


def references(tree: Tree, path: str = "") -> list[Reference]:
    """Return every `{{...}}` in a text or in the texts of a tree.

    Raises:
        ProjectError: The braces do not contain a name; characters other than letters, digits and `_` need backticks.
    """
    return list(_references(tree, path))


def fill(tree: Tree, context: Context) -> Tree:
    """Return the tree with every `{{...}}` replaced by its value as text.

    Raises:
        ProjectError: A reference is unknown, or its value was never set (Databricks would pass some of these on
            unchanged). The message names the job, the task and the parameter.
    """
    return _fill(tree, context, context.values(), "")


def _fill(tree: Tree, context: Context, known: Mapping[tuple[str, ...], str], path: str) -> Tree:
    if isinstance(tree, dict):
        return {key: _fill(item, context, known, f"{path}.{key}".lstrip(".")) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_fill(item, context, known, f"{path}[{label(item, index)}]") for index, item in enumerate(tree)]
    if not isinstance(tree, str):
        return tree
    for reference in references(tree, path):
        if reference.parts not in known:
            task = f", task '{context.task_key}'" if context.task_key is not None else ""
            where = f"Job '{context.job_key}'{task}, parameter {path}"
            raise ProjectError(f"{where} asks for {reference.raw}, {_reason(reference.parts, known)}")
    return _BRACES.sub(lambda match: known[_parts(match, path)], tree)


def _reason(parts: tuple[str, ...], known: Mapping[tuple[str, ...], str]) -> str:
    if parts[0] == "tasks" and parts[2:3] == ("values",):
        was_set = [names[-1] for names in known if names[:3] == parts[:3]]
        return f"but that task value was never set{did_you_mean(parts[-1], was_set)}"
    if parts[:2] == ("job", "parameters"):
        return "but the job declares no such parameter: add it to the job's parameters"
    return f"which does not exist{did_you_mean('.'.join(parts), ['.'.join(names) for names in known])}"


def _references(tree: Tree, path: str) -> Iterator[Reference]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from _references(item, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from _references(item, f"{path}[{label(item, index)}]")
    elif isinstance(tree, str):
        for match in _BRACES.finditer(tree):
            yield Reference(match[0], _parts(match, path), path)


def _parts(match: re.Match[str], path: str) -> tuple[str, ...]:
    name = _NAME.fullmatch(match[1])
    if name is None:
        raise ProjectError(
            f"{path or 'A text'} contains {match[0]}, which is not a reference: write {{{{job.run_id}}}}, for example"
        )
    return tuple(part.strip("`") for part in re.findall(_PART, name[1]))
