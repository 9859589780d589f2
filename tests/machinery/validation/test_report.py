import json

from mlops.validation.check import Check, SliceResult
from mlops.validation.report import as_json, of_json, summary, table, verdict

GOOD = Check("rmse", passed=True, reason="rmse 2 is within its bounds", value=2.0, bound="at most 8")
BAD = Check("finite", passed=False, reason="3 | 4 are not finite", value=3.0)
SKIPPED = Check("slice night", passed=True, reason="too few rows", skipped=True)


def test_a_table_has_a_row_for_each_check_and_escapes_bars() -> None:
    lines = table([GOOD, BAD, SKIPPED]).splitlines()
    assert lines[2] == "| rmse | passed | 2 | at most 8 | rmse 2 is within its bounds |"
    assert lines[3] == "| finite | FAILED | 3 |  | 3 &#124; 4 are not finite |"
    assert lines[4] == "| slice night | skipped |  |  | too few rows |"


def test_a_summary_counts_the_passed_checks_and_says_why_others_failed() -> None:
    assert summary([GOOD, SKIPPED]) == "2 of 2 checks passed"
    assert summary([GOOD, BAD]) == "1 of 2 checks passed; 3 | 4 are not finite"


def test_a_failed_slice_is_not_shown_as_skipped() -> None:
    assert verdict(Check("slice", passed=False, reason="", skipped=True)) == "FAILED"


def test_checks_can_be_kept_as_json() -> None:
    on_slice = SliceResult("far", "trip_distance > 5", rows=117, metric="rmse", worse=1.6)
    checks = [
        GOOD,
        BAD,
        SKIPPED,
        Check("slice far rmse", passed=True, reason="", value=5.0, margin=0.6, on_slice=on_slice),
    ]
    assert of_json(json.loads(json.dumps(as_json(checks)))) == checks


def test_a_report_of_another_version_of_the_project_can_be_read() -> None:
    older = {"name": "rmse", "passed": True, "reason": "fine", "value": 2.0, "bound": "at most 8", "skipped": False}
    assert of_json([older]) == [Check("rmse", passed=True, reason="fine", value=2.0, bound="at most 8")]
    newer = older | {"severity": "high", "on_slice": {"name": "far", "where": "a > 1", "rows": 3, "share": 0.1}}
    (check,) = of_json([newer])
    assert check.on_slice == SliceResult("far", "a > 1", rows=3)
