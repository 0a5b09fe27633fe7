"""TensorBoard's files of a run, written without the package tensorboard.

TensorFlow writes summaries only where that package is installed; the format is simple:
records of Event messages in files whose names begin with ``events.out.tfevents``.
"""

from __future__ import annotations

import time
from pathlib import Path

import keras
import tensorflow as tf
from tensorflow.core.framework.summary_pb2 import Summary
from tensorflow.core.util.event_pb2 import Event

from training.callbacks import cut_short

TENSORBOARD_DIR = "tensorboard"


class TensorBoardLog(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds each epoch's loss and accuracy to ``tensorboard/train`` and ``/validation``.

    Names and steps are those of Keras' own callback; a resumed run begins new files, which
    TensorBoard joins.

    Args:
        run_dir: the run's folder.
        first_step: epochs of the stages before this one.
    """

    def __init__(self, run_dir: Path, first_step: int) -> None:
        super().__init__()
        self._folder = run_dir / TENSORBOARD_DIR
        self._first_step = first_step
        self._writers: dict[str, tf.io.TFRecordWriter] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if cut_short(self.model):
            return
        values = {key: float(value) for key, value in (logs or {}).items()}
        for part, prefix in (("train", ""), ("validation", "val_")):
            self._write(
                part,
                self._first_step + epoch,
                {
                    f"epoch_{name}": values[prefix + name]
                    for name in ("loss", "accuracy")
                    if prefix + name in values
                },
            )

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write(self, part: str, step: int, scalars: dict[str, float]) -> None:
        if part not in self._writers:
            folder = self._folder / part
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"events.out.tfevents.{time.time_ns()}.masklens"
            self._writers[part] = tf.io.TFRecordWriter(str(path))
            head = Event(wall_time=time.time(), file_version="brain.Event:2")
            self._writers[part].write(head.SerializeToString())
        summary = Summary(
            value=[Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        )
        event = Event(wall_time=time.time(), step=step, summary=summary)
        self._writers[part].write(event.SerializeToString())
        self._writers[part].flush()
