"""Resolves the `${...}` references of a bundle."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from mlops.errors import ProjectError, did_you_mean

from .merge import KEYED_LISTS, Tree, as_text

_NAME = r"[^\W\d_](?:[-_]*[^\W_])*"  # unambiguous on purpose: the CLI's own pattern would backtrack endlessly in Python
REFERENCE = re.compile(rf"\$\{{({_NAME}(?:\.{_NAME}(?:\[[0-9]+\])*)*(?:\[[0-9]+\])*)\}}")

_LABELS = (*KEYED_LISTS.values(), "environment_key")


class Resolver:
    """Replaces references with values of one configuration, lazily.

    A value that consists of a single reference gets the referenced value with its type; inside a longer text the
    referenced value must be a scalar. References are resolved to any depth (the CLI stops after 11 rounds).
    """

    def __init__(
        self,
        config: dict[str, Any],
        place: Callable[[str], str],
        handles: Callable[[list[str]], bool],
        computed: Callable[[list[str]], Any] | None = None,
    ) -> None:
        """Prepare to look values up in `config`.

        Args:
            config: The tree with the values.
            place: Converts a key path to `file: key path`, for messages.
            handles: Whether to resolve a reference with these parts; others are left unchanged.
            computed: Returns the value of a reference that is not in the configuration, or None.
        """
        self._config = config
        self._place = place
        self._handles = handles
        self._computed = computed
        self._chain: list[str] = []

    def resolve(self, value: Tree, path: str) -> Tree:
        """Return `value`, found at the key path `path`, with its references replaced at any depth.

        Raises:
            ProjectError: A reference is unknown, refers to itself, or puts a map or a list into a text.
        """
        if isinstance(value, dict):
            return {key: self.resolve(item, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, f"{path}[{label(item, index)}]") for index, item in enumerate(value)]
        return self._resolve_text(value, path) if isinstance(value, str) else value

    def _resolve_text(self, text: str, path: str) -> Tree:
        whole = REFERENCE.fullmatch(text)
        if whole:
            return self._value(whole[1], path) if self._handles(split(whole[1])) else text
        return REFERENCE.sub(lambda match: self._piece(match, path), text)

    def _piece(self, match: re.Match[str], path: str) -> str:
        if not self._handles(split(match[1])):
            return match[0]
        value = self._value(match[1], path)
        if isinstance(value, dict | list):
            raise ProjectError(
                f"{self._place(path)} puts {match[0]}, a {type(value).__name__}, into a text: "
                "use the reference alone or one of its fields"
            )
        return as_text(value)

    def _value(self, name: str, path: str) -> Tree:
        if name in self._chain:
            circle = " → ".join([*self._chain[self._chain.index(name) :], name])
            raise ProjectError(f"{self._place(path)} refers to itself: {circle}; set one of them to a value")
        self._chain.append(name)
        try:
            return self.resolve(self._find(name, path), path)
        finally:
            self._chain.pop()

    def _find(self, name: str, path: str) -> Tree:
        parts = split(name)
        value: Tree = self._config
        for depth, part in enumerate(parts):
            if isinstance(value, str):
                value = self._resolve_text(value, path)
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                computed = self._computed(parts) if self._computed else None
                if computed is not None:
                    return computed
                hint = did_you_mean(part, value if isinstance(value, dict) else {})
                before = f" in {'.'.join(parts[:depth])}" if depth else ""
                raise ProjectError(f"{self._place(path)} refers to ${{{name}}}, but there is no '{part}'{before}{hint}")
        return value


def split(name: str) -> list[str]:
    """Return the parts of a reference's name; `var.x` is short for `variables.x.value`."""
    parts = re.findall(r"[^.\[\]]+", name)
    return ["variables", *parts[1:2], "value", *parts[2:]] if parts[0] == "var" else parts


def label(element: Tree, index: int) -> str:
    """Return the name of a list element in messages: its task key or other name, or else its index."""
    names = (element.get(field) for field in _LABELS) if isinstance(element, dict) else ()
    return next((str(name) for name in names if name), str(index))


def remaining_references(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    """Yield every remaining reference in the tree, as its name and its key path."""
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from remaining_references(item, f"{path}.{key}")
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from remaining_references(item, f"{path}[{label(item, index)}]")
    elif isinstance(tree, str):
        yield from ((match[1], path) for match in REFERENCE.finditer(tree))
