from __future__ import annotations

import json
import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.pipeline import MaskPipeline
from maskcore.types import Analysis, Face, Label
from tests.training.voc import voc
from training import metrics
from training.__main__ import main
from training.annotated import scene_parts
from training.annotated import scene_report as module
from training.annotated.scene_report import count, evaluate_scenes, figures, match, with_intervals
from training.annotated.scenes import Scene, SceneFace, read_scenes
from training.metrics import CLASS_NAMES, share

Box = tuple[float, float, float, float]

MASK, BARE, WRONG = "with_mask", "without_mask", "mask_weared_incorrect"
LABELS: dict[str, int | None] = {MASK: 1, BARE: 0, WRONG: None}


def truth(*faces: tuple[Box, str]) -> tuple[SceneFace, ...]:
    return tuple(SceneFace(box, LABELS[kind]) for box, kind in faces)


def face(box: Box, score: float = 0.9, label: Label = "Mask") -> Face:
    return Face(box, score, 0.5, label)


def counted(
    faces: tuple[SceneFace, ...], found: tuple[Face, ...], min_side: float = 32
) -> dict[str, dict[str, int]]:
    """By class the counts that are not 0."""
    rows = count(faces, *match(faces, found), min_side)
    assert rows.shape == (2, 6)
    names = ("faces", "found", "tp", "fp", "fn", "alarms")
    return {
        name: {key: int(value) for key, value in zip(names, row, strict=True) if value}
        for name, row in zip(CLASS_NAMES, rows, strict=True)
    }


# --- matching


def test_overlap_at_the_limit_is_a_match_and_below_it_is_none() -> None:
    # 70 x 10, moved by 30: 400 of 1000.
    at, below = face((30, 0, 100, 10)), face((30.1, 0, 100.1, 10))
    faces = truth(((0, 0, 70, 10), MASK))
    assert match(faces, (at,)) == ([at], [])
    assert match(faces, (below,)) == ([None], [below])


def test_the_surest_takes_the_face_and_the_second_is_left_over() -> None:
    faces = truth(((0, 0, 100, 100), MASK))
    close, sure = face((0, 0, 100, 100), 0.6), face((10, 0, 100, 100), 0.8)
    assert match(faces, (close, sure)) == ([sure], [close])
    assert counted(faces, (close, sure)) == {
        "No Mask": {},
        "Mask": {"faces": 1, "found": 1, "tp": 1, "fp": 1, "alarms": 1},
    }


def test_a_prediction_takes_the_face_it_overlaps_most() -> None:
    faces = truth(((0, 0, 100, 100), MASK), ((30, 0, 130, 100), BARE))
    near_second = face((25, 0, 125, 100))
    assert match(faces, (near_second,)) == ([None, near_second], [])


def test_a_face_that_is_taken_leaves_the_next_best_to_the_next() -> None:
    faces = truth(((0, 0, 100, 100), MASK), ((30, 0, 130, 100), BARE))
    first, second = face((30, 0, 130, 100), 0.9), face((28, 0, 128, 100), 0.8)
    assert match(faces, (first, second)) == ([second, first], [])


def test_nothing_annotated_or_nothing_found() -> None:
    assert match((), ()) == ([], [])
    alarm = face((0, 0, 40, 40))
    assert match((), (alarm,)) == ([], [alarm])
    assert match(truth(((0, 0, 40, 40), MASK)), ()) == ([None], [])


# --- counting


@pytest.mark.parametrize("kind", [MASK, BARE])
@pytest.mark.parametrize("label", CLASS_NAMES)
def test_a_wrong_label_is_missed_for_one_class_and_false_for_the_other(
    kind: str, label: Label
) -> None:
    box = (10, 10, 60, 70)
    own, other = ("Mask", "No Mask") if kind == MASK else ("No Mask", "Mask")
    counts = counted(truth((box, kind)), (face(box, label=label),))
    if label == own:
        assert counts == {own: {"faces": 1, "found": 1, "tp": 1}, other: {}}
    else:
        assert counts == {own: {"faces": 1, "found": 1, "fn": 1}, other: {"fp": 1}}


