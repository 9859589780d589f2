"""Every question changes the project, each in its own place, and every combination of answers gives a clean project."""

import hashlib
import itertools
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from baking import CHOICES, COMBINATIONS, PAIRED, QUESTIONS, ROOT, Bake, Project

ENVIRONMENTS = ("dev", "staging", "prod")
# Answers whose defaults depend on other answers are fixed, so that a difference comes from the question itself.
ANSWERS = {
    "project_name": "first-name",
    "schema": "some_schema",
    **{f"{environment}_host": f"https://{environment}.example.com" for environment in ENVIRONMENTS},
}
OTHER_ANSWERS: dict[str, Any] = {
    "project_name": "other-name",
    "cloud": "aws",
    "compute": "job_cluster",
    "problem_type": "classification",
    "approval": "manual",
    "inference": "streaming",
    "serving": True,
    "cicd_platform": "gitlab",
    "schema": "other_schema",
    **{f"{environment}_host": f"https://other-{environment}.example.com" for environment in ENVIRONMENTS},
    **{f"{environment}_catalog": f"other_{environment}" for environment in ENVIRONMENTS},
    "staging_service_principal": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "prod_service_principal": "1e2d3c4b-5a69-7887-96a5-b4c3d2e1f00f",
    "data_scientists_group": "other-scientists",
    "ml_engineers_group": "other-engineers",
    "release_branch": "other-branch",
    "timezone": "Pacific/Auckland",
}
DEPLOYMENT_FACTS = ("_host", "_catalog", "schema", "_service_principal", "_group", "_branch", "timezone")
VISIBLE = [key for key in QUESTIONS if not key.startswith("_")]
VERSIONS = [key for key in QUESTIONS if key.startswith("__") and key.endswith(("_version", "_type"))]

# A lone >> is a remnant only if it closes something, unlike `make >> log`, `array<array<int>>` and doctest's >>>.
DELIMITERS = re.compile(
    r"<<|<%|%>|<#|#>|^\s*#:|(?<=\s)>>(?:[\"'`)\].,;:]|$)|cookiecutter", re.IGNORECASE | re.MULTILINE
)
PARSERS: dict[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".ipynb": json.loads,
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".py": lambda text: compile(text, "generated", "exec", dont_inherit=True),
}
# Words of the example, also within a name such as trip_distance, but not in strip or triple.
EXAMPLE = re.compile(r"(?<![a-z])(?:taxis?|trips?|fares?|pickups?|dropoffs?|new york|nyc\w*)(?![a-z])", re.IGNORECASE)
MAY_BE_EMPTY = {"__init__.py", "py.typed", ".gitkeep"}


def test_every_question_and_every_choice_has_its_own_prompt() -> None:
    prompts = QUESTIONS["__prompts__"]

    assert list(prompts) == VISIBLE
    assert {key: ["__prompt__", *choices] for key, choices in CHOICES.items()} == {
        key: list(prompt) for key, prompt in prompts.items() if isinstance(prompt, dict)
    }


@pytest.mark.parametrize("key", VISIBLE)
def test_every_question_changes_the_project(bake: Bake, key: str) -> None:
    project = bake(**ANSWERS)
    other = bake(**ANSWERS | {key: OTHER_ANSWERS[key]})

    assert changes(project.texts(), other.texts()) != []


@pytest.mark.parametrize("key", CHOICES)
def test_no_two_choices_give_the_same_project(bake: Bake, key: str) -> None:
    texts = {choice: bake(**ANSWERS, **{key: choice}).texts() for choice in CHOICES[key]}

    pairs = itertools.combinations(CHOICES[key], 2)
    assert [pair for pair in pairs if not changes(texts[pair[0]], texts[pair[1]])] == []


def test_the_project_name_changes_only_the_name(bake: Bake) -> None:
    first = named("NAME", bake(**ANSWERS))
    other = named("NAME", bake(**ANSWERS | {"project_name": OTHER_ANSWERS["project_name"]}))

    assert changes(first, other) == []


def changes(first: dict[str, str], other: dict[str, str]) -> list[str]:
    """The files in which two projects differ."""
    return sorted(path for path in first.keys() | other.keys() if first.get(path) != other.get(path))


def named(name: str, project: Project) -> dict[str, str]:
    """The texts of a project with its name and package name replaced by this name."""
    own = re.compile(rf"{re.escape(project.answers['project_name'])}|\b{project.package}\b")
    return {own.sub(name, path): own.sub(name, text) for path, text in project.texts().items()}


