import pytest

from mlops.errors import ProjectError
from mlops.sources.sources import Sources
from mlops_local.platform import LocalPlatform


def test_sources_are_read_by_their_names_in_the_wanted_order(platform: LocalPlatform, schema: str) -> None:
    for number, name in enumerate(("one", "two")):
        platform.tables.overwrite(f"{schema}.{name}", platform.spark.createDataFrame([(number,)], "n INT"))
    found = Sources.of(f"b={schema}.two  a={schema}.one", ["a", "b"], platform.tables)
    assert [frame.collect()[0]["n"] for frame in found.frames(["b", "a"])] == [1, 0]
    assert found.version("a") == "0"
    assert str(found) == f"a={schema}.one b={schema}.two"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=dev.s.one", "source_tables gives no table to b, which project.yml declares: add it"),
        ("a=dev.s.one b=dev.s.two c=dev.s.x", "source_tables names 'c', which is not a source of project.yml"),
        ("dev.s.one", "source_tables 'dev.s.one': 'dev.s.one' is not name=catalog.schema.table"),
    ],
)
def test_tables_that_do_not_fit_the_configuration_are_refused(platform: LocalPlatform, text: str, told: str) -> None:
    with pytest.raises(ProjectError, match="source_tables") as caught:
        Sources.of(text, ["a", "b"], platform.tables)
    assert told in str(caught.value)


def test_a_table_that_does_not_exist_is_reported(platform: LocalPlatform) -> None:
    with pytest.raises(ProjectError, match=r"table dev\.s\.none does not exist"):
        Sources.of("a=dev.s.none", ["a"], platform.tables).frame("a")
