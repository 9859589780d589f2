"""Changes the search space in the text of project.yml, and nothing else: comments and layout stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from mlops.config.search import Dimension
from mlops.errors import ProjectError
from mlops.model_search.files import flow

_ORIGIN = "# Pinned by make pin: "
_EARLIER = re.compile(rf"^{_ORIGIN}.*\n", re.MULTILINE)


def replace_space(text: str, space: Mapping[str, Dimension], origin: str) -> str:
    """Return the text with this search space, and its origin in a comment above the block.

    Args:
        text: The text of project.yml.
        space: The parameters; those that are missing are removed, none is added.
        origin: Where the values are from, in one line; it replaces that of an earlier pin.

    Raises:
        ProjectError: The text has no block `search.space`.
    """
    text = _EARLIER.sub("", text)
    search_key, search = _entry(yaml.compose(text, Loader=yaml.SafeLoader), "search")
    _, block = _entry(search, "space")
    changes = [(search_key.start_mark.index, search_key.start_mark.index, f"{_ORIGIN}{origin}\n")]
    for key, value in block.value:
        if key.value in space:
            changes.append((key.end_mark.index, _end(value), f": {flow(space[key.value])}"))
        else:
            changes.append((*_whole_line(text, key.start_mark.index, _end(value)), ""))
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value == name:
            return key, value
    raise ProjectError(f"project.yml has no {name} to pin: it needs the block search with a space.")


def _end(node: yaml.Node) -> int:
    """Return where a value ends; a block of lines ends with its last value, not with the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _whole_line(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of an entry with its indentation and the rest of its last line, or with its comma in braces."""
    line = text.rfind("\n", 0, start) + 1
    if not text[line:start].strip():
        newline = text.find("\n", end)
        return line, len(text) if newline < 0 else newline + 1
    after = re.compile(r"\s*,\s*").match(text, end)
    return start, after.end() if after else end