@pytest.mark.parametrize("key", [key for key in VISIBLE if key.endswith(DEPLOYMENT_FACTS)])
def test_each_environment_setting_is_written_once_in_the_bundle(bake: Bake, key: str) -> None:
    answer = OTHER_ANSWERS[key]
    project = bake(**ANSWERS | {key: answer})

    holders = [path for path, text in project.texts().items() if answer in text]

    assert "databricks.yml" in holders
    # Platforms and federation policies cannot read the branch from there; `make check` compares them.
    also = (".github/", "ci/") if key == "release_branch" else ()
    assert [path for path in holders if not (is_for_readers(path) or path.startswith(also))] == ["databricks.yml"]


def is_for_readers(path: str) -> bool:
    """Return whether a file is documentation, which may repeat answers."""
    return path == "README.md" or path.startswith("docs/")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", ["host", "catalog"])
def test_an_environment_does_not_name_the_host_or_catalog_of_another(bake: Bake, environment: str, kind: str) -> None:
    keys = [f"{name}_{kind}" for name in ENVIRONMENTS]
    project = bake(**ANSWERS | {key: OTHER_ANSWERS[key] for key in keys})

    target = yaml.safe_load(project.read("databricks.yml"))["targets"][environment]

    foreign = {OTHER_ANSWERS[key] for key in keys if not key.startswith(environment)}
    assert foreign.isdisjoint(scalars(target))


def test_the_online_store_of_a_project_with_underscores_has_the_name_of_a_host(bake: Bake) -> None:
    project = bake(project_name="our_first_model", serving=True)

    variables = yaml.safe_load(project.read("databricks.yml"))["variables"]
    assert variables["online_store"]["default"] == "our-first-model-${bundle.target}"


def test_answers_that_look_like_numbers_or_booleans_are_text_in_yaml(bake: Bake) -> None:
    odd = {"dev_catalog": "2024", "staging_catalog": "on", "prod_catalog": "1e3", "schema": "0x1f"}

    bundle = yaml.safe_load(bake(**odd).read("databricks.yml"))

    assert set(odd.values()) <= set(scalars(bundle))


def scalars(node: object) -> Iterator[object]:
    """Every value of a parsed YAML document."""
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from scalars(value)
    else:
        yield node


@pytest.mark.parametrize("options", [{}, {"problem_type": "classification", "approval": "manual"}], ids=str)
def test_the_places_with_words_of_the_example_are_listed(bake: Bake, options: dict[str, str]) -> None:
    """Except in the user's own files and in the tests, which are all about the example."""
    project = bake(**ANSWERS | options)
    own = (f"src/{project.package}/", "tests/")

    found = {path for path, text in project.texts().items() if EXAMPLE.search(text) and not path.startswith(own)}

    guide = "docs/make-it-yours.md"
    section = project.read(guide).partition("\n## 7. The words of the example\n")[2].partition("\n## ")[0]
    assert found - {guide} == set(re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE))


def test_words_of_the_example_are_only_where_the_guide_says(bake: Bake) -> None:
    """The first paragraph of README.md, and two defaults in databricks.yml."""
    project = bake(**ANSWERS)
    _, first, *others = project.read("README.md").split("\n\n")
    variables = yaml.safe_load(project.read("databricks.yml"))["variables"]

    assert EXAMPLE.search(first)
    assert [text for text in others if EXAMPLE.search(text)] == []
    assert {key for key, value in variables.items() if EXAMPLE.search(str(value))} == {"source_tables", "model"}


def test_the_machinery_is_the_same_whatever_is_answered(project: Project) -> None:
    """Byte for byte that of the template, and as its digests say."""
    source = ROOT / "<<cookiecutter.project_name>>"
    copied = {path: (project.path / path).read_bytes() for path in project.all_files() if path.startswith("machinery/")}
    digests = copied.pop("machinery/digests").decode().splitlines()

    assert len(copied) > 100
    assert {path for path, content in copied.items() if (source / path).read_bytes() != content} == set()
    listed = [f"{hashlib.sha256(content).hexdigest()}  {path.partition('/')[2]}" for path, content in copied.items()]
    assert sorted(digests) == sorted(listed)


