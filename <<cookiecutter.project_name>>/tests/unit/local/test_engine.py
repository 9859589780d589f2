import importlib.util

import pytest

from << cookiecutter.__package >>.errors import ProjectError
from << cookiecutter.__package >>.local import engine

TWICE = """
from << cookiecutter.__package >>.local import engine
for _ in range(2):
    with engine.start("sail", ["ml-dev"]) as spark:
        spark.sql("CREATE SCHEMA `ml-dev`.s").collect()
        print(spark.conf.get("spark.sql.session.timeZone"), spark.catalog.databaseExists("`ml-dev`.s"))
"""


def start(name: str) -> None:
    with engine.start(name, ["dev"]):
        pass


def installed(*modules: str) -> object:
    """A `find_spec` to which only these modules are installed."""
    return lambda name: importlib.machinery.ModuleSpec(name, None) if name in modules else None


def test_an_unknown_engine_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ProjectError, match=r"no engine 'duckdb': choose one of sail, spark\."):
        start("duckdb")
