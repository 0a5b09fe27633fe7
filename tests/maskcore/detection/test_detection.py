from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.detection import DETECTOR_NAMES, load_detector, yunet_available
from maskcore.errors import ModelError
from maskcore.models import installed_models


@pytest.mark.parametrize("name", ["haar", "haar_alt2"])
def test_shipped_detector_finds_the_portrait_s_face(name: str, portrait: NDArray[np.uint8]) -> None:
    found = load_detector(name).detect(portrait)

    np.testing.assert_allclose(found.boxes_xyxy[0], (178, 64, 271, 165), atol=25)


def test_names_load_different_cascades(portrait: NDArray[np.uint8]) -> None:
    first, second = (load_detector(name).detect(portrait) for name in ("haar", "haar_alt2"))

    assert first.boxes_xyxy.tolist() != second.boxes_xyxy.tolist()


@pytest.mark.parametrize("name", ["haar", "yunet", "fcos"])
def test_threads_find_the_same(name: str, portrait: NDArray[np.uint8]) -> None:
    if name == "fcos" and name not in installed_models("detector"):
        pytest.skip("models/fcos is not installed")
    if name == "yunet" and not yunet_available():
        pytest.skip("YuNet's file is not here: set MASKLENS_YUNET or fetch it")
    detector = load_detector(name)
    pictures = [portrait, portrait[:256], portrait[40:200, 150:300]] * 6
    alone = [detector.detect(picture) for picture in pictures[:3]] * 6

    with ThreadPoolExecutor(8) as executor:
        together = list(executor.map(detector.detect, pictures))

    assert all(len(found) for found in alone)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.boxes_xyxy, other.boxes_xyxy, atol=1e-2)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)


@pytest.mark.parametrize("name", ["", "Haar", "retinaface"])
def test_unknown_name_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        load_detector(name)

    names = ", ".join(DETECTOR_NAMES)
    assert str(caught.value) == f"detector must be one of {names}, got {name!r}"
    assert {"haar", "haar_alt2", "yunet"} <= set(DETECTOR_NAMES)


def test_absent_detector_is_a_model_error(models_folder: Path) -> None:
    with pytest.raises(ModelError, match="python -m maskcore fetch yunet"):
        load_detector("yunet")
