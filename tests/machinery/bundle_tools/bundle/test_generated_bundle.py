"""What the bundle of a generated project is resolved to in each environment."""

import pytest

from bundle_tools.bundle.load import Bundle, load

from generated import generated_project


def bundle(target: str) -> Bundle:
    return load(generated_project(), target, environ={})


def performance(target: str) -> dict[str, str]:
    """Return how fast each job starts that has serverless tasks, or starts jobs that have."""
    return {key: job["performance_target"] for key, job in bundle(target).jobs.items() if "environments" in job}


# A job that another one starts has its own target: RunJobTask of databricks.sdk.service.jobs cannot set one.
@pytest.mark.parametrize("target", ["dev", "staging"])
def test_every_job_starts_fast_where_a_person_or_ci_waits_for_it(target: str) -> None:
    assert {"features", "training", "batch_inference", "monitoring", "lifecycle"} <= set(performance(target))
    assert set(performance(target).values()) == {"PERFORMANCE_OPTIMIZED"}


def test_in_production_every_job_with_a_schedule_or_trigger_costs_less() -> None:
    jobs = bundle("prod").jobs
    scheduled = {key for key, job in jobs.items() if key in performance("prod") and {"schedule", "trigger"} & set(job)}
    assert {"features", "batch_inference", "monitoring"} <= scheduled
    assert {key for key in scheduled if performance("prod")[key] != "STANDARD"} == set()
    assert performance("prod")["training"] == "STANDARD", "the schedule of retraining starts it"
    assert performance("prod")["promotion"] == "PERFORMANCE_OPTIMIZED", "a rollback cannot wait"
