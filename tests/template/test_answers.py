"""Whatever is answered to a question: it is rejected in one sentence, or it is in the generated files as it was typed.

Each example answers every question with free text at once. Each rejected answer is then replaced by a valid one, so
that one example tests as many answers as there are questions.
"""

import functools
import itertools
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jinja2 import FileSystemLoader

from test_hooks import GOOD_ANSWERS, generate, pre_gen, tree

from baking import QUESTIONS, ROOT

TEMPLATE = ROOT / "<<cookiecutter.project_name>>"
FREE = [key for key, default in QUESTIONS.items() if not key.startswith("_") and isinstance(default, str)]
# Valid answers that no example is likely to give to another question.
VALID = {key: GOOD_ANSWERS[key] for key in FREE} | {
    f"{name}_catalog": f"valid_{name}" for name in ("dev", "staging", "prod")
}
# libyaml where it is installed: eight times faster.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PARSERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yml": lambda text: yaml.load(text, LOADER),  # noqa: S506 (both loaders are safe)
    ".json": json.loads,
}

FRAGMENTS = [
    *("<% x %>", "<< 1 >>", "<<", ">>", "<# #>", "#: if", "\n#: if", "{{ 1 }}", "{% x %}", "{# #}", "${var.x}", "<\0"),
    *("'", '"', '"""', "\\", "\\n", "`", "$", "#", " # ", ": ", "- ", "&a", "*a", "|", ">", "%", "@", ",", "[", "{"),
    *("\n", "\r", "\r\n", "\t", "\0", "\x1b", "\x7f", "\x85", "\x9b", "\xa0", "\u2028", "\u2029", "\u200b", "\ufeff"),
    *("\u202e", "\u200f", "\ud800", "\uffff", "\U0010ffff", "😀", "👩‍🚀", "é", "e\u0301", "א", "出租车", " ", "  "),
    *("yes", "no", "null", "~", "true", "1e3", "0x1f", "1_000", "12:30:45", "2024-01-01", ".inf", "=", "<<:", "---"),
    *("a", "b-c", "d_e", "class", "async", "json", "mlflow", "tests", "con", "a/b", "../x", "/etc", ".", "..", "~/x"),
    *("dev", "prod", "release", "Europe/Berlin", "https://a.b", "https://", "users", "x" * 64, "y" * 300, "z" * 5_000),
]
TEXT = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.text(st.characters(categories=("L", "N", "P", "S")), max_size=20),
)
LABEL = r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?"
# Mostly valid answers: most of the texts above are not.
LIKELY = {
    "project_name": r"[a-z][a-z0-9]{0,12}([-_][a-z0-9]{1,12}){0,4}",
    "host": rf"https://{LABEL}(\.{LABEL}){{1,3}}/?",
    "catalog": "[a-z0-9_-]{1,30}",
    "schema": "[a-z0-9_-]{1,30}",
    "principal": pre_gen.PRINCIPAL,
    "group": r"[\w '(),.;:|@*&%!?=+/~^<>\[\]#-]{1,30}",
    "branch": r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,20}",
    "timezone": "|".join(sorted(pre_gen.known_timezones())) or "UTC",
}


# The only texts that Cookiecutter would evaluate. They contain a NUL, so a command line cannot hold them.
EVALUATED = [text for key, text in QUESTIONS["_jinja2_env_vars"].items() if key.endswith("_start_string")]


def answers_to(key: str) -> st.SearchStrategy[str]:
    """Texts for one question, about half of them valid."""
    likely = LIKELY[key if key in LIKELY else key.rpartition("_")[2]]
    return (
        st.booleans()
        .flatmap(lambda valid: st.from_regex(likely, fullmatch=True) if valid else TEXT)
        .filter(lambda answer: not any(start in answer for start in EVALUATED))
    )


ANSWERS = st.fixed_dictionaries({key: answers_to(key) for key in FREE})


def context_of(answers: dict[str, Any]) -> dict[str, Any]:
    """What Cookiecutter makes of answers on its command line, by Cookiecutter's own code."""
    context: dict[str, Any] = generate_context(str(ROOT / "cookiecutter.json"), extra_context=answers)
    context["cookiecutter"].update(prompt_for_config(context, no_input=True))
    return context


def handed_to_the_hook(context: dict[str, Any]) -> dict[str, Any]:
    """The answers as the hook reads them."""
    found: dict[str, Any] = json.loads(
        create_env_with_context(context).from_string("<< cookiecutter | jsonify >>").render(context)
    )
    return found


