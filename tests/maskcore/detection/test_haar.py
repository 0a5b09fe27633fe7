from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.detection import HaarDetector
from maskcore.detection import haar as haar_module
from maskcore.errors import ModelError

FACE = (178, 64, 271, 165)  # of the portrait: ear to ear, forehead to chin


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


@pytest.mark.parametrize(
    ("options", "shrink"), [({}, 1), ({}, 2), ({"longest_side": 256}, 1)], ids=str
)
def test_portrait_s_face_is_found_in_its_place(
    portrait: NDArray[np.uint8], options: dict[str, int], shrink: int
) -> None:
    found = HaarDetector(**options).detect(portrait[::shrink, ::shrink])

    np.testing.assert_allclose(found.boxes_xyxy[0] * shrink, FACE, atol=25)
    assert 0.5 <= found.scores[0] < 1
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 2000), (2000, 1), (23, 23), (300, 400)])
@pytest.mark.parametrize("level", [0, 255])
def test_blank_picture_holds_no_face(
    haar: HaarDetector, size_hw: tuple[int, int], level: int
) -> None:
    assert len(haar.detect(np.full((*size_hw, 3), level, np.uint8))) == 0


def test_fewer_neighbours_find_more(portrait: NDArray[np.uint8]) -> None:
    few, many, most = (
        len(HaarDetector(min_neighbors=number).detect(portrait)) for number in (1, 5, 60)
    )

    assert few > many > most == 0


def test_picture_larger_than_the_working_size_is_reduced(portrait: NDArray[np.uint8]) -> None:
    # At 100 pixels the face is 19 wide: less than is looked for.
    assert len(HaarDetector(longest_side=100).detect(portrait)) == 0


@pytest.mark.parametrize(("longest_side", "count"), [(115, 0), (125, 1)])
def test_faces_are_looked_for_from_24_pixels_on_in_fine_steps(
    portrait: NDArray[np.uint8], longest_side: int, count: int
) -> None:
    """This cascade would find the one of 20 pixels, too, and coarser steps pass by the other."""
    alt2 = HaarDetector("haarcascade_frontalface_alt2", 3, longest_side)

    assert len(alt2.detect(portrait)) == count


def test_colour_order_is_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red counts 0.30 in grey; taken for blue it would count 0.11."""
    seen = []

    class Cascade:
        def detectMultiScale2(self, gray: NDArray[np.uint8], **_: object) -> tuple[tuple, tuple]:
            seen.append(int(gray[0, 0]))
            return (), ()

    monkeypatch.setattr(haar_module, "_cascade", lambda *_: Cascade())
    HaarDetector().detect(np.full((30, 30, 3), (255, 0, 0), np.uint8))

    assert seen == [76]


@pytest.mark.parametrize("cascade", ["default", "alt2"])
def test_opencv_opens_no_file_of_its_own(
    portrait: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, cascade: str
) -> None:
    """On Windows it cannot where the path holds an umlaut."""
    name = f"haarcascade_frontalface_{cascade}"
    make = cv2.CascadeClassifier
    from_file = make(f"{cv2.data.haarcascades}/{name}.xml")
    monkeypatch.setattr(cv2, "CascadeClassifier", lambda *path: make() if not path else None)
    found = HaarDetector(name).detect(portrait)

    monkeypatch.setattr(haar_module, "_cascade", lambda *_: from_file)
    expected = HaarDetector(name).detect(portrait)
    assert len(found) and found.boxes_xyxy.tolist() == expected.boxes_xyxy.tolist()
    assert found.scores.tolist() == expected.scores.tolist()


def test_cascade_of_another_kind_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.xml").write_text('<?xml version="1.0"?><opencv_storage></opencv_storage>')
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))

    with pytest.raises(ModelError, match="cannot read its own face detector other. Run: pip"):
        HaarDetector("other").detect(np.zeros((30, 30, 3), np.uint8))


def test_unknown_cascade_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        HaarDetector("haarcascade_nose")

    assert str(caught.value) == (
        "The face detector haarcascade_nose is not part of the installed OpenCV."
        " Run: pip install -r requirements.txt"
    )
