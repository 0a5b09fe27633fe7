"""Training runs as the pages see them.

A run is a process of its own with a folder of its own; what is told here is read from
that folder and from the process table each time, and remembered nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from maskcore.errors import MasklensError
from training.background import job_process
from training.config import TrainConfig
from training.job_files import (
    JOB_FILE,
    OUTCOME_FILE,
    QUEUE_FILE,
    STOP_FILE,
    folder_of,
    job_folders,
    read_values,
)

KILLED = (
    "The run ended without a word: the computer went off, memory ran out or somebody ended"
    " its process. It can go on from its last finished epoch."
)


class State(StrEnum):
    """What a run is doing."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def works(self) -> bool:
        """Whether a process works on it."""
        return self in (State.RUNNING, State.STOPPING)


@dataclass(frozen=True)
class Job:
    """One run, as it stood when asked.

    Attributes:
        id: names the run and its folder.
        name: what people call it.
        created: seconds since 1970.
        state: what it is doing.
        place: in the queue, 1 for the next one; None when it does not wait.
        config: its settings.
        folder: its files.
        problem: a sentence for people, of a run that failed or was interrupted; else "".
        can_resume: whether ``control.resume`` has something to go on with.
        stopped_early: whether it finished because somebody asked it to stop.
        data_name: what to call the data, never a path.
        ended: seconds since 1970; None where that is not known, or not yet.
    """

    id: str
    name: str
    created: float
    state: State
    place: int | None
    config: TrainConfig
    folder: Path
    problem: str
    can_resume: bool
    stopped_early: bool
    data_name: str
    ended: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether it waits or works, so that looking again is worth while."""
        return self.state == State.QUEUED or self.state.works


def jobs() -> list[Job]:
    """All runs, newest first."""
    line = queue()
    return [_read(folder, state_of(folder), line) for folder in job_folders()]


def job(run_id: str) -> Job:
    """One run.

    Raises:
        MasklensError: it is gone.
    """
    folder = folder_of(run_id)
    state = state_of(folder)
    return _read(folder, state, queue() if state == State.QUEUED else [])


def state_of(folder: Path) -> State:
    """What a run is doing, by its files and the process table."""
    # In the order opposite to that of writing: whoever starts or ends a run while its files are
    # read here adds the new one before the old one goes.
    queued = (folder / QUEUE_FILE).exists()
    alive = job_process.is_alive(folder)
    outcome = read_values(folder / OUTCOME_FILE)
    if outcome is not None:
        ended = outcome.get("state")
        known = (State.FINISHED, State.FAILED, State.INTERRUPTED)
        return State(ended) if ended in known else State.INTERRUPTED
    if alive:
        return State.STOPPING if (folder / STOP_FILE).exists() else State.RUNNING
    # Asked again: a run that is resumed is queued before its outcome goes.
    queued = queued or (folder / QUEUE_FILE).exists()
    return State.QUEUED if queued else State.INTERRUPTED


def _read(folder: Path, state: State, line: list[Path]) -> Job:
    values = read_values(folder / JOB_FILE) or {}
    # After the state: a run that ends in between must not seem to have ended without a word.
    outcome = read_values(folder / OUTCOME_FILE) or {}
    problem = str(outcome.get("problem", ""))
    try:
        config = TrainConfig.load(folder)
    except MasklensError:
        config, problem = TrainConfig(data=""), "The run's settings are damaged. Start a new run."
        state = state if state.works else State.FAILED
    if state == State.INTERRUPTED and not problem:
        problem = KILLED
    # Since the queue was read, it may have been put in or taken out.
    place = line.index(folder) + 1 if state == State.QUEUED and folder in line else None
    created, ended = values.get("created"), outcome.get("ended")
    return Job(
        id=folder.name,
        name=str(values.get("name") or folder.name),
        created=float(created) if isinstance(created, int | float) else _stamp(folder),
        state=state,
        place=place,
        config=config,
        folder=folder,
        problem=problem if state in (State.FAILED, State.INTERRUPTED) else "",
        can_resume=bool(config.data) and state in (State.FAILED, State.INTERRUPTED),
        stopped_early=state == State.FINISHED and bool(outcome.get("stopped_early")),
        data_name=str(values.get("data_name") or "data"),
        ended=float(ended) if isinstance(ended, int | float) else None,
    )


def queue() -> list[Path]:
    """The folders of the runs that wait, the next one first."""

    def since(folder: Path) -> tuple[float, str]:
        value = (read_values(folder / QUEUE_FILE) or {}).get("since")
        return (float(value) if isinstance(value, int | float) else 0.0, folder.name)

    # Whether a process works on a run is asked of those alone that may wait.
    noted = (folder for folder in job_folders() if (folder / QUEUE_FILE).exists())
    return sorted((folder for folder in noted if state_of(folder) == State.QUEUED), key=since)


def _stamp(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
