"""Loads a Declarative Automation Bundle for one target and resolves it the way the Databricks CLI does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError

from . import deployment_identity, target_presets, targets
from .bundle_files import Sources, read
from .normalise_jobs import tidy
from .references import Resolver, remaining_references, split
from .variables import assign

_RESOLVED_FIRST = ("bundle", "workspace", "variables")
# Objects in Unity Catalog are identified by their full names, which are known before the deployment.
_FULL_NAMES = {
    "schemas": ("catalog_name", "name"),
    "registered_models": ("catalog_name", "schema_name", "name"),
    "volumes": ("catalog_name", "schema_name", "name"),
}


@dataclass(frozen=True)
class Bundle:
    """A bundle for one target, with everything resolved except ids that exist only after deployment."""

    root: Path
    target: str
    config: Mapping[str, Any]
    targets: tuple[str, ...]
    sources: Sources = field(repr=False)
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The bundle's name."""
        return str(self.config["bundle"]["name"])

    @property
    def mode(self) -> str | None:
        """The target's mode: development, production or none."""
        return self.config["bundle"]["mode"] or None

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """The jobs by key, in the order of the files."""
        return self.config["resources"].get("jobs") or {}

    @property
    def variables(self) -> Mapping[str, Any]:
        """The values of the variables, without those whose lookup needs a workspace."""
        declared = self.config["variables"]
        return {name: variable["value"] for name, variable in declared.items() if "value" in variable}

    @property
    def lookups(self) -> Mapping[str, Mapping[str, str]]:
        """What variables look up in the workspace, by variable: a kind and a name, such as warehouse: shared."""
        declared = self.config["variables"]
        return {name: variable["lookup"] for name, variable in declared.items() if "value" not in variable}

    def looked_up(self, kind: str) -> list[str]:
        """Return the names of one kind that variables look up, such as the names of warehouses."""
        return list(dict.fromkeys(str(lookup[kind]) for lookup in self.lookups.values() if kind in lookup))

    def place(self, path: str) -> str:
        """Return `file: key path`, for messages about the value at a key path."""
        return self.sources.place(path)

    def with_ids(self, ids: Mapping[str, str]) -> "Bundle":
        """Return the bundle with `${resources.<type>.<key>.id}` replaced for every `<type>.<key>` of `ids`."""
        known = {("resources", *name.split("."), "id"): value for name, value in ids.items()}
        resolver = Resolver({}, self.place, lambda parts: tuple(parts) in known, lambda parts: known[tuple(parts)])
        config = {**self.config, "resources": resolver.resolve(self.config["resources"], "resources")}
        return replace(self, config=config, ids={**self.ids, **ids})

    def job_of(self, job_id: object) -> str | None:
        """Return the key of the job with this id; the id may still be an unresolved reference."""
        parts = str(job_id).removeprefix("${").removesuffix("}").split(".")
        if parts[:2] == ["resources", "jobs"] and parts[3:] == ["id"]:
            return parts[2] if parts[2] in self.jobs else None
        keys = (name.removeprefix("jobs.") for name, value in self.ids.items() if value == str(job_id))
        return next((key for key in keys if key in self.jobs), None)


def load(
    root: Path,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Bundle:
    """Read the bundle in `root` and resolve it for one target; file paths are not changed.

    Args:
        root: The folder of databricks.yml.
        target: The target; by default the one marked `default: true`, or the only target.
        variables: Values of variables, as with `--var` in the CLI.
        environ: Environment variables, such as `BUNDLE_VAR_x`; by default those of the process.
        user: The user name for `${workspace.current_user...}`; by default the operating system's user.

    Raises:
        ProjectError: A file, the target, a variable or a reference is wrong; the message says where.
    """
    environ = os.environ if environ is None else environ
    sources = read(root)
    name = targets.select(sources.content, target)
    config = targets.apply(sources.content, name)
    config["variables"] = assign(config.get("variables") or {}, root, name, variables or {}, environ)
    config = deployment_identity.with_facts(config, root, user, environ)
    config = _resolve_first(config, sources)
    for kind, resources in config["resources"].items():
        for key, resource in (resources or {}).items():
            if not isinstance(resource, dict):
                raise ProjectError(f"{sources.place(f'resources.{kind}.{key}')} is empty: define it or remove it")
    jobs = config["resources"].get("jobs") or {}
    config["resources"]["jobs"] = {key: tidy(job, sources.place(f"resources.jobs.{key}")) for key, job in jobs.items()}
    config["resources"] = _resolve_resources(target_presets.apply(config), sources)
    return Bundle(root, name, config, tuple(sources.content.get("targets") or {"default": {}}), sources)


def _resolve_first(config: dict[str, Any], sources: Sources) -> dict[str, Any]:
    """Resolve what is known without a workspace; a variable that is looked up there stays as its reference.

    Raises:
        ProjectError: A job refers to such a variable: a local run would pass it on as text.
    """
    looked_up = {("variables", name, "value") for name, given in config["variables"].items() if "value" not in given}

    def known_now(parts: list[str]) -> bool:
        return parts[0] in _RESOLVED_FIRST and tuple(parts[:3]) not in looked_up

    resolver = Resolver(config, sources.place, known_now)
    resolved = {section: resolver.resolve(value, section) for section, value in {"resources": {}, **config}.items()} | {
        "resources": resolver.resolve(config.get("resources") or {}, "resources")
    }
    for reference, path in remaining_references(resolved["resources"].get("jobs") or {}, "resources.jobs"):
        parts = split(reference)
        if tuple(parts[:3]) in looked_up:
            raise ProjectError(
                f"{sources.place(path)} uses the variable '{parts[1]}', which is looked up in a workspace, and there "
                f"is none here: pass its value as --var {parts[1]}=... or BUNDLE_VAR_{parts[1]}"
            )
    return resolved


def _resolve_resources(resources: dict[str, Any], sources: Sources) -> dict[str, Any]:
    def known_now(parts: list[str]) -> bool:
        is_id = parts[0] == "resources" and parts[3:] == ["id"] and parts[1] not in _FULL_NAMES
        is_lookup = parts[0] == "variables"  # of the variables, only those that are looked up are still unresolved
        return not is_lookup and not (is_id and parts[2] in (resources.get(parts[1]) or {}))

    def full_name(parts: list[str]) -> str | None:
        resource = (resources.get(parts[1]) or {}).get(parts[2]) if len(parts) == 4 else None  # noqa: PLR2004
        if resource is None or parts[1] not in _FULL_NAMES:
            return None
        pieces = [str(resource.get(piece, "")) for piece in _FULL_NAMES[parts[1]]]
        if parts[3] == "volume_path" and parts[1] == "volumes":
            return "/".join(["/Volumes", *pieces])
        return ".".join(pieces) if parts[3] in {"id", "full_name"} else None

    resolver = Resolver({"resources": resources}, sources.place, known_now, full_name)
    resolved: dict[str, Any] = resolver.resolve(resources, "resources")
    return resolved
