from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from maskcore.detection.fcos import decode
from training.detector.network import STRIDES
from training.detector.targets import (
    EDGES,
    IS_FACE,
    WEIGHT,
    cell_centres,
    detector_loss,
    make_targets,
)

NONE = np.zeros((0, 4), np.float32)


def boxes(*rows: ArrayLike) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def by_level(rows: NDArray[np.float32], height: int, width: int) -> list[NDArray[np.float32]]:
    """Rows of cells as maps (h, w, 6), one a stride."""
    maps, start = [], 0
    for stride in STRIDES:
        h, w = height // stride, width // stride
        maps.append(rows[start : start + h * w].reshape(h, w, -1))
        start += h * w
    assert start == len(rows)
    return maps


def answering(level: NDArray[np.float32]) -> list[tuple[int, int]]:
    """(row, column) of the cells that answer for a face."""
    return [(int(y), int(x)) for y, x in np.argwhere(level[..., IS_FACE] == 1)]


def square(x: float, y: float, side: float) -> list[float]:
    """A box around its middle."""
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def test_cells_run_row_by_row_and_are_measured_at_their_middle() -> None:
    assert cell_centres(64, 96, 32).tolist() == [
        [16, 16], [48, 16], [80, 16], [16, 48], [48, 48], [80, 48],
    ]  # fmt: skip
    assert cell_centres(32, 64, 8).shape == (4 * 8, 2)
    assert cell_centres(32, 64, 8)[9].tolist() == [12, 12]


def test_picture_without_faces_asks_every_cell_to_say_so() -> None:
    rows = make_targets(NONE, NONE, 64, 96)
    assert rows.shape == (8 * 12 + 4 * 6 + 2 * 3, 6)
    assert rows.dtype == np.float32
    assert (rows[:, WEIGHT] == 1).all()
    assert (rows[:, IS_FACE] == 0).all()


def test_the_cells_around_a_face_s_middle_answer_with_the_way_to_its_edges() -> None:
    fine, middle, coarse = by_level(make_targets(boxes([22, 20, 42, 46]), NONE, 64, 64), 64, 64)
    # The middle is (32, 33). Cells less than 12 away: x 28, 36 (20 and 44 are 12 away),
    # y 28, 36 and 44 (11 away).
    assert answering(fine) == [(3, 3), (3, 4), (4, 3), (4, 4), (5, 3), (5, 4)]
    assert fine[3, 3, EDGES].tolist() == [6, 8, 14, 18]
    assert fine[5, 4, EDGES].tolist() == [14, 24, 6, 2]
    assert answering(middle) == answering(coarse) == []
    assert (fine[..., WEIGHT] == 1).all()


def test_cells_near_the_middle_but_outside_the_face_do_not_answer() -> None:
    # 6 wide and 38 high around (32, 33): no cell of 28, 36 is within 3 of 32.
    narrow = by_level(make_targets(boxes([26, 14, 34, 52]), NONE, 64, 64), 64, 64)[0]
    assert answering(narrow) == [(3, 3), (4, 3), (5, 3)]


@pytest.mark.parametrize(
    ("width", "height", "level"),
    [
        (8, 8, 0), (40, 40, 0), (40, 10, 0), (40.5, 40, 1), (20, 41, 1), (112, 112, 1),
        (30, 112.5, 2), (113, 112, 2), (250, 250, 2),
    ],
)  # fmt: skip
def test_the_longer_side_decides_which_level_answers(
    width: float, height: float, level: int
) -> None:
    box = [130 - width / 2, 130 - height / 2, 130 + width / 2, 130 + height / 2]
    counts = [
        len(answering(cells))
        for cells in by_level(make_targets(boxes(box), NONE, 256, 256), 256, 256)
    ]
    assert counts[level] > 0
    assert sum(counts) == counts[level]


@pytest.mark.parametrize(("level", "stride", "side"), [(0, 8, 40), (1, 16, 100), (2, 32, 200)])
def test_the_radius_grows_with_the_stride(level: int, stride: int, side: float) -> None:
    # A face around the middle of a cell: that cell and its eight neighbours, no more.
    middle = 3.5 * stride
    rows = make_targets(boxes(square(middle, middle, side)), NONE, 256, 256)
    cells = answering(by_level(rows, 256, 256)[level])
    assert cells == [(y, x) for y in (2, 3, 4) for x in (2, 3, 4)]
    # Around the corner of four cells: 0.5 strides away are four, 1.5 strides away too many.
    rows = make_targets(boxes(square(4 * stride, 4 * stride, side)), NONE, 256, 256)
    cells = answering(by_level(rows, 256, 256)[level])
    assert cells == [(y, x) for y in (3, 4) for x in (3, 4)]


