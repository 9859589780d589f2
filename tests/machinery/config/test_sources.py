import pytest

from mlops.config.features import FeatureTable, Increment, Spine
from mlops.config.source import Source
from mlops.config.sources import parse_tables, read_by, require_sources

FLIGHTS = Source(columns={"at": "timestamp", "miles": "double"}, keys=("at",))
WEATHER = Source(columns={"hour": "timestamp", "rain": "double"}, keys=("hour",))
BOTH = {"flights": FLIGHTS, "weather": WEATHER}


def spine(*sources: str) -> Spine:
    return Spine(key="id", event_time="at", inputs=(), sources=sources)


def table(*sources: str, **increment: object) -> FeatureTable:
    how = Increment(window_hours=1, late_hours=1, **increment) if increment else None  # type: ignore[arg-type] # any
    return FeatureTable(keys=("id",), event_time="at", sources=sources, increment=how)


def test_each_source_has_its_table() -> None:
    assert parse_tables("flights=a.b.c weather=main.s-1.hours") == {"flights": "a.b.c", "weather": "main.s-1.hours"}
    assert parse_tables("") == {}


@pytest.mark.parametrize("text", ["a.b.c", "flights=b.c", "flights=", "=a.b.c", "flights=a.b.c,weather=a.b.d"])
def test_a_text_that_does_not_name_tables_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not name=catalog\.schema\.table"):
        parse_tables(text)


def test_a_source_has_one_table() -> None:
    with pytest.raises(ValueError, match="'flights' is given twice"):
        parse_tables("flights=a.b.c flights=a.b.d")


def test_the_only_source_need_not_be_named() -> None:
    require_sources({"flights": FLIGHTS}, spine(), {"one": table(source_time="at")})
    assert read_by(spine(), {"flights": FLIGHTS}) == ("flights",)


def test_several_sources_are_read_in_the_order_in_which_they_are_named() -> None:
    one = table("weather", "flights", source_time={"weather": "hour"})
    require_sources(BOTH, spine("flights"), {"one": one, "shared.geo.areas": table()})
    assert read_by(one, BOTH) == ("weather", "flights")


@pytest.mark.parametrize(
    ("sources", "rows", "tables", "told"),
    [
        ({}, spine(), {}, "sources is empty"),
        ({"my-flights": FLIGHTS}, spine(), {}, "sources.my-flights: use letters"),
        (BOTH, spine(), {}, "spine does not say which sources it reads: add sources, some of flights, weather"),
        (BOTH, spine("flight"), {}, "spine.sources names 'flight', which is not in sources: did you mean 'flights'?"),
        (BOTH, spine("flights", "flights"), {}, "spine.sources names a source twice"),
        (BOTH, spine("flights"), {"one": table()}, "feature_tables.one does not say which sources it reads"),
        (
            BOTH,
            spine("flights"),
            {"one": table("flights", "weather", source_time="at")},
            "source_time must give the time column of each source, such as {flights: column}",
        ),
        (BOTH, spine("flights"), {"one": table("flights", source_time="rain")}, "flights has no column 'rain'"),
        (BOTH, spine("flights"), {"one": table("flights", source_time="miles")}, "miles of flights is double, not a"),
        (
            BOTH,
            spine("flights"),
            {"one": table("flights", source_time={"weather": "hour"})},
            "source_time names 'weather', which is not read there",
        ),
        (BOTH, spine("flights"), {"one": table("flights", source_time={})}, "source_time is empty"),
        (BOTH, spine("flights"), {"a.b": table("flights")}, "a.b belongs to another project, which computes it"),
        (BOTH, spine("flights"), {"a.b.c.d": table()}, "is named schema.table or catalog.schema.table"),
    ],
)
def test_sources_that_do_not_fit_are_refused(
    sources: dict[str, Source], rows: Spine, tables: dict[str, FeatureTable], told: str
) -> None:
    with pytest.raises(ValueError, match=r"sources|source_time|table") as caught:
        require_sources(sources, rows, tables)
    assert told in str(caught.value)
