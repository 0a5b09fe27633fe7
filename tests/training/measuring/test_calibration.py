from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore.classification import InputSpec, LiteRtClassifier
from maskcore.classification.calibration import Calibration
from maskcore.models import load_model, read_card, read_report
from tests.training.blue_model import answer, blueness, install_blue, report_of, write_scenes
from training import metrics
from training.__main__ import main
from training.annotated.scenes import read_scenes
from training.classifier import parts
from training.classifier.parts import Photos
from training.installing.versions import put_in_place
from training.measuring import calibration
from training.measuring.calibration import recalibrated

MakePhotos = Callable[..., Path]


def test_every_face_is_called_what_it_was_before() -> None:
    card = {"threshold": 0.4, "not_sure": {"margin": 1.0, "smallest_side": 8.0}}
    once = recalibrated(card, {"temperature": 0.5})
    assert once["threshold"] == pytest.approx(0.16 / (0.16 + 0.36))  # odds squared
    assert once["not_sure"] == {"margin": 2.0, "smallest_side": 8.0}
    twice = recalibrated(
        {**once, "calibration": {"method": "temperature", "temperature": 0.5}}, {"temperature": 2.0}
    )
    assert twice["threshold"] == pytest.approx(1 / (1 + (0.6 / 0.4) ** 0.5), abs=1e-6)
    assert twice["not_sure"]["margin"] == 0.5
    assert recalibrated({"threshold": 0.5}, {"temperature": 0.7})["threshold"] == 0.5


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_photos: MakePhotos) -> Path:
    """The data folder of the model "blue", installed without calibration and mildly sure."""
    answer(monkeypatch, lambda inputs: 2 * blueness(inputs) - 0.4)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    data = make_photos(tmp_path / "photos", 30)
    install_blue(
        report_of(data),
        seed=0,
        not_sure={"margin": 1.0},
        input=InputSpec(size=32).to_card(),
        made_by={"fit": {"command": "fit"}},
    )
    return data


