"""Generates projects for the tests: `bake(cloud="aws")` returns one, and `project` runs a test on several of them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from allpairspy import AllPairs
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES = {key: answers for key, answers in QUESTIONS.items() if isinstance(answers, list) and not key.startswith("_")}
BOOLEANS = [key for key, default in QUESTIONS.items() if isinstance(default, bool)]
# Each pair of answers to two questions is in one of the combinations.
PAIRED: dict[str, list[Any]] = {**CHOICES, **{key: [False, True] for key in BOOLEANS}}
COMBINATIONS = [dict(zip(PAIRED, answers, strict=True)) for answers in AllPairs(list(PAIRED.values()))]

# Workers that start with the longest tests end at the same time.
LONGEST = (
    *("test_twin.py", "test_every_measure_works", "test_index.py", "test_ci_run.py", "test_flights.py", "test_taxi.py"),
    *("test_estimators.py", "exactly_in_the_files", "at_its_place"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, and those that take a moment last."""
    items.sort(
        key=lambda item: (
            next((n for n, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST)),
            item.get_closest_marker("slow") is None,
        )
    )


@dataclass(frozen=True)
class Project:
    """A generated project: its folder, the name of its package, and all answers, including the derived `__` ones."""

    path: Path
    package: str
    answers: dict[str, Any]

    def files(self) -> list[str]:
        """Every file outside machinery/, relative to the project, with forward slashes."""
        return [file for file in self.all_files() if not file.startswith("machinery/")]

    def all_files(self) -> list[str]:
        """Every file, relative to the project, with forward slashes."""
        return sorted(file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file())

    def read(self, path: str) -> str:
        """The text of one file, with unchanged line ends."""
        return (self.path / path).read_bytes().decode("utf-8")

    def texts(self) -> dict[str, str]:
        """The text of every text file outside machinery/ by its path; files with a NUL byte count as binary."""
        return {path: self.read(path) for path in self.files() if b"\0" not in (self.path / path).read_bytes()}

    def copy_to(self, folder: Path) -> "Project":
        """A copy that a test may change or run; the project that `bake` returns is shared and must not change."""
        path = Path(shutil.copytree(self.path, folder / self.path.name))
        return Project(path, self.package, self.answers)


Bake = Callable[..., Project]


@pytest.fixture(scope="session")
def user_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cookiecutter configuration that isolates the tests from the user's own configuration and replay files."""
    home = tmp_path_factory.mktemp("home")
    config = home / "config.yaml"
    config.write_text(f"cookiecutters_dir: {home / 'templates'}\nreplay_dir: {home / 'replay'}\n", encoding="utf-8")
    return config


@pytest.fixture(scope="session")
def bake(tmp_path_factory: pytest.TempPathFactory, user_config: Path) -> Bake:
    """Generate a project from these answers and the defaults; calls with equal answers share one read-only project."""
    baked: dict[str, Project] = {}

    def bake(**options: str) -> Project:
        key = json.dumps(options, sort_keys=True)
        if key not in baked:
            output = tmp_path_factory.mktemp("baked")
            path = cookiecutter(
                str(ROOT), no_input=True, extra_context=options, output_dir=str(output), config_file=str(user_config)
            )
            replay = user_config.parent / "replay" / f"{ROOT.name}.json"
            answers = json.loads(replay.read_text(encoding="utf-8"))["cookiecutter"]
            baked[key] = Project(Path(path), answers["__package"], answers)
        return baked[key]

    return bake


def one_process(combination: dict[str, Any]) -> Any:  # noqa: ANN401 - pytest's own type is private
    """Test a combination in one process, so that it is generated once."""
    name = "-".join(map(str, combination.values()))
    return pytest.param(combination, id=name, marks=pytest.mark.xdist_group(name))


@pytest.fixture(scope="session", params=map(one_process, COMBINATIONS))
def combination(request: pytest.FixtureRequest) -> dict[str, str]:
    """Answers to all questions with choices, so that each pair of answers occurs."""
    options: dict[str, str] = request.param
    return options


@pytest.fixture(scope="session")
def project(bake: Bake, combination: dict[str, str]) -> Project:
    """The project of each combination, read-only."""
    return bake(**combination)
