"""The summary of a plan for the person who approves it: what is lost first, what only gets a new tag last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .plans import Plan

COMMIT_TAG = "git_commit"  # `presets.tags` in databricks.yml puts it on every job, model and experiment
_CHANGES = ("update", "update_id", "resize")
_FIELDS = 4  # how many fields of a resource are named
_LENGTH = 40  # of a value that is shown


def summary(plan: Plan, target: str) -> str:
    """Return one line of counts, then the resources: deleted, recreated, added, changed, and with new code only."""
    tagged = [key for key in plan.keys(*_CHANGES) if _all_changes(plan.entries[key], _is_tag)]
    rebuilt = [
        key for key in plan.keys(*_CHANGES) if _all_changes(plan.entries[key], _is_new_code) and key not in tagged
    ]
    changed = [key for key in plan.keys(*_CHANGES) if key not in tagged and key not in rebuilt]
    groups = {
        "delete": plan.keys("delete"),
        "recreate": plan.keys("recreate"),
        "add": plan.keys("create"),
        "change": changed,
    }
    counts = [f"{len(keys)} to {verb}" for verb, keys in groups.items()]
    lines = [
        f"Plan for {target}: {', '.join(counts)}; "
        f"{len(rebuilt)} only get a new wheel, {len(tagged)} only a new {COMMIT_TAG}"
    ]
    lines += [_line(verb, key, plan.entries[key]) for verb, keys in groups.items() for key in keys]
    lines += [f"  keep      {_short(key)}, which the earlier commit does not have" for key in plan.kept]
    if rebuilt:
        lines.append(f"  only wheel: {', '.join(map(_short, rebuilt))}")
    if tagged:
        lines.append(f"  only {COMMIT_TAG}: {', '.join(map(_short, tagged))}")
    return "\n".join(lines) + "\n"


def _line(verb: str, key: str, entry: Mapping[str, Any]) -> str:
    fields = [] if verb in {"delete", "add"} else list(_fields(entry))
    more = f" and {len(fields) - _FIELDS} more" if len(fields) > _FIELDS else ""
    told = f": {', '.join(fields[:_FIELDS])}{more}" if fields else ""
    return f"  {verb:9} {_short(key)}{told}"


def _short(key: str) -> str:
    return key.removeprefix("resources.")


def _changes(entry: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    changes = entry.get("changes") or {}
    return {path: change for path, change in changes.items() if change.get("action") != "skip"}


def _fields(entry: Mapping[str, Any]) -> Iterator[str]:
    for path, change in sorted(_changes(entry).items()):
        if not _is_new_code(path, change):
            old, new = (_value(change.get(side)) for side in ("old", "new"))
            yield f"{path} {old} → {new}" if old and new else path


def _value(value: object) -> str:
    """Return a short value as it is shown, or an empty string."""
    text = str(value)
    return text if isinstance(value, (str, int, float)) and "\n" not in text and len(text) <= _LENGTH else ""


def _all_changes(entry: Mapping[str, Any], is_such: Callable[[str, Mapping[str, Any]], bool]) -> bool:
    changes = _changes(entry)
    return bool(changes) and all(is_such(path, change) for path, change in changes.items())


def _is_new_code(path: str, change: Mapping[str, Any]) -> bool:
    """Return whether a change is that of the wheel or of the commit."""
    is_wheel = all(str(change.get(side)).endswith(".whl") for side in ("old", "new"))
    return is_wheel or _is_tag(path, change)


def _is_tag(path: str, change: Mapping[str, Any]) -> bool:
    """Return whether a change is that of the commit: of the tag, or of a task's parameter with the same name.

    Models and experiments hold their tags as a list.
    """
    if COMMIT_TAG in path:
        return True
    return path == "tags" and _other_tags(change.get("old")) == _other_tags(change.get("new"))


def _other_tags(tags: object) -> object:
    if isinstance(tags, dict):
        return {key: value for key, value in tags.items() if key != COMMIT_TAG}
    return [tag for tag in tags if tag.get("key") != COMMIT_TAG] if isinstance(tags, list) else tags
