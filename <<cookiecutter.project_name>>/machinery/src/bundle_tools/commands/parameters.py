"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..run.options import Options

if TYPE_CHECKING:
    pass

Function = Callable[..., None]
Decorator = Callable[[Function], Function]
Pairs = tuple[tuple[str, str], ...]


class KeyValue(click.ParamType):
    """A text of the form KEY=VALUE, as its two sides."""

    name = "KEY=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:  # noqa: ANN401 - click's signature
        """Return the two sides."""
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not (key and equals):
            self.fail(f"{value!r} is not of the form KEY=VALUE", param, ctx)
        return key, text


class Whole(click.ParamType):
    """A whole number, at least 1."""

    name = "NUMBER"

    def __init__(self, most: int | None = None) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Return the number."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= (self.most or int(text))):
            bounds = f"from 1 to {self.most}" if self.most else "from 1 on"
            self.fail(f"{text!r} is not a whole number {bounds}", param, ctx)
        return int(text)


class Day(click.ParamType):
    """A day, such as 2016-02-01."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401 - click's signature
        """Return the day."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            return self.fail(f"{value!r} is not a day such as 2016-02-01", param, ctx)


PATH = click.Path(path_type=Path)
_ROOT: Decorator = click.option(
    "--root",
    type=PATH,
    default=Path(),
    metavar="FOLDER",
    help="The project: the folder with databricks.yml.  [default: this one]",
)
_OPTIONS: dict[str, Decorator] = {
    "state": click.option(
        "--state", type=PATH, metavar="FOLDER", help="The local state.  [default: .local in the project]"
    ),
    "target": click.option(
        "--target", metavar="TARGET", help="Target of the bundle.  [default: the bundle's own default]"
    ),
    "variables": click.option(
        "--var", "variables", type=KeyValue(), multiple=True, help="A bundle variable; may be given several times."
    ),
}
ENGINE = click.option(
    "--engine",
    default="sail",
    metavar="ENGINE",
    show_default=True,
    help="What runs Spark: sail, or spark, which needs Java 17.",
)
SOURCE = click.option(
    "--source",
    default="",
    metavar="FILE",
    help="Rows of the source: a parquet or CSV file, name=file for several (separated by commas), or their folder.",
)
ROWS = click.option("--rows", type=Whole(), help="Fill the source tables with this many example rows.")


def of_project(*names: str) -> Decorator:
    """Give a command the option --root and those with these names, and pass them to it as `options`."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(root: Path, **others: Any) -> None:  # noqa: ANN401 - of any command
            options = _options(root, **{name: others.pop(name) for name in names})
            function(options=options, **others)

        command: Function = call
        for add in [_ROOT, *(_OPTIONS[name] for name in reversed(names))]:
            command = add(command)
        return command

    return decorate


def _options(root: Path, state: Path | None = None, target: str | None = None, variables: Pairs = ()) -> Options:
    from ..run.options import Options

    return Options(root.resolve(), (state or root / ".local").resolve(), target, dict(variables))


def target_argument(function: Function) -> Function:
    """Give a command about a workspace its target as the argument or as the option --target."""

    @functools.wraps(function)
    def call(target: str | None, option: str | None, **others: Any) -> None:  # noqa: ANN401 - of any command
        if target and option and target != option:
            raise click.UsageError(f"there are two targets, {target!r} and {option!r}", click.get_current_context())
        function(target=target or option, **others)

    named = click.option("--target", "option", metavar="TARGET", help="The same as the argument.")
    return click.argument("target", required=False)(named(call))