def test_a_face_that_was_not_found_is_missed_for_its_class() -> None:
    faces = truth(((0, 0, 40, 40), MASK), ((100, 0, 140, 40), BARE), ((200, 0, 240, 40), BARE))
    assert counted(faces, ()) == {
        "No Mask": {"faces": 2, "fn": 2},
        "Mask": {"faces": 1, "fn": 1},
    }


@pytest.mark.parametrize(
    ("box", "kind"), [((0, 0, 31.9, 31.9), MASK), ((0, 0, 20, 31), BARE), ((0, 0, 80, 90), WRONG)]
)
@pytest.mark.parametrize("label", CLASS_NAMES)
def test_small_faces_and_masks_worn_wrong_are_neither_asked_for_nor_held_against(
    box: Box, kind: str, label: Label
) -> None:
    nothing = {"No Mask": {}, "Mask": {}}
    assert counted(truth((box, kind)), ()) == nothing
    assert counted(truth((box, kind)), (face(box, label=label),)) == nothing


def test_the_longer_side_decides_what_is_small() -> None:
    tall = (0, 0, 10, 32)
    assert counted(truth((tall, MASK)), (face(tall),))["Mask"]["tp"] == 1
    assert counted(truth((tall, MASK)), (face(tall),), min_side=32.5)["Mask"] == {}


@pytest.mark.parametrize(
    ("box", "counts"), [((0, 0, 31.9, 20), {}), ((0, 0, 5, 32), {"fp": 1, "alarms": 1})]
)
def test_false_alarms_count_from_the_smallest_side_on(box: Box, counts: dict[str, int]) -> None:
    for label, other in (CLASS_NAMES, CLASS_NAMES[::-1]):
        found = (face(box, label=label),)  # type: ignore[arg-type]
        assert counted((), found) == {label: counts, other: {}}


def test_a_second_box_on_a_small_face_is_a_false_alarm_only_if_large_itself() -> None:
    faces = truth(((0, 0, 30, 30), MASK))
    pair = (face((0, 0, 30, 30), 0.9), face((0, 0, 30, 33), 0.8))
    assert counted(faces, pair) == {"No Mask": {}, "Mask": {"fp": 1, "alarms": 1}}
    assert counted(faces, (pair[0], face((0, 0, 30, 31), 0.8)))["Mask"] == {}


# --- figures


def test_figures_by_hand() -> None:
    #        faces, found, tp, fp, fn, alarms
    bare = [10, 8, 6, 3, 4, 1]
    mask = [30, 27, 25, 4, 5, 2]
    found = {name: float(value) for name, value in figures(np.array([bare, mask])).items()}
    assert found == pytest.approx(
        {
            "detection_recall": 35 / 40,
            "detection_recall_mask": 27 / 30,
            "detection_recall_no_mask": 8 / 10,
            "detection_precision": 35 / 38,
            "detection_f1": 2 * 35 / (2 * 35 + 3 + 5),
            "label_accuracy_on_found": 31 / 35,
            "f1_mask": 50 / 59,
            "f1_no_mask": 12 / 19,
            "macro_f1": (50 / 59 + 12 / 19) / 2,
        }
    )


def test_figures_where_nothing_is_asked_for() -> None:
    nothing = np.zeros((2, 6), int)
    assert {float(value) for value in figures(nothing).values()} == {1.0}
    alarm = nothing.copy()
    alarm[1, [3, 5]] = 1  # one false alarm that says mask
    found = {name: float(value) for name, value in figures(alarm).items()}
    assert found["detection_recall"] == found["f1_no_mask"] == 1
    assert found["detection_precision"] == found["detection_f1"] == found["f1_mask"] == 0
    assert found["macro_f1"] == 0.5
    missed = nothing.copy()
    missed[1, [0, 4]] = 1  # one masked face, not found
    found = {name: float(value) for name, value in figures(missed).items()}
    assert found["label_accuracy_on_found"] == found["detection_precision"] == 1
    assert found["detection_recall"] == found["detection_f1"] == found["f1_mask"] == 0


