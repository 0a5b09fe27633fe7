"""What is done to runs: they are started, queued, stopped, resumed, renamed and deleted.

One run goes on at a time, over all tabs, visitors and servers that share the folder of runs.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from maskcore.errors import MasklensError
from maskcore.files import move, patiently, write_json, write_text
from training.background import job_process
from training.background.jobs import Job, State, job, queue, state_of
from training.config import TrainConfig
from training.events import QUEUED, STARTING, EventLog, when
from training.job_files import (
    JOB_FILE,
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

MAX_NAME = 80  # characters of a run's name
MAX_DATA_NAME = 60  # of the data's in it, so that the time is never cut
MAX_WAITING = 30  # runs: days of work on a classroom's computer
CORRECTIONS_FILE = "corrections.json"


def submit(config: TrainConfig, name: str = "", data_name: str = "", corrections: str = "") -> Job:
    """Start a run, or queue it where another one goes on; returns at once.

    Args:
        config: its settings; the data folder must be there.
        name: what people call the run, cut to ``MAX_NAME`` characters; by default the
            data's name and the time.
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
    data_name = data_name.strip() or data.name
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
                "name": name.strip()[:MAX_NAME] or f"{data_name[:MAX_DATA_NAME]}, {when(created)}",
                "data_name": data_name,
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
    if len(queue()) >= MAX_WAITING:
        raise MasklensError(
            f"{MAX_WAITING} runs are waiting already. Start this one once some have had their turn,"
            " or take others out of the line."
        )


def start_next() -> None:
    """Start the run that has waited longest, unless one goes on; ask as often as you like."""
    if not queue():
        return
    with guard():
        if any(state_of(folder).works for folder in job_folders()):
            return
        for folder in queue():
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
            end(folder, State.INTERRUPTED, "Stopped before it began.")
        elif state.works:
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
        run = job(run_id)
        if run.state.works:
            raise MasklensError("This run goes on. Stop it first, then delete it.")
        # Out of sight in one step: nobody sees half a run.
        move(run.folder, run.folder.with_name(f".{run.id}"))
        for rest in removed_folders():  # also what an earlier removal left half done
            shutil.rmtree(rest, ignore_errors=True)
        if run.config.data:
            discard(Path(run.config.data))  # unless another run uses them


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
