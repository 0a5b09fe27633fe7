from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.stats import binomtest

from maskcore.classification import InputSpec, preprocess
from maskcore.models import read_card, read_report
from tests.training.blue_model import answer, blueness, install_blue, report_of
from training.__main__ import main
from training.classifier.parts import Photos
from training.installing.versions import put_in_place
from training.measuring.changes import CHANGES
from training.measuring.stress import rows, spoiled
from training.measuring.stress_card import below
from training.photos import face_cut

MakePhotos = Callable[..., Path]
SEEN: list[Any] = []


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_photos: MakePhotos) -> Path:
    """The photos of a model "blue" that calls a face masked where its middle is blue."""

    def log_odds(inputs: Any) -> Any:
        SEEN.extend(inputs)
        return 20 * blueness(inputs[:, 24:44, 14:34]) - 3

    answer(monkeypatch, log_odds)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    data = make_photos(tmp_path / "photos", 12)
    install_blue(report_of(data), input=InputSpec(size=48, crop_margin=0.2).to_card())
    SEEN.clear()
    return data


def run_stress(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main(["stress", "blue", "--data", str(data), "--out", str(out), *more]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_card_holds_a_row_for_every_change_of_the_test_part_alone(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = run_stress(data, tmp_path / "stress.json")
    assert [(row["change"], row["level"]) for row in card["rows"]] == [
        (change.name, change.level) for change in CHANGES
    ]
    assert (card["model"], card["part"], card["count"]) == ("blue", "test", 12)
    assert card["command"] == "python -m training stress blue --data photos --out stress.json"
    assert card["created"]
    for row in card["rows"]:
        bare, masked, whole = row["recall_no_mask"], row["recall_mask"], row["accuracy"]
        assert bare["count"] == (0 if "masked faces" in row["level"] else 6)
        assert masked["count"] == (0 if "bare faces" in row["level"] else 6)
        assert whole["hits"] == bare["hits"] + masked["hits"]
        assert whole["value"] == whole["hits"] / whole["count"]
        interval = binomtest(whole["hits"], whole["count"]).proportion_ci(method="wilson")
        assert whole["interval"] == pytest.approx([interval.low, interval.high])
    assert "nothing as served: right " in capsys.readouterr().out
    # Each face under each change, nothing of the validation part.
    assert len(SEEN) == 2 + 12 * len(CHANGES)  # two on loading


def test_the_same_command_gives_the_same_rows(data: Path, tmp_path: Path) -> None:
    first = run_stress(data, tmp_path / "a.json")
    assert run_stress(data, tmp_path / "b.json")["rows"] == first["rows"]


def test_faces_are_where_the_finder_sees_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = (20.0, 30.0, 60.0, 80.0)
    monkeypatch.setattr(face_cut, "largest_face", lambda photo: box)
    assert run_stress(data, tmp_path / "stress.json")["count"] == 12
    first = read_report("blue")["parts"]["test"]["photos"][0]["path"]
    photo = Photos(data, (first,)).read(0)
    served = preprocess(photo, [box], InputSpec(size=48, crop_margin=0.2))[0]
    np.testing.assert_array_equal(SEEN[2], served)  # nothing changed


def test_a_corrected_label_is_kept(data: Path, tmp_path: Path) -> None:
    before = run_stress(data, tmp_path / "before.json")["rows"][0]
    report = read_report("blue")
    moved = report["parts"]["test"]["photos"][0]
    assert moved["path"].startswith("with_mask/")
    moved["label"] = "without_mask"
    put_in_place("blue", b"", read_card("blue"), report)
    row = run_stress(data, tmp_path / "stress.json")["rows"][0]
    assert row["recall_no_mask"]["count"] == before["recall_no_mask"]["count"] + 1
    assert row["recall_mask"]["count"] == before["recall_mask"]["count"] - 1


def test_counting_is_by_class_and_leaves_hidden_masks_out() -> None:
    labels = np.array([0, 0, 1, 1, 1])
    masked = np.zeros((5, len(CHANGES)), bool)
    masked[1:4] = True  # one bare face wrong, one masked face wrong
    found = {(row["change"], row["level"]): row for row in rows(labels, masked)}
    row = found["nothing", "as served"]
    assert (row["accuracy"]["hits"], row["accuracy"]["count"]) == (3, 5)
    assert (row["recall_mask"]["hits"], row["recall_mask"]["count"]) == (2, 3)
    assert (row["recall_no_mask"]["hits"], row["recall_no_mask"]["count"]) == (1, 2)
    hidden = found["scarf", "over the mouth, bare faces"]
    assert (hidden["accuracy"]["hits"], hidden["accuracy"]["count"]) == (1, 2)
    assert hidden["recall_mask"]["value"] is None
    worn = found["mask", "dark, masked faces"]
    assert (worn["accuracy"]["hits"], worn["accuracy"]["count"]) == (2, 3)
    assert worn["recall_no_mask"]["count"] == 0


def test_a_model_breaks_where_any_of_its_figures_falls() -> None:
    def row(change: str, level: str, accuracy: float, mask: float | None, bare: float) -> Any:
        figures = {"accuracy": accuracy, "recall_mask": mask, "recall_no_mask": bare}
        return {"change": change, "level": level} | {
            name: {"value": value} for name, value in figures.items()
        }

    found = [
        row("none", "", 0.99, 0.99, 0.99),
        row("blur", "a", 0.96, 0.99, 0.95),
        row("blur", "b", 0.95, 0.99, 0.94),
        row("blur", "c", 0.5, 0.5, 0.5),
        row("scarf", "d", 0.3, None, 0.3),
    ]
    everything = ["accuracy", "recall_mask", "recall_no_mask"]
    broken = [[], [], ["recall_no_mask"], everything, ["accuracy", "recall_no_mask"]]
    assert [below(row) for row in found] == broken


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.name} {change.level}")
def test_every_change_gives_a_face_of_the_models_size(change: Any) -> None:
    photo = cv2.resize(np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8), (60, 50))
    spec = InputSpec(size=40, crop_margin=0.2)
    for box in ((5.0, 5.0, 45.0, 45.0), (0.0, 0.0, 3.0, 4.0), (40.0, 30.0, 90.0, 70.0)):
        square = spoiled(photo, box, change, spec, np.random.default_rng(1))
        assert square.shape == (40, 40, 3)
        assert square.dtype == np.uint8
