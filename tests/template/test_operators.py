"""The tests of the machinery notice one wrong operator, constant or condition in the code that decides."""

import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from operators import Mutant, mutants
from test_mutation import SOURCE, copy_of_the_template

from baking import ROOT

# The code that decides which model serves; the paths are relative to mlops.
DECIDING = (
    "evaluation/metric_intervals.py",
    "statistics/bootstrap.py",
    "statistics/resampling.py",
    "features/incremental.py",
    "promotion/champion.py",
    "promotion/comparison.py",
    "promotion/decision.py",
    "promotion/pause.py",
    "tasks/promote.py",
    "tasks/rollback.py",
    "training/training_set.py",
    "validation/candidate.py",
    "validation/check.py",
    "validation/performance.py",
    "validation/proof.py",
)
SAMPLE = int(os.environ.get("MUTANTS", "100"))
AT_LEAST = 0.9
REPORTS = ROOT / "build"


def test_an_operator_a_constant_and_a_condition_are_changed_one_at_a_time() -> None:
    found = list(mutants("def f(x: int = 1) -> bool:\n    if x < 2 and not x:\n        return True\n"))
    assert [mutant.change for mutant in found] == [
        "if x < 2 and (not x):\n    return True -> if not (x < 2 and (not x)):\n    return True",
        "x < 2 and (not x) -> x < 2 or not x",
        "x < 2 -> x <= 2",
        "2 -> 3",
        "not x -> not not x",
        "True -> False",
    ]
    assert len({mutant.source for mutant in found}) == len(found)


@pytest.mark.slow
@pytest.mark.mutation
@pytest.mark.parametrize("problem_type", ["regression", "classification"])
def test_the_tests_notice_wrong_operators_in_the_code_that_decides(tmp_path: Path, problem_type: str) -> None:
    unchanged = copy_of_the_template(tmp_path / "unchanged")
    texts = {module: (unchanged / SOURCE / "mlops" / module).read_text(encoding="utf-8") for module in DECIDING}
    candidates = [(module, mutant) for module, text in texts.items() for mutant in mutants(text)]
    chosen = random.Random(0).sample(candidates, min(SAMPLE, len(candidates)))  # noqa: S311 - a repeatable sample
    used = {test for module, _ in chosen for tests in nearest(unchanged, module) for test in tests}
    assert not _fails(unchanged, sorted(used), problem_type), "tests that fail without a mutant notice nothing"
    with ThreadPoolExecutor(2) as pool:
        noticed = list(pool.map(lambda one: is_noticed(unchanged, tmp_path, problem_type, *one), chosen))
    survivors = [
        f"- {module}:{mutant.line}: `{' '.join(mutant.change.split())}`"
        for (module, mutant), found in zip(chosen, noticed, strict=True)
        if not found
    ]
    report = [
        f"## {problem_type}: {sum(noticed)} of {len(chosen)} mutants noticed, {len(candidates)} sites",
        *survivors,
    ]
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"mutants_{problem_type}.md").write_text("\n".join([*report, ""]), encoding="utf-8")
    assert sum(noticed) >= AT_LEAST * len(chosen), "\n".join(report)


def is_noticed(unchanged: Path, folder: Path, problem_type: str, module: str, mutant: Mutant) -> bool:
    """Run the nearest tests on a copy with the mutant, until some of them fail."""
    copy = Path(shutil.copytree(unchanged, folder / str(abs(hash((module, mutant.source))))))
    (copy / SOURCE / "mlops" / module).write_text(mutant.source, encoding="utf-8")
    noticed = any(_fails(copy, tests, problem_type) for tests in nearest(copy, module))
    shutil.rmtree(copy)
    return noticed


def nearest(template: Path, module: str) -> list[list[str]]:
    """Return the tests of a module, then those of the tasks that use it, then all that are beside its own."""
    room, name = module.split("/")
    kinds = ("tests/machinery", "tests/machinery/integration")
    mirrors = [f"{kind}/{room}/test_{name}" for kind in kinds]
    users = [f"{kinds[1]}/tasks/test_promote.py", f"{kinds[1]}/tasks/test_validate.py"]
    beside = [f"{kind}/{room}" for kind in kinds]
    present = ([test for test in tests if (template / test).exists()] for tests in (mirrors, users, beside))
    return [tests for tests in present if tests]


def _fails(template: Path, tests: list[str], problem_type: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"EXAMPLE": problem_type}
    done = subprocess.run(command, cwd=template, env=environment, capture_output=True, check=False, timeout=900)
    return done.returncode != 0
