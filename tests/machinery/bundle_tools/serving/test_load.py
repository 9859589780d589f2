from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from databricks.sdk import WorkspaceClient

from bundle_tools import cli
from bundle_tools.serving.limits import Bounds, Load
from bundle_tools.serving.load import Result
from bundle_tools.serving.load_generator import Target, generate, locust_program
from bundle_tools.serving.load_plot import latency
from bundle_tools.serving.load_rows import _value
from bundle_tools.serving.load_test import check
from mlops.errors import ProjectError

LOCUST = os.environ.get("LOCUST") or shutil.which("locust")


def result(*latencies: float, errors: int = 0, told: str = "503") -> Result:
    ms = [*latencies, *[1.0] * errors]
    frame = {"start": [100.0 + n for n in range(len(ms))], "ms": ms, "error": [""] * len(latencies) + [told] * errors}
    return Result(pd.DataFrame(frame))


def test_percentiles_are_of_answered_requests_and_the_rate_too() -> None:
    found = result(*range(1, 101), errors=20)
    assert (found.percentile(50), found.percentile(99)) == (50.5, 99.01)
    assert (found.errors, found.error_share) == (20, 20 / 120)
    assert found.per_second == pytest.approx(100 / 119.001, rel=1e-3)


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (result(*[100.0] * 99, errors=1), None),
        (result(*[100.0] * 98, errors=2), "2 of 100 requests failed, and at most 1.0% may (most often: 503)"),
        (result(*[100.0] * 90, *[900.0] * 10), "95 percent of the requests took up to 900 ms, and 500 ms are allowed"),
        (
            result(errors=3),
            "3 of 3 requests failed, and at most 1.0% may (most often: 503); 95 percent of the requests",
        ),
        (result(), "0 of 0 requests failed"),
    ],
)
def test_a_bound_that_is_exceeded_is_said_with_its_numbers(found: Result, problem: str | None) -> None:
    told = found.problem(Bounds())
    assert told == problem or (problem is not None and str(told).startswith(problem))


@pytest.mark.parametrize("found", [result(5.0, 7.0, errors=1), result(errors=1), result()])
def test_the_plot_is_drawn_whatever_came(found: Result, tmp_path: Path) -> None:
    latency(found, Bounds(), "some callers").savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("2.5", "DOUBLE", 2.5), ("7", "INT", 7), ("true", "BOOLEAN", True), ("7", "STRING", "7"), (None, "INT", None)],
)
def test_values_of_a_warehouse_become_json(text: str | None, kind: str, value: object) -> None:
    assert _value(text, kind) == value


def test_locust_that_is_not_installed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LOCUST", raising=False)
    monkeypatch.setenv("PATH", "")
    assert cli.run(["load-test", "--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "error: Locust is not installed: start the load test with make load-test, which installs it.\n"
    )


class _Endpoint(BaseHTTPRequestHandler):
    """Answers after a moment; every tenth request fails. A stand-in for an endpoint that is loaded."""

    asked: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Authorization"] == "Bearer t"
        self.asked.append(body)
        status, answer = (
            (200, b'{"predictions": [1.0]}')
            if len(self.asked) % 10
            else (400, b'{"error_code": "BAD_REQUEST", "message": "bad"}')
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def target() -> Iterator[Target]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = WorkspaceClient(host=f"http://127.0.0.1:{server.server_port}", token="t", auth_type="pat")  # noqa: S106 - no secret
        yield Target(client, "x", [{"a": 1}, {"a": 2}])
        server.shutdown()


@pytest.mark.skipif(LOCUST is None, reason="Locust has an environment of its own, which make load-test makes")
def test_the_endpoint_is_loaded_by_some_callers_for_some_seconds(target: Target, tmp_path: Path) -> None:
    found = generate(target, Load(users=3, seconds=2), locust_program(tmp_path), tmp_path)
    assert len(found.requests) >= 3
    assert abs(found.errors - len(found.requests) / 10) <= 1
    assert found.requests.loc[found.requests["error"] != "", "error"].str.contains("400").all()
    assert {json.loads(body)["dataframe_records"][0]["a"] for body in _Endpoint.asked} == {1, 2}
    _Endpoint.asked.clear()
    with pytest.raises(ProjectError, match=r"endpoint x does not bear 3 callers: .*and 0 ms are allowed"):
        check(target, Load(users=3, seconds=1), Bounds(p95_ms=0), locust_program(tmp_path), tmp_path)
    assert (tmp_path / "latency.png").exists()


def test_an_endpoint_without_rows_or_without_an_answer_is_said(target: Target, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there are no rows to ask endpoint x about"):
        generate(Target(target.client, "x", []), Load(), "locust", tmp_path)
    _Endpoint.asked[:] = [b""] * 9
    with pytest.raises(ProjectError, match="endpoint x does not answer a first request: bad"):
        generate(target, Load(), "locust", tmp_path)
