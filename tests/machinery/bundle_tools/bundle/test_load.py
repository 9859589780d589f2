import json
import subprocess
from pathlib import Path

import pytest

from bundle_tools.bundle.load import Bundle, load
from mlops.errors import ProjectError

USER = "ada.lovelace@example.org"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def bundle_of(
    root: Path,
    text: str,
    target: str | None = None,
    variables: dict[str, str] | None = None,
    environ: dict[str, str] | None = None,
) -> Bundle:
    write(root, {"databricks.yml": text})
    return load(root, target, variables, environ or {}, USER)


def test_included_files_are_merged_in_order_and_only_the_root_file_includes(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "databricks.yml": "bundle: {name: b}\ninclude: ['resources/*.yml']\n",
            "resources/a.yml": "include: ['more/*.yml']\nresources: {jobs: {one: {name: first}}}\n",
            "resources/b.yml": "resources: {jobs: {two: {name: second}}}\n",
            "more/c.yml": "resources: {jobs: {three: {name: third}}}\n",
        },
    )
    assert list(load(tmp_path, environ={}).jobs) == ["one", "two"]


def test_a_resource_of_one_target_is_only_there_and_has_its_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "databricks.yml": "bundle: {name: b}\ninclude: [one.yml]\ntargets: {dev: {default: true}, prod: {}}\n",
            "one.yml": "targets: {dev: {resources: {jobs: {one: {name: first}}}}}\n",
        },
    )
    dev = load(tmp_path, "dev", environ={})
    assert list(dev.jobs) == ["one"]
    assert dev.place("resources.jobs.one.name") == "one.yml: resources.jobs.one.name"
    assert list(load(tmp_path, "prod", environ={}).jobs) == []


