"""The value of each bundle variable."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError, did_you_mean

ENVIRONMENT_PREFIX = "BUNDLE_VAR_"


def assign(
    declared: Mapping[str, Any], root: Path, target: str, given: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return the declarations, each with a `value` that may still contain references.

    The first of these wins, as in the CLI: `given` (--var), the environment variable BUNDLE_VAR_x, a lookup (which
    needs a workspace, so such a variable gets no value here), `.databricks/bundle/<target>/variable-overrides.json`,
    and the default, where the target's own default takes precedence.

    Raises:
        ProjectError: A given variable is not declared, a variable has no value, or the file is not a JSON object.
    """
    for name in given:
        if name not in declared:
            raise ProjectError(f"There is no variable '{name}' in the bundle{did_you_mean(name, declared)}")
    overrides = _overrides(root / ".databricks" / "bundle" / target / "variable-overrides.json")
    return {
        name: _with_value(name, dict(variable or {}), given, environ, overrides) for name, variable in declared.items()
    }


def _with_value(
    name: str,
    variable: dict[str, Any],
    given: Mapping[str, str],
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
) -> dict[str, Any]:
    is_complex = variable.get("type") == "complex"
    text = given.get(name, environ.get(ENVIRONMENT_PREFIX + name))
    if text is not None:
        if is_complex:
            raise ProjectError(
                f"The variable '{name}' is complex, so --var and {ENVIRONMENT_PREFIX}{name} cannot set it: "
                "set it in the target or in variable-overrides.json"
            )
        return {**variable, "value": text}
    if variable.get("lookup") is not None:
        return variable
    if overrides.get(name) is not None:
        if is_complex != isinstance(overrides[name], dict | list):
            wanted = "a map or a list" if is_complex else "a single value"
            raise ProjectError(f"variable-overrides.json sets the variable '{name}', which must be {wanted}")
        return {**variable, "value": overrides[name]}
    if variable.get("default") is not None:
        return {**variable, "value": variable["default"]}
    raise ProjectError(
        f"The variable '{name}' has no value: give it a default, or pass --var {name}=... or {ENVIRONMENT_PREFIX}{name}"
    )


def _overrides(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProjectError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise ProjectError(f'{path} is not a JSON object: write {{"variable": value}}')
    return content
