"""The rules of each target: users own development, staging deployments do not collide, and production is protected."""

from __future__ import annotations

from collections.abc import Iterator

from ..bundle.load import Bundle
from ..bundle.target_presets import PREFIXED, PREFIXED_PLAINLY
from .checked_project import CheckedProject
from .tally import Tally
from .target_rules import manager_faults, principal_faults, setting, start_faults

# Resources that cannot be recreated.
_KEPT = ("schemas", "volumes", "registered_models", "experiments")
_NAMES = {**PREFIXED, **PREFIXED_PLAINLY}
_READING = {"BROWSE", "USE_SCHEMA", "SELECT", "EXECUTE", "READ_VOLUME"}


def every_environment_has_a_catalog_of_its_own(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every target has a catalog of its own."""
    owners: dict[str, str] = {}
    for target, bundle in project.bundles.items():
        looked.add_around("target", target)
        for key, schema in (bundle.config["resources"].get("schemas") or {}).items():
            looked.add("schema", key)
            catalog = str(schema.get("catalog_name"))
            owner = owners.setdefault(catalog, target)
            if owner != target:
                yield f"{setting(target, 'variables.catalog')}: {catalog} belongs to {owner}"


def users_own_development(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Everyone's development is their own: names, folder and paused jobs."""
    dev = project.bundle("dev")
    user = dev.config["workspace"]["current_user"]
    looked.add("job", *dev.jobs)
    if dev.mode != "development":
        yield f"{setting('dev', 'mode')}: is not development"
    for place, name in _names(dev):
        looked.add("name", place)
        if user["short_name"] not in name:
            yield f"{place}: {name} does not contain the user's name"
    if user["userName"] not in dev.config["workspace"]["root_path"]:
        yield f"{setting('dev', 'workspace.root_path')}: is not in the user's own folder"
    yield from start_faults(dev, "PAUSED")


def staging_runs_as_its_service_principal_and_only_when_asked(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Staging runs as its service principal, and only when CI asks."""
    staging = project.bundle("staging")
    looked.add("job", *staging.jobs)
    yield from (*principal_faults(staging), *start_faults(staging, "PAUSED"), *manager_faults(staging))


def two_pull_requests_share_no_name_and_no_folder_in_staging(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Two pull requests share no name and no folder in staging."""
    project.bundle("staging")
    first, second = (project.load("staging", name_prefix=prefix) for prefix in ("pr1_", "pr2_"))
    taken = {name for _, name in _names(first)}
    for place, name in _names(second):
        looked.add("name", place)
        if name in taken:
            yield f"{place}: {name} is the same for two pull requests"
    for field, folder in first.config["workspace"].items():
        if field.endswith("_path"):
            looked.add("folder", field)
            if folder == second.config["workspace"][field]:
                yield f"{setting('staging', f'workspace.{field}')}: is the same for two pull requests"


def production_is_guarded(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Production is deployed from one branch, under its plain names, and runs as its service principal."""
    prod = project.bundle("prod")
    looked.add("job", *prod.jobs)
    if prod.mode != "production":
        yield f"{setting('prod', 'mode')}: is not production"
    if not (project.sources.content["targets"]["prod"].get("git") or {}).get("branch"):
        yield f"{setting('prod', 'git.branch')}: not set, so any branch could be deployed"
    prefix = (prod.config.get("presets") or {}).get("name_prefix")
    if prefix:
        yield f"{setting('prod', 'presets.name_prefix')}: {prefix!r} changes names that others refer to"
    for place, name in _names(prod):
        looked.add("name", place)
        if "dev" in name.partition(" ")[0][:5]:
            yield f"{place}: {name} has a prefix"
    yield from (*principal_faults(prod), *start_faults(prod, "UNPAUSED"), *manager_faults(prod))


def production_is_in_one_place_whoever_deploys(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Production is in one folder, whoever deploys it."""
    prod = project.bundle("prod")
    looked.add("folder", "root_path")
    written = (project.sources.content["targets"]["prod"].get("workspace") or {}).get("root_path")
    user = prod.config["workspace"]["current_user"]["userName"]
    if not written or user in prod.config["workspace"]["root_path"]:
        yield f"{setting('prod', 'workspace.root_path')}: each deployer would create a separate deployment"


def what_production_cannot_recreate_is_not_destroyed(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Nothing destroys what production cannot recreate."""
    prod = project.bundle("prod")
    for kind in _KEPT:
        for key, resource in (prod.config["resources"].get(kind) or {}).items():
            looked.add("resource", (kind, key))
            if (resource.get("lifecycle") or {}).get("prevent_destroy") is not True:
                yield f"{setting('prod', f'resources.{kind}.{key}.lifecycle.prevent_destroy')}: is not true"


def data_scientists_read_and_nobody_else_writes(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Outside development, people read results, and only the service principal writes them."""
    for target in ("staging", "prod"):
        bundle = project.bundle(target)
        looked.add_around("target", target)
        principal = (bundle.config.get("run_as") or {}).get("service_principal_name")
        for kind, resources in bundle.config["resources"].items():
            for key, resource in (resources or {}).items():
                for grant in resource.get("grants") or []:
                    looked.add("grant", (target, kind, key, grant["principal"]))
                    for privilege in grant["privileges"] if grant["principal"] != principal else ():
                        if privilege not in _READING:
                            place = bundle.place(f"resources.{kind}.{key}.grants")
                            yield f"{place}: {grant['principal']} has {privilege}, but may only read (in {target})"


def _names(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """Yield the names that must be unique in a workspace or catalog, with their places.

    Names of models and volumes are unique within their schema.
    """
    for kind, field in _NAMES.items():
        for key, resource in (bundle.config["resources"].get(kind) or {}).items():
            parent = str(resource.get("schema_name", ""))
            yield bundle.place(f"resources.{kind}.{key}.{field}"), f"{resource.get(field)}{parent and f' in {parent}'}"


CHECKS = (
    every_environment_has_a_catalog_of_its_own,
    users_own_development,
    staging_runs_as_its_service_principal_and_only_when_asked,
    two_pull_requests_share_no_name_and_no_folder_in_staging,
    production_is_guarded,
    production_is_in_one_place_whoever_deploys,
    what_production_cannot_recreate_is_not_destroyed,
    data_scientists_read_and_nobody_else_writes,
)
