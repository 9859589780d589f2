"""Ask the platform about the process of a task, and set a task value for the next one."""

from __future__ import annotations

from ..platform.base import Platform
from ..probe.answer import answers
from ..probe.interpreter import Interpreter
from ..probe.job import token
from ..probe.questions import OF_THE_PROCESS
from ..probe.results import Results
from ..project import Project
from . import task

NAME = __name__.rpartition(".")[2]


class Parameters(task.Parameters):
    """What the questions are about, and where the answers go.

    Attributes:
        run_id: Identifies the run of the job.
        experiment_id: The experiment of training runs.
        model_name: The registered model.
        probe_table: The table that the answers are added to.
        replaced: Packages whose versions the environment of the jobs replaces on purpose, separated by spaces.
    """

    run_id: str
    experiment_id: str
    model_name: str
    probe_table: str
    replaced: str = ""


class Values(task.Values):
    """A value that the next task must receive."""

    token: str

    @classmethod
    def may_be_lost(cls) -> bool:
        """Return True: one of the questions is whether it is."""
        return True


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Print the answers, and add them to the table; an answer that is no does not fail this task, but the next one."""
    results = Results(platform.tables, parameters.probe_table, parameters.run_id)
    probed = Interpreter(
        project, platform, parameters.experiment_id, parameters.model_name, replaced=parameters.replaced
    )
    results.report(NAME, answers(OF_THE_PROCESS, probed))
    return Values(token=token(parameters.run_id))
