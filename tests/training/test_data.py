from __future__ import annotations

import io
import json
import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageOps

from maskcore.errors import MasklensError
from training import data
from training.data import (
    CLASS_FOLDERS,
    NEAR_DUPLICATE_BITS,
    Dataset,
    data_report,
    group_near_duplicates,
    in_threads,
    read_dataset,
    split,
    split_in_time,
)

MakePhotos = Callable[..., Path]


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


# --- reading


def test_photos_of_both_classes_are_read_and_labelled(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    dataset = read_dataset(root, 80)
    assert len(dataset) == 6
    assert dataset.pixels.shape == (6, 80, 80, 3)
    assert dataset.pixels.dtype == np.uint8
    for path, label in zip(dataset.paths, dataset.labels, strict=True):
        assert path.split("/")[0] == ("with_mask" if label else "without_mask")
    # The blue half came along with the label 1, and each photo kept its own pixels.
    blueness = dataset.pixels[:, 50:, :, 2].mean((1, 2)) - dataset.pixels[:, 50:, :, 0].mean((1, 2))
    assert blueness[dataset.labels == 1].min() > blueness[dataset.labels == 0].max()
    for index in range(6):
        full = dataset.photo(index)
        with Image.open(root / dataset.paths[index]) as image:
            assert full.shape == (image.height, image.width, 3)
        assert abs(full.mean() - dataset.pixels[index].mean()) < 1
    assert dataset.skipped == ()
    assert dataset.near_duplicate_pairs == 0


def test_each_photo_is_told_of_in_order_which_may_end_the_reading(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    (root / "with_mask" / "001.jpg").write_bytes(b"no picture")
    told: list[Any] = []
    dataset = read_dataset(root, 80, on_photo=lambda *what: told.append(what))
    assert [counts[:2] for counts in told] == [(done, 6) for done in range(1, 7)]
    assert sum(pixels is None for *_, pixels in told) == 1
    np.testing.assert_array_equal(
        np.stack([pixels for *_, pixels in told if pixels is not None]), dataset.pixels
    )

    def enough(done: int, total: int, pixels: Any) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_dataset(root, 80, on_photo=enough)


@pytest.mark.parametrize(("cores", "most"), [(None, 1), (3, 3), (64, 8)])
def test_photos_are_decoded_by_few_threads_and_come_in_order(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, most: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    lock, at_once = threading.Lock(), [0]

    def decode(number: int) -> tuple[int, int]:
        with lock:
            at_once[0] += 1
            now = at_once[0]
        time.sleep(0.01 if number % 2 else 0.02)
        with lock:
            at_once[0] -= 1
        return number, now

    numbers, together = zip(*in_threads(decode, range(40)), strict=True)
    assert numbers == tuple(range(40))
    assert max(together) == most


def test_photos_that_nobody_waits_for_are_not_decoded() -> None:
    begun: list[int] = []

    def decode(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    for _ in in_threads(decode, range(1000)):
        break
    assert 0 < len(begun) < 100
    now = len(begun)
    time.sleep(0.1)
    assert len(begun) == now


def test_subfolders_are_read_and_other_files_are_not(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 2)
    deep = root / "with_mask" / "set 2" / "without_mask"
    deep.mkdir(parents=True)
    (root / "with_mask" / "001.jpg").rename(deep / "Größe.JPEG")
    (root / "with_mask" / "notes.txt").write_text("taken in May")
    (root / "with_mask" / "folder.jpg").mkdir()
    (root / "other.jpg").write_bytes((root / "with_mask" / "000.jpg").read_bytes())
    dataset = read_dataset(root, 80)
    labels = dict(zip(dataset.paths, dataset.labels.tolist(), strict=True))
    assert labels == {
        "without_mask/000.jpg": 0,
        "without_mask/001.jpg": 0,
        "with_mask/000.jpg": 1,
        "with_mask/set 2/without_mask/Größe.JPEG": 1,
    }
    assert dataset.skipped == ()


def test_unreadable_files_are_listed_with_the_reason_and_the_rest_is_read(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    whole = (root / "with_mask" / "001.jpg").read_bytes()
    (root / "with_mask" / "001.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "with_mask" / "text.png").write_text("not a picture")
    (root / "without_mask" / "empty.jpg").touch()
    dataset = read_dataset(root, 80)
    reasons = dict(dataset.skipped)
    assert set(reasons) == {"with_mask/001.jpg", "with_mask/text.png", "without_mask/empty.jpg"}
    assert "empty" in reasons["without_mask/empty.jpg"]
    assert "not a picture" in reasons["with_mask/text.png"]
    assert "damaged" in reasons["with_mask/001.jpg"]
    assert len(dataset.paths) == len(dataset.labels) == len(dataset.pixels) == 5
    assert set(dataset.paths).isdisjoint(reasons)
    assert dataset.labels.sum() == 2


@pytest.mark.parametrize("folder", CLASS_FOLDERS)
@pytest.mark.parametrize("left", ["no folder", "nothing", "unreadable"])
def test_a_class_without_photos_is_an_error_that_names_the_folder(
    tmp_path: Path, make_photos: MakePhotos, folder: str, left: str
) -> None:
    root = make_photos(tmp_path / "data", 2)
    for file in (root / folder).iterdir():
        file.unlink()
    if left == "no folder":
        (root / folder).rmdir()
    elif left == "unreadable":
        (root / folder / "a.jpg").write_text("not a picture")
    with pytest.raises(MasklensError, match=f" in {folder}/"):
        read_dataset(root, 80)


def test_a_missing_data_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="must hold with_mask/ and without_mask/"):
        read_dataset(tmp_path / "nowhere", 80)


# --- copies


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
    assert dataset.near_duplicate_pairs == 1
    parts = {"train": np.arange(10)}
    report = data_report(dataset, parts)
    assert report["near_duplicate_pairs"] == 1
    assert report["photos_with_a_near_duplicate"] == 2
    assert report["groups_in_both_classes"] == [["without_mask/original.jpg", "with_mask/copy.jpg"]]


def test_strangers_are_not_grouped(tmp_path: Path, make_photos: MakePhotos) -> None:
    dataset = read_dataset(make_photos(tmp_path / "data", 100), 80)
    assert dataset.near_duplicate_pairs == 0
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
    groups, pairs = group_near_duplicates(np.array(hashes))
    assert groups.tolist() == [0, 1, 1, 2, 1, 1]
    # Of the photo 1: 2 and 5; of 2: 4 and 5. From 4 to 1 and to 5 it is too far.
    assert pairs == 4


def test_one_direction_of_mirrored_likeness_is_enough() -> None:
    one, mirror, other, unlike = np.random.default_rng(0).random((4, 64)) < 0.5
    for pair in ([(one, mirror), (mirror, unlike)], [(mirror, unlike), (one, mirror)]):
        groups, pairs = group_near_duplicates(np.array([(other, other), *pair]))
        assert (groups.tolist(), pairs) == ([0, 1, 1], 1)


@pytest.mark.parametrize("rows", [1, 7, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_groups_and_pairs_agree_with_comparing_one_by_one(
    monkeypatch: pytest.MonkeyPatch, seed: int, rows: int
) -> None:
    monkeypatch.setattr(data, "_ROWS", rows)
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
    groups, pairs = group_near_duplicates(hashes)
    assert groups.tolist() == [numbers[home] for home in homes]
    assert pairs == len(linked)
    assert 20 < len(linked) and 5 < len(numbers) < 40


@pytest.mark.parametrize("changed", [0, 3])
def test_many_photos_that_look_alike_take_little_memory(changed: int) -> None:
    rng = np.random.default_rng(0)
    hashes = np.zeros((3000, 2, 64), bool)
    for one in hashes:
        one[:, rng.choice(64, changed, replace=False)] = True
    tracemalloc.start()
    groups, pairs = group_near_duplicates(hashes)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(groups.tolist()) == {0}
    assert pairs == 3000 * 2999 // 2
    assert peak_bytes < 100e6  # a list of the pairs takes 500 million, and a set as much again


# --- splitting


def made_groups(seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Some 600 photos, 1/3 of them masked, in groups of 1 to 9, a few of both classes."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 1, 1, 1, 2, 3, 9], 320)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.repeat((rng.random(len(sizes)) < 1 / 3).astype(np.int64), sizes)
    flipped = rng.random(len(labels)) < 0.01
    order = rng.permutation(len(labels))
    return np.where(flipped, 1 - labels, labels)[order], groups[order]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shares", [(0.15, 0.15), (0.05, 0.3), (0.25, 0.05)], ids=str)
def test_split_covers_everything_once_keeps_groups_whole_and_classes_balanced(
    seed: int, shares: tuple[float, float]
) -> None:
    labels, groups = made_groups(seed)
    parts = split(labels, groups, *shares, seed=seed)
    assert list(parts) == ["train", "validation", "test"]
    together = np.concatenate(list(parts.values()))
    np.testing.assert_array_equal(np.sort(together), np.arange(len(labels)))
    homes = [set(groups[members].tolist()) for members in parts.values()]
    assert sum(map(len, homes)) == len(set(groups.tolist()))
    for share, name in zip(shares, ("validation", "test"), strict=True):
        members = parts[name]
        assert (np.diff(members) > 0).all()
        assert len(members) / len(labels) == pytest.approx(share, abs=0.02)
        assert labels[members].mean() == pytest.approx(labels.mean(), abs=0.05)


def test_the_seed_alone_decides_the_split() -> None:
    labels, groups = made_groups(0)
    first, again, other = (split(labels, groups, 0.15, 0.15, seed) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    common = set(first["test"].tolist()) & set(other["test"].tolist())
    assert len(common) < 0.5 * len(first["test"])


def test_the_least_data_that_can_be_split_leaves_both_classes_in_every_part() -> None:
    labels = np.repeat([0, 1], 20)
    for seed in range(10):
        parts = split(labels, np.arange(40), 0.05, 0.05, seed)
        for members in parts.values():
            assert set(labels[members].tolist()) == {0, 1}


@pytest.mark.parametrize("few", [0, 1])
def test_too_few_photos_are_an_error_that_says_how_many(few: int) -> None:
    labels = np.array([few] * 19 + [1 - few] * 60)
    with pytest.raises(MasklensError, match="one class has 19 .* at least 20 are needed"):
        split(labels, np.arange(79), 0.15, 0.15, seed=0)


def test_copies_do_not_count_as_photos() -> None:
    labels = np.repeat([0, 1], 60)
    groups = np.concatenate([np.arange(60) // 4, np.arange(60) + 15])
    with pytest.raises(MasklensError, match="one class has 15 that differ"):
        split(labels, groups, 0.15, 0.15, seed=0)


# --- report


def test_report_says_what_there_is() -> None:
    dataset = Dataset(
        root=Path("data"),
        paths=("without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg", "with_mask/ü.jpg"),
        pixels=np.zeros((4, 8, 8, 3), np.uint8),
        labels=np.array([0, 0, 1, 1]),
        groups=np.array([0, 0, 0, 1]),
        near_duplicate_pairs=2,
        skipped=(("with_mask/c.jpg", "This file is empty."),),
    )
    parts = {"train": np.array([0, 1, 2]), "validation": np.array([3]), "test": np.array([], int)}
    report = data_report(dataset, parts)
    assert json.loads(json.dumps(report)) == report
    assert report == {
        "photos": 4,
        "by_class": {"without_mask": 2, "with_mask": 2},
        "near_duplicate_pairs": 2,
        "photos_with_a_near_duplicate": 3,
        "groups_in_both_classes": [["without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg"]],
        "relabelled": {},
        "skipped": [{"path": "with_mask/c.jpg", "reason": "This file is empty."}],
        "parts": {
            "train": {
                "photos": 3,
                "by_class": {"without_mask": 2, "with_mask": 1},
                "paths": ["without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg"],
            },
            "validation": {
                "photos": 1,
                "by_class": {"without_mask": 0, "with_mask": 1},
                "paths": ["with_mask/ü.jpg"],
            },
            "test": {
                "photos": 0,
                "by_class": {"without_mask": 0, "with_mask": 0},
                "paths": [],
            },
        },
    }


# --- recordings


@pytest.mark.parametrize(("bare", "masked"), [(50, 50), (20, 300), (37, 41)])
def test_a_recording_is_cut_into_stretches_that_lie_apart(bare: int, masked: int) -> None:
    labels = np.repeat([0, 1], [bare, masked])
    parts = split_in_time(labels, 0.15, 0.15)
    for label, count in ((0, bare), (1, masked)):
        first = {"train": 0, "validation": 0, "test": 0}
        last = dict(first)
        for name, members in parts.items():
            own = members[labels[members] == label]
            assert (np.diff(own) == 1).all()  # one stretch
            first[name], last[name] = own[0], own[-1]
        assert first["validation"] - last["train"] >= max(2, 0.03 * count)
        assert first["test"] - last["validation"] >= max(2, 0.03 * count)
        assert last["test"] == np.flatnonzero(labels == label)[-1]
        sizes = [last[name] - first[name] + 1 for name in ("validation", "test")]
        assert sizes == [max(2, round(0.15 * count))] * 2


@pytest.mark.parametrize(("count", "share"), [(19, 0.15), (20, 0.45)])
def test_a_recording_too_short_is_refused(count: int, share: float) -> None:
    with pytest.raises(MasklensError, match="Too"):
        split_in_time(np.repeat([0, 1], [count, 50]), share, share)
