from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from maskcore.errors import MasklensError
from training import callbacks
from training.callbacks import (
    BEST_WEIGHTS,
    LAST_MODEL,
    STATE_FILE,
    Checkpoint,
    ProgressLog,
    RunState,
    finish,
)
from training.events import EVENTS_FILE, EventLog


def read_events(run_dir: Path) -> list[dict[str, Any]]:
    text = (run_dir / EVENTS_FILE).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


# --- events


def test_an_event_is_a_line_of_json_with_time_and_stage(tmp_path: Path) -> None:
    before = time.time()
    EventLog(tmp_path).write("reading data", folder="Größe\nneu", done=3)
    EventLog(tmp_path).write("training", loss=0.5)  # another process goes on with the log
    first, second = read_events(tmp_path)
    assert before - 0.01 <= first.pop("time") <= second.pop("time") <= time.time() + 0.01
    assert first == {"stage": "reading data", "folder": "Größe\nneu", "done": 3}
    assert second == {"stage": "training", "loss": 0.5}


class Clock:
    """Stands in for the time module; moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(callbacks, "time", clock)
    return clock


def run_epochs(
    callback: ProgressLog, clock: Clock, epochs: range, batches: int, step: float
) -> None:
    callback.on_train_begin()
    for epoch in epochs:
        callback.on_epoch_begin(epoch)
        for batch in range(batches):
            clock.now += step
            callback.on_train_batch_end(batch, {"loss": 1 / (batch + 1)})
        callback.on_epoch_end(epoch, {"loss": 0.123456789, "val_loss": np.float32(0.25)})


def test_batches_and_epochs_are_counted_from_1(tmp_path: Path, clock: Clock) -> None:
    callback = ProgressLog(EventLog(tmp_path), "training", epochs=3, batches=4)
    run_epochs(callback, clock, range(3), batches=4, step=10)
    events = read_events(tmp_path)
    assert {event["stage"] for event in events} == {"training"}
    assert {(event["epochs"], event["batches"]) for event in events} == {(3, 4)}
    counted = [(event["epoch"], event["batch"]) for event in events]
    assert counted == [(e, b) for e in (1, 2, 3) for b in (1, 2, 3, 4, 4)]
    ends = [event for event in events if "val_loss" in event]
    assert [event["epoch"] for event in ends] == [1, 2, 3]
    assert ends[0]["loss"] == 0.12346
    assert ends[0]["val_loss"] == 0.25


def test_a_resumed_stage_counts_on(tmp_path: Path, clock: Clock) -> None:
    callback = ProgressLog(EventLog(tmp_path), "training", epochs=5, batches=2)
    run_epochs(callback, clock, range(3, 5), batches=2, step=10)
    events = read_events(tmp_path)
    assert [event["epoch"] for event in events] == [4, 4, 4, 5, 5, 5]


def test_quick_batches_are_not_all_reported(tmp_path: Path, clock: Clock) -> None:
    callback = ProgressLog(EventLog(tmp_path), "training", epochs=1, batches=100)
    run_epochs(callback, clock, range(1), batches=100, step=0.1)
    events = read_events(tmp_path)
    assert 15 < len(events) < 25
    assert events[-1]["batch"] == 100


def test_a_long_run_reports_its_batches_ever_more_rarely(tmp_path: Path, clock: Clock) -> None:
    callback = ProgressLog(EventLog(tmp_path), "training", epochs=1, batches=36_000)
    run_epochs(callback, clock, range(1), batches=36_000, step=1.0)
    events = read_events(tmp_path)
    assert 2000 < len(events) < 5000
    gaps = np.diff([event["batch"] for event in events])[:-1]
    assert gaps[:900].max() == 1 and 30 <= gaps[-1] <= 40


# --- state


def test_a_new_run_has_no_state(tmp_path: Path) -> None:
    state = RunState(tmp_path)
    assert (state.stage, state.epochs_done, state.best_loss) == ("", 0, float("inf"))
    assert not list(tmp_path.iterdir())


def test_state_is_taken_up_again(tmp_path: Path) -> None:
    state = RunState(tmp_path)
    state.save("training", 1)
    assert RunState(tmp_path).best_loss == float("inf")
    state.best_loss = 0.125
    state.save("fine-tuning", 3)
    again = RunState(tmp_path)
    assert (again.stage, again.epochs_done, again.best_loss) == ("fine-tuning", 3, 0.125)
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]


# --- checkpoints


def tiny_network() -> Any:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])


def set_weight(network: Any, value: float) -> None:
    network.set_weights([np.full((2, 1), value, np.float32)])


def saved_best(run_dir: Path) -> float:
    network = tiny_network()
    network.load_weights(run_dir / BEST_WEIGHTS)
    return float(network.get_weights()[0][0, 0])


def saved_last(run_dir: Path) -> float:
    return float(keras.models.load_model(run_dir / LAST_MODEL).get_weights()[0][0, 0])


def files_in(run_dir: Path) -> set[str]:
    return {path.name for path in (run_dir / "checkpoints").iterdir()}


def run_losses(run_dir: Path, losses: list[float], first_epoch: int = 0) -> Any:
    """Let a network whose weight is 1, 2, 3... end epochs with these validation losses."""
    network = tiny_network()
    checkpoint = Checkpoint(run_dir, RunState(run_dir), "training", network)
    checkpoint.set_model(network)
    for epoch, loss in enumerate(losses, start=first_epoch):
        set_weight(network, epoch + 1)
        checkpoint.on_epoch_end(epoch, {"val_loss": loss})
    return checkpoint


def test_the_best_weights_and_the_last_model_are_kept(tmp_path: Path) -> None:
    run_losses(tmp_path, [0.5, 0.3, 0.4, 0.35])
    assert saved_best(tmp_path) == 2
    assert saved_last(tmp_path) == 4
    state = RunState(tmp_path)
    assert (state.stage, state.epochs_done, state.best_loss) == ("training", 4, 0.3)
    assert files_in(tmp_path) == {BEST_WEIGHTS.name, LAST_MODEL.name}


def test_a_resumed_run_remembers_the_best_loss(tmp_path: Path) -> None:
    run_losses(tmp_path, [0.5, 0.3])
    run_losses(tmp_path, [0.4, 0.29], first_epoch=2)
    assert saved_best(tmp_path) == 4
    run_losses(tmp_path, [0.295], first_epoch=4)
    assert saved_best(tmp_path) == 4
    assert saved_last(tmp_path) == 5


def test_the_best_may_be_the_whole_network_while_a_part_learns(tmp_path: Path) -> None:
    head = tiny_network()
    inputs = keras.Input((2,))
    network = keras.Model(inputs, head(keras.layers.Dense(2)(inputs)))
    checkpoint = Checkpoint(tmp_path, RunState(tmp_path), "training", network)
    checkpoint.set_model(head)
    set_weight(head, 7)
    checkpoint.on_epoch_end(0, {"val_loss": 0.5})
    assert saved_last(tmp_path) == 7
    for weights in network.weights:
        weights.assign(weights * 0)
    network.load_weights(tmp_path / BEST_WEIGHTS)
    assert head.get_weights()[0][0, 0] == 7


@pytest.mark.parametrize("method", ["save_weights", "save"])
def test_a_failing_save_leaves_the_old_files_whole(tmp_path: Path, method: str) -> None:
    checkpoint = run_losses(tmp_path, [0.5])
    network = checkpoint.model
    set_weight(network, 2)

    def fail(path: Path) -> None:
        Path(path).write_bytes(b"half a file")
        raise OSError("no space left on device")

    setattr(network, method, fail)
    with pytest.raises(OSError, match="no space left"):
        checkpoint.on_epoch_end(1, {"val_loss": 0.4})
    assert saved_last(tmp_path) == 1
    assert saved_best(tmp_path) == (1 if method == "save_weights" else 2)
    assert files_in(tmp_path) == {BEST_WEIGHTS.name, LAST_MODEL.name}
    assert RunState(tmp_path).epochs_done == 1  # the epoch will be repeated


# --- what went wrong


def test_a_figure_that_is_no_number_is_null(tmp_path: Path) -> None:
    callback = ProgressLog(EventLog(tmp_path), "training", epochs=1, batches=1)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, {"loss": float("nan"), "val_loss": float("inf"), "accuracy": 0.5})
    (event,) = read_events(tmp_path)
    assert event["loss"] is None and event["val_loss"] is None and event["accuracy"] == 0.5
    assert "NaN" not in (tmp_path / EVENTS_FILE).read_text(encoding="utf-8")


def test_a_run_that_diverged_ends_with_a_sentence(tmp_path: Path) -> None:
    state = RunState(tmp_path)
    with pytest.raises(MasklensError, match="lower learning rate"):
        finish(EventLog(tmp_path), state)
    assert not (tmp_path / EVENTS_FILE).exists()

    state.best_loss = 0.123456
    finish(EventLog(tmp_path), state)
    (event,) = read_events(tmp_path)
    assert event["stage"] == "trained" and event["val_loss"] == 0.12346
