"""Training runs as the pages see them: started, queued, watched, stopped, resumed, deleted.

A run is a process of its own with a folder of its own; what is told here is read from
that folder and from the process table each time, and remembered nowhere. One run goes on
at a time, over all tabs, visitors and servers that share the folder of runs.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from maskcore.errors import MasklensError
from maskcore.files import patiently, write_json, write_text
from training.background import job_process
from training.config import ARCHITECTURE_TITLES, TrainConfig
from training.events import QUEUED, STARTING, EventLog
from training.job_files import (
    JOB_FILE,
    LOG_FILE,
    OUTCOME_FILE,
    PROCESS_FILE,
    QUEUE_FILE,
    STOP_FILE,
    folder_of,
    guard,
    job_folders,
    new_folder,
    read_values,
    removed_folders,
)
from training.photos.data_folders import check_room, discard
from training.provenance import fit_command, save_provenance

KILLED = (
    "The run ended without a word: the computer went off, memory ran out or somebody ended"
    " its process. It can go on from its last finished epoch."
)
MAX_NAME = 80  # characters of a run's name
MAX_WAITING = 30  # runs: days of work on a classroom's computer
CORRECTIONS_FILE = "corrections.json"
STOPPED_IN_QUEUE = "Stopped before it began."
# The folders of an absolute path, here or on Windows: visitors read the log, too. In quotes
# and behind a drive's letter names may hold spaces; Python doubles backslashes in quotes.
_FOLDERS = re.compile(
    r"(?:(?<=[\"'])[\\/]|(?<!\w)[A-Za-z]:[\\/])[\\/]*(?:[^\\/\"':]+[\\/]+)+"
    r"|(?<![\w.:/\\])[\\/]+(?:[^\\/\s\"':]+[\\/]+)+"
)


class State(StrEnum):
    """What a run is doing."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


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
        can_resume: whether ``resume`` has something to go on with.
        stopped_early: whether it finished because somebody asked it to stop.
        data_name: what to call the data, never a path.
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

    @property
    def is_active(self) -> bool:
        """Whether it waits or works, so that looking again is worth while."""
        return self.state in (State.QUEUED, State.RUNNING, State.STOPPING)


def jobs() -> list[Job]:
    """All runs, newest first."""
    queue = [folder.name for folder in _queue()]
    return [_read(folder, queue) for folder in job_folders()]


def job(run_id: str) -> Job:
    """One run.

    Raises:
        MasklensError: it is gone.
    """
    return _read(folder_of(run_id), [folder.name for folder in _queue()])


def submit(config: TrainConfig, name: str = "", data_name: str = "", corrections: str = "") -> Job:
    """Start a run, or queue it where another one goes on; returns at once.

    Args:
        config: its settings; the data folder must be there.
        name: what people call the run, cut to ``MAX_NAME`` characters; by default architecture
            and time.
        data_name: what to call the data on pages and cards; by default the folder's name.
        corrections: a list as ``training.photos.corrections`` reads it, kept with the run;
            "" for none.

    Raises:
        MasklensError: the data folder is not there, ``MAX_WAITING`` runs wait already, there is
            no room for another, or nothing can be written.
    """
    data = Path(config.data).resolve()
    if not config.data or not data.is_dir():
        raise MasklensError("The data folder is not there any more. Choose the data again.")
    _check_line()
    config = replace(config, data=str(data))
    created = time.time()
    title = ARCHITECTURE_TITLES.get(config.architecture, config.architecture)
    folder = None
    try:
        check_room()
        folder = new_folder()
        if corrections:
            write_text(folder / CORRECTIONS_FILE, corrections)
            config = replace(config, corrections=str(folder / CORRECTIONS_FILE))
        config.save(folder)
        save_provenance(folder, fit_command(config, folder.name))
        EventLog(folder).write(QUEUED)
        write_json(folder / QUEUE_FILE, {"since": created})
        write_json(
            folder / JOB_FILE,
            {
                "name": name.strip()[:MAX_NAME] or f"{title}, {time.strftime('%d %b %H:%M')}",
                "data_name": data_name.strip() or data.name,
                "created": created,
            },
        )
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise MasklensError(
            "The run could not be started: its files cannot be written. Is the disk full?"
        ) from error
    start_next()
    return job(folder.name)


def _check_line() -> None:
    if len(_queue()) >= MAX_WAITING:
        raise MasklensError(
            f"{MAX_WAITING} runs are waiting already. Start this one once some have had their turn,"
            " or take others out of the line."
        )


def start_next() -> None:
    """Start the run that has waited longest, unless one goes on; ask as often as you like."""
    if not _queue():
        return
    with guard():
        if any(state_of(folder) in (State.RUNNING, State.STOPPING) for folder in job_folders()):
            return
        for folder in _queue():
            try:
                EventLog(folder).write(STARTING)
                job_process.launch(folder)
            except OSError as error:
                try:
                    end(folder, State.FAILED, f"The run could not be started: {error.strerror}.")
                except OSError:  # a full disk: it waits until there is room
                    return
                continue  # what cannot be started must not hold up the others
            _take_away(folder / QUEUE_FILE)
            return


def stop(run_id: str) -> None:
    """Ask a run to end with the best weights so far, or take it out of the queue.

    Raises:
        MasklensError: it is gone, or neither goes on nor waits.
    """
    folder = folder_of(run_id)
    with _changing():
        state = state_of(folder)
        if state == State.QUEUED:
            end(folder, State.INTERRUPTED, STOPPED_IN_QUEUE)
        elif state in (State.RUNNING, State.STOPPING):
            (folder / STOP_FILE).touch()
        else:
            raise MasklensError("This run has ended already: there is nothing to stop.")


