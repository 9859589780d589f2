"""Invalid answers are rejected in one sentence and leave nothing on disk; valid answers are used exactly as typed."""

import contextlib
import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from baking import ROOT, Bake


def load_hook(name: str) -> ModuleType:
    """Import a hook without rendering it: it reads the answers only when it is run as a script."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    return hook


pre_gen: Any = load_hook("pre_gen_project")
post_gen: Any = load_hook("post_gen_project")

GOOD_ANSWERS = {
    "project_name": "nyc-taxi",
    "__typed_name": "nyc-taxi",
    "__package": "nyc_taxi",
    "dev_host": "https://adb-1111111111111111.1.azuredatabricks.net",
    "staging_host": "https://dbc-22222222-2222.cloud.databricks.com",
    "prod_host": "https://3333333333333333.3.gcp.databricks.com/",
    "dev_catalog": "dev",
    "staging_catalog": "staging",
    "prod_catalog": "prod",
    "schema": "nyc_taxi",
    "staging_service_principal": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "prod_service_principal": "33333333-3333-3333-3333-333333333333",
    "data_scientists_group": "Data Scientists (NYC)",
    "ml_engineers_group": "ml-engineers",
    "release_branch": "release/2026.1",
    "timezone": "America/New_York",
}

GOOD_NAMES = ["a", "nyc-taxi", "nyc_taxi2", "fraud-detection_v2", "modelling", "x" * 63]

# What was typed, the fault in the message, what to type instead.
BAD_NAMES = [
    ("", "is empty", "nyc-taxi"),
    ("NYC", "contains an upper-case letter", "nyc"),
    ("nyc taxi", "contains a space", "nyc-taxi"),
    ("nyc\ttaxi\n", "contains a space", "nyc-taxi"),
    ("1st", "starts with a digit", "st"),
    ("2024", "starts with a digit", "nyc-taxi"),
    ("-nyc", "starts or ends with - or _", "nyc"),
    ("nyc_", "starts or ends with - or _", "nyc"),
    ("nyc--taxi", "has two separators in a row", "nyc-taxi"),
    ("nyc-_taxi", "has two separators in a row", "nyc_taxi"),
    ("nyc.taxi", "contains a character other than", "nyc-taxi"),
    ("a/b", "contains a character other than", "a-b"),
    ("../x", "contains a character other than", "x"),
    ("..", "contains a character other than", "nyc-taxi"),
    ("a\\b", "contains a character other than", "a-b"),
    ('q"""', "contains a character other than", "q"),
    ("größe", "outside ASCII", "groe"),
    ("出租车", "outside ASCII", "nyc-taxi"),
    ("x" * 64, "has more than 63 characters", "x" * 63),
    ("class", "is a Python keyword", "class-model"),
    ("none", "is a Python keyword", "none-model"),
    ("match", "is a Python keyword", "match-model"),
    ("random", "is a module of Python's standard library", "random-model"),
    ("test", "is a module of Python's standard library", "test-model"),
    ("mlflow", "is a package that the project depends on", "mlflow-model"),
    ("sklearn", "is a package that the project depends on", "sklearn-model"),
    ("scikit-learn", "is a package that the project depends on", "scikit-learn-model"),
    ("scikit_learn", "is a package that the project depends on", "scikit_learn-model"),
    ("yaml", "is a package that the project depends on", "yaml-model"),
    ("delta", "is a package that the project depends on", "delta-model"),
    ("requests", "is a package that the project depends on", "requests-model"),
    ("tests", "is a folder of the project", "tests-model"),
    ("mlops", "is a folder of the project", "mlops-model"),
    ("nul", "is a name that Windows reserves", "nul-model"),
    ("com1", "is a name that Windows reserves", "com1-model"),
    ("true", "is a Python keyword", "true-model"),
    ("yes", "is a word that YAML does not read as text", "yes-model"),
    ("Class", "contains an upper-case letter", "class-model"),
]

