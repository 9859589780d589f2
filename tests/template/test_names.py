"""A new project is clean for ruff whatever its name: wherever it sorts among the imports, and however long it is.

The name is only in the files that Cookiecutter renders, so only these are checked, in one project that is renamed.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from cookiecutter.utils import create_env_with_context
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jinja2 import FileSystemLoader

from test_answers import LIKELY, context_of
from test_hooks import pre_gen

from baking import ROOT, Bake

TEMPLATE = ROOT / "<<cookiecutter.project_name>>"
LONGEST = ["a" * 63, "z" * 63, "-".join(["ab"] * 21), "_".join(["xyz"] * 16)[:63]]


class Renamed:
    """A project that can be given another name: the files with its name are written again."""

    def __init__(self, path: Path) -> None:
        """Take over a generated project."""
        self.path = path
        self.package = next(file.parent.name for file in (path / "src").glob("*/project.yml"))
        paths = [
            path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.suffix in {".py", ".toml"}
        ]
        with_the_name = [path for path in paths if "cookiecutter." in (TEMPLATE / path).read_text(encoding="utf-8")]
        self.context = context_of({})
        environment = create_env_with_context(self.context)
        environment.loader = FileSystemLoader(TEMPLATE)
        self.templates = {path: environment.get_template(path) for path in sorted(with_the_name)}

    def complaints(self, name: str) -> str:
        """Rename the project and return what ruff says about the rendered files and the package."""
        package = name.replace("-", "_")
        (self.path / "src" / self.package).rename(self.path / "src" / package)
        self.package = package
        answers = self.context["cookiecutter"] | {"project_name": name, "__package": package}
        for path, template in self.templates.items():
            (self.path / path).write_text(template.render(cookiecutter=answers), encoding="utf-8")
        return self.ruff("check", "--output-format=concise") + self.ruff("format", "--check")

    def ruff(self, *command: str) -> str:
        """Run ruff, and return what it says unless it is content."""
        files = [path for path in self.templates if path.endswith(".py")] + [f"src/{self.package}"]
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", *files]
        run = subprocess.run(ruff, cwd=self.path, capture_output=True, text=True, check=False)
        return "" if run.returncode == 0 else run.stdout + run.stderr

    def imported(self) -> set[str]:
        """The first part of the name of each module that the rendered files import."""
        found = set()
        for path in (path for path in self.templates if path.endswith(".py")):
            for node in ast.walk(ast.parse((self.path / path).read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                found |= {name.partition(".")[0] for name in names}
        return found


@pytest.fixture(scope="module")
def renamed(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Renamed:
    return Renamed(bake().copy_to(tmp_path_factory.mktemp("renamed")).path)


def test_the_files_with_the_name_are_known(bake: Bake, renamed: Renamed) -> None:
    project = bake(project_name="first-name")

    holders = [path for path, text in project.texts().items() if "first_name" in text and path.endswith(".py")]

    assert len(holders) > 5
    assert set(holders) <= renamed.templates.keys()
    assert renamed.imported() >= {"mlops", "numpy", "pytest", renamed.package}


def test_a_new_project_passes_ruff_wherever_its_package_sorts(renamed: Renamed) -> None:
    around = {near for name in renamed.imported() for near in (name[:-1], f"{name}a", f"{name}-z")}
    names = [name for name in sorted({"a", "zz", "alpha", "flight-delays", *around, *LONGEST}) if is_valid(name)]
    assert len(names) > 20

    assert {name: said for name in names if (said := renamed.complaints(name))} == {}


@pytest.mark.slow
def test_a_new_project_passes_ruff_with_any_name(renamed: Renamed) -> None:
    @settings(max_examples=60, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(st.from_regex(LIKELY["project_name"], fullmatch=True).filter(is_valid))
    def check(name: str) -> None:
        assert renamed.complaints(name) == ""

    check()


def is_valid(name: str) -> bool:
    return pre_gen.name_problem(name) is None
