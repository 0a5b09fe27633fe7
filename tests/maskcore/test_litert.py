from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.litert import LiteRtModel


def inputs(count: int, level: float, size: int = 8) -> NDArray[np.float32]:
    return np.full((count, size, size, 3), level, np.float32)


def expected(count: int, level: float) -> NDArray[np.float64]:
    """The tiny model (see conftest) by hand, for inputs all of one level."""
    return np.full((count, 1), 1 / (1 + np.exp(-(1.5 * level + 0.25))))


def test_batch_may_change_from_call_to_call(tiny_models: dict[str, bytes]) -> None:
    model = LiteRtModel(tiny_models["good"])

    for count, level in ((1, 0.5), (40, -0.5), (2, 1.0), (1, 0.0)):
        (output,) = model.run(inputs(count, level))

        np.testing.assert_allclose(output, expected(count, level), atol=1e-6)


def test_outputs_are_copies(tiny_models: dict[str, bytes]) -> None:
    model = LiteRtModel(tiny_models["good"])
    (first,) = model.run(inputs(2, 1.0))

    model.run(inputs(2, -1.0))

    np.testing.assert_allclose(first, expected(2, 1.0), atol=1e-6)


def test_threads_get_their_own_results(tiny_models: dict[str, bytes]) -> None:
    model = LiteRtModel(tiny_models["good"])
    asked = [(1 + number % 5, number / 100 - 1) for number in range(200)]

    with ThreadPoolExecutor(16) as executor:
        outputs = list(executor.map(lambda ask: model.run(inputs(*ask))[0], asked))

    for ask, output in zip(asked, outputs, strict=True):
        np.testing.assert_allclose(output, expected(*ask), atol=1e-6)


def test_several_outputs_come_in_the_model_s_order(tiny_models: dict[str, bytes]) -> None:
    means, doubled = LiteRtModel(tiny_models["means and doubles"]).run(inputs(2, 0.25))

    np.testing.assert_allclose(means, np.full((2, 3), 0.25), atol=1e-6)
    np.testing.assert_allclose(doubled, np.full((2, 3), 0.5), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "shape"),
    [("good", (1, 9, 9, 3)), ("good", (8, 8, 3)), ("one at a time", (2, 8, 8, 3))],
)
def test_input_that_does_not_fit_is_refused(
    tiny_models: dict[str, bytes], model: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        LiteRtModel(tiny_models[model]).run(np.zeros(shape, np.float32))


def test_refused_input_does_not_spoil_the_next(tiny_models: dict[str, bytes]) -> None:
    model = LiteRtModel(tiny_models["good"])
    with pytest.raises((ValueError, RuntimeError)):
        model.run(inputs(1, 0.5, size=9))

    np.testing.assert_allclose(model.run(inputs(3, 0.5))[0], expected(3, 0.5), atol=1e-6)


def test_content_is_checked_on_the_first_run() -> None:
    model = LiteRtModel(b"no model" * 99)

    with pytest.raises((ValueError, RuntimeError)):
        model.run(inputs(1, 0.0))
