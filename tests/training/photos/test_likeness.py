from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.photos import likeness
from training.photos.data import data_report, read_dataset
from training.photos.likeness import NEAR_DUPLICATE_BITS, group_near_duplicates

MakePhotos = Callable[..., Path]


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as image:
        return image.convert("RGB").crop((60, 0, 360, 300))


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "byte-identical": jpeg,
    "re-encoded": lambda photo: jpeg(photo, quality=35),
    "scaled": lambda photo: jpeg(photo.resize((130, 120))),
    "darker": lambda photo: jpeg(photo.point(lambda value: value * 0.8)),
    "slightly cropped": lambda photo: jpeg(photo.crop((5, 5, 295, 295))),
    "mirrored": lambda photo: jpeg(ImageOps.mirror(photo)),
    "mirrored and re-encoded": lambda photo: jpeg(ImageOps.mirror(photo), quality=35),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_grouped_across_classes(
    tmp_path: Path, make_photos: MakePhotos, portrait: Image.Image, kind: str
) -> None:
    root = make_photos(tmp_path / "data", 4)
    (root / "without_mask" / "original.jpg").write_bytes(jpeg(portrait))
    (root / "with_mask" / "copy.jpg").write_bytes(COPIES[kind](portrait))
    dataset = read_dataset(root, 80)
    groups = dict(zip(dataset.paths, dataset.groups.tolist(), strict=True))
    assert groups["without_mask/original.jpg"] == groups["with_mask/copy.jpg"]
    assert len(set(groups.values())) == 9
    parts = {"train": np.arange(10)}
    report = data_report(dataset, parts)
    assert report["photos_with_a_near_duplicate"] == 2
    assert report["groups_in_both_classes"] == [["without_mask/original.jpg", "with_mask/copy.jpg"]]


def test_strangers_are_not_grouped(tmp_path: Path, make_photos: MakePhotos) -> None:
    dataset = read_dataset(make_photos(tmp_path / "data", 100), 80)
    assert len(set(dataset.groups.tolist())) == 200


def flipped(bits: NDArray[np.bool_], first: int, count: int) -> NDArray[np.bool_]:
    """The same hash with ``count`` bits changed, from the bit ``first`` on."""
    changed = bits.copy()
    changed[first : first + count] ^= True
    return changed


def test_likeness_is_passed_on_within_a_group_and_ends_at_a_number_of_bits() -> None:
    near = NEAR_DUPLICATE_BITS
    one, mirror, stranger, other = np.random.default_rng(0).random((4, 64)) < 0.5
    hashes = [
        (stranger, other),
        (one, mirror),
        (flipped(one, near, near), flipped(mirror, near, near)),
        (flipped(stranger, 0, near + 1), flipped(other, 0, near + 1)),
        (flipped(one, 0, 2 * near), flipped(mirror, 0, 2 * near)),
        (mirror, one),
    ]
    # From 4 to 1 and to 5 it is too far, but not by way of 2.
    assert group_near_duplicates(np.array(hashes)).tolist() == [0, 1, 1, 2, 1, 1]


def test_one_direction_of_mirrored_likeness_is_enough() -> None:
    one, mirror, other, unlike = np.random.default_rng(0).random((4, 64)) < 0.5
    for pair in ([(one, mirror), (mirror, unlike)], [(mirror, unlike), (one, mirror)]):
        assert group_near_duplicates(np.array([(other, other), *pair])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("rows", [1, 7, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_groups_agree_with_comparing_one_by_one(
    monkeypatch: pytest.MonkeyPatch, seed: int, rows: int
) -> None:
    monkeypatch.setattr(likeness, "_ROWS", rows)
    rng = np.random.default_rng(seed)
    # Sixty photos, some of them equal, some a little or much changed, some mirrored.
    originals = rng.random((12, 2, 64)) < 0.5
    hashes = originals[rng.integers(12, size=60)]
    hashes ^= rng.random(hashes.shape) < rng.choice([0, 0.03, 0.08], (60, 1, 1))
    hashes[::5] = hashes[::5, ::-1]

    def alike(i: int, j: int) -> bool:
        distances = [(a ^ hashes[j, 0]).sum() for a in hashes[i]]
        return bool(min(distances + [(hashes[i, 0] ^ hashes[j, 1]).sum()]) <= NEAR_DUPLICATE_BITS)

    linked = [(i, j) for j in range(60) for i in range(j) if alike(i, j)]
    homes = list(range(60))
    for i, j in linked * 60:
        homes[i] = homes[j] = min(homes[i], homes[j])
    numbers = {home: number for number, home in enumerate(dict.fromkeys(homes))}
    assert group_near_duplicates(hashes).tolist() == [numbers[home] for home in homes]
    assert 20 < len(linked) and 5 < len(numbers) < 40


@pytest.mark.parametrize("changed", [0, 3])
def test_many_photos_that_look_alike_take_little_memory(changed: int) -> None:
    rng = np.random.default_rng(0)
    hashes = np.zeros((3000, 2, 64), bool)
    for one in hashes:
        one[:, rng.choice(64, changed, replace=False)] = True
    tracemalloc.start()
    groups = group_near_duplicates(hashes)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(groups.tolist()) == {0}
    assert peak_bytes < 100e6  # a list of the pairs takes 500 million, and a set as much again
