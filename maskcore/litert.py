"""Running LiteRT models from many threads."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from maskcore.pool import Pool


class LiteRtModel:
    """A model with one float32 input of any batch or picture size it was made for.

    Args:
        content: the bytes of a .tflite file; checked when it first runs.
        threads: to compute with; without a number, one for each of up to four cores.
    """

    def __init__(self, content: bytes, threads: int | None = None) -> None:
        threads = threads or min(os.cpu_count() or 1, 4)

        def make() -> Interpreter:
            return Interpreter(model_content=content, num_threads=threads)

        self._interpreters: Pool[Any] = Pool(make, size=4)

    def run(self, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run the model.

        Args:
            inputs: float32, the model's input with its batch first.

        Returns:
            A copy of each output, in the order the Keras model gave them (of up to ten).

        Raises:
            ValueError, RuntimeError: the content is no model, or not one for such an input.
        """
        with self._interpreters.borrow() as interpreter:
            entry = interpreter.get_input_details()[0]
            if tuple(entry["shape"]) != inputs.shape:
                interpreter.resize_tensor_input(entry["index"], inputs.shape, strict=True)
            interpreter.allocate_tensors()
            interpreter.set_tensor(entry["index"], inputs)
            interpreter.invoke()
            # LiteRT lists outputs in any order; their names end in :0, :1 and so on.
            outputs = sorted(interpreter.get_output_details(), key=lambda o: str(o["name"]))
            return [interpreter.get_tensor(output["index"]) for output in outputs]
