"""The service principal of a target whose id in databricks.yml is still the placeholder of the template."""

from __future__ import annotations

from dataclasses import replace

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import load
from ..doctor.failures import FAILURES
from ..run.options import Options
from . import needs, records
from .records import Principal
from .step import CannotError, Site, Step


def steps(site: Site) -> list[Step]:
    """Return the steps that create the service principal and put its id into databricks.yml; none without placeholder.

    Its name in the account is that of the bundle and the target, by which it is known again after an interruption.
    """
    principal = _placeholder(site)
    return [records.steps(site, principal)[0], _written(site, principal)] if principal else []


def site_with_id(site: Site, options: Options) -> Site:
    """Return the site with the id that the account gave to the service principal, if it has given one."""
    principal = _placeholder(site)
    if principal is None:
        return site
    try:
        number = records.application_id(site, principal)
    except (CannotError, *FAILURES):
        return site  # the step has already said why
    if number is None:
        return site
    names = [name for name, value in site.bundle.variables.items() if value == principal.name]
    variables = {**options.variables, **dict.fromkeys(names, number)}
    return replace(site, bundle=load(options.root, options.target, variables, user=site.me.name))


def _placeholder(site: Site) -> Principal | None:
    principal = needs.of_bundle(site.bundle).service_principal
    return principal if principal and principal.is_new else None


def _written(site: Site, principal: Principal) -> Step:
    file = site.bundle.root / ROOT_FILE

    def number() -> str:
        return records.application_id(site, principal) or principal.written

    def make() -> None:
        text = file.read_text(encoding="utf-8")
        if text.count(principal.name) != 1:
            raise CannotError(
                f"{ROOT_FILE} has the placeholder {principal.name} in {text.count(principal.name)} places: put "
                f"{number()} where target {site.bundle.target} has it"
            )
        file.write_text(text.replace(principal.name, number()), encoding="utf-8")

    return Step(
        f"{ROOT_FILE}: id of {principal}",
        lambda: principal.name not in file.read_text(encoding="utf-8"),
        lambda: f"# in {ROOT_FILE}: {number()} instead of {principal.name}",
        make,
        "the role of an account admin",
        needs=(str(principal),),
    )
