"""The tests of the machinery notice each broken module. They run on a copy, which has the layout of the template."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from baking import ROOT

BROKEN = "broken on purpose"
SOURCE = Path("<<cookiecutter.project_name>>/machinery/src")
INTEGRATION = "tests/machinery/integration"
UNIT = ["tests/machinery", f"--ignore={INTEGRATION}", "--ignore=tests/machinery/parity", "--ignore-glob=*_simulation"]
SIMULATIONS = [f"tests/machinery/{what}_simulation" for what in ("monitoring", "promotion", "rollout")]


def copy_of_the_template(folder: Path) -> Path:
    """Copy what the tests of the machinery need."""
    for part in ("<<cookiecutter.project_name>>", "hooks", "templates", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for file in ("cookiecutter.json", "pyproject.toml"):
        shutil.copy(ROOT / file, folder)
    return folder


def run(template: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the machinery until one fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command, cwd=template, env=os.environ, capture_output=True, text=True, check=False, timeout=900
    )


def modules() -> list[str]:
    """The modules of the machinery, relative to `src`, except those with only imports and a docstring."""
    source = ROOT / SOURCE
    found = {path.relative_to(source).as_posix(): ast.parse(path.read_text("utf-8")) for path in source.rglob("*.py")}
    return sorted(name for name, tree in found.items() if not all(map(without_effect, tree.body)))


def without_effect(node: ast.stmt) -> bool:
    """Return whether a statement is an import, a docstring or `__all__`."""
    imports_or_docs = isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)
    return imports_or_docs or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")


@pytest.mark.slow
@pytest.mark.mutation
@pytest.mark.parametrize("module", modules())
def test_breaking_a_module_makes_its_tests_fail(tmp_path: Path, module: str) -> None:
    """Each function of the module raises when it is called; the module can still be imported."""
    template = copy_of_the_template(tmp_path / "template")
    file = template / SOURCE / module
    file.write_text(broken(file.read_text("utf-8")), encoding="utf-8")
    said = ""
    for tests in noticing(template, Path(module)):
        found = run(template, *tests)
        said += found.stdout + found.stderr
        # 1: a test fails; 2 and 4: test modules or conftest.py cannot even be imported, because of the broken module.
        because_of_it = BROKEN in said or "ImportError: cannot import name" in said
        if found.returncode == 1 or (found.returncode in {2, 4} and because_of_it):
            return
    pytest.fail(f"no test notices that {module} is broken:\n{said}")


def noticing(template: Path, module: Path) -> list[list[str]]:
    """The tests that should find a broken module, closest first: those that mirror it, then its import root's."""
    root, *rooms = module.parent.parts
    mirrored = "/".join(rooms if root == "mlops" else [root, *rooms])
    folders = ["tests/machinery", INTEGRATION]
    mirrors = [f"{folder}/{mirrored}/test_{module.stem}.py" for folder in folders]
    own_room = [f"{folder}/{mirrored}" for folder in folders] if mirrored else []
    nearest = [[path for path in paths if (template / path).exists()] for paths in (mirrors, own_room)]
    return [*filter(None, nearest), UNIT, [INTEGRATION], SIMULATIONS]


def broken(source: str) -> str:
    """Make every function raise; a module without functions loses its values instead."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        node.body = ast.parse(f"raise RuntimeError('{BROKEN}')").body
    if not functions:
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.unparse(tree)
