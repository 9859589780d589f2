"""The files are consistent: keys are known, files are included, variables are used, references resolve."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from bundle_tools.bundle.bundle_files import ROOT_FILE, read
from bundle_tools.bundle.load import Bundle
from mlops.errors import did_you_mean

NoneOf = Callable[[Iterable[str]], None]

# https://docs.databricks.com/dev-tools/bundles/reference
_BOTH = "artifacts bundle permissions presets resources run_as sync variables workspace"
KNOWN = {
    form: keys.split()
    for form, keys in {
        "": f"{_BOTH} environments experimental include python scripts targets",
        "targets.*": f"{_BOTH} cluster_id default git mode",
        "bundle": "name git databricks_cli_version cluster_id deployment engine uuid",
        "workspace": "host profile auth_type account_id workspace_id root_path file_path resource_path artifact_path "
        "state_path azure_workspace_resource_id azure_client_id azure_tenant_id azure_environment",
        "presets": "name_prefix tags trigger_pause_status jobs_max_concurrent_runs pipelines_development "
        "source_linked_deployment artifacts_dynamic_version",
        "git": "branch origin_url",
        "artifacts.*": "type path build executable files dynamic_version",
        "variables.*": "description default type lookup",
        "permissions[]": "level group_name service_principal_name user_name",
        "run_as": "service_principal_name user_name",
    }.items()
}
LEVELS = ["CAN_MANAGE", "CAN_RUN", "CAN_VIEW"]


def test_every_reference_and_variable_resolves_in_every_target(bundle: Bundle) -> None:
    assert bundle.jobs, "the bundle has no jobs"


def test_every_key_outside_resources_is_known(root: Path, none_of: NoneOf) -> None:
    faults: list[str] = []
    for name in [ROOT_FILE, *[path.relative_to(root).as_posix() for path in sorted(root.glob("resources/*.yml"))]]:
        content = yaml.safe_load((root / name).read_text(encoding="utf-8")) or {}
        faults += _unknown(content, "", name, "")
        for target, changes in (content.get("targets") or {}).items():
            faults += _unknown(changes or {}, "targets.*", name, f"targets.{target}")
    none_of(faults)


def _unknown(node: dict[str, Any], form: str, name: str, path: str) -> list[str]:
    """Yield the unknown keys of a node and its children, as far as the schema is known."""
    known = KNOWN[form]
    faults = [f"{name}: {path}.{key}: unknown key{did_you_mean(key, known)}" for key in node if key not in known]
    for key, value in node.items():
        below = f"{path}.{key}".lstrip(".")
        # A target sets variables to values of any shape.
        if key == "variables" and path:
            continue
        if key in KNOWN and isinstance(value, dict):
            faults += _unknown(value, key, name, below)
        elif f"{key}.*" in KNOWN and key != "targets" and isinstance(value, dict):
            for child, item in value.items():
                faults += _unknown(item or {}, f"{key}.*", name, f"{below}.{child}")
        elif f"{key}[]" in KNOWN and isinstance(value, list):
            for index, item in enumerate(value):
                faults += _unknown(item, f"{key}[]", name, f"{below}[{index}]")
    return [fault.replace(": .", ": ") for fault in faults]


def test_permissions_have_a_known_level_and_one_principal(bundle: Bundle, none_of: NoneOf) -> None:
    place = f"{ROOT_FILE}: targets.{bundle.target}.permissions"
    faults = []
    for index, one in enumerate(bundle.config.get("permissions") or []):
        if one.get("level") not in LEVELS:
            hint = did_you_mean(str(one.get("level")), LEVELS)
            faults.append(f"{place}[{index}].level: {one.get('level')} is none of {', '.join(LEVELS)}{hint}")
        if len([key for key in one if key.endswith("_name")]) != 1:
            faults.append(f"{place}[{index}]: name one group, user or service principal")
    none_of(faults)


def test_every_file_of_resources_is_included(root: Path, none_of: NoneOf) -> None:
    included = set(read(root).content.get("include") or [])
    found = {path.relative_to(root) for path in (root / "resources").rglob("*") if path.is_file()}
    none_of(
        f"{path.as_posix()}: no include of {ROOT_FILE} matches it, so it is not deployed"
        for path in sorted(found)
        if not any(path.match(pattern) for pattern in included)
    )


def test_every_file_that_a_resource_names_exists(
    root: Path, written: dict[str, dict[str, Any]], none_of: NoneOf
) -> None:
    none_of(
        f"{name}: {path}: there is no file '{value}'"
        for name, scalars in written.items()
        for path, value in scalars.items()
        if path.endswith(".file_path") and not (root / name).parent.joinpath(str(value)).is_file()
    )


def test_every_variable_is_used(root: Path, written: dict[str, dict[str, Any]], none_of: NoneOf) -> None:
    texts = [str(value) for scalars in written.values() for value in scalars.values()]
    used = {name for text in texts for name in re.findall(r"\$\{var\.([\w-]+)", text)}
    declared = read(root).content.get("variables") or {}
    none_of(
        f"{name}: {path.rsplit('.', maxsplit=1)[0]}: no resource or setting uses this variable"
        for variable in declared
        if variable not in used
        for name, scalars in written.items()
        for path in scalars
        if path == f"variables.{variable}.description"
    )


def test_every_variable_says_what_it_is_for(root: Path, none_of: NoneOf) -> None:
    declared = read(root).content.get("variables") or {}
    none_of(
        f"{ROOT_FILE}: variables.{name}: no description"
        for name, variable in declared.items()
        if not (variable or {}).get("description")
    )
