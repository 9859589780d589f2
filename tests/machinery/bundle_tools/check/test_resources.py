"""Names that Databricks would refuse in the first run are refused before a deployment."""

from __future__ import annotations

from collections.abc import Callable

from bundle_tools.check.outcome import Outcome, Status

NAME = "databricks_accepts_the_name_of_the_online_store"


def test_a_store_whose_name_is_no_host_name_is_a_fault_in_each_target_that_has_it(
    check: Callable[[str], Outcome], edit: Callable[[str, str, str], None]
) -> None:
    assert check(NAME).status is Status.NOT_APPLICABLE
    edit("databricks.yml", '      catalog: "prod"\n', '      catalog: "prod"\n      online_store: our_store\n')
    outcome = check(NAME)
    assert outcome.status is Status.FAILED
    (fault,) = outcome.faults
    assert fault.startswith("databricks.yml: ")
    assert "the online store 'our_store' has no valid name: use at most 63 characters from a-z, 0-9 and -" in fault
    assert fault.endswith("(in prod)")
    edit("databricks.yml", "our_store", "our-store")
    assert check(NAME).status is Status.PASSED