EXAMPLE_HOST = "https://adb-1111111111111111.1.azuredatabricks.net"
BAD_HOSTS = [
    ("", "is empty", EXAMPLE_HOST),
    ("adb-1.2.azuredatabricks.net", "does not start with https://", "https://adb-1.2.azuredatabricks.net"),
    ("http://dbc-1.cloud.databricks.com", "does not start with https://", "https://dbc-1.cloud.databricks.com"),
    ("https://", "is not the address of a host", EXAMPLE_HOST),
    ("https://databricks", "is not the address of a host", EXAMPLE_HOST),
    ("https://dbc-.cloud.databricks.com", "is not the address of a host", EXAMPLE_HOST),
    ("https://DBC-1.cloud.databricks.com", "is not the address of a host", "https://dbc-1.cloud.databricks.com"),
    ("https://dbc-1.cloud.databricks.com/browse", "contains a path", "https://dbc-1.cloud.databricks.com"),
    ("https://dbc-1.cloud.databricks.com//", "contains a path", "https://dbc-1.cloud.databricks.com"),
    ("https://adb-1.2.azuredatabricks.net/?o=1", "contains more than", "https://adb-1.2.azuredatabricks.net"),
    ("https://adb-1.2.azuredatabricks.net#job/1", "contains more than", "https://adb-1.2.azuredatabricks.net"),
    ("https://me:secret@dbc-1.cloud.databricks.com", "contains a user name", "https://dbc-1.cloud.databricks.com"),
    ("https://dbc-1.cloud.databricks.com:443", "contains a port", "https://dbc-1.cloud.databricks.com"),
    (" https://dbc-1.cloud.databricks.com", "contains a space", "https://dbc-1.cloud.databricks.com"),
    ('https://x"""\\', "is not the address of a host", EXAMPLE_HOST),
    (f"https://{'x' * 64}.com", "is not the address of a host", EXAMPLE_HOST),
    (f"https://{'x.' * 126}xy", "has more than 253 characters", EXAMPLE_HOST),
]

EXAMPLE_PRINCIPAL = "12345678-9abc-def0-1234-56789abcdef0"

BAD_CATALOGS = [
    ("", "is empty", "dev"),
    ("Dev", "contains an upper-case letter", "dev"),
    ("my dev", "contains a space", "my_dev"),
    ("dev.ml", "contains a character other than", "dev_ml"),
    ("dev/ml", "contains a character other than", "dev_ml"),
    ("dev\x7f", "contains a character other than", "dev"),
    ("dév", "contains a character other than", "d_v"),
    ('"""', "contains a character other than", "dev"),
    ("x" * 256, "has more than 255 characters", "x" * 255),
    ("system", "belongs to Databricks", "dev"),
    ("samples", "belongs to Databricks", "dev"),
    ("hive_metastore", "belongs to Databricks", "dev"),
    ("__databricks_internal", "belongs to Databricks", "dev"),
    ("System", "contains an upper-case letter", "dev"),
]

BAD_SCHEMAS = [
    ("", "is empty", "nyc_taxi"),
    ("information_schema", "belongs to Databricks", "nyc_taxi"),
    ("Taxi", "contains an upper-case letter", "taxi"),
    ("nyc.taxi", "contains a character other than", "nyc_taxi"),
]

# Neither typed nor derived any more: a replay file is read as it is.
BAD_REPLAYS = [
    ("project_name", "a/b", 'does not belong to the name "nyc-taxi" in the replay file', "nyc-taxi"),
    ("__package", "taxi", 'does not belong to the name "nyc-taxi" in the replay file', "nyc_taxi"),
]

