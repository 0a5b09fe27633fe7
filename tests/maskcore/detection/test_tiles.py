from __future__ import annotations

import numpy as np
import pytest

from maskcore.detection import tiles
from maskcore.detection.tiles import find_in_tiles
from maskcore.types import Detections
from tests.maskcore.detection.spots import Box, Image, in_order, picture, scattered, spots


class Finder:
    """Finds every spot to the pixel, and notes the (height, width) of what it is given."""

    def __init__(self) -> None:
        self.seen_hw: list[tuple[int, ...]] = []

    def __call__(self, image_rgb: Image) -> Detections:
        self.seen_hw.append(image_rgb.shape[:2])
        boxes = np.array(spots(image_rgb > 127), np.float32).reshape(-1, 4)
        return Detections(boxes, np.full(len(boxes), 0.9, np.float32))


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of 750 x 600 has tiles of 512 from (0 and 238, 0 and 88)."""
    monkeypatch.setattr(tiles, "TILE", 512)
    monkeypatch.setattr(tiles, "OVERLAP", 96)
    monkeypatch.setattr(tiles, "_WHOLE_PIXELS", 512 * 300)


SMALL: dict[str, Box] = {
    "middle of a tile": (100, 40, 120, 60),
    "middle of the last tile": (600, 520, 650, 570),
    "all four tiles": (350, 250, 370, 265),
    "left edge of the right tiles": (230, 150, 250, 165),
    "just inside the right tiles": (240, 200, 260, 220),
    "right edge of the left tiles": (500, 150, 520, 170),
    "top edge of the lower tiles": (400, 80, 415, 100),
    "bottom edge of the upper tiles": (400, 505, 415, 525),
    "corner of the last tile": (235, 85, 245, 95),
    "corner of the first tile": (505, 506, 525, 525),
    "touching the edge of the right tiles": (238, 300, 250, 310),
    "touching the edge of the left tiles": (495, 350, 512, 365),
    "top left of the photo": (0, 0, 15, 20),
    "bottom right of the photo": (730, 590, 750, 600),
    "right edge of the photo": (740, 300, 750, 320),
    "bottom edge of the photo": (150, 580, 170, 600),
    "as large as may be": (550, 350, 646, 400),
    "as large as may be, across an edge": (450, 400, 542, 492),
}


@pytest.mark.parametrize("place", SMALL)
def test_small_face_is_found_once_wherever_it_lies_among_tiles(
    small_tiles: None, place: str
) -> None:
    find = Finder()

    found = find_in_tiles(picture(750, 600, SMALL[place]), find, 0.4)

    assert find.seen_hw == [(512, 512)] * 4
    assert found.boxes_xyxy.tolist() == [list(SMALL[place])]


def test_all_small_faces_are_found_together(small_tiles: None) -> None:
    found = find_in_tiles(picture(750, 600, *SMALL.values()), Finder(), 0.4)

    assert in_order(found) == sorted(map(list, SMALL.values()))


@pytest.mark.parametrize("seed", range(3))
def test_faces_in_a_large_photo_are_found_once_with_the_tiles_as_they_are(seed: int) -> None:
    faces = scattered(1500, 1200, tiles.OVERLAP - 4, seed)

    found = find_in_tiles(picture(1500, 1200, *faces), Finder(), 0.4)

    assert in_order(found) == sorted(map(list, faces))


@pytest.mark.parametrize(
    "box",
    [
        (50, 50, 160, 115),  # whole in the first tile
        (490, 490, 640, 590),  # 22 pixels of it in the first tile's corner
        (150, 150, 250, 200),  # 12 of it beside the edge of the right tiles
        (300, 200, 350, 300),  # whole in all tiles
    ],
)
def test_of_a_large_face_no_piece_is_taken_from_tiles(small_tiles: None, box: Box) -> None:
    assert len(find_in_tiles(picture(750, 600, box), Finder(), 0.4)) == 0


@pytest.mark.parametrize("size_wh", [(512, 300), (320, 480), (1536, 100)])
def test_picture_of_few_pixels_is_searched_whole(
    small_tiles: None, size_wh: tuple[int, int]
) -> None:
    find, box = Finder(), (10, 10, size_wh[0] - 10, 90)

    found = find_in_tiles(picture(*size_wh, box), find, 0.4)

    assert find.seen_hw == [size_wh[::-1]]
    assert found.boxes_xyxy.tolist() == [list(box)]


def test_tiles_cover_every_pixel_and_overlap_enough() -> None:
    for length in [1, 31, *range(tiles.TILE - 2, 3000), 3328, 5000, 8191, 12000]:
        starts = tiles._starts(length)
        assert starts[0] == 0
        assert starts[-1] == max(0, length - tiles.TILE)
        steps = np.diff(starts)
        assert (steps > 0).all()
        assert (steps <= tiles.TILE - tiles.OVERLAP).all()