def rejected(context: dict[str, Any]) -> set[str]:
    """The questions whose answers the hook rejects; checks that it says so in one line each, with an answer to type."""
    found = set()
    for sentence in pre_gen.problems(context):
        assert sentence.isprintable()
        assert len(sentence) < 1_000
        said = re.fullmatch(r"(\w+) .*: type (\".*\") instead\.", sentence)
        assert said is not None
        key, instead = said[1], json.loads(said[2])
        assert instead == VALID[key] or pre_gen.problems(named(VALID | {key: instead})) == []
        found.add(key)
    assert found <= set(FREE)
    return found


def named(answers: dict[str, str]) -> dict[str, str]:
    """Answers with what Cookiecutter derives from a valid name."""
    name = answers["project_name"]
    return answers | {"__typed_name": name, "__package": name.replace("-", "_")}


class AnsweredFiles:
    """The structured files of the template that contain answers in free text."""

    def __init__(self) -> None:
        """Find the files, and where in them each answer is."""
        context = context_of({})
        environment = create_env_with_context(context)
        environment.loader = FileSystemLoader([TEMPLATE, ROOT / "templates"])
        marks = {key: f"«{key}»" for key in (*FREE, "__package")}
        marked = {"cookiecutter": context["cookiecutter"] | marks}
        structured = [path for path in TEMPLATE.rglob("*") if path.suffix in PARSERS]
        self.templates, self.marked = {}, {}
        for path in sorted(path.relative_to(TEMPLATE).as_posix() for path in structured):
            if re.search("|".join(rf"cookiecutter\.{key}\b" for key in marks), (TEMPLATE / path).read_text("utf-8")):
                self.templates[path] = environment.get_template(path)
                self.marked[path] = values(path, self.templates[path].render(marked))
        self.used = {path: {key for key in marks if f"«{key}»" in str(self.marked[path])} for path in self.templates}
        self.context = context["cookiecutter"]
        self.unchanged: dict[str, dict[str, str]] = {}

    def check(self, answers: dict[str, str]) -> None:
        """Render every file: it has the keys and values that it should, and each answer is in them exactly."""
        answers = named(answers)
        for path, keys in self.used.items():
            given = {key: answers[key] for key in keys}
            if self.unchanged.get(path) != given:
                text = self.templates[path].render({"cookiecutter": self.context | answers})
                assert values(path, text) == self.wanted(path, answers), path
                self.unchanged[path] = given

    def check_project(self, project: Path, answers: dict[str, str]) -> None:
        """Check the same in a generated project."""
        found = {path: project / path for path in self.used if (project / path).exists()}
        assert {"databricks.yml", "pyproject.toml"} <= found.keys()
        for path, file in found.items():
            assert values(path, file.read_text(encoding="utf-8")) == self.wanted(path, named(answers)), path

    def wanted(self, path: str, answers: dict[str, str]) -> list[object]:
        """The keys and values of a file with these answers."""
        return [filled(value, answers) for value in self.marked[path]]


def values(path: str, text: str) -> list[object]:
    """The keys and values of a structured file, in their order."""
    return list(flat(PARSERS[Path(path).suffix](text)))


def filled(value: object, answers: dict[str, str]) -> object:
    """A value with answers in place of the marks."""
    return re.sub("«(.*?)»", lambda mark: answers[mark[1]], value) if isinstance(value, str) else value


