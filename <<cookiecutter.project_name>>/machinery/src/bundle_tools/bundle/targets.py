"""Selects the target and applies it to the rest of the bundle."""

from typing import Any

from mlops.errors import ProjectError

from .bundle_files import ROOT_FILE
from .merge import merge

MODES = (None, "development", "production")

_MERGED = ("bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets")
_REPLACED_IN_BUNDLE = ("mode", "cluster_id")
_FULL_VARIABLES = (
    {"default"},
    {"lookup"},
    {"default", "type"},
    {"default", "description"},
    {"lookup", "description"},
    {"default", "type", "description"},
)


def select(content: dict[str, Any], wanted: str | None) -> str:
    """Return the name of the requested target, otherwise the only target, otherwise the one marked `default: true`.

    Raises:
        ProjectError: There is no such target, or not exactly one default target.
    """
    targets = content.get("targets") or {"default": {}}
    names = ", ".join(targets)
    if wanted is not None:
        if wanted not in targets:
            raise ProjectError(f"{ROOT_FILE} has no target '{wanted}': use one of {names}")
        return wanted
    if len(targets) == 1:
        return str(next(iter(targets)))
    defaults = [name for name, target in targets.items() if target and target.get("default")]
    if len(defaults) != 1:
        state = f"{len(defaults)} default targets ({', '.join(defaults)})" if defaults else "no default target"
        raise ProjectError(f"{ROOT_FILE} has {state}: name one of {names}")
    return str(defaults[0])


def apply(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the content with the target merged into it and without `targets`.

    Most sections merge; `variables`, `run_as`, `mode` and `cluster_id` are replaced, as in the CLI.

    Raises:
        ProjectError: The target sets an undeclared variable, an unknown mode or a value of another type.
    """
    target = (content.get("targets") or {}).get(name) or {}
    merged = {key: value for key, value in content.items() if key != "targets"}
    place = f"targets.{name}"
    for section in _MERGED:
        if section in target:
            merged[section] = merge(merged.get(section), target[section], f"{place}.{section}")
    if "variables" in target:
        merged["variables"] = _variables(merged.get("variables") or {}, target["variables"] or {}, place)
    if "run_as" in target:
        merged["run_as"] = target["run_as"]
    bundle = dict(merged.get("bundle") or {})
    bundle.update({field: target[field] for field in _REPLACED_IN_BUNDLE if field in target})
    if "git" in target:
        bundle["git"] = merge(bundle.get("git"), target["git"], f"{place}.git")
    if bundle.get("mode") not in MODES:
        raise ProjectError(f"{place}.mode is '{bundle['mode']}': use development or production")
    merged["bundle"] = {**bundle, "target": name, "environment": name}
    return merged


def _variables(declared: dict[str, Any], values: dict[str, Any], place: str) -> dict[str, Any]:
    result = dict(declared)
    for name, value in values.items():
        if name not in declared:
            raise ProjectError(f"{place}.variables.{name} sets a variable that is not declared: add it to 'variables'")
        definition = value if isinstance(value, dict) and set(value) in _FULL_VARIABLES else {"default": value}
        variable = dict(declared[name] or {})
        # A default replaces a lookup, and a lookup replaces a default.
        for field, other in (("default", "lookup"), ("lookup", "default")):
            if field in definition:
                variable[field] = definition[field]
                variable.pop(other, None)
        result[name] = variable
    return result