BAD_ANSWERS = [
    *(("project_name", *case) for case in BAD_NAMES),
    *(("staging_host", *case) for case in BAD_HOSTS),
    *(("dev_catalog", *case) for case in BAD_CATALOGS),
    *(("schema", *case) for case in BAD_SCHEMAS),
    ("staging_catalog", "dev", "is already the catalog of dev", "dev_staging"),
    ("prod_catalog", "staging", "is already the catalog of staging", "staging_prod"),
    ("prod_service_principal", "", "is empty", EXAMPLE_PRINCIPAL),
    ("prod_service_principal", "my-robot", "is not the application id", EXAMPLE_PRINCIPAL),
    ("staging_service_principal", f" {EXAMPLE_PRINCIPAL.upper()}", "is not the application id", EXAMPLE_PRINCIPAL),
    ("data_scientists_group", "", "is empty", "data-scientists"),
    ("data_scientists_group", " readers", "starts or ends with a space", "data-scientists"),
    ("data_scientists_group", "${var.x}", "contains a quote", "data-scientists"),
    ("data_scientists_group", "a`b", "contains a quote, a backtick", "data-scientists"),
    ("data_scientists_group", "<% x %>", "contains the syntax of a template", "data-scientists"),
    ("data_scientists_group", "<< 1 >>", "contains the syntax of a template", "data-scientists"),
    ("data_scientists_group", "a <# #>", "contains the syntax of a template", "data-scientists"),
    ("data_scientists_group", "#: if", "contains the syntax of a template", "data-scientists"),
    ("data_scientists_group", "a\tb", "contains U+0009, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "a\x85b", "contains U+0085, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "a\u2028b", "contains U+2028, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "\ufeffa", "contains U+FEFF, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "a\u202eb", "contains U+202E, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "a\udc9bb", "contains U+DC9B, a character that cannot be seen", "data-scientists"),
    ("data_scientists_group", "users", "is a workspace group", "data-scientists"),
    ("ml_engineers_group", "Admins", "is a workspace group", "ml-engineers"),
    ("ml_engineers_group", 'q"', "contains a quote", "ml-engineers"),
    ("ml_engineers_group", "Data Scientists (NYC)", "is also the group that may read", "Data Scientists (NYC)-leads"),
    ("release_branch", "", "is empty", "release"),
    ("release_branch", "my branch", "contains a character other than letters", "my-branch"),
    ("release_branch", "x" * 251, "has more than 250 characters", "x" * 250),
    ("release_branch", "release/", "is not a valid name for a git branch", "release"),
    ("release_branch", "a..b", "is not a valid name for a git branch", "a-b"),
    ("timezone", "", "is empty", "Europe/Berlin"),
    ("timezone", 'a"b', "contains a character other than letters", "Europe/Berlin"),
    ("timezone", "berlin", "is not a time zone", "Europe/Berlin"),
    ("timezone", "New York", "contains a character other than letters", "America/New_York"),
    ("timezone", "../../etc/passwd", "is not a time zone", "Europe/Berlin"),
]


def answered(key: str, answer: object) -> dict[str, object]:
    """Valid answers to all questions except this one, as the hook receives them."""
    derived = {} if key != "project_name" else {"__typed_name": answer, "__package": str(answer).replace("-", "_")}
    return GOOD_ANSWERS | {key: answer} | derived


@pytest.mark.parametrize(("key", "answer", "what", "instead"), BAD_ANSWERS)
def test_an_invalid_answer_is_rejected_in_one_sentence_that_says_what_to_type(
    key: str, answer: str, what: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = pre_gen.main(answered(key, answer))

    sentence = capsys.readouterr().err
    assert exit_code == 1
    assert sentence.startswith(f"{key} ")
    assert what in sentence
    assert sentence.endswith(f': type "{instead}" instead.\n')
    assert sentence[:-1].isprintable()


@pytest.mark.parametrize(("key", "answer", "what", "instead"), BAD_REPLAYS)
def test_a_name_that_was_changed_in_one_place_of_a_replay_file_is_rejected(
    key: str, answer: str, what: str, instead: str
) -> None:
    assert pre_gen.problems(GOOD_ANSWERS | {key: answer}) == [f'{key} "{answer}" {what}: type "{instead}" instead.']


@pytest.mark.parametrize("answer", [True, None, 1.5, {"a": "b"}])
def test_an_answer_that_is_not_text_is_rejected(answer: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration file is YAML: `schema: yes` is true. Cookiecutter makes text of numbers only."""
    received = str(answer) if isinstance(answer, float) else answer

    exit_code = pre_gen.main(answered("schema", received), {"schema": answer})

    assert exit_code == 1
    assert capsys.readouterr().err == f"schema {json.dumps(answer)} is not text: put it into quotes.\n"


@pytest.mark.parametrize("answer", ["true", "", None, 1])
def test_an_answer_to_yes_or_no_is_neither_text_nor_a_number(
    answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = pre_gen.main(answered("serving", answer))

    assert exit_code == 1
    assert capsys.readouterr().err == (
        f"serving {json.dumps(answer)} is neither true nor false: write one of them unquoted.\n"
    )


def test_a_name_that_is_too_long_for_an_online_store_is_rejected_where_there_is_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A store is called `<name>-staging`, and a label of a host name has at most 63 characters."""
    assert pre_gen.main(answered("project_name", "x" * 63)) == 0
    assert pre_gen.main({**answered("project_name", "x" * 55), "serving": True}) == 0

    assert pre_gen.main({**answered("project_name", "x" * 56), "serving": True}) == 1
    message = capsys.readouterr().err
    assert message.startswith("project_name ")
    assert "has more than 55 characters, which are too many for the online store of serving" in message
    assert message.endswith(f': type "{"x" * 55}" instead.\n')


def test_text_that_is_typed_in_place_of_a_number_is_accepted() -> None:
    assert pre_gen.main(answered("schema", "taxi"), {"schema": 31}) == 0


def test_a_long_answer_is_shortened_in_the_sentence() -> None:
    (sentence,) = pre_gen.problems(answered("release_branch", "é" * 100_000))

    assert len(sentence) < 1_000


def test_without_a_time_zone_database_the_characters_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pre_gen, "known_timezones", frozenset)

    assert pre_gen.timezone_problem("Mars/Olympus_Mons") is None
    assert "contains a character" in pre_gen.timezone_problem('Mars"')


@pytest.mark.parametrize(("key", "instead"), sorted({(key, instead) for key, _, _, instead in BAD_ANSWERS}))
def test_the_suggested_answer_is_accepted(key: str, instead: str) -> None:
    assert pre_gen.problems(answered(key, instead)) == []


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        *(("project_name", name) for name in GOOD_NAMES),
        ("dev_host", "https://my-workspace.cloud.databricks.com/"),
        ("dev_catalog", "3m_dev-eu"),
        ("dev_catalog", "x" * 255),
        ("schema", "system"),
        ("schema", "_raw"),
    ],
)
def test_a_valid_answer_is_accepted_without_output(key: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pre_gen.main(answered(key, answer)) == 0
    assert capsys.readouterr() == ("", "")


def test_every_invalid_answer_is_reported() -> None:
    answers = dict.fromkeys(GOOD_ANSWERS, "")

    named = [sentence.split()[0] for sentence in pre_gen.problems(answers)]

    assert named == [key for key in GOOD_ANSWERS if not key.startswith("__")]


def test_a_project_cannot_have_the_name_of_a_dependency() -> None:
    names = {re.split(r"[^\w-]", requirement)[0].lower() for requirement in requirements()}

    assert len(names) > 5
    assert {name for name in names if pre_gen.reserved_as(name) is None} == set()


def requirements() -> list[str]:
    """Return everything that a project requires for any purpose: its own lists, and those of its machinery."""
    project = ROOT / "<<cookiecutter.project_name>>"
    machinery = tomllib.loads((project / "machinery" / "pyproject.toml").read_text(encoding="utf-8"))
    own = tomllib.loads(re.sub(r"(?m)^#:.*", "", (project / "pyproject.toml").read_text(encoding="utf-8")))
    lists = [
        own["build-system"]["requires"],
        own["project"]["dependencies"],
        *own["dependency-groups"].values(),
        machinery["project"]["dependencies"],
        *machinery["project"]["optional-dependencies"].values(),
    ]
    return list(itertools.chain.from_iterable(lists))


def test_a_project_cannot_have_the_name_of_what_its_dependencies_install(bake: Bake) -> None:
    """Of what `make setup` installs with a version of the platform: a package `requests` would hide the real one."""
    installed = closure({Requirement(text).name for text in requirements()})
    pinned = set(re.findall(r"^[\w.-]+(?===)", bake().read("constraints.txt"), re.MULTILINE))
    names = {canonicalize_name(name) for name in pinned} & installed
    modules = [
        module
        for module, names_of in metadata.packages_distributions().items()
        if names & {*map(canonicalize_name, names_of)}
    ]

    assert len(names) > 30
    assert [name for name in sorted({*names, *modules}) if pre_gen.name_problem(name.lower()) is None] == []


def test_a_project_cannot_have_the_name_of_one_of_its_folders_or_modules(bake: Bake) -> None:
    """Of all answers together: what is at its root, in its source folders, and the name of the machinery."""
    found = {"baseline", "build", "dist"}  # commands write these
    for platform in ("github_actions", "azure_devops", "gitlab"):
        project = bake(cicd_platform=platform, serving=True).path
        places = (project, project / "src", project / "tests", project / "machinery" / "src")
        found |= {path.stem for place in places for path in place.iterdir() if path.is_dir() or path.suffix == ".py"}
        found -= {path.name for path in project.iterdir() if path.name.startswith(".")} | {project.name, "nyc_taxi"}
    machinery = tomllib.loads((project / "machinery" / "pyproject.toml").read_text(encoding="utf-8"))
    found |= {machinery["project"]["name"], *machinery["project"]["scripts"]}
    found -= {"project"}  # tests/project, which nothing imports

    assert {"machinery", "mlops", "mlops_local", "bundle_tools", "resources"} <= found
    assert {name.replace("_", "-") for name in pre_gen.FOLDERS} == {name.replace("_", "-") for name in found}


def test_a_project_cannot_have_the_name_of_a_module_of_pythons_library() -> None:
    """Whatever can be imported, also what Python's own list of names leaves out, such as `test`."""
    library = Path(sysconfig.get_path("stdlib"))
    names = {path.stem for path in library.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert len(names) > 100
    assert [name for name in sorted(names) if name.isidentifier() and pre_gen.name_problem(name) is None] == []


def closure(names: Iterable[str]) -> set[str]:
    """These distributions and all that they require, as far as they are installed here."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            with contextlib.suppress(metadata.PackageNotFoundError):
                needed = [Requirement(text) for text in metadata.requires(name) or []]
                found.add(name)
                waiting += [
                    canonicalize_name(one.name)
                    for one in needed
                    if not one.marker or one.marker.evaluate({"extra": ""})
                ]
    return found


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_valid_name_is_the_folder_name_exactly_as_typed(bake: Bake, name: str) -> None:
    assert bake(project_name=name).path.name == name


def generate(
    user_config: Path, output: Path, *arguments: str, prompt: bool = False, text: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run the cookiecutter command as a user does, in the output folder; at its prompts, type a text."""
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), f"--config-file={user_config}"]
    options = [*arguments] if prompt else ["--no-input", *arguments]
    return subprocess.run(
        [*command, *options], cwd=output, input=text, capture_output=True, text=True, encoding="utf-8", check=False
    )


