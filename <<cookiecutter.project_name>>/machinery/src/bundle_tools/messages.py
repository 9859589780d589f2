"""Words an error as one sentence: what is wrong, where, and what to do."""

from __future__ import annotations

import click

from mlops.errors import ProjectError, did_you_mean, first_line


def sentence(text: str) -> str:
    """Return a text with exactly one full stop, or its question mark, at its end."""
    bare = text.rstrip(" \n.?")
    return f"{bare}?" if "?" in text[len(bare) :] else f"{bare}."


def of_failure(error: ProjectError | OSError) -> str:
    """Return the sentence about a mistake in the project, or about a file or a workspace that cannot be used."""
    if isinstance(error, ProjectError):
        return sentence(str(error))
    if type(error).__module__.startswith("databricks."):
        return sentence(f"the workspace refuses: {first_line(error).partition('. Config: ')[0]}")
    if error.filename is not None:
        return sentence(f"{error.filename} cannot be used: {error.strerror}")
    return sentence(first_line(error))


def of_usage(error: click.UsageError, path: str) -> str:
    """Return the sentence about a mistake in the words of a command, such as `mlops run`."""
    text = _usage(error, path)
    return sentence(text if text.endswith("?") else f"{text} (see {path} --help)")


def _usage(error: click.UsageError, path: str) -> str:
    if isinstance(error, click.NoSuchOption):
        params = error.ctx.command.get_params(error.ctx) if error.ctx else []
        known = sorted({name for param in params for name in param.opts if name.startswith("-")})
        return f"{path} has no option {error.option_name}{did_you_mean(error.option_name, known)}"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{path} needs {_name(error.param)}"
    message = error.message.rstrip(".")
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_name(error.param)}: {message}"
    return message[:1].lower() + message[1:]


def _name(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name