def flat(node: object) -> Iterator[object]:
    """Every key and value of a parsed document, in its order."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from flat(value)
    elif isinstance(node, list):
        yield len(node)
        for value in node:
            yield from flat(value)
    else:
        yield node


@functools.cache
def answered_files() -> AnsweredFiles:
    return AnsweredFiles()


def test_every_answer_in_free_text_is_in_a_structured_file() -> None:
    used = set().union(*answered_files().used.values())

    assert used == {*FREE, "__package"}


def rejected_or_exact(answers: dict[str, str]) -> int:
    """Check that each answer is rejected or is exactly in the files; return how many are rejected."""
    refused = rejected(handed_to_the_hook(context_of(answers)))
    kept = answers | {key: VALID[key] for key in refused}
    assert rejected(named(kept)) == set()
    answered_files().check(kept)
    return len(refused)


def test_what_cookiecutter_evaluates_cannot_be_typed() -> None:
    assert len(EVALUATED) == 3
    assert all("\0" in start for start in EVALUATED)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda fragment: ascii(fragment)[:20])
def test_each_odd_text_is_rejected_or_is_exactly_in_the_files(fragment: str) -> None:
    rejected_or_exact({key: f"{key}{fragment}x" for key in FREE})


@pytest.mark.parametrize("examples", [30, pytest.param(720, marks=[pytest.mark.slow, pytest.mark.thorough])])
def test_an_answer_is_rejected_in_one_sentence_or_is_exactly_in_the_files(examples: int) -> None:
    """As many answers as there are questions, 14, in each example: 400 and 10,000 answers."""
    refused = []

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True)
    @given(ANSWERS)
    def check(answers: dict[str, str]) -> None:
        refused.append(rejected_or_exact(answers))

    check()
    assert len(refused) >= examples
    assert 0.2 < sum(refused) / (len(refused) * len(FREE)) < 0.8


def configured(folder: Path, answers: dict[str, Any]) -> Path:
    """A configuration file of Cookiecutter with these answers; its replay files are beside it."""
    settings = {"cookiecutters_dir": str(folder / "templates"), "replay_dir": str(folder / "replay")}
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings | {"default_context": answers}), encoding="utf-8")
    return config


@pytest.mark.parametrize("examples", [2, pytest.param(15, marks=[pytest.mark.slow, pytest.mark.thorough])])
def test_cookiecutter_itself_rejects_an_answer_and_leaves_nothing_or_writes_it_exactly(
    tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    """Each example is generated twice: as it is, and with valid answers in place of the rejected ones."""

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(ANSWERS)
    def check(answers: dict[str, str]) -> None:
        refused = rejected(handed_to_the_hook(context_of(answers)))
        kept = answers | {key: VALID[key] for key in refused}
        for given_answers, expected in ((answers, refused), (kept, set())):
            folder = tmp_path_factory.mktemp("fuzzed")
            output = folder / "output"
            output.mkdir()
            run = generate(configured(folder, given_answers), output)
            assert {sentence.split()[0] for sentence in run.stderr.split("\n") if sentence} == expected
            assert run.returncode == bool(expected)
            if expected:
                assert tree(output) == {}
            else:
                answered_files().check_project(output / kept["project_name"], kept)
                replay = json.loads((folder / "replay" / f"{ROOT.name}.json").read_text(encoding="utf-8"))
                assert {key: replay["cookiecutter"][key] for key in FREE} == kept

    check()


SYNTAX = ["<% x %>", "<< 1 >>", "<# #>", "#: if", "<<", "%>", "{% x %}", "{{ x }}"]
TRICKY = {key: syntax for syntax, key in zip(itertools.cycle(SYNTAX), FREE, strict=False)}


def given_on_the_command_line(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return generate(configured(folder, {}), output, *(f"{key}={answer}" for key, answer in TRICKY.items()))


def given_in_the_configuration(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return generate(configured(folder, TRICKY), output)


def given_in_a_replay_file(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    context = context_of({})
    context["cookiecutter"] |= named(TRICKY) | {"project_name": "refused"}
    replay = folder / "replay.json"
    replay.write_text(json.dumps(context), encoding="utf-8")
    return generate(configured(folder, {}), output, f"--replay-file={replay}", prompt=True)


def typed(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    lines = [TRICKY.get(key, "") for key in QUESTIONS if not key.startswith("_")]
    return generate(configured(folder, {}), output, prompt=True, text="\n".join([*lines, ""]))


@pytest.mark.parametrize(
    "given_so", [given_on_the_command_line, given_in_the_configuration, given_in_a_replay_file, typed]
)
def test_template_syntax_is_neither_evaluated_nor_an_error_however_it_is_given(
    tmp_path: Path, given_so: Callable[[Path, Path], subprocess.CompletedProcess[str]]
) -> None:
    output = tmp_path / "output"
    output.mkdir()

    run = given_so(tmp_path, output)

    sentences = run.stderr.splitlines()
    assert run.returncode == 1
    assert [sentence.split(maxsplit=1)[0] for sentence in sentences] == FREE
    for key, sentence in zip(FREE, sentences, strict=True):
        assert sentence.startswith(f'{key} "{TRICKY[key]}" ')
    assert tree(output) == {}


@pytest.mark.parametrize("words", [["yes", "null", "0x1f"], ["{a: b}", "010", "12:30"]], ids=" ".join)
def test_an_answer_that_yaml_does_not_read_as_text_is_rejected(tmp_path: Path, words: list[str]) -> None:
    output = tmp_path / "output"
    output.mkdir()
    answers = dict(zip(FREE, itertools.cycle(words), strict=False))

    run = generate(configured(tmp_path, {key: yaml.safe_load(word) for key, word in answers.items()}), output)

    sentences = run.stderr.splitlines()
    # The name of the project is text by the time that the hook sees it, and rejected for another reason.
    text = 1 if isinstance(yaml.safe_load(words[0]), bool) else 0
    assert run.returncode == 1
    assert {sentence.split()[0] for sentence in sentences} == {*FREE[text:]}
    assert all(sentence.endswith(" is not text: put it into quotes.") for sentence in sentences)
    assert tree(output) == {}