def test_figures_of_many_samples_at_once_are_those_of_each() -> None:
    counts = np.random.default_rng(0).integers(0, 20, (3, 4, 2, 6))
    many = figures(counts)
    for place in np.ndindex(3, 4):
        for name, value in figures(counts[place]).items():
            assert many[name][place] == pytest.approx(float(value))


def photos_counts(number: int) -> NDArray[np.int64]:
    """Counts of photos, each with up to five faces of a class."""
    rng = np.random.default_rng(5)
    counts = np.zeros((number, 2, 6), np.int64)
    counts[..., 0] = rng.integers(0, 6, (number, 2))
    counts[..., 1] = rng.binomial(counts[..., 0], 0.9)
    counts[..., 2] = rng.binomial(counts[..., 1], 0.8)
    counts[..., 4] = counts[..., 0] - counts[..., 2]
    counts[..., 5] = rng.integers(0, 2, (number, 2))
    counts[..., 3] = (counts[..., 1] - counts[..., 2])[:, ::-1] + counts[..., 5]
    return counts


def test_intervals_hold_the_value_and_are_the_same_each_time() -> None:
    counts = photos_counts(40)
    report = with_intervals(counts)
    assert json.loads(json.dumps(report)) == report == with_intervals(counts)
    whole = figures(counts.sum(axis=0))
    for name, value in whole.items():
        low, high = report[name]["interval"]
        assert report[name]["value"] == pytest.approx(float(value))
        assert 0 <= low <= report[name]["value"] <= high <= 1
        assert high - low > 0.01
    # Photos are drawn, not faces: the spread of the recall is that of its estimator.
    found, faces = counts[..., 1].sum(1), counts[..., 0].sum(1)
    recall = found.sum() / faces.sum()
    spread = np.sqrt(((found - recall * faces) ** 2).sum()) / faces.sum()
    low, high = report["detection_recall"]["interval"]
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.08)
    assert report["faces"] == counts[..., 0].sum()
    assert report["faces_mask"] == counts[:, 1, 0].sum()
    assert report["faces_no_mask"] == counts[:, 0, 0].sum()
    assert report["found"] == counts[..., 1].sum()
    assert report["labelled_right"] == counts[..., 2].sum()
    assert report["false_alarms"] == counts[..., 5].sum()


