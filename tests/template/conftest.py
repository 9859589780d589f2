"""The fixtures of `baking`, and the order of the tests."""

from baking import bake, combination, project, pytest_collection_modifyitems, user_config  # noqa: F401 - pytest finds them
