"""The error that a user can act on."""


class ProjectError(Exception):
    """A mistake in the data, the configuration, the bundle or the command line.

    Its text is one sentence that says what is wrong, where, and what to do. The command line prints that sentence
    and exits with 1; any other exception is a defect and keeps its traceback.
    """
