import pytest
from pyspark.sql.connect.proto import Plan, WriteOperation

from bundle_tools.workspace.flat_names import FlatNames, flat


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dev.taxi.trips", "`dev__taxi`.`trips`"),
        ("`dev`.`taxi`.`trips`", "`dev__taxi`.`trips`"),
        ("`ml-dev`.taxi", "`ml_2d_dev__taxi`"),
        ("SELECT t.x FROM dev.s.a t JOIN dev.s.b", "SELECT t.x FROM `dev__s`.`a` t JOIN `dev__s`.`b`"),
        ("SELECT 'dev.s.t', \"dev.s.t\"", "SELECT 'dev.s.t', \"dev.s.t\""),
        ("SELECT 1 -- dev.s.t", "SELECT 1 -- dev.s.t"),
        ("/* dev.s.t */ SELECT 'it\\'s dev.s.t'", "/* dev.s.t */ SELECT 'it\\'s dev.s.t'"),
        ("delta.`/x/dev.s.t`", "delta.`/x/dev.s.t`"),
        ("other.s.t", "other.s.t"),
        ("`dev__taxi`.`trips`", "`dev__taxi`.`trips`"),
    ],
)
def test_only_names_in_known_catalogs_are_flattened(text: str, expected: str) -> None:
    assert flat(text, ["dev", "ml-dev"]) == expected


def test_names_in_a_request_are_flattened_at_any_depth() -> None:
    plan = Plan()
    plan.command.write_operation.table.table_name = "dev.s.t"
    plan.command.write_operation.mode = WriteOperation.SAVE_MODE_APPEND
    plan.command.write_operation.input.read.named_table.unparsed_identifier = "dev.s.source"
    sent = FlatNames(["dev"]).intercept_unary_unary(lambda _, request: request, None, plan)
    assert sent.command.write_operation.table.table_name == "`dev__s`.`t`"
    assert sent.command.write_operation.input.read.named_table.unparsed_identifier == "`dev__s`.`source`"


def test_columns_are_left_alone() -> None:
    plan = Plan()
    plan.root.project.expressions.add().unresolved_attribute.unparsed_identifier = "dev.s.t"
    FlatNames(["dev"]).intercept_unary_stream(lambda _, request: request, None, plan)
    assert plan.root.project.expressions[0].unresolved_attribute.unparsed_identifier == "dev.s.t"


def test_a_message_with_a_field_called_values_is_passed_on() -> None:
    plan = Plan()
    plan.root.unpivot.values.values.add().unresolved_attribute.unparsed_identifier = "dev.s.t"
    plan.root.unpivot.input.read.named_table.unparsed_identifier = "dev.s.t"
    FlatNames(["dev"]).intercept_unary_stream(lambda _, request: request, None, plan)
    assert plan.root.unpivot.input.read.named_table.unparsed_identifier == "`dev__s`.`t`"