def resume(run_id: str) -> None:
    """Let a run that failed or was interrupted go on after its last finished epoch.

    Raises:
        MasklensError: it is gone, there is nothing to go on with, or no room for a run as in
            ``submit``.
    """
    folder = folder_of(run_id)
    with _changing():
        if not job(run_id).can_resume:
            raise MasklensError("This run cannot go on: it is not one that was interrupted.")
        _check_line()
        check_room()
        EventLog(folder).write(QUEUED)
        write_json(folder / QUEUE_FILE, {"since": time.time()})
        _take_away(folder / STOP_FILE)
        _take_away(folder / OUTCOME_FILE)
    start_next()


def rename(run_id: str, name: str) -> None:
    """Give a run another name.

    Raises:
        MasklensError: it is gone, or the name is empty or longer than ``MAX_NAME``.
    """
    if not 1 <= len(name.strip()) <= MAX_NAME:
        raise MasklensError(f"A run's name has 1 to {MAX_NAME} characters.")
    with _changing():
        path = folder_of(run_id) / JOB_FILE
        write_json(path, {**(read_values(path) or {}), "name": name.strip()})


def delete(run_id: str) -> None:
    """Remove a run, and its data where they were made for it alone.

    Raises:
        MasklensError: it is gone or goes on.
    """
    with _changing():
        folder = folder_of(run_id)
        if state_of(folder) in (State.RUNNING, State.STOPPING):
            raise MasklensError("This run goes on. Stop it first, then delete it.")
        data = _config(folder).data
        # Out of sight in one step: nobody sees half a run.
        hidden = folder.with_name(f".{folder.name}")
        os.replace(folder, hidden)
        for rest in removed_folders():  # also what an earlier removal left half done
            shutil.rmtree(rest, ignore_errors=True)
        if data:
            discard(Path(data))  # unless another run uses them


@contextmanager
def _changing() -> Iterator[None]:
    """Hold the guard; what the system refuses to do with a run's files becomes a sentence."""
    try:
        with guard():
            yield
    except OSError as error:
        raise MasklensError(
            "The run's files could not be changed. Make room on the disk of the computer that"
            " runs Masklens, or close what has them open; then try again."
        ) from error


def log_tail(job: Job, lines: int = 200) -> str:
    """The last lines of what the run's process printed, without the folders of this machine."""
    try:
        with (job.folder / LOG_FILE).open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 500 * lines))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(_FOLDERS.sub("", line) for line in text.splitlines()[-lines:])


def end(folder: Path, state: State, problem: str = "", **more: Any) -> None:
    """Write down how a run ended; the guard must be held."""
    write_json(
        folder / OUTCOME_FILE, {"state": state, "problem": problem, "ended": time.time(), **more}
    )
    for name in (QUEUE_FILE, PROCESS_FILE, STOP_FILE):
        _take_away(folder / name)


def _take_away(path: Path) -> None:
    # Under Windows a page that just reads it is in the way.
    patiently(lambda: path.unlink(missing_ok=True))


def state_of(folder: Path) -> State:
    """What a run is doing, by its files and the process table."""
    outcome = read_values(folder / OUTCOME_FILE)
    if outcome is not None:
        ended = outcome.get("state")
        known = (State.FINISHED, State.FAILED, State.INTERRUPTED)
        return State(ended) if ended in known else State.INTERRUPTED
    if job_process.is_alive(folder):
        return State.STOPPING if (folder / STOP_FILE).exists() else State.RUNNING
    return State.QUEUED if (folder / QUEUE_FILE).exists() else State.INTERRUPTED


def _read(folder: Path, queue: list[str]) -> Job:
    values = read_values(folder / JOB_FILE) or {}
    # The state first: a run that ends in between must not seem to have ended without a word.
    state = state_of(folder)
    outcome = read_values(folder / OUTCOME_FILE) or {}
    problem = str(outcome.get("problem", ""))
    try:
        config = TrainConfig.load(folder)
    except MasklensError:
        config, problem = TrainConfig(data=""), "The run's settings are damaged. Start a new run."
        state = state if state in (State.RUNNING, State.STOPPING) else State.FAILED
    if state == State.INTERRUPTED and not problem:
        problem = KILLED
    created = values.get("created")
    return Job(
        id=folder.name,
        name=str(values.get("name") or folder.name),
        created=float(created) if isinstance(created, int | float) else _stamp(folder),
        state=state,
        place=queue.index(folder.name) + 1
        if state == State.QUEUED and folder.name in queue
        else None,
        config=config,
        folder=folder,
        problem=problem if state in (State.FAILED, State.INTERRUPTED) else "",
        can_resume=bool(config.data) and state in (State.FAILED, State.INTERRUPTED),
        stopped_early=state == State.FINISHED and bool(outcome.get("stopped_early")),
        data_name=str(values.get("data_name") or "data"),
    )


def _queue() -> list[Path]:
    """The folders of the runs that wait, the next one first."""

    def since(folder: Path) -> tuple[float, str]:
        value = (read_values(folder / QUEUE_FILE) or {}).get("since")
        return (float(value) if isinstance(value, int | float) else 0.0, folder.name)

    return sorted((f for f in job_folders() if state_of(f) == State.QUEUED), key=since)


def _config(folder: Path) -> TrainConfig:
    try:
        return TrainConfig.load(folder)
    except MasklensError:
        return TrainConfig(data="")


def _stamp(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
