"""The whole examination, question by question."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from databricks.sdk.errors import PermissionDenied

from ..bundle.load import Bundle
from . import command, federation, uploads
from .access import Me, Visit
from .checks import CHECKS, Question
from .entry import enter
from .failures import FAILURES, reason
from .finding import Finding, fine, for_admins, unseen
from .patience import Patience, within


def examine(load: Callable[[str | None], Bundle], patience: Patience, deployer: Me | None = None) -> Iterator[Finding]:
    """Yield the findings of every check, in order. Nothing in the workspace is changed.

    Questions that cannot be answered are yielded as not checked: all others if there is no access to the workspace, and
    the remaining ones if the workspace stops answering in time.

    Args:
        load: Reads the bundle for the user of this name, or for the operating system's user if it is None.
        patience: The limits in seconds.
        deployer: Who deploys, if that is somebody else than the identity that asks.

    Raises:
        ProjectError: The bundle is wrong.
    """
    bundle = load(None)
    yield command.check(bundle)
    yield from uploads.check(bundle)
    yield from federation.check(bundle)
    entered = yield from enter(bundle, patience)
    if entered is None:
        yield from (
            unseen(f"{check.title}: no access to the workspace yet") for check in CHECKS if list(check.things(bundle))
        )
        return
    client, me = entered
    yield from federation.login_is_the_targets(bundle, me.name)
    if deployer is not None:
        yield fine(f"{me.name} asks for {deployer.name}, which deploys and is the 'you' of these lines")
        me = deployer
    yield from _questions(Visit(client, load(me.name), me), patience)


def _questions(visit: Visit, patience: Patience) -> Iterator[Finding]:
    answers = True
    for check in CHECKS:
        things = list(check.things(visit.bundle))
        if check.none and not things:
            yield fine(check.none)
        for thing in things:
            if answers:
                finding, answers = _ask(check, visit, thing, patience)
                yield finding
            else:
                yield unseen(f"{check.title} ({thing}): the workspace no longer answers in time")


def _ask(check: Question, visit: Visit, thing: str, patience: Patience) -> tuple[Finding, bool]:
    """Return the finding, and whether the workspace answered in time."""
    try:
        return within(patience.question, lambda: check.ask(visit, thing)), True
    except FAILURES as error:
        sentence = f"{check.title} ({thing}): {reason(error, check.permission)}"
        is_left = check.for_admins and isinstance(error, PermissionDenied)
        finding = for_admins(sentence) if is_left else unseen(sentence)
        return finding, not isinstance(error, TimeoutError)
