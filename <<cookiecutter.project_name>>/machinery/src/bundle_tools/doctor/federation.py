"""The federation policy of a target, which says what in CI may log in as its service principal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from ..bundle.load import Bundle
from ..deployment import identity
from .finding import Finding, fine, missing

_PLACEHOLDER = re.compile(r"my-(?:org|repo|project|group)\b|0{8}-0000-0000-0000-0{12}")


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield whether the policy of the target names your own repository; whether it is in force, only a login shows."""
    for file in sorted(bundle.root.glob(f"ci/*/{bundle.target}.json")):
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


def login_is_the_targets(bundle: Bundle, name: str) -> Iterator[Finding]:
    """Yield whether the identity in CI is the service principal of the target; nothing on a person's machine."""
    if not identity.is_federated(os.environ):
        return
    wanted = identity.principal(bundle)
    if name == wanted:
        yield fine(f"CI logs in as {wanted}, the service principal of {bundle.target}")
    else:
        yield missing(f"CI logs in as {name} instead of {wanted}, the service principal of {bundle.target}")