def tree(folder: Path) -> dict[str, str | None]:
    """Everything below a folder, by path: the text of a file, or None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("project_name=",),
        ("project_name=..",),
        ("project_name=a/b/c",),
        ("project_name=../x",),
        ("project_name=NYC Taxi",),
        ("project_name=class",),
        ("project_name=" + "x" * 300,),
        ('project_name=é"""\\',),
        ("project_name=", "--overwrite-if-exists"),
        ("project_name=../x", "--overwrite-if-exists"),
        ("dev_host=http://x", 'prod_host="""\\'),
        ("staging_catalog=dev",),
        ('schema=\\"""é\n',),
    ],
)
def test_a_rejected_answer_leaves_nothing_on_disk(
    tmp_path: Path, user_config: Path, arguments: tuple[str, ...]
) -> None:
    output = tmp_path / "output"
    output.mkdir()

    run = generate(user_config, output, *arguments)

    refused = [argument.split("=")[0] for argument in arguments if not argument.startswith("--")]
    assert run.returncode == 1
    assert [sentence.split()[0] for sentence in run.stderr.splitlines()] == refused
    assert all(sentence.endswith(" instead.") for sentence in run.stderr.splitlines())
    assert tree(tmp_path) == {"output": None}


@pytest.mark.parametrize("arguments", [("schema=",), ("schema=", "-f"), ("project_name=nyc taxi", "-f"), ()])
def test_an_existing_folder_keeps_its_files(tmp_path: Path, user_config: Path, arguments: tuple[str, ...]) -> None:
    mine = tmp_path / "nyc-taxi" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")

    run = generate(user_config, tmp_path, *arguments)

    assert run.returncode == 1
    assert tree(tmp_path) == {"nyc-taxi": None, "nyc-taxi/mine.txt": "mine"}


