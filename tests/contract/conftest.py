"""The resolved bundle of each target. A fault is a line `file: key path: what is wrong`; a test shows all faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bundle_tools.bundle.bundle_files import ROOT_FILE, read
from bundle_tools.bundle.load import Bundle, load
from mlops.errors import ProjectError

ROOT = Path(os.environ.get("CONTRACT_ROOT") or Path(__file__).parents[2])
DEPLOYER = "ada.lovelace@example.com"

Load = Callable[..., Bundle]
Scalars = dict[str, dict[str, Any]]


def _targets() -> list[str]:
    try:
        return list(read(ROOT).content.get("targets") or {"default": {}})
    except ProjectError:
        return ["default"]  # loading the bundle reports the error


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def load_target() -> Load:
    """Resolve the bundle for a target, as a user called Ada, with the given variables; results are cached."""

    @cache
    def loaded(target: str, **variables: str) -> Bundle:
        try:
            return load(ROOT, target, variables=variables, environ={}, user=DEPLOYER)
        except ProjectError as error:
            return pytest.fail(f"target {target}: {error}", pytrace=False)

    return loaded


@pytest.fixture(scope="session", params=_targets())
def bundle(request: pytest.FixtureRequest, load_target: Load) -> Bundle:
    return load_target(request.param)


@pytest.fixture(scope="session")
def bundles(load_target: Load) -> dict[str, Bundle]:
    """The bundle of every target."""
    return {target: load_target(target) for target in _targets()}


@pytest.fixture(scope="session")
def written() -> Scalars:
    """Every scalar as written, by file and key path."""
    files = [ROOT_FILE, *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("resources/*.yml"))]
    trees = {name: yaml.safe_load((ROOT / name).read_text(encoding="utf-8")) for name in files}
    return {name: dict(_scalars(tree, "")) for name, tree in trees.items()}


@pytest.fixture
def none_of() -> Callable[[Iterable[str]], None]:
    """Fail if there are faults, and show each on its own line."""

    def check(faults: Iterable[str]) -> None:
        found = list(faults)
        if found:
            pytest.fail("\n".join(found), pytrace=False)

    return check


def _scalars(tree: object, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else ((f"[{index}]", item) for index, item in enumerate(tree))
        for key, value in pairs:
            yield from _scalars(value, f"{path}.{key}".lstrip(".").replace(".[", "["))
    else:
        yield path, tree