def test_drawn_a_few_at_a_time_the_intervals_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tens of thousands of photos a thousand resamples at once would take gigabytes."""
    counts = photos_counts(30)
    whole = with_intervals(counts)
    monkeypatch.setattr(metrics, "_DRAWN_AT_ONCE", 7 * 30)
    assert with_intervals(counts) == whole


def test_more_photos_give_narrower_intervals() -> None:
    few, many = (with_intervals(photos_counts(number)) for number in (10, 160))
    for name in ("detection_recall", "macro_f1"):
        widths = [np.ptp(report[name]["interval"]) for report in (few, many)]
        assert widths[1] < 0.5 * widths[0]


def test_photos_drawn_again_that_all_agree_do_not_leave_no_doubt() -> None:
    counts = np.zeros((8, 2, 6), np.int64)
    counts[:, 1, :3] = 1  # a masked face in each, found and right
    counts[0, 0, [0, 4]] = 1  # and a bare one, missed: most resamples have none or it alone
    report = with_intervals(counts)
    for name, hits, of in (
        ("detection_recall_mask", 8, 8),
        ("detection_recall_no_mask", 0, 1),
        ("detection_precision", 8, 8),
        ("label_accuracy_on_found", 8, 8),
    ):
        assert report[name] == {k: share(hits, of)[k] for k in ("value", "interval")}
        assert np.ptp(report[name]["interval"]) > 0.3
    assert report["f1_mask"] == {"value": 1, "interval": None}
    assert np.ptp(report["detection_recall"]["interval"]) > 0
    assert report["detection_recall"]["interval"] != share(8, 9)["interval"]


def test_a_share_of_nothing_has_no_interval() -> None:
    report = with_intervals(np.zeros((3, 2, 6), np.int64))
    figures_of = [figure for figure in report.values() if isinstance(figure, dict)]
    assert figures_of == [{"value": 1, "interval": None}] * 9


def test_photos_all_alike_have_an_interval_too() -> None:
    counts = np.zeros((4, 2, 6), np.int64)
    counts[:, 1] = [2, 1, 1, 0, 1, 0]  # one of two found
    report = with_intervals(counts)
    assert report["detection_recall"]["interval"] == share(4, 8)["interval"]
    assert report["macro_f1"]["interval"] is None


def test_the_command_prints_figures_without_an_interval_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = np.zeros((4, 2, 6), np.int64)
    counts[:, 1, :3] = 1
    report = {"figures": with_intervals(counts)}
    monkeypatch.setattr(module, "evaluate_scenes", lambda asked, min_side: report)
    monkeypatch.setattr(scene_parts, "scenes_of_parts", lambda *of: [])
    monkeypatch.setattr(MaskPipeline, "load", lambda *names: None)
    write_photo(tmp_path / "images" / "1.png", 1)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "1.xml").write_text("<annotation></annotation>")
    assert main(["evaluate-scenes", "--scenes", str(tmp_path), "--detector", "haar"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "macro_f1: 1.000" in printed
    assert "detection_precision: 1.000 (95 % interval 0.510 to 1.000)" in printed


# --- photos


class Prepared:
    """A pipeline that answers by the photo's first pixel; remembers what it saw."""

    def __init__(self, answers: list[tuple[Face, ...]]) -> None:
        self.answers = answers
        self.times: Iterator[tuple[float, float]] = iter([(9.0, 3.0), (5.0, 1.0), (7.0, 2.0)] * 99)

    def analyze(self, image_rgb: NDArray[np.uint8]) -> Analysis:
        detect_ms, classify_ms = next(self.times)
        faces = self.answers[int(image_rgb[0, 0, 0])]
        return Analysis(
            (image_rgb.shape[1], image_rgb.shape[0]), faces, 0.5, detect_ms, classify_ms
        )


