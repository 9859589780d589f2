"""The fixtures of `baking`; the problems themselves are laid over a generated project, whose tests they are."""

from baking import bake, pytest_collection_modifyitems, user_config  # noqa: F401 - pytest finds them

collect_ignore = ["flights"]
