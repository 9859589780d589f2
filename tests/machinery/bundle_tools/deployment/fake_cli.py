"""A Databricks CLI that remembers: `databricks bundle` with one workspace, in which it may be interrupted anywhere.

What it assumes was read in databricks/cli 1.13.0: the order of a deployment (bundle/phases/deploy.go) and of a
destruction (bundle/phases/destroy.go), the lock (libs/locker/locker.go), the state (bundle/direct/dstate/state.go),
plans (bundle/deployplan/plan.go), the file that a job names (bundle/deploy/metadata/annotate_jobs.go), the folder of
alerts and dashboards (bundle/config/mutator/resourcemutator/resource_mutator.go), and that only resources which the
files define can be guarded (bundle/phases/plan.go).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bundle_tools.bundle.load import Bundle, load

# What is on the PATH: it asks the process of the tests, where the state is.
PROGRAM = """#!PYTHON -IS
import json, os, sys, urllib.request
body = json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd()}).encode()
call = urllib.request.Request("URL/cli", body, {"Content-Type": "application/json"})
answer = json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(call))
sys.stdout.write(answer["out"])
sys.stderr.write(answer["err"])
sys.exit(answer["code"])
"""
KINDS = ("schemas", "experiments", "volumes", "jobs", "alerts", "dashboards")
ASKED_FOR = ("schemas", "volumes", "dashboards")  # bundle/phases/deploy.go: deployApprovalGroups


class Killed(Exception):  # noqa: N818 - nothing went wrong
    """The process was killed after a write."""


class Refused(Exception):  # noqa: N818 - the CLI's own error
    """The CLI ends with an error."""


@dataclass
class FakeCli:
    """The CLI and what it wrote.

    Attributes:
        files: Files of the workspace by path.
        objects: Resources in the workspace by kind and id.
        refusal: What goes wrong: branch, build, or the key of a resource that the platform refuses.
        kill_after: The number of writes after which the process is killed; 0 for never.
        calls: The arguments of each call.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    refusal: str = ""
    kill_after: int = 0
    writes: int = 0
    calls: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(100))

    def run(self, argv: Sequence[str], folder: Path) -> tuple[int, str, str]:
        """Return exit code and output of `databricks ARGV`."""
        self.calls.append(" ".join(argv[1:]))
        try:
            return 0, getattr(self, argv[1])(list(argv), _bundle(argv, folder)), ""
        except Refused as refusal:
            return 1, "", f"Error: {refusal}\n"
        except Killed:
            return 137, "", ""

    def summary(self, _: list[str], bundle: Bundle) -> str:
        state = self.state(bundle)
        resources: dict[str, dict[str, Any]] = {}
        for key, one in _wanted(bundle).items():
            _, kind, name = key.split(".")
            resources.setdefault(kind, {})[name] = {**one, "id": state.get(key, {}).get("__id__")}
        return json.dumps({"resources": resources})

    def plan(self, _: list[str], bundle: Bundle) -> str:
        self._check()
        return json.dumps(self._planned(bundle))

    def deploy(self, argv: list[str], bundle: Bundle) -> str:
        self._check()
        self._lock(bundle, argv)
        internal = f"{_path(bundle, 'artifact_path')}/.internal/"
        self.files = {path: content for path, content in self.files.items() if not path.startswith(internal)}
        self._write(f"{internal}{_digest(bundle)}.whl", b"wheel")
        self._write(f"{_path(bundle, 'file_path')}/databricks.yml", b"files")
        self._write(f"{_path(bundle, 'state_path')}/deployment.json", json.dumps({"seq": next(self.numbers)}).encode())
        entries = json.loads(Path(argv[argv.index("--plan") + 1]).read_text()) if "--plan" in argv else None
        plan = entries or self._planned(bundle)
        try:
            self._approve(bundle, plan["plan"], is_approved="--auto-approve" in argv)
            self._apply(bundle, plan)
            metadata = {"config": {"bundle": {"git": {"commit": bundle.config["bundle"]["git"]["commit"]}}}}
            self._write(f"{_path(bundle, 'state_path')}/metadata.json", json.dumps(metadata).encode())
        except Refused:
            self._unlock(bundle)
            raise
        self._unlock(bundle)
        return ""

    def destroy(self, argv: list[str], bundle: Bundle) -> str:
        root = f"{_path(bundle, 'root_path')}/"
        if not any(path.startswith(root) for path in self.files):
            return "No active deployment found to destroy!\n"
        self._lock(bundle, argv)
        for key, entry in self.state(bundle).items():
            self.objects[key.split(".")[1]].pop(entry["__id__"], None)
            self._count()
        self.files = {path: content for path, content in self.files.items() if not path.startswith(root)}
        self._count()
        return ""

    # The state and the lock

    def state(self, bundle: Bundle) -> dict[str, Any]:
        """Return what is recorded about the resources of a deployment."""
        content = self.files.get(f"{_path(bundle, 'state_path')}/resources.json", b"{}")
        return dict(json.loads(content).get("state", {}))

    def _lock(self, bundle: Bundle, argv: list[str]) -> None:
        path = f"{_path(bundle, 'state_path')}/deploy.lock"
        if path in self.files and "--force-lock" not in argv:
            raise Refused("deploy lock acquired by somebody")
        self._write(path, json.dumps({"User": "robot", "AcquisitionTime": "2026-11-30T10:00:00Z"}).encode())

    def _unlock(self, bundle: Bundle) -> None:
        del self.files[f"{_path(bundle, 'state_path')}/deploy.lock"]
        self._count()

    def _check(self) -> None:
        if self.refusal in {"branch", "build"}:
            raise Refused(f"the {self.refusal} is not as it should be")

    def _write(self, path: str, content: bytes) -> None:
        self.files[path] = content
        self._count()

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self.kill_after:
            raise Killed

    # Resources

    def _planned(self, bundle: Bundle) -> dict[str, Any]:
        state, wanted = self.state(bundle), _wanted(bundle)
        entries: dict[str, Any] = {}
        for key in {**wanted, **state}:
            number = state.get(key, {}).get("__id__", "")
            there = self.objects[key.split(".")[1]].get(number)
            new: dict[str, Any] = {"new_state": {"value": wanted.get(key)}}
            if key not in wanted:
                entries[key] = {"id": number, "action": "delete", **({} if there else {"gone": True})}
            elif there is None:
                entries[key] = {"action": "create", **new}
            else:
                changes = _changes(there, wanted[key])
                entries[key] = {"id": number, "action": "update" if changes else "skip", "changes": changes, **new}
        return {"plan_version": 2, "plan": entries}

    @staticmethod
    def _approve(bundle: Bundle, entries: Mapping[str, Any], *, is_approved: bool) -> None:
        deleted = [key for key, entry in entries.items() if entry["action"] == "delete" and not entry.get("gone")]
        wanted = _wanted(bundle)
        if any((wanted.get(key, {}).get("lifecycle") or {}).get("prevent_destroy") for key in deleted):
            raise Refused("prevent_destroy")
        if any(key.split(".")[1] in ASKED_FOR for key in deleted) and not is_approved:
            raise Refused("the deployment requires destructive actions")

    def _apply(self, bundle: Bundle, plan: Mapping[str, Any]) -> None:
        state = self.state(bundle)
        refused = False
        for key, entry in plan["plan"].items():
            kind, action = key.split(".")[1], entry["action"]
            if action == "skip":
                continue
            if key == self.refusal:
                refused = True
                continue
            number = entry.get("id") or self._new_id(kind, entry["new_state"]["value"])
            if not number:
                refused = True
                continue
            if action == "delete":
                self.objects[kind].pop(number, None)
                del state[key]
            else:
                value = entry["new_state"]["value"]
                self.objects[kind][number] = value
                state[key] = {"__id__": number, "state": value}
            self._count()
        content = json.dumps({"serial": next(self.numbers), "state": state}).encode()
        self._write(f"{_path(bundle, 'state_path')}/resources.json", content)
        if refused:
            raise Refused(f"cannot update {self.refusal}")

    def _new_id(self, kind: str, value: Mapping[str, Any]) -> str:
        """Return the id of a new resource: what is in Unity Catalog has its full name, if that is free."""
        if kind not in {"schemas", "volumes"}:
            return str(next(self.numbers))
        name = ".".join(str(value[part]) for part in ("catalog_name", "schema_name", "name") if part in value)
        return "" if name in self.objects[kind] else name