def test_where_faces_overlap_the_cell_answers_for_the_smaller() -> None:
    large, small = square(36, 36, 38), square(36, 36, 10)
    for both in ([large, small], [small, large]):
        cells = by_level(make_targets(boxes(*both), NONE, 64, 64), 64, 64)[0]
        assert len(answering(cells)) == 9
        assert cells[4, 4, EDGES].tolist() == [5, 5, 5, 5]
        assert cells[4, 5, EDGES].tolist() == [27, 19, 11, 19]
        assert cells[3, 3, EDGES].tolist() == [11, 11, 27, 27]


def test_a_face_inside_a_large_one_is_answered_for_by_its_own_level() -> None:
    maps = by_level(make_targets(boxes(square(40, 40, 100), square(40, 40, 20)), NONE, 128, 128),
                    128, 128)  # fmt: skip
    assert maps[0][4, 4, EDGES].tolist() == [6, 6, 14, 14]
    assert maps[1][2, 2, EDGES].tolist() == [50, 50, 50, 50]


@pytest.mark.parametrize(
    ("box", "cell"),
    [
        ([10, 10, 13, 13], (1, 1)),  # around the middle of a cell
        ([14, 15, 17, 18], (2, 1)),  # between middles: nearest to (12, 20)
        ([17, 13, 19, 15], (1, 2)),  # nearest to (20, 12)
        ([0, 0, 2, 2], (0, 0)),
        ([61, 62, 64, 64], (7, 7)),
    ],
)
def test_a_face_smaller_than_a_cell_has_exactly_one(box: list[float], cell: Any) -> None:
    fine = by_level(make_targets(boxes(box), NONE, 64, 64), 64, 64)[0]
    assert answering(fine) == [cell]
    y, x = (8 * part + 4 for part in cell)
    assert fine[(*cell, EDGES)].tolist() == [x - box[0], y - box[1], box[2] - x, box[3] - y]


