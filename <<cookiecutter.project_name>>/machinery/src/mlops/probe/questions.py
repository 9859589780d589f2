"""All questions, in the order in which they are asked. To ask another one, add it here."""

from __future__ import annotations

from . import interpreter, job, model, privileges, services, volume, workers
from .answer import Question
from .interpreter import Interpreter
from .job import Job

_REPORT = "attach these lines to a bug report."

OF_THE_PROCESS: tuple[Question[Interpreter], ...] = (
    Question(
        "task values are set by",
        "utilities",
        interpreter.utilities,
        f"no later task gets a value, so no model would be validated: {_REPORT}",
    ),
    Question(
        "a new process imports the environment",
        "interpreter",
        interpreter.child_process,
        f"the task validate would refuse every version: {_REPORT}",
    ),
    Question(
        "MLflow finds the experiment and the model",
        "tracking",
        interpreter.tracking,
        "deploy again, and let the identity of the job manage the experiment and use the schema.",
    ),
    Question(
        "packages have the platform's versions",
        "interpreter",
        interpreter.versions,
        "pin these packages in the environment of the jobs (resources/common.yml), or leave out what replaces them.",
    ),
)

OF_THE_JOB: tuple[Question[Job], ...] = (
    Question("a task value arrives in the next task", "job", job.task_value, f"no model would be validated: {_REPORT}"),
    Question("the start of a run", "job", job.start_time, f"monitoring would fail, or check other days: {_REPORT}"),
    Question(
        "a logged model is registered and scores",
        "tracking",
        model.life,
        "grant the identity of the job CREATE MODEL in the schema and WRITE VOLUME on the volume; for any other error, "
        + _REPORT,
    ),
    Question(
        "files in the volume",
        "volumes",
        volume.files,
        "grant the identity of the job READ VOLUME and WRITE VOLUME on the volume; for any other error, " + _REPORT,
    ),
    Question(
        "a pandas function imports the wheel",
        "spark",
        workers.rows,
        f"scoring and features that use your package would fail: {_REPORT}",
    ),
    Question(
        "a stream's batches import the wheel",
        "spark",
        workers.batches,
        f"streaming inference would fail; score in batches (inference=batch) until then: {_REPORT}",
    ),
    Question(
        "privileges on the schema",
        "workspace",
        privileges.schema,
        "grant them in `grants` of databricks.yml, and deploy again.",
    ),
    Question(
        "ownership of the model",
        "workspace",
        privileges.model,
        "have its owner make the identity of the job the owner, in Catalog Explorer.",
    ),
    Question(
        "system tables",
        "workspace",
        privileges.system_table,
        "have a metastore admin enable the schema system.serving and grant USE SCHEMA and SELECT on it; until then "
        "predictions of an endpoint have no version.",
    ),
    Question(
        "data profiling",
        "workspace",
        services.data_profiling,
        "without it the task refresh_metrics reports every check as refused; have data profiling enabled.",
    ),
    Question(
        "online stores",
        "workspace",
        services.online_store,
        "without them real-time serving has no features: enable them, or leave the variable online_store empty.",
    ),
)
