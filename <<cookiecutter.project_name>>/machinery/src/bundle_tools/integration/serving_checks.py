"""What must be true of the endpoint after the jobs have run: it serves the champion, and is fast enough."""

from __future__ import annotations

from collections.abc import Iterator

from mlops.errors import ProjectError
from mlops.serving.endpoint import Endpoint
from mlops.serving.settings import ServingParameters

from ..serving import load_rows, load_test
from ..serving.limits import Bounds, Load
from ..serving.load_generator import Target, locust_program
from ..serving.names import endpoint_name, serves
from ..workspace.workspace import model_name
from .check import Check
from .evidence import Evidence
from .model_versions import champion


def endpoint(evidence: Evidence) -> Iterator[Check]:
    """The endpoint gives all requests to the champion."""
    if not serves(evidence.bundle):
        return
    name = endpoint_name(evidence.bundle)
    shares = Endpoint(evidence.client, ServingParameters(endpoint_name=name)).shares()
    models = evidence.bundle.config["resources"].get("registered_models") or {}
    expected = champion(evidence.client, model_name(evidence.bundle, next(iter(models))))
    detail = ", ".join(f"version {version} {share} %" for version, share in shares.items()) or "it does not exist"
    yield Check(f"endpoint {name}", shares == {expected: 100}, detail)


def load(evidence: Evidence) -> Iterator[Check]:
    """The endpoint bears a load test within its bounds."""
    if not serves(evidence.bundle):
        return
    root = evidence.bundle.root
    name = endpoint_name(evidence.bundle)
    rows = load_rows.of_workspace(evidence.warehouse, evidence.bundle, evidence.config)
    try:
        result = load_test.check(
            Target(evidence.client, name, rows), Load(), Bounds(), locust_program(root), root / load_test.FOLDER
        )
    except ProjectError as error:
        yield Check(f"load of {name}", holds=False, detail=str(error))
        return
    detail = (
        f"{len(result.requests):,} requests, {result.per_second:.1f} per second, p95 {result.percentile(95):.0f} ms, "
        f"{result.error_share:.1%} failed"
    )
    yield Check(f"load of {name}", holds=True, detail=detail)
