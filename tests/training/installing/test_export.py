from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from maskcore.classification import LiteRtClassifier, preprocess
from maskcore.images import read_image
from maskcore.litert import LiteRtModel
from maskcore.models import installed_models, load_model, read_report
from maskcore.types import NotSure
from training.__main__ import main
from training.classifier.architectures import build_model
from training.classifier.evaluate import load_network
from training.config import TrainConfig
from training.installing import export
from training.installing.versions import put_in_place

FILES = {"model.tflite", "card.json", "report.json"}


@pytest.fixture(scope="module")
def models(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A models folder with the trained run in it, installed as "fresh" by command."""
    folder = tmp_path_factory.mktemp("machine") / "models"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKLENS_MODELS", str(folder))
        options = ["--data-licence", "made in code"]
        assert main(["install", str(trained.run), "--name", "fresh", *options]) == 0
        yield folder


once_loaded = functools.cache(load_network)  # by the run's folder, where nothing changes


@pytest.fixture
def quick_export(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    """Loading and converting take seconds; what comes of it is here already."""
    content = (models / "fresh" / "model.tflite").read_bytes()
    monkeypatch.setattr(export, "to_litert", lambda network, weights="float32": content)
    monkeypatch.setattr(export, "load_network", once_loaded)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*") if p.is_file()
    }


def test_model_card_and_report_are_installed(trained: Any, models: Path) -> None:
    assert {path.name for path in models.iterdir()} == {"fresh", ".versions"}
    assert {path.name for path in (models / "fresh").iterdir()} == FILES
    assert installed_models("classifier") == ["fresh"]
    content = (models / "fresh" / "model.tflite").read_bytes()
    card = load_model("fresh").card
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["name"] == "fresh"
    assert card["kind"] == "classifier"
    assert card["classes"] == ["No Mask", "Mask"]
    assert card["threshold"] == 0.5
    assert card["input"]["size"] == 96
    assert card["input"]["crop_margin"] == 0.2
    assert card["data"] == "made in code"
    assert card["weights"] == "float32"
    validation = read_report("fresh")["parts"]["validation"]
    loss = card["export_loss"]
    assert loss["largest_difference"] <= 1e-3
    assert (loss["on"], loss["count"]) == ("validation", validation["count"])
    assert loss["accuracy_before"] == loss["accuracy_after"] == validation["accuracy"]
    assert read_report("fresh") == json.loads((trained.run / "report.json").read_text("utf-8"))
    test = read_report("fresh")["parts"]["test"]
    assert card["figures"]["test"] == {"count": test["count"], "accuracy": test["accuracy"]}


@pytest.mark.parametrize("kept", [[], ["a.png", "b.png"]])
def test_the_card_tells_which_scenes_were_kept_for_tests(
    trained: Any, quick_export: None, tmp_path: Path, kept: list[str]
) -> None:
    run = Path(shutil.copytree(trained.run, tmp_path / "run"))
    data = json.loads((run / "data.json").read_text())
    parts = {"scenes": {"train": ["c.png"], "test": kept}} if kept else {}
    (run / "data.json").write_text(json.dumps({**data, **parts}))
    card = export.package(run, "fresh", "made in code", "install").card
    assert card.get("test_scenes", []) == kept


def test_card_says_how_the_model_was_made_but_not_on_which_machine(
    trained: Any, models: Path
) -> None:
    card = json.loads((models / "fresh" / "card.json").read_text(encoding="utf-8"))
    commands = {step: made["command"] for step, made in card["made_by"].items()}
    assert commands["fit"].startswith("python -m training fit --data photos --out run1 ")
    assert "--backbone-weights=base.weights.h5 --epochs 2" in commands["fit"]
    assert card["made_by"]["fit"]["backends"] == ["tensorflow"]
    assert commands["evaluate"] == "python -m training evaluate run1"
    assert "--data-licence 'made in code'" in commands["install"]
    assert card["config"]["data"] == "photos"
    assert card["config"]["backbone_weights"] == "base.weights.h5"
    assert card["config"]["epochs"] == 2
    for name in ("card.json", "report.json"):
        text = (models / "fresh" / name).read_text(encoding="utf-8")
        for trace in {str(trained.data.parent), str(models.parent), str(Path.home()), os.getcwd()}:
            assert trace not in text


def test_served_probabilities_are_those_of_keras_on_real_files(trained: Any, models: Path) -> None:
    classifier = LiteRtClassifier.load("fresh")
    report = json.loads((trained.run / "report.json").read_text(encoding="utf-8"))
    photos = [photo for part in report["parts"].values() for photo in part["photos"]]
    assert len(photos) >= 30
    inputs = np.concatenate(
        [
            preprocess(read_image(trained.data / photo["path"]), None, classifier.input_spec)
            for photo in photos
        ]
    )
    served = classifier.classify_inputs(inputs)
    keras_now = load_network(trained.run).predict(inputs, verbose=0)[:, 0]
    assert classifier.calibration.temperature == read_report("fresh")["calibration"]["temperature"]
    np.testing.assert_allclose(served, classifier.calibration.apply(keras_now), atol=1e-3)
    reported = [photo["mask_probability"] for photo in photos]
    np.testing.assert_allclose(served, reported, atol=1e-3)
    assert np.ptp(served) > 0.02


def test_installing_over_a_model_replaces_it_as_a_whole(
    trained: Any, models: Path, quick_export: None
) -> None:
    old = shutil.copytree(models / "fresh", models / "replaced")
    (old / "leftover.txt").write_text("of the old model")
    command = ["install", str(trained.run), "--name", "replaced", "--data-licence", "else"]
    assert main(command) == 0
    assert {path.name for path in old.iterdir()} == FILES
    card = load_model("replaced").card
    assert (card["name"], card["data"]) == ("replaced", "else")
    (kept,) = (models / ".versions" / "replaced").iterdir()
    assert (kept / "leftover.txt").exists()
    assert [path.name for path in models.glob(".*")] == [".versions"]
    shutil.rmtree(old)
    shutil.rmtree(models / ".versions")


def test_installed_files_can_be_read_by_others(models: Path) -> None:
    assert (models / "fresh").stat().st_mode & 0o755 == 0o755
    for name in FILES:
        assert (models / "fresh" / name).stat().st_mode & 0o444 == 0o444


def test_a_model_that_differs_from_keras_is_not_installed(
    trained: Any,
    models: Path,
    quick_export: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = snapshot(models)
    classify_inputs = LiteRtClassifier.classify_inputs
    monkeypatch.setattr(
        LiteRtClassifier,
        "classify_inputs",
        lambda self, inputs: classify_inputs(self, inputs) + np.float32(0.0021),
    )
    for name in ("fresh", "other"):
        assert main(["install", str(trained.run), "--name", name]) == 1
        message = capsys.readouterr().err
        assert "was not installed" in message
        assert "up to 0.0021; at most 0.001 is allowed" in message
    assert snapshot(models) == before
    assert {path.name for path in models.iterdir()} - {".versions"} == {"fresh"}


def test_rounded_weights_are_smaller_and_answer_alike(small: None) -> None:
    keras.utils.set_random_seed(0)
    network = build_model(TrainConfig("photos", backbone_weights="none", dense_units=4096))
    inputs = np.random.default_rng(0).uniform(-1, 1, (20, 128, 128, 3)).astype(np.float32)
    original = network.predict(inputs, verbose=0)[:, 0]
    sizes = [len(export.to_litert(network))]
    for weights, gap in (("float16", 5e-3), ("int8", 0.05)):
        content = export.to_litert(network, weights)
        sizes.append(len(content))
        rounded = LiteRtModel(content).run(inputs)[0][:, 0]
        assert 0 < np.abs(rounded - original).max() < gap
    full, half, quarter = sizes
    assert quarter < 0.8 * half < 0.8 * 0.8 * full


def test_the_card_says_what_rounding_lost(
    trained: Any, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (models / "fresh" / "model.tflite").read_bytes()
    asked = []
    monkeypatch.setattr(
        export, "to_litert", lambda network, weights: asked.append(weights) or content
    )
    monkeypatch.setattr(export, "load_network", once_loaded)
    classify_inputs = LiteRtClassifier.classify_inputs
    monkeypatch.setattr(
        LiteRtClassifier,
        "classify_inputs",
        lambda self, inputs: classify_inputs(self, inputs) + np.float32(0.004),
    )
    assert main(["install", str(trained.run), "--name", "small", "--weights", "int8"]) == 0
    assert asked == ["int8"]
    card = load_model("small").card
    assert card["weights"] == "int8"
    assert card["export_loss"]["largest_difference"] == pytest.approx(0.004, abs=1e-4)
    assert card["export_loss"]["mean_difference"] == pytest.approx(0.004, abs=1e-4)
    shutil.rmtree(models / "small")


def test_a_model_that_gives_no_numbers_is_not_installed(
    trained: Any, models: Path, quick_export: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = np.full((2, 18), np.nan, np.float32)
    monkeypatch.setattr(export, "probabilities", lambda *_: both)
    assert main(["install", str(trained.run), "--name", "other"]) == 1
    assert {path.name for path in models.iterdir()} - {".versions"} == {"fresh"}


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "a\\b", "/tmp/x", "a b", "-x"])
def test_a_name_that_does_not_serve_as_a_folder_is_refused(
    trained: Any, models: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = snapshot(models.parent)
    assert main(["install", str(trained.run), f"--name={name}"]) == 1
    assert "letters, digits and underscores only, got" in capsys.readouterr().err
    assert snapshot(models.parent) == before


def test_the_name_of_a_face_finder_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    put_in_place("fcos", b"finder", {"kind": "detector"})
    before = snapshot(tmp_path)
    assert main(["install", str(tmp_path / "no run"), "--name", "fcos"]) == 1
    assert "Something else is called 'fcos' here" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


def test_a_run_without_report_is_to_be_evaluated_first(
    trained: Any, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(trained.run, tmp_path / "run3")
    (run / "report.json").unlink()
    assert main(["install", str(run), "--name", "other"]) == 1
    said = capsys.readouterr().err
    assert "run3 has no report yet" in said
    assert "training evaluate RUN_DIR" in said  # a name without its folder would not do


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ("", None),
        ("--not-sure-side 14", {"smallest_side": 14.0}),
        ("--not-sure-margin 0", {"margin": 0.0}),
        (
            "--not-sure-margin 1.0 --not-sure-side 14 --not-sure-sharpness 0.2",
            {"margin": 1.0, "smallest_side": 14.0, "least_sharpness": 0.2},
        ),
    ],
)
def test_the_card_says_from_where_on_a_face_is_not_called(
    trained: Any,
    models: Path,
    quick_export: None,
    options: str,
    written: dict[str, float] | None,
) -> None:
    command = ["install", str(trained.run), "--name", "doubtful", *options.split()]
    assert main(command) == 0
    assert load_model("doubtful").card.get("not_sure") == written
    assert LiteRtClassifier.load("doubtful").not_sure == NotSure(**(written or {}))
    shutil.rmtree(models / "doubtful")


@pytest.mark.parametrize("value", ["-0.1", "nan"])
@pytest.mark.parametrize("option", ["margin", "side", "sharpness"])
def test_a_limit_below_0_is_refused_before_anything_is_done(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    command = ["install", str(tmp_path / "no run"), "--name", "other"]
    assert main([*command, f"--not-sure-{option}={value}"]) == 1
    assert "not_sure must hold numbers of 0 or more by name, got" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
