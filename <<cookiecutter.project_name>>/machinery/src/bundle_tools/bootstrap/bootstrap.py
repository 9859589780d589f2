"""Prints, and on request sets up, what a target needs before its first deployment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator

from databricks.sdk import WorkspaceClient
from rich.console import Console

from ..bundle.load import load
from ..doctor.access import Me
from ..doctor.diagnose import diagnose
from ..doctor.entry import enter
from ..doctor.failures import FAILURES
from ..doctor.finding import Finding
from ..doctor.patience import Patience
from ..run.options import Options
from . import needs, new_principal, records, rights, unity_catalog, warehouse
from .run_steps import Progress, State
from .step import CannotError, Site, Step

PATIENCE = Patience(request=30, retries=20, pause=5, question=60)

Print = Callable[[object], None]


def bootstrap(options: Options, console: Console, *, apply: bool) -> bool:
    """Print one line for each thing that the target needs, with the call that makes it; make it with `apply`.

    Only what is missing is made, so it can be run again after it was cut off. With `apply`, the doctor looks at the
    result, for whoever deploys the target.

    Returns:
        Whether everything could be looked at and, with `apply`, made; and then, whether the doctor misses nothing.

    Raises:
        ProjectError: The bundle has an error.
    """

    def show(line: object) -> None:
        console.print(str(line), markup=False, highlight=False, soft_wrap=True)

    site = _enter(options, show)
    if site is None:
        return False
    what = "sets up" if apply else "lists"
    show(f"bootstrap {what} what target {site.bundle.target} needs in {site.client.config.host}, as {site.me.name}")
    progress = Progress(apply)
    for result in progress.run(new_principal.steps(site)):
        show(result)
    site = new_principal.site_with_id(site, options)
    for result in progress.run(_new_steps(_steps(site), progress)):
        show(result)
    show(_summary(progress, site.bundle.target))
    if not apply:
        return progress.is_complete
    return diagnose(options, console, _deployer(site)) and progress.is_complete


def _enter(options: Options, show: Print) -> Site | None:
    entered = _drain(enter(load(options.root, options.target, options.variables), PATIENCE), show)
    if entered is None:
        return None
    client, me = entered
    return Site(client, load(options.root, options.target, options.variables, user=me.name), me)


def _drain(
    findings: Generator[Finding, None, tuple[WorkspaceClient, Me] | None], show: Print
) -> tuple[WorkspaceClient, Me] | None:
    """Print what is wrong with the login, and return what the generator returns."""
    while True:
        try:
            finding = next(findings)
        except StopIteration as end:
            entered: tuple[WorkspaceClient, Me] | None = end.value
            return entered
        if not finding.ok:
            show(finding)


def _steps(site: Site) -> Iterator[Step]:
    wanted = needs.of_bundle(site.bundle)
    for principal in wanted.everybody:
        yield from records.steps(site, principal)
    yield from rights.steps(site, wanted)
    yield from unity_catalog.steps(site, wanted)
    yield from warehouse.steps(site, wanted)


def _new_steps(steps: Iterable[Step], progress: Progress) -> Iterator[Step]:
    """Yield each step once, and none that has already ended."""
    return (step for step in steps if step.name not in progress.states)


def _summary(progress: Progress, target: str) -> str:
    counts = {state: progress.count(state) for state in State if progress.count(state)}
    text = ", ".join(f"{count} {state.value}" for state, count in counts.items())
    if not progress.apply and State.TO_DO in counts:
        return f"{text}; make bootstrap TARGET={target} APPLY=1 does what is to do, or paste the calls above"
    return text if progress.is_complete else f"{text}; run it again when the reasons above are dealt with"


def _deployer(site: Site) -> Me | None:
    """Return the service principal that deploys the target, or None where people do or the workspace has none yet."""
    principal = needs.of_bundle(site.bundle).service_principal
    try:
        return records.identity(site, principal) if principal else None
    except (CannotError, *FAILURES):
        return None
