"""The report on a folder of photos, against counts taken another way."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.config import FOLDS
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.findings import DataReport
from training.photos.inspection import contact_sheet, inspect

MakePhoto = Callable[..., ImageRgb]


def texts(report: DataReport) -> str:
    return "\n".join(finding.text for finding in report.findings())


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    make_photo: MakePhoto,
    make_photos: Callable[..., Path],
) -> Path:
    """22 photos a class, three of them copies in some way, and two files that are none."""
    root = make_photos(tmp_path_factory.mktemp("inspection") / "data", 22)
    first = root / "with_mask" / "000.jpg"
    (root / "with_mask" / "900-copy.jpg").write_bytes(first.read_bytes())
    Image.open(root / "with_mask" / "001.jpg").save(
        root / "with_mask" / "901-again.jpg", quality=60
    )
    # One photo of the bare class stands among the masked ones too, mirrored.
    mirrored = Image.fromarray(read_image(root / "without_mask" / "002.jpg")[:, ::-1])
    mirrored.save(root / "with_mask" / "902-other.jpg", quality=80)
    (root / "with_mask" / "broken.jpg").write_bytes(first.read_bytes()[:400])
    (root / "without_mask" / "text.png").write_text("no picture")
    (root / "without_mask" / "notes.txt").write_text("not counted")
    Image.fromarray(make_photo(77, size_wh=(31, 47))).save(root / "without_mask" / "tiny.png")
    Image.fromarray(make_photo(78, size_wh=(900, 700))).save(root / "without_mask" / "large.jpg")
    return root


@pytest.fixture(scope="module")
def report(folder: Path) -> DataReport:
    shares: list[float] = []
    found = inspect(folder, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return found


def test_counts_agree_with_counting_by_hand(folder: Path, report: DataReport) -> None:
    readable: Counter[str] = Counter()
    digests: list[str] = []
    for path in sorted(folder.rglob("*.*")):
        image = cv2.imread(str(path)) if path.name not in ("broken.jpg", "text.png") else None
        if image is not None:
            readable[path.parent.name] += 1
            digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert report.photos == dict(readable) == {"with_mask": 25, "without_mask": 24}
    assert report.exact_copies == len(digests) - len(set(digests)) == 1
    assert report.smallest_wh == (31, 47)


def test_copies_of_every_kind_are_found(report: DataReport) -> None:
    # 000 and its copy, 001 and its re-encoded copy, 002 and its mirror image.
    assert report.look_alikes == 6
    assert report.in_both == (("without_mask/002.jpg", "with_mask/902-other.jpg"),)
    assert report.different == {WITH_MASK: 23, WITHOUT_MASK: 24}


def test_what_cannot_be_read_is_named(report: DataReport) -> None:
    assert [name for name, _ in report.unreadable] == [
        "without_mask/text.png",
        "with_mask/broken.jpg",
    ]
    assert all(reason.endswith(".") for _, reason in report.unreadable)


def test_the_sentences_say_what_it_means(report: DataReport) -> None:
    said = texts(report)
    assert "2 photos cannot be read" in said
    assert "2 photos look the same and stand in both classes" in said
    assert "1 photo are" not in said
    assert "6 photos have a look-alike. Look-alikes stay on one side" in said
    assert "31 x 47 pixels" in said
    assert "Few photos: 25 with mask and 24 without mask. It can be trained" in said
    assert [finding.serious for finding in report.findings()][:2] == [True, False]
    assert report.obstacle == ""


BALANCED = DataReport(
    photos={WITH_MASK: 400, WITHOUT_MASK: 380},
    different={WITH_MASK: 400, WITHOUT_MASK: 380},
    unreadable=(),
    exact_copies=0,
    look_alikes=0,
    in_both=(),
    smallest_wh=(100, 100),
)


def test_nothing_wrong_says_nothing() -> None:
    assert BALANCED.findings() == ()
    assert BALANCED.obstacle == ""


@pytest.mark.parametrize(("few", "said"), [(133, True), (134, False)])
def test_imbalance_is_said_from_a_ratio_of_three(few: int, said: bool) -> None:
    photos = {WITH_MASK: few, WITHOUT_MASK: 400}
    report = replace(BALANCED, photos=photos)
    assert ("3.0 times as many photos without mask as with mask" in texts(report)) is said


@pytest.mark.parametrize(("different", "stops"), [(19, True), (20, False)])
def test_too_few_that_differ_stop_the_training(different: int, stops: bool) -> None:
    report = replace(BALANCED, different={WITH_MASK: 400, WITHOUT_MASK: different})
    assert report.obstacle == (
        "Too few photos: 19 without mask that differ from one another."
        f" At least {FOLDS} of each class are needed. Bring more of them."
        if stops
        else ""
    )


def test_too_few_of_both_classes_are_said_once_and_of_both() -> None:
    few = {WITH_MASK: 12, WITHOUT_MASK: 13}
    report = replace(BALANCED, photos=few, different=few)
    assert "12 with mask and 13 without mask that differ" in report.obstacle
    assert "can be trained" not in texts(report)
    # With an obstacle in one class alone, too, it cannot be trained.
    alone = replace(BALANCED, photos={WITH_MASK: 99, WITHOUT_MASK: 60}, different={**few})
    assert "can be trained" not in texts(alone)
    enough = {WITH_MASK: 99, WITHOUT_MASK: 60}
    trained = replace(BALANCED, photos=enough, different=enough)
    assert "Few photos: 99 with mask and 60 without mask. It can be trained" in texts(trained)
    assert trained.obstacle == ""


def test_frames_of_a_recording_may_look_alike() -> None:
    report = replace(
        BALANCED,
        photos={WITH_MASK: 50, WITHOUT_MASK: 50},
        different={WITH_MASK: 1, WITHOUT_MASK: 1},
        look_alikes=100,
        in_both=(("a", "b"),),
        recorded=True,
    )
    assert report.obstacle == ""
    (finding,) = report.findings()
    assert "Frames of one recording look alike" in finding.text
    assert replace(report, photos={WITH_MASK: 50, WITHOUT_MASK: 19}).obstacle == (
        "Too few photos: 19 without mask. At least 20 of each class are needed."
        " Record more of them."
    )


def test_a_class_without_a_readable_photo_is_a_sentence(tmp_path: Path) -> None:
    for name in (WITH_MASK, WITHOUT_MASK):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_text("no picture")
    with pytest.raises(MasklensError, match="No photo without mask can be read"):
        inspect(tmp_path)
    with pytest.raises(MasklensError):
        inspect(tmp_path / "nothing")


def plain(root: Path, count: int) -> None:
    """Photos of one grey level each, in order, with red edges that a square cuts off."""
    (root / WITH_MASK).mkdir(parents=True)
    for number in range(count):
        photo = np.full((60, 100, 3), number, np.uint8)
        photo[:, :19] = photo[:, 81:] = (255, 0, 0)
        Image.fromarray(photo).save(root / WITH_MASK / f"{number:03d}.png")


@pytest.mark.parametrize(
    ("count", "rows", "columns"), [(1, 1, 1), (5, 1, 5), (6, 1, 6), (7, 2, 6), (24, 4, 6)]
)
def test_a_sheet_shows_every_photo_of_a_few(
    tmp_path: Path, count: int, rows: int, columns: int
) -> None:
    plain(tmp_path, count)
    sheet = contact_sheet(tmp_path, WITH_MASK)
    assert sheet.shape == (96 * rows, 96 * columns, 3)
    middles = sheet[48::96, 48::96, 0].ravel().tolist()
    assert middles == [*range(count), *[128] * (rows * columns - count)]
    assert not (sheet == (255, 0, 0)).all(axis=2).any()


def test_a_sheet_draws_evenly_from_many(tmp_path: Path) -> None:
    plain(tmp_path, 100)
    middles = contact_sheet(tmp_path, WITH_MASK)[48::96, 48::96, 0].ravel().astype(int)
    assert len(middles) == 24
    assert (middles[0], middles[-1]) == (0, 99)
    assert set(np.diff(middles).tolist()) <= {4, 5}


def test_a_sheet_passes_over_what_cannot_be_read(tmp_path: Path) -> None:
    plain(tmp_path, 3)
    (tmp_path / WITH_MASK / "001.png").write_text("x")
    assert contact_sheet(tmp_path, WITH_MASK)[48, 48::96, 0].tolist() == [0, 2]
    assert contact_sheet(tmp_path, WITHOUT_MASK).shape == (96, 96, 3)
