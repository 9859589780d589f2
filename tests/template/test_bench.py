"""`make bench` runs to the end; how long it takes is not judged here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import bench
from bench import Bench, Figure


@pytest.mark.slow
@pytest.mark.thorough
def test_every_measure_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "benchmarks.md"
    assert bench.main(["--small", "--document", str(written)]) == 0, capsys.readouterr().err
    rows = [line for line in written.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    names = (
        "generate",
        "full lifecycle, first",
        "full lifecycle, again",
        "the user's own tests",
        "the checks",
        "unit tests",
        "score",
        "batch inference",
        "daily run",
        "look",
        "look",
        *["local endpoint"] * 7,
        "peak",
    )
    for row, name in zip(rows[1:], names, strict=True):
        assert row.startswith(f"| {name}")


def test_a_measure_that_fails_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def works(_: Bench) -> Iterator[Figure]:
        yield Figure("works", 2.0, "one", 1.0)

    def fails(_: Bench) -> Iterator[Figure]:
        raise RuntimeError("no engine")
        yield

    for name in ("generation", "tests", "scoring", "inference", "lookups", "serving"):
        monkeypatch.setattr(Bench, name, works)
    monkeypatch.setattr(Bench, "lifecycle", fails)
    written = tmp_path / "benchmarks.md"
    assert bench.main(["--small", "--document", str(written)]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("2.00 x one (1.00 s)") == 6
    assert "error: fails: no engine" in shown.err
    assert not written.exists()


def test_the_document_keeps_the_run_before_next_to_this_one() -> None:
    first = bench.document([Figure("score", 2.0, "one", 1.0)], 100.0, "a laptop", "")
    second = bench.document([Figure("score", 3.0, "one", 1.0), Figure("new", 1.0, "one", 1.0)], 90.0, "a server", first)
    assert "| score | 3.00 s = 3.00 x one | 2.00 s = 2.00 x one |" in second
    assert "| new | 1.00 s = 1.00 x one |  |" in second
    assert "- this run: a server\n- run before: a laptop\n" in second
