from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore.classification import InputSpec
from maskcore.detection import fcos
from maskcore.files import write_json
from maskcore.litert import LiteRtModel
from maskcore.models import read_card
from maskcore.types import Detections
from tests.training.blue_model import EMPTY, install_blue, write_scenes
from training.__main__ import main
from training.annotated.scene_parts import all_folds, part_names, split_scenes
from training.annotated.scenes import read_scenes
from training.classifier import parts as photo_parts
from training.classifier.parts import Photos, judged_report
from training.config import DATA_FILE, RunConfig, TrainConfig
from training.detector.config import DetectorConfig
from training.installing.versions import put_in_place
from training.measuring import folds
from training.photos.face_cut import whole_photo

FACE = (20.0, 20.0, 60.0, 60.0)
# Whom each network was asked about, by its run's name: the scenes' numbers.
Asked = dict[str, list[int]]


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Sixty scenes; the model sees the face's red for the number, its blue for the mask."""
    return write_scenes(
        tmp_path / "scenes", 60, lambda number: (4 * number, 60, 5 + 245 * (number % 2))
    )


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Networks that see all faces and masks rightly, but for those of runs named "wrong"."""
    seen: Asked = {}

    def make(self: Any, content: bytes, threads: int | None = None) -> None:
        self.name = content.decode()

    def run(self: Any, inputs: Any) -> list[Any]:
        pixels = (inputs[:, 16, 16] + 1) * 127.5
        faces = np.isclose(pixels[:, 1], 60, atol=2)  # not the trial at the beginning
        numbers = np.round(pixels[faces, 0] / 4).astype(int).tolist()
        seen.setdefault(self.name, []).extend(numbers)
        mask = np.where(pixels[:, 2:] > 128, 0.8, 0.2).astype(np.float32)
        return [1 - mask if self.name.startswith("wrong") else mask]

    class Finder:
        def __init__(self, model: Any) -> None:
            self.name = model.name

        def detect(self, image_rgb: Any) -> Detections:
            seen.setdefault(self.name, []).append(int(image_rgb[0, 0, 0]))
            return Detections(np.array([FACE], np.float32), np.array([0.9], np.float32))

    monkeypatch.setattr(LiteRtModel, "__init__", make)
    monkeypatch.setattr(LiteRtModel, "run", run)
    for module in (folds, fcos):
        monkeypatch.setattr(module, "FcosDetector", Finder)
    monkeypatch.setattr(folds, "load_network", lambda run: run.name)
    monkeypatch.setattr(folds, "load_detector_network", lambda run: run.name)
    monkeypatch.setattr(folds, "to_litert", lambda network, weights: f"{network}".encode())
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    spec = InputSpec(size=32, crop_margin=0.0).to_card()
    install_blue(input=spec, config={"folds": 1})
    put_in_place("fcos", b"", {"kind": "detector", "weights": "float16", "sha256": EMPTY})
    return seen


def make_runs(root: Path, name: str, config: Callable[[int], RunConfig], count: int) -> list[str]:
    """Folders of runs that hold no more than their settings."""
    runs = []
    for fold in range(count):
        run = root / f"{name}{fold}"
        run.mkdir()
        config(fold).save(run)
        runs.append(str(run))
    return runs


def model_runs(root: Path, name: str = "model", count: int = 3, seed: int = 0) -> list[str]:
    def config(fold: int) -> RunConfig:
        return TrainConfig("photos", scenes="elsewhere", folds=3, fold=fold, seed=seed)

    return make_runs(root, name, config, count)


def detector_runs(root: Path, name: str = "detector", seed: int = 0) -> list[str]:
    return make_runs(
        root, name, lambda fold: DetectorConfig("elsewhere", folds=3, fold=fold, seed=seed), 3
    )


def unseen(scenes: Path, fold: int) -> list[int]:
    """The numbers of the scenes that validate a fold."""
    parts = all_folds(read_scenes(scenes), 3)[fold]
    return sorted(int(scene.image_path.stem) for scene in parts["validation"])


def test_each_fold_is_asked_about_what_it_never_saw_and_all_are_counted(
    scenes: Path, asked: Asked, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    command = ["evaluate-scenes", "--scenes", str(scenes), "--model", "blue", "--out", str(out)]
    command += ["--model-runs", *model_runs(tmp_path)]
    # In another order: they belong together by their fold, not by their place.
    command += ["--detector-runs", *reversed(detector_runs(tmp_path))]
    assert main(command) == 0
    for fold in range(3):
        assert sorted(asked[f"model{fold}"]) == unseen(scenes, fold)
        assert sorted(asked[f"detector{fold}"]) == unseen(scenes, fold)
    report = json.loads(out.read_text())
    assert (report["parts"], report["folds"]) == (["train", "validation"], 3)
    assert (report["detector"], report["model"]) == ("fcos", "blue")
    assert report["sha256"] == {"fcos": EMPTY, "blue": EMPTY}
    parts = split_scenes(read_scenes(scenes))
    faces = len(parts["train"] + parts["validation"])
    figures = report["figures"]
    assert report["photos"] == figures["faces"] == figures["labelled_right"] == faces
    assert f"--model-runs {tmp_path}" not in report["command"]


def test_the_mask_model_alone_can_be_asked_in_folds(
    scenes: Path, asked: Asked, tmp_path: Path
) -> None:
    out = tmp_path / "faces.json"
    runs = [*model_runs(tmp_path, count=2), *model_runs(tmp_path, "wrong")[2:]]
    command = ["evaluate-faces", "--scenes", str(scenes), "--model", "blue", "--out", str(out)]
    assert main([*command, "--model-runs", *runs]) == 0
    report = json.loads(out.read_text())
    numbers = [unseen(scenes, fold) for fold in range(3)]
    assert (report["photos"], report["folds"]) == (sum(map(len, numbers)), 3)
    assert report["accuracy"]["hits"] == len(numbers[0]) + len(numbers[1])
    assert sorted(asked["wrong2"]) == numbers[2]


def test_faces_of_folds_calibrate_a_model_that_learned_from_all_scenes(
    scenes: Path,
    asked: Asked,
    tmp_path: Path,
    make_photos: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photo_parts, "largest_face", whole_photo)  # the finder is a made one
    data = make_photos(tmp_path / "photos", 10)
    paths = tuple(sorted(path.relative_to(data).as_posix() for path in data.rglob("*.jpg")))
    photos = judged_report(paths, Photos(data, paths).labels, np.full(len(paths), 0.5), 0.5)
    card = read_card("blue")
    put_in_place("blue", b"", card, {"parts": {"validation": photos, "test": photos}})
    command = ["calibrate", "blue", "--masks", str(data), "--scenes", str(scenes)]
    assert main(command) == 0
    record = read_card("blue")["calibration"]
    assert list(record["error"]) == ["validation", "test", "test scenes"]
    assert record["fitted_on"] == ["validation"]
    assert main([*command, "--model-runs", *model_runs(tmp_path)]) == 0
    record = read_card("blue")["calibration"]
    assert record["fitted_on"] == ["validation", "scenes in folds"]
    parts = split_scenes(read_scenes(scenes))
    of_folds = record["error"]["scenes in folds"]
    assert of_folds["count"] == len(parts["train"] + parts["validation"])
    assert of_folds["before"]["value"] == pytest.approx(0.2)  # raw answers of 0.8, all right
    assert of_folds["after"]["value"] != pytest.approx(0.2, abs=1e-3)


def test_runs_of_folds_need_scenes_to_calibrate_by(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "blue", "--masks", ".", "--model-runs", *model_runs(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("give --scenes\n")


def test_runs_that_do_not_serve_are_refused_before_anything_is_asked(
    scenes: Path, asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models, detectors = model_runs(tmp_path), detector_runs(tmp_path)
    other = detector_runs(tmp_path, "other", seed=1)
    plain = make_runs(tmp_path, "plain", lambda fold: TrainConfig("photos"), 1)
    seeded = model_runs(tmp_path, "seeded", seed=1)
    four = make_runs(
        tmp_path, "four", lambda fold: DetectorConfig("elsewhere", folds=4, fold=fold), 4
    )
    again = model_runs(tmp_path, "again", count=1)
    for given, complaint in (
        (["--model-runs", *models], "needs runs, too: --detector-runs"),
        (
            ["--detector", "haar", "--model-runs", *models, "--detector-runs", *detectors],
            "no other detector",
        ),
        (["--detector-runs", *detectors], "must be runs of folds"),
        (["--model-runs", *models, "--detector-runs", *detectors[:2]], "one run for each fold"),
        (["--model-runs", *models[:1], "--detector-runs", *detectors], "one run for each fold"),
        (["--model-runs", *models, "--detector-runs", *four], "not of the same folds"),
        (["--model-runs", *seeded, "--detector-runs", *other], "by seed 1, the model by 0"),
        (
            ["--model-runs", *models[:2], seeded[2], "--detector-runs", *detectors],
            "the same --folds and --seed",
        ),
        (["--model-runs", *models, "--detector-runs", *other], "not of the same folds"),
        (
            ["--model-runs", *plain, "--detector-runs", *detectors],
            "must be runs of folds, made with --folds",
        ),
        (
            ["--model-runs", *models, *again, "--detector-runs", *detectors],
            "one run for each fold",
        ),
        (["--model-runs", *detectors, "--detector-runs", *detectors], "not the folder of such"),
    ):
        command = ["evaluate-scenes", "--scenes", str(scenes), "--model", "blue", *given]
        assert main(command) == 1
        assert complaint in capsys.readouterr().err
    assert not any(asked.values())


def test_runs_are_asked_about_the_scenes_that_they_divided_alone(
    scenes: Path, asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = model_runs(tmp_path)
    for run, parts in zip(runs, all_folds(read_scenes(scenes), 3), strict=True):
        write_json(Path(run) / DATA_FILE, {"scenes": part_names(parts)})
    command = ["evaluate-scenes", "--scenes", str(scenes), "--model", "blue", "--detector", "haar"]
    assert main([*command, "--model-runs", *runs]) == 0
    asked.clear()
    for folder in ("images", "labels"):
        next((scenes / folder).glob("01.*")).unlink()
    assert main([*command, "--model-runs", *runs]) == 1
    assert "model0 learned from other scenes" in capsys.readouterr().err
    assert not any(asked.values())


def test_a_detector_that_learned_from_other_photos_is_asked_as_it_is(
    scenes: Path, asked: Asked, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    command = ["evaluate-scenes", "--scenes", str(scenes), "--model", "blue", "--out", str(out)]
    assert main([*command, "--detector", "haar", "--model-runs", *model_runs(tmp_path)]) == 0
    report = json.loads(out.read_text())
    assert report["photos"] == sum(len(unseen(scenes, fold)) for fold in range(3))
    assert report["figures"]["found"] == 0  # painted squares are no faces to Haar's cascade


def test_without_folds_the_test_part_is_the_one_that_the_model_kept(
    scenes: Path, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"seed": 7, "scenes": "elsewhere"}
    card = read_card("blue") | {"config": config, "sha256": hashlib.sha256(b"blue").hexdigest()}
    put_in_place("blue", b"blue", card)
    of_test = ["--scenes", str(scenes), "--model", "blue", "--parts", "test"]
    assert main(["evaluate-faces", *of_test]) == 0
    kept = split_scenes(read_scenes(scenes), 7)["test"]
    assert sorted(asked["blue"]) == sorted(int(scene.image_path.stem) for scene in kept)
    assert main(["evaluate-scenes", *of_test]) == 1  # the detector kept others
    assert "different seeds, 0 and 7" in capsys.readouterr().err


def test_folds_are_not_asked_about_what_the_model_kept(
    scenes: Path, asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They divided the folder as it is now, the model as it was before."""
    kept = [scene.image_path.name for scene in split_scenes(read_scenes(scenes))["train"][:8]]
    put_in_place("blue", b"blue", read_card("blue") | {"test_scenes": kept})
    of_folds = ["--scenes", str(scenes), "--model", "blue", "--model-runs"]
    of_folds += model_runs(tmp_path)
    assert main(["evaluate-faces", *of_folds]) == 1
    assert "was trained when these scenes were others" in capsys.readouterr().err
    assert not any(asked.values())
