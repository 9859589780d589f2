"""The rules of each target: users own development, staging deployments do not collide, and production is protected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from bundle_tools.bundle.bundle_files import ROOT_FILE, read
from bundle_tools.bundle.load import Bundle
from bundle_tools.bundle.target_presets import PREFIXED, PREFIXED_PLAINLY

NoneOf = Callable[[Iterable[str]], None]
Load = Callable[..., Bundle]

STARTS = ("schedule", "trigger", "continuous")
# Resources that cannot be recreated.
KEPT = ("schemas", "volumes", "registered_models", "experiments")
NAMES = {**PREFIXED, **PREFIXED_PLAINLY}


@pytest.fixture(scope="session")
def dev(load_target: Load) -> Bundle:
    return load_target("dev")


@pytest.fixture(scope="session")
def staging(load_target: Load) -> Bundle:
    return load_target("staging")


@pytest.fixture(scope="session")
def prod(load_target: Load) -> Bundle:
    return load_target("prod")


def test_every_environment_has_a_catalog_of_its_own(bundles: dict[str, Bundle], none_of: NoneOf) -> None:
    owners: dict[str, str] = {}
    faults = []
    for target, bundle in bundles.items():
        for schema in (bundle.config["resources"].get("schemas") or {}).values():
            owner = owners.setdefault(str(schema["catalog_name"]), target)
            if owner != target:
                faults.append(f"{_setting(target, 'variables.catalog')}: {schema['catalog_name']} belongs to {owner}")
    none_of(faults)


def test_users_own_development(dev: Bundle, none_of: NoneOf) -> None:
    own = dev.config["workspace"]["current_user"]["short_name"]
    faults = [] if dev.mode == "development" else [f"{_setting('dev', 'mode')}: is not development"]
    faults += [f"{place}: {name} does not contain the user's name" for place, name in _names(dev) if own not in name]
    if dev.config["workspace"]["current_user"]["userName"] not in dev.config["workspace"]["root_path"]:
        faults.append(f"{_setting('dev', 'workspace.root_path')}: is not in the user's own folder")
    none_of([*faults, *_starts(dev, "PAUSED")])


def test_staging_runs_as_its_service_principal_and_only_when_asked(staging: Bundle, none_of: NoneOf) -> None:
    none_of([*_no_principal(staging), *_starts(staging, "PAUSED"), *_managers(staging)])


def test_two_pull_requests_share_no_name_and_no_folder_in_staging(load_target: Load, none_of: NoneOf) -> None:
    one, other = (load_target("staging", name_prefix=prefix) for prefix in ("pr1_", "pr2_"))
    taken = {name for _, name in _names(one)}
    faults = [f"{place}: {name} is the same for two pull requests" for place, name in _names(other) if name in taken]
    folders = [field for field in one.config["workspace"] if field.endswith("_path")]
    none_of(
        [
            *faults,
            *(
                f"{_setting('staging', f'workspace.{field}')}: is the same for two pull requests"
                for field in folders
                if one.config["workspace"][field] == other.config["workspace"][field]
            ),
        ]
    )


def test_production_is_guarded(prod: Bundle, none_of: NoneOf) -> None:
    faults = [] if prod.mode == "production" else [f"{_setting('prod', 'mode')}: is not production"]
    if not (read(prod.root).content["targets"]["prod"].get("git") or {}).get("branch"):
        faults.append(f"{_setting('prod', 'git.branch')}: not set, so any branch could be deployed")
    prefix = (prod.config.get("presets") or {}).get("name_prefix")
    if prefix:
        faults.append(f"{_setting('prod', 'presets.name_prefix')}: {prefix!r} changes names that others refer to")
    faults += [f"{place}: {name} has a prefix" for place, name in _names(prod) if "dev" in name.partition(" ")[0][:5]]
    none_of([*faults, *_no_principal(prod), *_starts(prod, "UNPAUSED"), *_managers(prod)])


def test_production_is_in_one_place_whoever_deploys(prod: Bundle, none_of: NoneOf) -> None:
    root = (read(prod.root).content["targets"]["prod"].get("workspace") or {}).get("root_path", "")
    user = prod.config["workspace"]["current_user"]["userName"]
    if not root or user in prod.config["workspace"]["root_path"]:
        none_of([f"{_setting('prod', 'workspace.root_path')}: each deployer would create a separate deployment"])


def test_what_production_cannot_recreate_is_not_destroyed(prod: Bundle, none_of: NoneOf) -> None:
    none_of(
        f"{_setting('prod', f'resources.{kind}.{key}.lifecycle.prevent_destroy')}: is not true"
        for kind in KEPT
        for key, resource in (prod.config["resources"].get(kind) or {}).items()
        if (resource.get("lifecycle") or {}).get("prevent_destroy") is not True
    )


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_data_scientists_read_and_nobody_else_writes(target: str, load_target: Load, none_of: NoneOf) -> None:
    bundle = load_target(target)
    principal = (bundle.config.get("run_as") or {}).get("service_principal_name")
    none_of(
        f"{bundle.place(f'resources.{kind}.{key}.grants')}: {grant['principal']} has {privilege}, but may only read"
        for kind, resources in bundle.config["resources"].items()
        for key, resource in (resources or {}).items()
        for grant in resource.get("grants") or []
        if grant["principal"] != principal
        for privilege in grant["privileges"]
        if privilege not in {"BROWSE", "USE_SCHEMA", "SELECT", "EXECUTE", "READ_VOLUME"}
    )


def _setting(target: str, path: str) -> str:
    return f"{ROOT_FILE}: targets.{target}.{path}"


def _names(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """The names that must be unique in a workspace or catalog, with their places.

    Names of models and volumes are unique within their schema.
    """
    for kind, field in NAMES.items():
        for key, resource in (bundle.config["resources"].get(kind) or {}).items():
            parent = str(resource.get("schema_name", ""))
            yield bundle.place(f"resources.{kind}.{key}.{field}"), f"{resource.get(field)}{parent and f' in {parent}'}"


def _starts(bundle: Bundle, wanted: str) -> Iterator[str]:
    for key, job in bundle.jobs.items():
        for start in STARTS:
            status = (job.get(start) or {}).get("pause_status")
            if start in job and status != wanted:
                place = bundle.place(f"resources.jobs.{key}.{start}.pause_status")
                yield f"{place}: is {status} in {bundle.target}, and must be {wanted} (presets.trigger_pause_status)"


def _no_principal(bundle: Bundle) -> Iterator[str]:
    run_as = bundle.config.get("run_as") or {}
    if not run_as.get("service_principal_name"):
        yield f"{_setting(bundle.target, 'run_as')}: no service principal, so the jobs depend on a person's account"


def _managers(bundle: Bundle) -> Iterator[str]:
    """Faults in who may manage: the service principal must, and no single user may."""
    permissions = bundle.config.get("permissions") or []
    principal = (bundle.config.get("run_as") or {}).get("service_principal_name")
    if not any(one.get("service_principal_name") == principal and one["level"] == "CAN_MANAGE" for one in permissions):
        yield f"{_setting(bundle.target, 'permissions')}: the service principal that runs the jobs cannot manage them"
    for index, one in enumerate(permissions):
        if one.get("user_name") or one.get("group_name") in {"users", "account users"}:
            who = one.get("user_name") or one["group_name"]
            yield f"{_setting(bundle.target, f'permissions[{index}]')}: {who} is not a named group or service principal"
    if not any(one.get("group_name") and one["level"] == "CAN_VIEW" for one in permissions):
        yield f"{_setting(bundle.target, 'permissions')}: no group may view runs and their output (CAN_VIEW)"