def write_photo(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(path)
    return path


def test_every_photo_is_looked_at_and_counted(tmp_path: Path) -> None:
    faces = [
        truth(((0, 0, 40, 40), MASK), ((50, 0, 62, 10), MASK), ((100, 0, 150, 40), WRONG)),
        truth(((0, 0, 64, 64), BARE), ((100, 0, 163.9, 30), BARE), ((200, 0, 230, 20), BARE)),
        (),
    ]
    answers = [
        (face((0, 0, 40, 40)), face((50, 0, 62, 10), label="No Mask"), face((100, 0, 150, 40))),
        (face((0, 0, 64, 64)), face((300, 0, 340, 40), label="No Mask")),
        (face((0, 0, 33, 33)),),
    ]
    scenes = [Scene(write_photo(tmp_path / f"{n}.png", n), part) for n, part in enumerate(faces)]
    done: list[int] = []
    pipeline = Prepared(answers)
    report = evaluate_scenes([(pipeline, scenes)], min_side=32, on_scene=done.append)  # type: ignore[arg-type]
    assert done == [0, 1, 2]
    assert json.loads(json.dumps(report)) == report
    assert (report["photos"], report["min_side"], report["min_iou"]) == (3, 32, 0.4)
    assert (report["detect_ms"], report["classify_ms"]) == (7.0, 2.0)
    found = report["figures"]
    # Asked for: one masked face (found, right) and two bare ones (one found, as masked).
    assert (found["faces_mask"], found["faces_no_mask"], found["found"]) == (1, 2, 2)
    assert (found["labelled_right"], found["false_alarms"]) == (1, 2)
    values = {name: figure["value"] for name, figure in found.items() if isinstance(figure, dict)}
    assert values == pytest.approx(
        {
            "detection_recall": 2 / 3,
            "detection_recall_mask": 1,
            "detection_recall_no_mask": 0.5,
            "detection_precision": 0.5,
            "detection_f1": 4 / (4 + 2 + 1),
            "label_accuracy_on_found": 0.5,
            "f1_mask": 2 / (2 + 2),  # false for mask: the bare face and the third photo's
            "f1_no_mask": 0,
            "macro_f1": 0.25,
        }
    )
    assert report["by_class"] == {
        "No Mask": {"faces": 2, "found": 1, "labelled_right": 0},
        "Mask": {"faces": 1, "found": 1, "labelled_right": 1},
    }
    # By size every face of a class counts, small ones too, whatever the label given.
    bands = {(band["from"], band["below"]): band for band in report["recall_by_size"]}
    assert list(bands) == [(8, 16), (16, 32), (32, 64), (64, 128), (128, None)]
    shares = {
        key: [(band[name]["hits"], band[name]["count"]) for name in ("Mask", "No Mask")]
        for key, band in bands.items()
    }
    assert shares == {
        (8, 16): [(1, 1), (0, 0)],
        (16, 32): [(0, 0), (0, 1)],
        (32, 64): [(1, 1), (0, 1)],  # 63.9 pixels belong here
        (64, 128): [(0, 0), (1, 1)],
        (128, None): [(0, 0), (0, 0)],
    }
    assert bands[128, None]["Mask"]["value"] is None
    assert bands[64, 128]["No Mask"]["value"] == 1


# --- the tool that defines the figures

# It is no part of this repository; what it answered for these photos is written down below.
TOOL = Path(
    os.environ.get("MASKLENS_SCENE_TOOL")
    or Path(__file__).parents[3] / "../shared/tools/score_scenes.py"
)
# Seed and smallest side -> the answer.
ANSWERS: dict[tuple[int, float], dict[str, Any]] = {
    (0, 32): {
        "images": 30,
        "images_without_a_line": 1,
        "faces": 50,
        "detection_recall": 0.82,
        "detection_recall_by_class": {"Mask": 0.8621, "No Mask": 0.7619},
        "detection_precision": 0.6119,
        "detection_f1": 0.7009,
        "label_accuracy_on_found": 0.8049,
        "f1_by_class": {"Mask": 0.6154, "No Mask": 0.5},
        "macro_f1": 0.5577,
    },
    (1, 32): {
        "images": 30,
        "images_without_a_line": 1,
        "faces": 33,
        "detection_recall": 0.697,
        "detection_recall_by_class": {"Mask": 0.5385, "No Mask": 0.8},
        "detection_precision": 0.575,
        "detection_f1": 0.6301,
        "label_accuracy_on_found": 0.7391,
        "f1_by_class": {"Mask": 0.3871, "No Mask": 0.5238},
        "macro_f1": 0.4555,
    },
    (2, 16): {
        "images": 30,
        "images_without_a_line": 1,
        "faces": 60,
        "detection_recall": 0.7833,
        "detection_recall_by_class": {"Mask": 0.7333, "No Mask": 0.8333},
        "detection_precision": 0.5402,
        "detection_f1": 0.6395,
        "label_accuracy_on_found": 0.8298,
        "f1_by_class": {"Mask": 0.5161, "No Mask": 0.5412},
        "macro_f1": 0.5287,
    },
    (3, 60.5): {
        "images": 30,
        "images_without_a_line": 1,
        "faces": 30,
        "detection_recall": 0.8,
        "detection_recall_by_class": {"Mask": 0.7778, "No Mask": 0.8333},
        "detection_precision": 0.7273,
        "detection_f1": 0.7619,
        "label_accuracy_on_found": 0.625,
        "f1_by_class": {"Mask": 0.4615, "No Mask": 0.5},
        "macro_f1": 0.4808,
    },
}


def random_photo(rng: np.random.Generator) -> tuple[list[tuple[Box, str]], tuple[Face, ...]]:
    """Faces of all sizes and classes; what was found is near them, twice, wrong, or loose."""
    faces: list[tuple[Box, str]] = []
    found: list[Face] = []

    def at(x: float, y: float, side: float) -> Box:
        return tuple(np.round([x, y, x + side, y + side * rng.uniform(0.8, 1.3)], 1).tolist())

    for _ in range(rng.integers(0, 7)):
        x, y, side = rng.uniform(0, 300), rng.uniform(0, 300), np.exp(rng.uniform(2.3, 5))
        faces.append((at(x, y, side), str(rng.choice([MASK, MASK, BARE, BARE, WRONG]))))
        masked = faces[-1][1] == MASK
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            moved = at(*(np.array([x, y]) + rng.normal(0, 0.12 * side, 2)), side)
            label = CLASS_NAMES[int(masked == (rng.random() < 0.8))]
            found.append(face(moved, round(rng.random(), 2), label))
    for _ in range(rng.integers(0, 2)):
        loose = at(rng.uniform(0, 300), rng.uniform(0, 300), rng.uniform(16, 60))
        found.append(face(loose, round(rng.random(), 2), rng.choice(CLASS_NAMES)))
    return faces, tuple(found)


@pytest.fixture
def photos(tmp_path: Path, seed: int) -> list[tuple[Face, ...]]:
    """30 annotated photos in a folder, predictions in a file beside; what these find."""
    rng = np.random.default_rng(seed)
    photos = [random_photo(rng) for _ in range(30)]
    (tmp_path / "annotations").mkdir()
    lines = []
    for number, (faces, found) in enumerate(photos):
        write_photo(tmp_path / "images" / f"{number:02d}.png", number)
        xml = tmp_path / "annotations" / f"{number:02d}.xml"
        xml.write_text(voc((kind, box) for box, kind in faces))
        rows = [{"box": f.box_xyxy, "score": f.score, "label": f.label} for f in found]
        if rows or number % 2:  # no line means the same as no face
            lines.append(json.dumps({"image": f"{number:02d}.jpg", "faces": rows}))
    (tmp_path / "predictions.jsonl").write_text("\n".join(lines))
    return [found for _, found in photos]


@pytest.mark.parametrize(("seed", "min_side"), ANSWERS)
def test_figures_are_those_of_the_tool(
    tmp_path: Path, photos: list[tuple[Face, ...]], seed: int, min_side: float
) -> None:
    pipeline = Prepared(photos)
    ours = evaluate_scenes([(pipeline, read_scenes(tmp_path))], min_side)["figures"]  # type: ignore[arg-type]
    values = {n: round(f["value"], 4) for n, f in ours.items() if isinstance(f, dict)}
    theirs = ANSWERS[seed, min_side]
    assert values == {
        "detection_recall": theirs["detection_recall"],
        "detection_recall_mask": theirs["detection_recall_by_class"]["Mask"],
        "detection_recall_no_mask": theirs["detection_recall_by_class"]["No Mask"],
        "detection_precision": theirs["detection_precision"],
        "detection_f1": theirs["detection_f1"],
        "label_accuracy_on_found": theirs["label_accuracy_on_found"],
        "f1_mask": theirs["f1_by_class"]["Mask"],
        "f1_no_mask": theirs["f1_by_class"]["No Mask"],
        "macro_f1": theirs["macro_f1"],
    }
    assert ours["faces"] == theirs["faces"]
    assert 0.3 < values["macro_f1"] < 0.9  # the comparison says something


@pytest.mark.skipif(not TOOL.is_file(), reason="the tool is not here: set MASKLENS_SCENE_TOOL")
@pytest.mark.parametrize(("seed", "min_side"), ANSWERS)
def test_the_tool_still_answers_so(
    tmp_path: Path, photos: list[tuple[Face, ...]], seed: int, min_side: float
) -> None:
    score = runpy.run_path(str(TOOL))["score"]
    assert score(tmp_path / "predictions.jsonl", tmp_path, min_side) == ANSWERS[seed, min_side]