def test_nothing_is_asked_in_ignored_regions_on_any_level() -> None:
    region = boxes([0, 0, 33, 64])
    for level, stride in zip(
        by_level(make_targets(NONE, region, 64, 64), 64, 64), STRIDES, strict=True
    ):
        columns = (np.arange(64 // stride) + 0.5) * stride < 33
        expected = np.where(columns, 0, 1)
        np.testing.assert_array_equal(level[..., WEIGHT], np.tile(expected, (64 // stride, 1)))
        assert (level[..., IS_FACE] == 0).all()


def test_a_face_in_an_ignored_region_is_asked_for_all_the_same() -> None:
    face = boxes([22, 22, 42, 42])
    everything = boxes([0, 0, 64, 64])
    free = make_targets(face, NONE, 64, 64)
    ignored = make_targets(face, everything, 64, 64)
    faces = free[:, IS_FACE] == 1
    assert faces.sum() == 4
    np.testing.assert_array_equal(ignored[faces], free[faces])
    assert (ignored[~faces] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_the_cells_answer_is_decoded_to_the_same_faces(seed: int) -> None:
    """Training and serving mean the same by a cell and its distances."""
    rng = np.random.default_rng(seed)
    height, width = 256, 320
    middle = rng.uniform(20, 236, (8, 2))
    size = np.exp(rng.uniform(np.log(4), np.log(200), (8, 2)))
    faces = np.hstack([middle - size / 2, middle + size / 2]).astype(np.float32)
    answers = by_level(make_targets(faces, NONE, height, width), height, width)
    seen = set()
    for level, stride in zip(answers, STRIDES, strict=True):
        maps = np.concatenate([level[..., :1] * 20 - 10, level[..., EDGES]], axis=-1)
        decoded, scores = decode(maps, stride, 0.5)
        assert len(decoded) == (level[..., IS_FACE] == 1).sum()
        for box in decoded:
            gap = np.abs(faces - box).max(axis=1)
            assert gap.min() < 1e-3
            seen.add(int(gap.argmin()))
    sides = size.max(axis=1)
    hidden = {
        i for i in range(8) for j in range(8)
        if i not in seen and sides[j] < sides[i] and np.abs(middle[i] - middle[j]).max() < 64
    }  # fmt: skip
    assert seen | hidden == set(range(8))
    assert len(seen) >= 6


# --- loss


def loss(targets: ArrayLike, outputs: ArrayLike) -> float:
    """Of one picture: targets (cells, 6), outputs (cells, 5)."""
    return float(detector_loss(np.float32([targets]), np.float32([outputs])))


@pytest.mark.parametrize(
    ("target", "output", "expected"),
    [
        # Focal, at a logit of 0: alpha * 0.5 ** 2 * ln 2, alpha 0.25 and 0.75.
        ([1, 1, 4, 4, 4, 4], [0, 4, 4, 4, 4], 0.25 * 0.25 * np.log(2)),
        ([0, 1, 0, 0, 0, 0], [0, 4, 4, 4, 4], 0.75 * 0.25 * np.log(2)),
        # At ln 3 the probability is 3/4.
        ([1, 1, 4, 4, 4, 4], [np.log(3), 4, 4, 4, 4], -0.25 / 16 * np.log(0.75)),
        ([0, 1, 0, 0, 0, 0], [np.log(3), 4, 4, 4, 4], -0.75 * 9 / 16 * np.log(0.25)),
        # The cell is not asked.
        ([0, 0, 0, 0, 0, 0], [5, 1, 2, 3, 4], 0.0),
        # GIoU (logit 30: no focal loss). Half the side: 16 / 64, no part of the hull empty.
        ([1, 1, 4, 4, 4, 4], [30, 2, 2, 2, 2], 1 - 16 / 64),
        # Shifted along one axis: 48 / 80, hull 80.
        ([1, 1, 4, 4, 4, 4], [30, 6, 4, 2, 4], 1 - 48 / 80),
        # Shifted along both: 36 / 92, and 8 of the hull's 100 are empty.
        ([1, 1, 4, 4, 4, 4], [30, 6, 6, 2, 2], 1 - (36 / 92 - 8 / 100)),
        # Left and right, top and bottom are not mixed up: 1 * 3 wide, 2 * 6 high.
        ([1, 1, 1, 2, 2, 4], [30, 2, 4, 1, 2], 1 - (2 * 4 / (18 + 18 - 8) - (32 - 28) / 32)),
    ],
)  # fmt: skip
def test_loss_of_one_cell_by_hand(
    target: list[float], output: list[float], expected: float
) -> None:
    assert loss([target], [output]) == pytest.approx(expected, abs=1e-5)


def test_loss_is_divided_by_the_answering_cells_of_the_batch() -> None:
    face, empty = [1, 1, 4, 4, 4, 4], [0, 1, 0, 0, 0, 0]
    right, half = [30, 4, 4, 4, 4], [30, 2, 2, 2, 2]
    assert loss([face, face, face], [half, half, right]) == pytest.approx(0.5, abs=1e-5)
    two_pictures = detector_loss(
        np.float32([[face, face], [face, empty]]),
        np.float32([[half, half], [half, [-30, 1, 1, 1, 1]]]),
    )
    assert float(two_pictures) == pytest.approx(0.75, abs=1e-5)
    # Without a face it is the sum over cells.
    assert loss([empty] * 2, [[0, 1, 1, 1, 1]] * 2) == pytest.approx(0.375 * np.log(2), abs=1e-5)


@pytest.fixture(scope="module")
def scene() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets of a picture with faces and an ignored region, and what answers them rightly."""
    targets = make_targets(
        boxes([22, 20, 42, 46], [50, 8, 110, 70]), boxes([80, 80, 128, 128]), 128, 128
    )
    logit = np.where(targets[:, :1] == 1, 12, -12)
    edges = np.where(targets[:, :1] == 1, targets[:, EDGES], 5)
    return targets, np.hstack([logit, edges]).astype(np.float32)


def test_right_answers_cost_next_to_nothing(scene: Any) -> None:
    targets, outputs = scene
    assert loss(targets, outputs) < 1e-4


def test_loss_falls_when_an_answer_moves_the_right_way(scene: Any) -> None:
    targets, outputs = scene
    for cell in (int(targets[:, IS_FACE].argmax()), int(targets[:, IS_FACE].argmin())):
        towards = 1 if targets[cell, IS_FACE] else -1
        losses = []
        for step in range(-4, 5):
            moved = outputs.copy()
            moved[cell, 0] = towards * step
            losses.append(loss(targets, moved))
        assert (np.diff(losses) < 0).all()
    for edge in range(1, 5):
        face = int(targets[:, IS_FACE].argmax())
        losses = []
        for factor in (8, 4, 2, 1.2, 1):
            moved = outputs.copy()
            moved[face, edge] *= factor
            losses.append(loss(targets, moved))
        assert (np.diff(losses) < 0).all()


def test_cells_that_are_not_asked_do_not_matter(scene: Any) -> None:
    targets, outputs = scene
    unasked = targets[:, WEIGHT] == 0
    assert unasked.sum() > 30
    rng = np.random.default_rng(0)
    changed = outputs.copy()
    changed[unasked] = rng.uniform(0.1, 20, (unasked.sum(), 5))
    assert loss(targets, changed) == loss(targets, outputs)


def test_edges_of_cells_without_a_face_do_not_matter(scene: Any) -> None:
    targets, outputs = scene
    changed = outputs.copy()
    changed[targets[:, IS_FACE] == 0, 1:] = 77
    assert loss(targets, changed) == loss(targets, outputs)


def test_a_face_between_cells_costs_a_finite_sum() -> None:
    """Its middle lies outside the cell's, so that some way to an edge is negative."""
    targets = make_targets(boxes([14, 15, 17, 18]), NONE, 64, 64)
    assert (targets[:, EDGES] < 0).any()
    outputs = np.tile(np.float32([0, 0.02, 0.02, 3, 3]), (len(targets), 1))
    assert np.isfinite(loss(targets, outputs))