def test_the_command_rewrites_card_and_report(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = LiteRtClassifier.load("blue")
    extra = (plain.input_spec.size, plain.threshold)
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 0
    card, report = read_card("blue"), read_report("blue")
    record = card["calibration"]
    assert record == report["calibration"]
    assert record["fitted_on"] == ["validation"]
    assert list(record["error"]) == ["validation", "test"]
    assert record["error"]["test"]["count"] == 30
    assert (
        record["error"]["validation"]["after"]["value"]
        < (record["error"]["validation"]["before"]["value"])
    )
    assert card["made_by"]["fit"] == {"command": "fit"}
    command = "python -m training calibrate blue --masks photos"
    assert card["made_by"]["calibrate"]["command"] == report["command"] == command
    served = LiteRtClassifier.load("blue")
    assert served.calibration == Calibration(record["temperature"])
    assert (served.input_spec.size, served.threshold) == extra
    assert served.not_sure.margin == pytest.approx(1 / record["temperature"], abs=1e-4)
    for part in report["parts"].values():
        photos = Photos(installed, tuple(photo["path"] for photo in part["photos"]))
        shown = served.classify_inputs(photos.inputs(served.input_spec))
        reported = [photo["mask_probability"] for photo in part["photos"]]
        np.testing.assert_allclose(shown, reported, atol=1e-6)
        assert part["calibration_error"]["value"] == pytest.approx(
            metrics.expected_calibration_error(photos.labels[np.newaxis], shown[np.newaxis])[0]
        )
        before = plain.classify_inputs(photos.inputs(plain.input_spec)) >= 0.5
        assert ((shown >= 0.5) == before).all()
    assert card["figures"]["test"]["accuracy"] == report["parts"]["test"]["accuracy"]
    after = record["error"]["test"]["after"]["value"]
    said = capsys.readouterr().out
    assert f"{after:.4f} after (n = 30)" in said
    right = report["parts"]["test"]["accuracy"]["value"]
    assert f"test: accuracy {right:.2%} (95 % interval " in said


def test_calibrating_again_starts_from_the_model_not_from_the_card(installed: Path) -> None:
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 0
    first = read_card("blue")
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 0
    again = read_card("blue")
    for key in ("calibration", "not_sure", "threshold", "figures"):
        assert again[key] == first[key]
    assert load_model("blue").content == b""


def test_a_model_can_be_measured_again_with_the_temperature_that_it_has(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["calibrate", "blue", "--masks", str(installed)]
    assert main([*command, "--keep"]) == 1
    assert "no temperature to keep" in capsys.readouterr().err
    assert main(command) == 0
    card, report = read_card("blue"), read_report("blue")
    elsewhere = {"count": 3, "before": {"value": 0.2}, "after": {"value": 0.1}}
    card["calibration"]["error"]["scenes in folds"] = elsewhere
    put_in_place("blue", b"", card, report)
    # Cut anew, all faces look bare.
    monkeypatch.setattr(parts, "shown", lambda *cut: -np.ones((1, 32, 32, 3), "f"))
    assert main([*command, "--keep"]) == 0
    again, measured = read_card("blue"), read_report("blue")
    for key in ("threshold", "not_sure"):
        assert again[key] == card[key]
    assert again["made_by"]["calibrate"] == card["made_by"]["calibrate"]
    assert again["made_by"]["measure"]["command"].endswith("--keep")
    record = again["calibration"]
    assert {**record, "error": {}} == {**card["calibration"], "error": {}}
    assert record["error"]["scenes in folds"] == elsewhere
    assert record["error"]["test"] != card["calibration"]["error"]["test"]
    assert record == measured["calibration"]
    photos = measured["parts"]["test"]["photos"]
    assert len({photo["mask_probability"] for photo in photos}) == 1
    assert again["figures"]["test"]["accuracy"]["hits"] == 15


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_faces_of_scenes_join_in_where_they_were_not_learned_from(
    installed: Path, tmp_path: Path, folds: int
) -> None:
    card = read_card("blue") | {"config": {"scenes": "elsewhere", "folds": folds}}
    put_in_place("blue", b"", card, read_report("blue"))
    scenes = write_scenes(tmp_path / "scenes", 80)
    command = ["calibrate", "blue", "--masks", str(installed), "--scenes", str(scenes)]
    assert main(command) == 0
    record = read_card("blue")["calibration"]
    unseen = [] if folds else ["validation scenes"]
    assert record["fitted_on"] == ["validation", *unseen]
    assert list(record["error"]) == ["validation", "test", *unseen, "test scenes"]
    assert record["error"]["test scenes"]["count"] == 8


def test_scenes_that_have_changed_are_refused(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes = write_scenes(tmp_path / "scenes", 80)
    kept = [scene.image_path.name for scene in read_scenes(scenes)[:8]]
    card = read_card("blue") | {"config": {"scenes": "scenes"}, "test_scenes": kept}
    put_in_place("blue", b"", card, read_report("blue"))
    command = ["calibrate", "blue", "--masks", str(installed), "--scenes", str(scenes)]
    assert main(command) == 1
    assert "was trained when these scenes were others" in capsys.readouterr().err
    assert read_card("blue") == card


def test_photos_that_are_gone_leave_card_and_report_alone(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card, report = read_card("blue"), read_report("blue")
    shutil.rmtree(installed / "with_mask")
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 1
    assert "is gone" in capsys.readouterr().err
    assert (read_card("blue"), read_report("blue")) == (card, report)


def test_a_model_put_in_its_place_meanwhile_keeps_its_own_card(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit, other = calibration.fit_temperature, {**read_card("blue"), "title": "other"}

    def fit_and_install(*arrays: Any) -> Calibration:
        put_in_place("blue", b"", other, {"parts": {}})
        return fit(*arrays)

    monkeypatch.setattr(calibration, "fit_temperature", fit_and_install)
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 1
    assert "has been replaced" in capsys.readouterr().err
    assert (read_card("blue"), read_report("blue")) == (other, {"parts": {}})


def test_a_report_is_json_that_others_can_read(installed: Path) -> None:
    assert main(["calibrate", "blue", "--masks", str(installed)]) == 0
    assert json.loads(json.dumps(read_report("blue"), allow_nan=False)) == read_report("blue")
