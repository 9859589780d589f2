from bundle_tools.deployment.plan_summary import summary
from bundle_tools.deployment.plans import Plan


def test_what_is_lost_comes_first_and_what_only_gets_a_new_tag_last() -> None:
    tag = {"tags['git_commit']": {"action": "update", "old": "a", "new": "b"}}
    listed = {
        "action": "update",
        "old": [{"key": "owner", "value": "x"}, {"key": "git_commit", "value": "a"}],
        "new": [{"key": "owner", "value": "x"}, {"key": "git_commit", "value": "b"}],
    }
    default = {"url": {"action": "skip", "reason": "backend_default"}}
    runs = {"max_concurrent_runs": {"action": "update", "old": 1, "new": 2}}
    wheel = {"action": "update", "old": "/a/taxi-1.whl", "new": "/a/taxi-2.whl"}
    parameter = {"tasks[task_key='t'].named_parameters['git_commit']": {"action": "update", "old": "a", "new": "b"}}
    query = {"query_text": {"action": "update", "old": "SELECT\n1", "new": "SELECT\n2"}}
    entries = {
        "resources.jobs.a": {"action": "update", "changes": {**tag, **parameter, **default}},
        "resources.jobs.b": {"action": "update", "changes": {**tag, **runs}},
        "resources.experiments.e": {"action": "update", "changes": {"tags": listed}},
        "resources.alerts.c": {"action": "update", "changes": query},
        "resources.alerts.gone": {"action": "delete", "gone": True},
        "resources.dashboards.d": {"action": "delete"},
        "resources.volumes.v": {
            "action": "recreate",
            "changes": {"name": {"action": "recreate", "old": "x", "new": "y"}},
        },
        "resources.jobs.w": {"action": "update", "changes": {**tag, "environments[0].dependencies[0]": wheel}},
        "resources.jobs.n": {"action": "create"},
        "resources.schemas.s": {"action": "skip"},
    }
    counts = "1 to delete, 1 to recreate, 1 to add, 2 to change; 1 only get a new wheel, 2 only a new git_commit"
    assert summary(Plan({"plan": entries}), "prod").splitlines() == [
        f"Plan for prod: {counts}",
        "  delete    dashboards.d",
        "  recreate  volumes.v: name x → y",
        "  add       jobs.n",
        "  change    alerts.c: query_text",
        "  change    jobs.b: max_concurrent_runs 1 → 2",
        "  only wheel: jobs.w",
        "  only git_commit: experiments.e, jobs.a",
    ]


def test_nothing_to_do_is_said() -> None:
    counts = "0 to delete, 0 to recreate, 0 to add, 0 to change; 0 only get a new wheel, 0 only a new git_commit"
    assert summary(Plan({}), "prod") == f"Plan for prod: {counts}\n"