def test_the_machinery_has_clean_texts_without_words_of_the_example() -> None:
    machinery = ROOT / "<<cookiecutter.project_name>>" / "machinery"
    files = [path for path in machinery.rglob("*") if path.suffix in {".py", ".toml", ".md"}]
    unclean = re.compile(r"[ \t]+$|\r|[^\n]\Z|\A\n|\n\n\Z|\n{4}|cookiecutter\.", re.MULTILINE)
    texts = {path.relative_to(machinery).as_posix(): path.read_text(encoding="utf-8") for path in files}

    assert {path for path, text in texts.items() if text and unclean.search(text)} == set()
    assert {path for path, text in texts.items() if EXAMPLE.search(text)} == set()


def test_a_project_is_small_outside_the_machinery(project: Project) -> None:
    assert len(project.files()) <= 100


def test_no_template_syntax_remains(project: Project) -> None:
    texts = project.texts().items()

    leftovers = [(path, match[0]) for path, text in texts for match in DELIMITERS.finditer(f"{path}\n{text}")]

    assert leftovers == []


def test_each_pair_of_answers_is_in_a_project_that_is_tested() -> None:
    for one, other in itertools.combinations(PAIRED, 2):
        tested = {(options[one], options[other]) for options in COMBINATIONS}
        assert tested == set(itertools.product(PAIRED[one], PAIRED[other]))


def test_the_package_versions_of_each_platform_are_known(bake: Bake) -> None:
    for compute in CHOICES["compute"]:
        project = bake(compute=compute)
        own = (ROOT / "templates" / "constraints" / f"{project.answers['__runtime']}.txt").read_text(encoding="utf-8")
        assert own in project.read("constraints.txt")


def test_every_file_parses(project: Project) -> None:
    failures = []
    for path, text in project.texts().items():
        try:
            PARSERS.get(Path(path).suffix, str)(text)
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            failures.append(f"{path}: {error}")

    assert failures == []


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_a_new_project_passes_ruff(project: Project, command: tuple[str, ...]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]

    run = subprocess.run(ruff, cwd=project.path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_line_ends_and_blank_lines_are_clean(project: Project) -> None:
    # A removed condition may leave blank lines behind: Python allows two between definitions, nothing allows more.
    offences = {
        "blanks at the end of a line": offenders(project, r"[ \t]+$"),
        "carriage return": offenders(project, r"\r"),
        "no newline at the end": offenders(project, r"[^\n]\Z"),
        "blank line at either end": offenders(project, r"\A\n|\n\n\Z"),
        "too many blank lines": offenders(project, r"\n{4}")
        + [path for path in offenders(project, r"\n{3}") if not path.endswith(".py")],
    }

    assert {offence: paths for offence, paths in offences.items() if paths} == {}


def offenders(project: Project, pattern: str) -> list[str]:
    """The text files in which a pattern is found."""
    found = re.compile(pattern, re.MULTILINE)
    return [path for path, text in project.texts().items() if found.search(text)]


def test_no_file_is_empty_without_a_reason(project: Project) -> None:
    empty = [path for path, text in project.texts().items() if not text.strip()]

    assert [path for path in empty if Path(path).name not in MAY_BE_EMPTY] == []


def test_no_file_contains_a_path_of_the_generating_machine(project: Project) -> None:
    places = [str(ROOT), str(project.path.parent), f"{Path.home()}/"]

    assert [path for path, text in project.texts().items() if any(place in text for place in places)] == []


def documented_versions() -> dict[tuple[str, str], str]:
    """The version in each row of docs/versions.md, by its key and its cloud (or `all`)."""
    document = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(__\w+)` \| (\w+) \| `([^`]+)` \| \S.* \|$", document, re.MULTILINE)
    return {(key, cloud): version for key, cloud, version in rows}


def test_every_version_is_documented_with_its_reason(bake: Bake) -> None:
    documented = documented_versions()

    for cloud in CHOICES["cloud"]:
        answers = bake(**next(options for options in COMBINATIONS if options["cloud"] == cloud)).answers
        here = {key: version for (key, place), version in documented.items() if place in (cloud, "all")}
        assert here == {key: answers[key] for key in VERSIONS}


def test_each_version_is_written_in_one_place_only() -> None:
    # Only long versions are checked: a short one such as 5 or 3.12 could be any number.
    versions = {version for version in documented_versions().values() if len(version) > len("3.12")}
    template = ROOT / "<<cookiecutter.project_name>>"
    contents = {path: path.read_bytes() for path in template.rglob("*") if path.is_file()}

    assert len(versions) > 3
    assert [
        (path, version) for path, content in contents.items() for version in versions if version.encode() in content
    ] == []
