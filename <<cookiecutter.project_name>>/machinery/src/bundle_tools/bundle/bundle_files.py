"""The files of a bundle: databricks.yml and its includes, read the way the Databricks CLI reads them."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mlops.config.strict import StrictLoader
from mlops.errors import ProjectError

from .merge import merge

ROOT_FILE = "databricks.yml"


@dataclass(frozen=True)
class Sources:
    """The merged content of a bundle's files, and the file that defines each resource."""

    content: dict[str, Any]
    files: dict[str, str]  # "jobs.training" -> "resources/training.job.yml"

    def place(self, path: str) -> str:
        """Return `file: key path` for a key path such as `resources.jobs.training.name`."""
        resource = ".".join(path.split(".")[1:3])
        return f"{self.files.get(resource, ROOT_FILE)}: {path}"


class _Loader(StrictLoader):
    """Reads scalars as in YAML 1.2, like the CLI: `on`, `yes` and dates are text, and 12:30:00 is not a number."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the attribute is PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in StrictLoader.yaml_implicit_resolvers.items()
    }


_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"\x3c\x3c", "\x3c"),  # escaped, because the literal characters would open a template expression
)
for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))


def read(root: Path) -> Sources:
    """Read databricks.yml in `root` and the files that it includes, and merge them in this order.

    Raises:
        ProjectError: A file is missing or not a YAML mapping, an include matches nothing, or two resources share a key
            (keys are unique across all kinds of resources, as in the CLI).
    """
    if not (root / ROOT_FILE).is_file():
        raise ProjectError(f"There is no {ROOT_FILE} in {root}: run this command in the project's folder")
    content = _read_file(root, ROOT_FILE)
    names = _included_files(root, content.get("include") or [])  # the CLI follows includes of the root file only
    files: dict[str, str] = {}
    keys: dict[str, str] = {}
    for name in [ROOT_FILE, *names]:
        part = content if name == ROOT_FILE else _read_file(root, name)
        for kind, resources in (part.get("resources") or {}).items():
            for key in resources or {}:
                if key in keys:
                    raise ProjectError(
                        f"Two resources have the key '{key}': {keys[key]} and {name}: resources.{kind}.{key}; "
                        "keys must be unique across all kinds of resources, so rename one"
                    )
                keys[key] = f"{name}: resources.{kind}.{key}"
                files[f"{kind}.{key}"] = name
        for resource in _of_targets(part):
            files.setdefault(resource, name)
        if part is not content:
            content = merge(content, part, name)
    return Sources(content, files)


def _of_targets(content: dict[str, Any]) -> Iterator[str]:
    """Yield `kind.key` of each resource that a target has."""
    for target in (content.get("targets") or {}).values():
        for kind, resources in ((target or {}).get("resources") or {}).items():
            yield from (f"{kind}.{key}" for key in resources or {})


def _included_files(root: Path, patterns: list[str]) -> list[str]:
    names: list[str] = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern, root_dir=root, include_hidden=True))  # noqa: PTH207 - `**` matches one folder, as in Go
        if not matches and not re.search(r"[*?\[]", pattern):
            raise ProjectError(f"{ROOT_FILE} includes {pattern}, which does not exist: correct it or remove it")
        names += [name for name in matches if name not in {ROOT_FILE, *names}]
    return names


def _read_file(root: Path, name: str) -> dict[str, Any]:
    try:
        content = yaml.load((root / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - based on SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ProjectError(f"{name} is not readable YAML: {reason}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ProjectError(f"{name} contains a {type(content).__name__}, not keys and values: see the bundle reference")
    return content