def _bundle(argv: Sequence[str], folder: Path) -> Bundle:
    pairs = [argv[index + 1].split("=", 1) for index, word in enumerate(argv) if word == "--var"]
    return load(folder, argv[argv.index("--target") + 1], dict(pairs))


def _path(bundle: Bundle, name: str) -> str:
    return str(bundle.config["workspace"][name])


def _digest(bundle: Bundle) -> str:
    return hashlib.sha256((bundle.root / "databricks.yml").read_bytes()).hexdigest()[:12]


def _wanted(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """Return what the files define, by key, with what the CLI adds to each kind."""
    added: dict[str, dict[str, Any]] = {
        "jobs": {"deployment": {"metadata_file_path": f"{_path(bundle, 'state_path')}/metadata.json"}},
        "alerts": {"parent_path": _path(bundle, "resource_path")},
        "dashboards": {"parent_path": _path(bundle, "resource_path")},
    }
    return {
        f"resources.{kind}.{key}": {**one, **added.get(kind, {})}
        for kind in KINDS
        for key, one in (bundle.config["resources"].get(kind) or {}).items()
    }


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that differ; a tag is a field of its own."""
    changes: dict[str, Any] = {}
    for name in sorted({*old, *new} - {"lifecycle"}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if name == "tags" and isinstance(before, dict) and isinstance(after, dict):
            tags = {tag for tag in {*before, *after} if before.get(tag) != after.get(tag)}
            for tag in tags:
                changes[f"tags.{tag}"] = {"action": "update", "old": before.get(tag), "new": after.get(tag)}
        else:
            changes[name] = {"action": "update", "old": before, "new": after}
    return changes
