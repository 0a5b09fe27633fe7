"""What is drawn over training faces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.classifier import batches, covers
from training.classifier.covers import cover_face

FACE_SHARE = 1 / 1.6


def changed_share(masked: bool, side: int = 64) -> NDArray[np.float64]:
    """How often each pixel of a face is changed, float (side, side)."""
    grey = np.random.default_rng(0).integers(90, 110, (side, side, 3)).astype(np.uint8)
    before = grey.copy()
    changes = np.zeros((side, side))
    for seed in range(200):
        covered = cover_face(grey, FACE_SHARE, masked, np.random.default_rng(seed))
        assert covered.shape == grey.shape
        assert covered.dtype == np.uint8
        changes += (covered != grey).any(axis=-1)
    assert (grey == before).all()
    return changes / 200


def test_mouth_and_nose_of_a_bare_face_vanish_and_its_eyes_mostly_stay() -> None:
    share = changed_share(masked=False)
    mouth, eyes = share[40:44, 30:34].mean(), share[22:26, 24:40].mean()
    assert mouth > 0.75
    assert eyes < 0.15


def hidden_share(draw: covers.Draw, masked: bool, side: int = 64) -> NDArray[np.float64]:
    """How often each pixel of a face is hidden by half and more, float (side, side)."""
    square = np.full((side, side, 3), 150, np.uint8)
    rngs = [np.random.default_rng(seed) for seed in range(200)]
    hidden = [draw(square, FACE_SHARE, masked, rng)[0] > 0.5 for rng in rngs]
    return np.mean(hidden, axis=0)


def test_a_mask_mostly_stays_in_sight() -> None:
    hand, cloth = (hidden_share(draw, masked=True) for draw in (covers._hand, covers._cloth))
    assert 0.05 < hand[32:48, 20:44].mean() < 0.2
    assert cloth[32:48, 20:44].mean() < 0.1
    # The chin's edge does get covered: cloth below a face is no sign of its class.
    assert cloth[60:, :].mean() > 0.8


def test_a_dye_leaves_all_shapes_of_the_lower_face_and_the_eyes_as_they_were() -> None:
    square = np.random.default_rng(0).integers(60, 190, (64, 64, 3)).astype(np.uint8)
    for seed in range(50):
        cover, dyed = covers._dye(square, FACE_SHARE, True, np.random.default_rng(seed))
        gains = (dyed / square).reshape(-1, 3)
        assert np.ptp(gains, axis=0).max() < 1e-6
        assert cover[40:46, 30:34].min() > 0.95
        assert cover[:27].max() < 0.05


def test_a_beard_leaves_the_middle_of_the_face_and_the_eyes_in_sight() -> None:
    hidden = hidden_share(covers._beard, masked=False)
    chin, lip, eyes = hidden[47:51, 30:34], hidden[34:37, 31:33], hidden[22:28, 20:44]
    assert chin.mean() > 0.5
    assert lip.mean() < 0.2
    assert eyes.max() < 0.02


def test_no_beard_is_drawn_on_a_mask() -> None:
    (bare, bare_shares), (masked, masked_shares) = covers._DRAWN
    assert set(bare) - set(masked) == {covers._beard}
    for draws, shares in ((bare, bare_shares), (masked, masked_shares)):
        assert len(draws) == len(shares)
        assert sum(shares) == pytest.approx(1)


def test_the_same_chance_covers_alike_and_another_does_not() -> None:
    square = np.random.default_rng(1).integers(0, 256, (50, 50, 3)).astype(np.uint8)
    one, again, other = (
        cover_face(square, FACE_SHARE, False, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize("side", [1, 2, 5, 17])
@pytest.mark.parametrize("masked", [False, True])
def test_tiny_faces_can_be_covered(side: int, masked: bool) -> None:
    square = np.full((side, side, 3), 200, np.uint8)
    for seed in range(30):
        assert cover_face(square, FACE_SHARE, masked, np.random.default_rng(seed)).shape == (
            side,
            side,
            3,
        )


def test_a_quarter_of_the_cut_faces_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []

    def spy(square: object, share: float, masked: bool, rng: object) -> object:
        assert share == pytest.approx(FACE_SHARE)
        calls.append(masked)
        return square

    monkeypatch.setattr(batches, "cover_face", spy)
    square = np.zeros((8, 8, 3), np.uint8)
    rng = np.random.default_rng(0)
    covered = batches.PhotoBatches._covered
    for label in (0, 1) * 200:
        covered(None, square, label, rng)  # type: ignore[arg-type]
    assert 70 < len(calls) < 130
    assert 20 < sum(calls) < len(calls) - 20
