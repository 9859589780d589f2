from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from mlops.errors import ProjectError


def name_of(root: Path, name: str, variables: str = "{}") -> object:
    job = f"{{name: '{name}', max: {{x: 1}}}}"
    text = f"bundle: {{name: b}}\nvariables: {variables}\nresources: {{jobs: {{j: {job}}}}}\n"
    (root / "databricks.yml").write_text(text)
    return load(root, environ={}).jobs["j"]["name"]


def test_a_reference_alone_keeps_its_type_and_in_a_text_becomes_text(tmp_path: Path) -> None:
    variables = "{n: {default: 3}, flag: {default: true}, share: {default: 0.00001}}"
    assert name_of(tmp_path, "${var.n}", variables) == 3
    assert name_of(tmp_path, "${var.n} ${var.flag} ${var.share}", variables) == "3 true 0.00001"


def test_references_are_followed_to_any_depth_and_into_complex_variables(tmp_path: Path) -> None:
    variables = """{a: {default: "${var.b}"}, b: {default: "${var.c.list[1].x}"},
      c: {type: complex, default: {list: [0, {x: "${bundle.name}"}]}}}"""
    assert name_of(tmp_path, "${var.a}!", variables) == "b!"
    assert name_of(tmp_path, "${var.d.x}", "{d: {default: '${var.e}'}, e: {type: complex, default: {x: 1}}}") == 1


def test_a_variable_may_hold_a_reference_to_a_resource(tmp_path: Path) -> None:
    assert name_of(tmp_path, "${var.a}", "{a: {default: '${resources.jobs.j.max.x}'}}") == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("${var.nmae}", r"databricks\.yml: resources\.jobs\.j\.name refers to \$\{var\.nmae\}.*did you mean 'name'"),
        ("${bundle.nope}", r"\$\{bundle\.nope\}, but there is no 'nope' in bundle"),
        ("${nothing.here}", r"\$\{nothing\.here\}, but there is no 'nothing'"),
        ("${resources.schemas.s.name}", r"\$\{resources\.schemas\.s\.name\}, but there is no 'schemas' in resources"),
        ("${resources.jobs.k.id}", r"there is no 'k' in resources\.jobs: choose one of j"),
        ("${resources.jobs.j.nam}", r"there is no 'nam' in resources\.jobs\.j: did you mean 'name'"),
        ("x ${resources.jobs.j.max}", r"puts \$\{resources\.jobs\.j\.max\}, a dict, into a text"),
        ("${resources.jobs.j.name}", r"refers to itself: resources\.jobs\.j\.name → resources\.jobs\.j\.name"),
        ("${var.a}", r"refers to itself: var\.a → var\.b → var\.a"),
    ],
)
def test_an_invalid_reference_is_reported_with_its_place(tmp_path: Path, name: str, message: str) -> None:
    used = "a: {default: '${var.b}'}, b: {default: '${var.a}'}, " if name == "${var.a}" else ""
    with pytest.raises(ProjectError, match=message):
        name_of(tmp_path, name, f"{{{used}name: {{default: x}}}}")


def test_the_place_is_the_file_of_the_resource_and_the_key_of_the_task(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text("bundle: {name: b}\ninclude: [j.yml]\n")
    (tmp_path / "j.yml").write_text("resources: {jobs: {j: {tasks: [{task_key: t, run_if: '${var.x}'}]}}}\n")
    with pytest.raises(ProjectError, match=r"^j\.yml: resources\.jobs\.j\.tasks\[t\]\.run_if refers to"):
        load(tmp_path, environ={})


@pytest.mark.parametrize("text", ["$var.x", "${}", "${1a}", "${a b}", "{{job.id}}", "${" + "a" * 200])
def test_other_text_is_unchanged(tmp_path: Path, text: str) -> None:
    assert name_of(tmp_path, text) == text
