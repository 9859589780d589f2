"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass

_LABELS = {True: "ok", False: "MISSING", None: "?"}


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Attributes:
        ok: Whether what the bundle needs is there; None if that could not be checked.
        sentence: What was found and, if something is wrong, where and what to do about it.
        is_for_admins: Whether only an administrator can check it, with `make bootstrap`; then it is not counted here.
    """

    ok: bool | None
    sentence: str
    is_for_admins: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the command may succeed."""
        return self.ok is True or self.is_for_admins

    def __str__(self) -> str:
        return f"{'admins' if self.is_for_admins else _LABELS[self.ok]:<8}{self.sentence}"


def fine(sentence: str) -> Finding:
    """Return the finding that something is there."""
    return Finding(ok=True, sentence=sentence)


def missing(sentence: str) -> Finding:
    """Return the finding that something is missing or wrong."""
    return Finding(ok=False, sentence=sentence)


def unseen(sentence: str) -> Finding:
    """Return the finding that something could not be checked, which counts as a failure."""
    return Finding(ok=None, sentence=f"not checked: {sentence}")


def for_admins(sentence: str) -> Finding:
    """Return the finding that this identity cannot see something, which `make bootstrap` shows to an administrator."""
    return Finding(ok=None, sentence=f"not checked here: {sentence}", is_for_admins=True)
