from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore.detection import FcosDetector, fcos, load_detector
from maskcore.errors import ModelError
from maskcore.models import MODEL_FILE, installed_models
from tests.maskcore.detection.fcos.network import FakeLiteRt, Make, card
from tests.maskcore.detection.spots import Image, picture

CHANGES: dict[str, dict[str, Any]] = {
    "no strides": {"strides": None},
    "strides that are no list": {"strides": 8},
    "an empty list of strides": {"strides": []},
    "no serving": {"serving": None},
    "serving that is text": {"serving": "fast"},
    "no working sizes": {"serving": {"score_threshold": 0.5}},
    "an unknown setting": {"serving": {**card()["serving"], "tiles": 4}},
    "a threshold that is no number": {"serving": {**card()["serving"], "score_threshold": "high"}},
    "a threshold out of range": {"serving": {**card()["serving"], "score_threshold": 2}},
    "one stride fewer": {"strides": [8, 16]},
}


def check_refused(install: Callable[..., Path], values: dict[str, Any]) -> None:
    install("fcos", b"network", **values)

    with pytest.raises(ModelError, match="'fcos' .*Install the model again"):
        FcosDetector.load()


@pytest.mark.parametrize("wrong", CHANGES)
def test_card_of_something_else_is_refused(
    make: Make, install: Callable[..., Path], wrong: str
) -> None:
    check_refused(install, {**card(), **CHANGES[wrong]})


@pytest.mark.parametrize("left_out", ["strides", "serving"])
def test_card_that_lacks_a_part_is_refused(
    make: Make, install: Callable[..., Path], left_out: str
) -> None:
    check_refused(install, {key: value for key, value in card().items() if key != left_out})


def test_card_that_does_not_say_how_its_input_is_made_is_refused(
    make: Make, install: Callable[..., Path]
) -> None:
    install("fcos", b"network", **{**card(), "input": None})

    with pytest.raises(ModelError, match="'fcos' does not say how its input is made"):
        FcosDetector.load()


def test_installed_detector_is_loaded_by_name(make: Make, install: Callable[..., Path]) -> None:
    install("fcos", b"network", **card(live_side=96))

    detector = load_detector("fcos", live=True)
    found = detector.detect(picture(192, 192, (40, 40, 80, 80)))

    assert FakeLiteRt.made[-1].inputs[-1].shape == (1, 96, 96, 3)
    np.testing.assert_allclose(found.boxes_xyxy, [(40, 40, 80, 80)], atol=0.1)


def test_missing_detector_is_a_model_error(models_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"fcos/card\.json is missing"):
        FcosDetector.load()


def test_content_that_is_no_model_is_refused_whatever_its_checksum(
    install: Callable[..., Path],
) -> None:
    install("fcos", b"no model" * 99, **card())

    with pytest.raises(ModelError, match="'fcos' cannot be run"):
        FcosDetector.load()


def test_changed_content_is_refused(make: Make, install: Callable[..., Path]) -> None:
    folder = install("fcos", b"network", **card())
    (folder / MODEL_FILE).write_bytes(b"Network")

    with pytest.raises(ModelError, match="damaged: its SHA-256"):
        FcosDetector.load()


def test_model_for_another_input_is_refused(install: Callable[..., Path]) -> None:
    """The mask classifier, say, under the detector's card."""
    shipped = Path(fcos.__file__).parents[2] / "models" / "mobilenet_v2" / MODEL_FILE
    content = shipped.read_bytes()
    install("fcos", content, **card(), sha256=hashlib.sha256(content).hexdigest())

    with pytest.raises(ModelError, match="'fcos' cannot be run"):
        FcosDetector.load()


@pytest.fixture(scope="module")
def shipped() -> FcosDetector:
    if "fcos" not in installed_models("detector"):
        pytest.skip("models/fcos is not installed")
    return FcosDetector.load()


def test_portrait_s_face_is_found_in_its_place(shipped: FcosDetector, portrait: Image) -> None:
    """As those who annotated the scenes draw boxes: below the forehead."""
    found = shipped.detect(portrait)

    assert len(found) == 1
    np.testing.assert_allclose(found.boxes_xyxy[0], (177, 83, 272, 183), atol=8)


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 3000), (3000, 1), (300, 400)])
def test_shipped_detector_finds_nothing_in_a_blank_picture(
    shipped: FcosDetector, size_wh: tuple[int, int]
) -> None:
    assert len(shipped.detect(picture(*size_wh))) == 0