def test_two_resources_with_the_same_key_are_rejected_even_across_kinds(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "databricks.yml": "bundle: {name: b}\ninclude: [job.yml, other.yml]\n",
            "job.yml": "resources: {jobs: {training: {name: x}}}\n",
            "other.yml": "resources: {experiments: {training: {name: /x}}}\n",
        },
    )
    with pytest.raises(ProjectError, match=r"'training'.*job\.yml: resources\.jobs.*other\.yml: resources\.ex"):
        load(tmp_path, environ={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bundle: {name: b}\ninclude: [missing.yml]\n", r"includes missing\.yml, which does not exist"),
        ("bundle: {name: b}\nbundle: {name: c}\n", r"duplicate key 'bundle'"),
        ("bundle: [", r"databricks\.yml is not readable YAML"),
        ("- bundle", r"contains a list"),
        ("bundle: {}", r"bundle\.name is missing"),
        ("bundle: {name: b}\ntargets: {dev: {mode: developement}}\n", r"targets\.dev\.mode is 'developement'"),
        ("bundle: {name: b}\nresources: {jobs: {j: }}\n", r"resources\.jobs\.j is empty"),
        ("bundle: {name: b}\ntargets: {dev: {bundle: [1]}}\n", r"targets\.dev\.bundle is a list where .* dict"),
        ("bundle: {name: b}\nresources: {jobs: {j: {tasks: [{x: 1}]}}}\n", r"tasks\[0\] has no task_key"),
    ],
)
def test_an_error_in_a_file_is_reported(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        bundle_of(tmp_path, text)


def test_a_folder_without_a_bundle_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no databricks\.yml"):
        load(tmp_path)


def test_scalars_are_read_as_yaml_1_2(tmp_path: Path) -> None:
    text = "bundle: {name: b}\nvariables: {a: {default: on}, b: {default: 12:30:00}, c: {default: 2026-01-31}}\n"
    assert bundle_of(tmp_path, text).variables == {"a": "on", "b": "12:30:00", "c": "2026-01-31"}


def test_the_target_is_the_requested_or_the_default_or_the_only_one(tmp_path: Path) -> None:
    two = "bundle: {name: b}\ntargets: {dev: {default: true}, prod: {}}\n"
    assert bundle_of(tmp_path, two).target == "dev"
    assert bundle_of(tmp_path, two, "prod").target == "prod"
    assert bundle_of(tmp_path, two).targets == ("dev", "prod")
    assert bundle_of(tmp_path, "bundle: {name: b}\ntargets: {only: {}}\n").target == "only"
    assert bundle_of(tmp_path, "bundle: {name: b}\n").target == "default"


def test_an_unknown_or_ambiguous_target_lists_the_targets(tmp_path: Path) -> None:
    text = "bundle: {name: b}\ntargets: {dev: {}, prod: {}}\n"
    with pytest.raises(ProjectError, match=r"no target 'prd': use one of dev, prod"):
        bundle_of(tmp_path, text, "prd")
    with pytest.raises(ProjectError, match=r"no default target: name one of dev, prod"):
        bundle_of(tmp_path, text)
    with pytest.raises(ProjectError, match=r"2 default targets"):
        bundle_of(tmp_path, "bundle: {name: b}\ntargets: {dev: {default: true}, prod: {default: true}}\n")


def test_a_target_merges_maps_concatenates_lists_and_merges_named_elements(tmp_path: Path) -> None:
    job = bundle_of(
        tmp_path,
        """
bundle: {name: b}
resources:
  jobs:
    j:
      name: j
      tags: {a: "1"}
      parameters: [{name: p, default: 1}]
      environments: [{environment_key: e}]
      tasks:
        - {task_key: t, max_retries: 1, libraries: [{whl: a}]}
        - {task_key: u}
targets:
  dev:
    resources:
      jobs:
        j:
          tags: {b: "2"}
          parameters: [{name: p, default: 0.50}, {name: q, default: true}]
          environments: [{environment_key: e}]
          tasks: [{task_key: t, max_retries: 2, libraries: [{whl: b}]}]
""",
    ).jobs["j"]
    assert job["tags"] == {"a": "1", "b": "2"}
    assert job["parameters"] == [{"name": "p", "default": "0.5"}, {"name": "q", "default": "true"}]
    assert job["environments"] == [{"environment_key": "e"}] * 2  # the CLI does not merge environments
    assert job["tasks"] == [
        {"task_key": "t", "max_retries": 2, "libraries": [{"whl": "a"}, {"whl": "b"}]},
        {"task_key": "u"},
    ]


VARIABLES = """
bundle: {name: b}
variables:
  a: {default: default}
  b: {default: default}
  c: {default: default}
  d: {default: default}
  e: {default: default}
targets: {dev: {variables: {a: target, b: target, c: target, d: target}}}
"""


def test_a_variable_is_set_by_option_environment_file_target_or_default(tmp_path: Path) -> None:
    overrides = dict.fromkeys("abc", "file")
    write(tmp_path, {".databricks/bundle/dev/variable-overrides.json": json.dumps(overrides)})
    environ = {"BUNDLE_VAR_a": "environment", "BUNDLE_VAR_b": "environment"}
    loaded = bundle_of(tmp_path, VARIABLES, variables={"a": "option"}, environ=environ)
    assert loaded.variables == {"a": "option", "b": "environment", "c": "file", "d": "target", "e": "default"}


@pytest.mark.parametrize(
    ("variables", "options", "message"),
    [
        ("{a: {}}", {}, r"'a' has no value"),
        ("{alpha: {default: 1}}", {"variables": {"alhpa": "2"}}, r"no variable 'alhpa'.*did you mean 'alpha'"),
        ("{a: {type: complex, default: []}}", {"environ": {"BUNDLE_VAR_a": "2"}}, r"'a' is complex"),
    ],
)
def test_an_error_in_variables_is_reported(
    tmp_path: Path, variables: str, options: dict[str, dict[str, str]], message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        bundle_of(tmp_path, f"bundle: {{name: b}}\nvariables: {variables}\n", **options)


def test_a_target_may_not_set_an_undeclared_variable(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"targets\.dev\.variables\.a sets a variable that is not declared"):
        bundle_of(tmp_path, "bundle: {name: b}\ntargets: {dev: {variables: {a: 1}}}\n")


LOOKUP = "bundle: {name: b}\nvariables: {pool: {lookup: {instance_pool: '${bundle.name}-pool'}}}\n"


def test_a_lookup_variable_is_rejected_in_a_job_because_a_local_run_would_pass_its_reference_on(tmp_path: Path) -> None:
    used = LOOKUP + "resources: {jobs: {j: {name: '${var.pool}'}}}\n"
    assert bundle_of(tmp_path, LOOKUP).variables == {}
    with pytest.raises(ProjectError, match=r"resources\.jobs\.j\.name uses the variable 'pool', .*--var pool="):
        bundle_of(tmp_path, used)
    assert bundle_of(tmp_path, used, variables={"pool": "7"}).jobs["j"]["name"] == "7"


def test_elsewhere_a_lookup_variable_stays_a_reference_and_its_name_is_resolved(tmp_path: Path) -> None:
    used = LOOKUP + "resources: {alerts: {a: {warehouse_id: '${var.pool}', display_name: 'in ${var.pool}'}}}\n"
    bundle = bundle_of(tmp_path, used)
    assert bundle.config["resources"]["alerts"]["a"] == {
        "warehouse_id": "${var.pool}",
        "display_name": "in ${var.pool}",
    }
    assert bundle.looked_up("instance_pool") == ["b-pool"]
    assert bundle.looked_up("warehouse") == []
    assert bundle_of(tmp_path, used, variables={"pool": "7"}).looked_up("instance_pool") == []


def test_a_targets_value_replaces_a_lookup(tmp_path: Path) -> None:
    text = (
        "bundle: {name: b}\nvariables: {pool: {lookup: {instance_pool: x}}}\ntargets: {dev: {variables: {pool: 7}}}\n"
    )
    assert bundle_of(tmp_path, text).variables == {"pool": 7}


RESOURCES = """
bundle: {name: b}
variables: {schema: {default: taxi}}
resources:
  schemas: {main: {catalog_name: dev, name: "${var.schema}"}}
  registered_models: {model: {catalog_name: dev, schema_name: taxi, name: fare}}
  experiments: {tracking: {name: /Shared/fare}}
  jobs:
    daily:
      name: daily
      schedule: {quartz_cron_expression: x}
      trigger: {pause_status: UNPAUSED}
      tags: {model: "${resources.registered_models.model.id}", schema: "${resources.schemas.main.name}"}
targets: {dev: {mode: development, default: true}, prod: {mode: production}}
"""


def test_development_names_have_the_users_prefix_and_schedules_are_paused(tmp_path: Path) -> None:
    loaded = bundle_of(tmp_path, RESOURCES)
    resources, job = loaded.config["resources"], loaded.jobs["daily"]
    assert loaded.mode == "development"
    assert job["name"] == "[dev ada_lovelace] daily"
    assert resources["experiments"]["tracking"]["name"] == "/Shared/[dev ada_lovelace] fare"
    assert resources["schemas"]["main"]["name"] == "dev_ada_lovelace_taxi"
    assert job["tags"] == {
        "model": "dev.dev_ada_lovelace_taxi.dev_ada_lovelace_fare",
        "schema": "dev_ada_lovelace_taxi",
        "dev": "ada_lovelace",
    }
    assert job["schedule"]["pause_status"] == "PAUSED"
    assert job["trigger"]["pause_status"] == "UNPAUSED"  # the job's own setting wins
    assert job["max_concurrent_runs"] == 4


def test_production_names_are_unchanged(tmp_path: Path) -> None:
    loaded = bundle_of(tmp_path, RESOURCES, "prod")
    assert loaded.jobs["daily"]["tags"] == {"model": "dev.taxi.fare", "schema": "taxi"}
    assert "pause_status" not in loaded.jobs["daily"]["schedule"]


def test_preset_tags_are_added_to_jobs_and_experiments_that_do_not_set_them(tmp_path: Path) -> None:
    loaded = bundle_of(tmp_path, f"{RESOURCES}\npresets: {{tags: {{owner: us, model: none}}}}", "prod")
    assert loaded.jobs["daily"]["tags"] == {"model": "dev.taxi.fare", "schema": "taxi", "owner": "us"}
    tags = loaded.config["resources"]["experiments"]["tracking"]["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {"owner": "us", "model": "none"}
    assert "tags" not in loaded.config["resources"]["schemas"]["main"]


FACTS = """
bundle: {name: b}
resources:
  jobs:
    j:
      name: >-
        ${bundle.name} ${bundle.target} ${workspace.current_user.userName} ${workspace.current_user.short_name}
        ${workspace.current_user.domain_friendly_name} ${workspace.file_path}
      description: ${bundle.git.branch}/${bundle.git.commit}
"""


def test_user_and_folders_are_the_same_as_in_the_cli(tmp_path: Path) -> None:
    root = "/Workspace/Users/ada.lovelace@example.org/.bundle/b/default"
    expected = f"b default {USER} ada_lovelace ada-lovelace {root}/files"
    assert bundle_of(tmp_path, FACTS).jobs["j"]["name"] == expected


def test_workspace_folders_follow_a_given_root(tmp_path: Path) -> None:
    text = "bundle: {name: b}\nworkspace: {root_path: '~/x', state_path: /s}\n"
    workspace = bundle_of(tmp_path, text).config["workspace"]
    assert workspace["artifact_path"] == "/Workspace/Users/ada.lovelace@example.org/x/artifacts"
    assert workspace["state_path"] == "/Workspace/s"


def test_git_facts_are_empty_outside_a_repository_and_those_of_the_head_inside(tmp_path: Path) -> None:
    assert bundle_of(tmp_path, FACTS).jobs["j"]["description"] == "/"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=work"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert bundle_of(tmp_path, FACTS).jobs["j"]["description"] == f"work/{head}"


IDS = """
bundle: {name: b}
resources:
  experiments: {x: {name: /x}}
  jobs:
    child: {name: c}
    parent:
      tasks:
        - task_key: t
          run_job_task: {job_id: "${resources.jobs.child.id}", job_parameters: {e: "${resources.experiments.x.id}"}}
"""


def test_ids_stay_references_until_they_are_given(tmp_path: Path) -> None:
    loaded = bundle_of(tmp_path, IDS)
    before = loaded.jobs["parent"]["tasks"][0]["run_job_task"]
    assert before == {
        "job_id": "${resources.jobs.child.id}",
        "job_parameters": {"e": "${resources.experiments.x.id}"},
    }
    given = loaded.with_ids({"jobs.child": "12", "experiments.x": "7"})
    after = given.jobs["parent"]["tasks"][0]["run_job_task"]
    assert after == {"job_id": "12", "job_parameters": {"e": "7"}}
    assert [loaded.job_of(before["job_id"]), given.job_of("12"), given.job_of("13")] == ["child", "child", None]
