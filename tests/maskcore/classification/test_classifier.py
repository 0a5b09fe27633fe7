from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.classification import InputSpec, LiteRtClassifier, preprocess
from maskcore.classification import classifier as classifier_module
from maskcore.classification.classifier import MAX_BATCH
from maskcore.errors import ModelError
from maskcore.litert import LiteRtModel
from maskcore.types import NotSure

CANNOT_RUN = (
    "Model 'net' cannot be run: its file does not fit its card or this version of LiteRT."
    " Install the model again."
)


def expected(inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The tiny model (see conftest) by hand: sigmoid of a weighted sum of the colour means."""
    logits = inputs.astype(float).mean(axis=(1, 2)) @ [0.5, -1.0, 2.0] + 0.25
    return 1 / (1 + np.exp(-logits))


def some_inputs(count: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    tones = rng.uniform(-1, 1, (count, 1, 1, 3))  # keep the means of the inputs apart
    return (tones + rng.uniform(-0.1, 0.1, (count, 8, 8, 3))).astype(np.float32)


@pytest.fixture
def classifier(install: Callable[..., Path], tiny_models: dict[str, bytes]) -> LiteRtClassifier:
    install("net", tiny_models["good"])
    return LiteRtClassifier.load("net")


def test_card_is_taken_over(classifier: LiteRtClassifier) -> None:
    assert classifier.name == "net"
    assert classifier.threshold == 0.4
    assert classifier.input_spec == InputSpec(size=8)
    assert classifier.not_sure == NotSure(0, 0, 0)  # a card without a rule calls every face


@pytest.mark.parametrize("count", [0, 1, 5, MAX_BATCH, MAX_BATCH + 1, 2 * MAX_BATCH])
def test_probabilities_come_in_order_whatever_their_number(
    classifier: LiteRtClassifier, count: int
) -> None:
    inputs = some_inputs(count)

    probabilities = classifier.classify_inputs(inputs)

    assert probabilities.shape == (count,) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected(inputs), atol=1e-5)


def test_slices_are_no_longer_than_allowed(
    classifier: LiteRtClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []

    def run(_: object, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        lengths.append(len(inputs))
        return [inputs[:, 0, 0, :1]]

    monkeypatch.setattr(LiteRtModel, "run", run)
    classifier.classify_inputs(some_inputs(2 * MAX_BATCH + 6))

    assert lengths == [MAX_BATCH, MAX_BATCH, 6]


def test_faces_of_a_photo_are_judged_one_by_one(classifier: LiteRtClassifier) -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    photo = np.repeat(np.repeat(colours[None], 20, axis=0), 20, axis=1)
    boxes = [(40, 0, 60, 20), (0, 0, 20, 20), (20, 0, 40, 20), (45, 5, 55, 15)]

    probabilities = classifier.mask_probabilities(photo, boxes)

    # A colour there is 1, one that is not -1.
    signs = np.array([[-1, -1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    logits = signs @ [0.5, -1.0, 2.0] + 0.25
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), atol=1e-5)


def test_faces_of_a_crowd_are_cut_out_slice_by_slice(
    classifier: LiteRtClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []

    def counted(image: NDArray[np.uint8], boxes: NDArray[np.float64], spec: InputSpec) -> Any:
        lengths.append(len(boxes))
        return preprocess(image, boxes, spec)

    monkeypatch.setattr(classifier_module, "preprocess", counted)
    photo = np.random.default_rng(0).integers(0, 256, (8, 400, 3), np.uint8)
    boxes = [(8 * n, 0, 8 * n + 8, 8) for n in range(2 * MAX_BATCH + 6)]

    probabilities = classifier.mask_probabilities(photo, boxes)

    assert lengths == [MAX_BATCH, MAX_BATCH, 6]
    inputs = preprocess(photo, boxes, classifier.input_spec)
    np.testing.assert_allclose(probabilities, expected(inputs), atol=1e-5)


def test_photo_without_faces_has_no_probabilities(classifier: LiteRtClassifier) -> None:
    probabilities = classifier.mask_probabilities(np.zeros((9, 9, 3), np.uint8), np.zeros((0, 4)))

    assert probabilities.shape == (0,) and probabilities.dtype == np.float32


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a model at all" * 50,
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: bytes(len(content)),
    ],
    ids=["empty", "text", "half", "one byte short", "zeros"],
)
def test_content_that_is_no_model_is_refused(
    install: Callable[..., Path],
    tiny_models: dict[str, bytes],
    damage: Callable[[bytes], bytes],
) -> None:
    install("net", damage(tiny_models["good"]))  # with the checksum of the damaged content

    with pytest.raises(ModelError) as caught:
        LiteRtClassifier.load("net")

    assert str(caught.value) == CANNOT_RUN


@pytest.mark.parametrize(("model", "size"), [("two outputs", 8), ("one at a time", 8), ("good", 9)])
def test_model_that_does_not_fit_its_card_is_refused(
    install: Callable[..., Path], tiny_models: dict[str, bytes], model: str, size: int
) -> None:
    install("net", tiny_models[model], input={"size": size})

    with pytest.raises(ModelError) as caught:
        LiteRtClassifier.load("net")

    assert str(caught.value) == CANNOT_RUN


@pytest.mark.parametrize("threshold", [None, "0.5", -0.1, 1.1, float("nan"), [0.5]])
def test_card_without_a_threshold_is_refused(
    install: Callable[..., Path], tiny_models: dict[str, bytes], threshold: object
) -> None:
    install("net", tiny_models["good"], threshold=threshold)

    with pytest.raises(ModelError) as caught:
        LiteRtClassifier.load("net")

    assert str(caught.value) == (
        "The card of model 'net' has no threshold in 0..1. Install the model again."
    )


@pytest.mark.parametrize("threshold", [0, 1, 0.25])
def test_threshold_may_be_any_number_from_0_to_1(
    install: Callable[..., Path], tiny_models: dict[str, bytes], threshold: float
) -> None:
    install("net", tiny_models["good"], threshold=threshold)

    assert LiteRtClassifier.load("net").threshold == threshold


def test_rule_for_faces_not_called_is_taken_over(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    install("net", tiny_models["good"], not_sure={"margin": 1.5, "least_sharpness": 0.2})

    assert LiteRtClassifier.load("net").not_sure == NotSure(1.5, 0, 0.2)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "1.0",
        {"margin": -1},
        {"smallest_side": float("nan")},
        {"least_sharpness": None},
        {"margin": "wide"},
        {"size": 14},
    ],
    ids=str,
)
def test_card_with_another_rule_than_numbers_is_refused(
    install: Callable[..., Path], tiny_models: dict[str, bytes], wrong: object
) -> None:
    install("net", tiny_models["good"], not_sure=wrong)

    with pytest.raises(ModelError) as caught:
        LiteRtClassifier.load("net")

    assert str(caught.value).startswith("The card of model 'net' is damaged: ")
    assert str(caught.value).endswith(" Install the model again.")


def test_probabilities_are_calibrated_as_the_card_says(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    card = {"method": "temperature", "temperature": 0.5}
    install("net", tiny_models["good"], calibration=card)
    inputs = some_inputs(20)

    plain = expected(inputs)
    odds = (plain / (1 - plain)) ** 2
    served = LiteRtClassifier.load("net").classify_inputs(inputs)
    np.testing.assert_allclose(served, odds / (1 + odds), atol=1e-5)
    assert np.abs(served - plain).max() > 0.05


def test_card_with_another_calibration_is_refused(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    install("net", tiny_models["good"], calibration={"method": "isotonic"})

    with pytest.raises(ModelError, match="The card of model 'net' is damaged: calibration must"):
        LiteRtClassifier.load("net")
