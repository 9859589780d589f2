import logging

from rich.console import Console

from bundle_tools.run import progress
from bundle_tools.run.runs import JobRun, TaskRun, TaskState


def a_run() -> JobRun:
    """A job whose first task ran another job, and whose second task failed."""
    inner = TaskRun("inner", "work", 3, state=TaskState.SUCCESS, seconds=1.26)
    child = JobRun("inner", 2, {}, {"work": inner}, frozenset({"work"}))
    tasks = {
        "start": TaskRun("outer", "start", 4, state=TaskState.SUCCESS, seconds=1.3, child=child),
        "end": TaskRun("outer", "end", 5, state=TaskState.FAILED, seconds=0.5),
    }
    return JobRun("outer", 1, {}, tasks, frozenset({"end"}))


def printed(console: Console) -> str:
    return console.export_text()


def test_the_table_shows_the_tasks_that_ran_code() -> None:
    console = Console(record=True, width=100)
    console.print(progress.table(a_run()))
    rows = [line.replace("│", " ").split() for line in printed(console).splitlines() if "│" in line]
    assert rows == [["inner", "work", "success", "1.3"], ["outer", "end", "failed", "0.5"]]


def test_each_finished_task_is_a_line_with_state_and_seconds() -> None:
    console = Console(record=True, width=100)
    run = a_run()
    with progress.shown(console) as observer:
        observer.job_started(run)
        for task in progress.leaves(run):
            observer.task_started(task)
            logging.getLogger(progress.__name__.split(".")[0]).warning("working on [/Volumes/x]")
            observer.task_finished(task)
        observer.task_retried(run.tasks["end"], ValueError("once more"))
        observer.job_finished(run)
    text = printed(console)
    assert "outer" in text
    assert "work                 success    1.3 s" in text
    assert "end failed and is retried: once more" in text


def test_log_lines_are_not_shown_after_the_run() -> None:
    logger = logging.getLogger(progress.__name__.split(".")[0])
    before = list(logger.handlers)
    with progress.shown(Console(record=True)):
        assert len(logger.handlers) == len(before) + 1
    assert logger.handlers == before