def test_what_tools_leave_in_a_clone_of_the_template_is_not_generated(tmp_path: Path) -> None:
    caches = ["ci/__pycache__", "machinery/src/mlops/__pycache__", "src/nyc_taxi/__pycache__", "tests/.pytest_cache"]
    for name in [*caches, "ci/kept", ".venv/__pycache__"]:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()

    post_gen.remove_caches(tmp_path)

    kept = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("file")}
    assert kept == {"ci/kept", ".venv/__pycache__"}


def test_generation_prints_the_next_steps(tmp_path: Path, user_config: Path) -> None:
    host = "https://dbc-1.cloud.databricks.com"

    run = generate(user_config, tmp_path, "project_name=fares", f"dev_host={host}")

    assert run.returncode == 0
    assert run.stderr == ""
    commands = [line.strip() for line in run.stdout.splitlines() if line.startswith("  ")]
    assert commands[0] == "cd fares"
    assert commands[1].startswith("make setup ")
    assert commands[2].startswith("make lifecycle ")
    assert commands[3] == f"databricks auth login --host {host}"
    assert commands[4].startswith("make doctor  ")
    assert commands[5:] == ["databricks bundle deploy -t dev"]


def test_a_placeholder_is_not_printed_as_a_workspace(bake: Bake) -> None:
    answers = bake().answers

    steps = post_gen.next_steps(answers)

    assert "first put the address of your workspace into databricks.yml" in steps
    assert answers["dev_host"] not in steps


def test_a_closed_output_pipe_does_not_delete_the_project(tmp_path: Path, user_config: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input", f"--config-file={user_config}"]
    run = subprocess.run(command, cwd=tmp_path, stdout=writing, check=False)

    os.close(writing)
    assert run.returncode == 0
    assert (tmp_path / "nyc-taxi").is_dir()
