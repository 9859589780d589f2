"""The federation policy of a target, which says what in CI may log in as its service principal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from databricks.sdk import AccountClient
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from ..bundle.load import Bundle
from ..deployment import identity
from . import wanted
from .access import Visit
from .account import account_login
from .failures import FAILURES, message_of, reason
from .finding import Finding, fine, for_admins, missing, unseen
from .identities import equals

_PLACEHOLDER = re.compile(r"my-(?:org|repo|project|group)\b|0{8}-0000-0000-0000-0{12}")
_SUBJECT_CLAIM = "sub"  # what the account takes if a policy names no claim


def files(bundle: Bundle) -> list[Path]:
    """Return the files with a policy of the target, one for each CI platform."""
    return sorted(bundle.root.glob(f"ci/*/{bundle.target}.json"))


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield whether the policy of the target names your own repository."""
    for file in files(bundle):
        name = file.relative_to(bundle.root).as_posix()
        try:
            policy = json.loads(file.read_text(encoding="utf-8"))["oidc_policy"]
            subject, issuer = str(policy["subject"]), str(policy["issuer"])
        except (ValueError, KeyError, TypeError):
            yield missing(f"federation policy: {name} has no issuer and subject: restore it, see docs/ci-*.md")
            continue
        placeholder = _PLACEHOLDER.search(f"{issuer} {subject}")
        if placeholder:
            yield missing(f"federation policy: {name} has the placeholder {placeholder[0]}: put your own name there")
        else:
            yield fine(f"federation policy: {name} allows {subject} of {issuer}")


def own_policies(bundle: Bundle) -> list[str]:
    """Return the files whose policy names your own repository, relative to the project."""
    names = []
    for file in files(bundle):
        text = file.read_text(encoding="utf-8")
        if not _PLACEHOLDER.search(text) and policy_of(text):
            names.append(file.relative_to(bundle.root).as_posix())
    return names


def policy_of(text: str) -> OidcFederationPolicy | None:
    """Return the policy in the text of a file, or None if it is not one."""
    try:
        return FederationPolicy.from_dict(json.loads(text)).oidc_policy
    except (ValueError, TypeError, AttributeError):
        return None


def in_force(visit: Visit, name: str) -> Finding:
    """Return whether the account has the policy of a file; in CI the login itself has shown it."""
    principal = identity.principal(visit.bundle)
    if identity.is_federated(os.environ):
        return fine(f"federation policy {name} is in force: CI has logged in with it")
    if wanted.is_placeholder(principal):
        return unseen(f"whether federation policy {name} is in force: service principal {principal} is a placeholder")
    try:
        is_there = _has_policy(visit, principal, name)
    except FAILURES as error:
        why = reason(error, "the role of an account admin") if isinstance(error, OSError) else message_of(error)
        return for_admins(f"whether federation policy {name} is in force, which the account alone knows: {why}")
    if is_there:
        return fine(f"federation policy {name} is in force for service principal {principal}")
    return missing(
        f"federation policy {name} is not in force for service principal {principal}, so CI cannot log in: let an "
        f"account admin run make bootstrap TARGET={visit.bundle.target} APPLY=1"
    )


def _has_policy(visit: Visit, principal: str, name: str) -> bool:
    account = account_login(visit.client)
    listed = account.service_principals.list(attributes="id", filter=equals("applicationId", principal))
    number = next((record.id for record in listed if record.id), None)
    expected = policy_of((visit.bundle.root / name).read_text(encoding="utf-8"))
    return number is not None and any(same(policy.oidc_policy, expected) for policy in policies_of(account, number))


def policies_of(account: AccountClient, number: str) -> Iterator[FederationPolicy]:
    """Yield the federation policies of a service principal, by its id in the account."""
    yield from account.service_principal_federation_policy.list(int(number))


def same(policy: OidcFederationPolicy | None, expected: OidcFederationPolicy | None) -> bool:
    """Return whether two policies accept the same tokens."""
    if policy is None or expected is None:
        return False
    ours, theirs = (
        (side.issuer, side.subject, side.subject_claim or _SUBJECT_CLAIM, sorted(side.audiences or []))
        for side in (policy, expected)
    )
    return ours == theirs


def login_is_the_targets(bundle: Bundle, name: str) -> Iterator[Finding]:
    """Yield whether the identity in CI is the service principal of the target; nothing on a person's machine."""
    if not identity.is_federated(os.environ):
        return
    wanted = identity.principal(bundle)
    if name == wanted:
        yield fine(f"CI logs in as {wanted}, the service principal of {bundle.target}")
    else:
        yield missing(f"CI logs in as {name} instead of {wanted}, the service principal of {bundle.target}")
