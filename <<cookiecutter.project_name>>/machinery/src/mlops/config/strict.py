"""Strict configuration: a YAML loader that refuses duplicate keys, and groups of settings without misspelt keys."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

# The C parser, which is ten times as fast, if PyYAML was built with it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StrictLoader(_SafeLoader):  # type: ignore[misc]  # the base is one of two classes
    """A safe loader that rejects duplicate keys in one map; YAML's own silently uses the last one."""

    def construct_document(self, node: yaml.Node) -> Any:  # noqa: ANN401 - PyYAML's signature
        """Return the content of a document.

        Raises:
            yaml.YAMLError: A map has a key twice.
        """
        _refuse_twins(node)
        return super().construct_document(node)


def _refuse_twins(node: yaml.Node) -> None:
    seen = set()
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        key, value = child if isinstance(child, tuple) else (None, child)
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key '{key.value}'", key.start_mark)
            seen.add(key.value)
        _refuse_twins(value)


class Settings(BaseModel):
    """A frozen group of settings in which a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
