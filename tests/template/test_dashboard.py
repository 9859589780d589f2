"""The dashboard is made of what Databricks' guide and real exports have, each kind of widget as in its example."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from baking import ROOT, Bake

SCHEMA = json.loads((ROOT / "tests/template/lvdash.schema.json").read_text(encoding="utf-8"))
COLUMNS = 12  # of the grid GRID_V1
# Owner/repository: path, of the example that a kind of widget was compared with.
SOURCE = re.compile(r"[\w-]+/[\w-]+: \S+")


@pytest.fixture
def dashboard(bake: Bake) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(bake().read("dashboards/monitoring.lvdash.json"))
    return content


def faults(dashboard: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(dashboard)]


def items(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in dashboard["pages"]:
        yield from page["layout"]


def test_the_dashboard_has_only_what_was_compared_with_an_example(dashboard: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert faults(dashboard) == []


def test_every_kind_of_widget_that_is_used_names_the_example_it_was_compared_with(dashboard: dict[str, Any]) -> None:
    used = {item["widget"]["spec"]["widgetType"] for item in items(dashboard)}
    known = {entry["$ref"].rpartition("/")[2] for entry in SCHEMA["$defs"]["widget"]["properties"]["spec"]["oneOf"]}
    assert used == known == {"counter", "table", "bar", "line"}
    assert [kind for kind in known if not SOURCE.search(SCHEMA["$defs"][kind]["$comment"])] == []


def table_of_version_1(dashboard: dict[str, Any]) -> None:
    next(spec for spec in specs(dashboard) if spec["widgetType"] == "table")["version"] = 1


def another_property_of_a_column(dashboard: dict[str, Any]) -> None:
    next(spec for spec in specs(dashboard) if spec["widgetType"] == "table")["encodings"]["columns"][0]["type"] = "text"


def no_page_type(dashboard: dict[str, Any]) -> None:
    del dashboard["pages"][0]["pageType"]


def unknown_widget(dashboard: dict[str, Any]) -> None:
    next(specs(dashboard))["widgetType"] = "text"


def specs(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in items(dashboard):
        yield item["widget"]["spec"]


@pytest.mark.parametrize(
    "spoil",
    [table_of_version_1, another_property_of_a_column, no_page_type, unknown_widget],
    ids=lambda one: one.__name__,
)
def test_what_databricks_refuses_is_refused_here(
    dashboard: dict[str, Any], spoil: Callable[[dict[str, Any]], None]
) -> None:
    spoil(dashboard)
    assert faults(dashboard) != []


def test_widgets_show_fields_of_their_query_from_a_dataset_that_exists(dashboard: dict[str, Any]) -> None:
    """A field of another name is shown as `no selected fields to visualize` (troubleshooting of the guide)."""
    datasets = {dataset["name"] for dataset in dashboard["datasets"]}
    for item in items(dashboard):
        query, encodings = item["widget"]["queries"][0]["query"], item["widget"]["spec"]["encodings"]
        shown = [one for value in encodings.values() for one in (value if isinstance(value, list) else [value])]
        assert query["datasetName"] in datasets
        assert {one["fieldName"] for one in shown} == {field["name"] for field in query["fields"]}
        assert all(field["expression"] == f"`{field['name']}`" for field in query["fields"])


def test_widgets_fill_the_grid_without_gaps_and_overlaps(dashboard: dict[str, Any]) -> None:
    cells = [
        (column, row)
        for item in items(dashboard)
        for position in [item["position"]]
        for column in range(position["x"], position["x"] + position["width"])
        for row in range(position["y"], position["y"] + position["height"])
    ]
    assert len(cells) == len(set(cells))
    height = max(row for _, row in cells) + 1
    assert set(cells) == {(column, row) for column in range(COLUMNS) for row in range(height)}
    names = [item["widget"]["name"] for item in items(dashboard)]
    assert len(names) == len(set(names))
