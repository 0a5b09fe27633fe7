from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maskcore.classification import InputSpec, preprocess
from maskcore.errors import MasklensError
from maskcore.images import read_image
from training.__main__ import main
from training.classifier import evaluate as module
from training.classifier.evaluate import evaluate

MakePhotos = Callable[..., Path]


@pytest.fixture(scope="module")
def report(trained: Any) -> dict[str, Any]:
    return json.loads((trained.run / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def run_copy(trained: Any, tmp_path: Path) -> Path:
    return shutil.copytree(trained.run, tmp_path / "run2")


def test_figures_follow_from_the_probabilities_of_the_photos(report: dict[str, Any]) -> None:
    assert list(report["parts"]) == ["validation", "test"]
    for part in report["parts"].values():
        masked = np.array([photo["label"] == "with_mask" for photo in part["photos"]])
        answers = np.array([photo["mask_probability"] >= 0.5 for photo in part["photos"]])
        confusion = [
            [int((~masked & ~answers).sum()), int((~masked & answers).sum())],
            [int((masked & ~answers).sum()), int((masked & answers).sum())],
        ]
        assert part["confusion"] == confusion
        assert part["accuracy"]["value"] == (masked == answers).mean()
        assert part["accuracy"]["count"] == part["count"] == len(masked)
        assert part["by_class"]["Mask"]["recall"]["hits"] == (masked & answers).sum()


def test_every_photo_of_the_parts_is_there_once_with_its_class(
    trained: Any, report: dict[str, Any]
) -> None:
    parts = json.loads((trained.run / "data.json").read_text(encoding="utf-8"))["parts"]
    for name, part in report["parts"].items():
        assert [photo["path"] for photo in part["photos"]] == parts[name]["paths"]
        for photo in part["photos"]:
            assert photo["path"].startswith(photo["label"] + "/")
    # A network that answers the same to everything would pass the tests of the export.
    probabilities = [photo["mask_probability"] for photo in report["parts"]["test"]["photos"]]
    assert max(probabilities) - min(probabilities) > 0.02


def test_faces_are_cut_as_when_served(
    trained: Any, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the run found them, with the margin of serving; a photo without one is whole."""
    box, seen = (20.0, 10.0, 70.0, 60.0), []
    data = json.loads((run_copy / "data.json").read_text(encoding="utf-8"))
    first, second, *_ = paths = data["parts"]["validation"]["paths"]
    data["boxes"] |= {path: box for path in paths} | {second: None}
    (run_copy / "data.json").write_text(json.dumps(data), encoding="utf-8")

    def predict(inputs: Any, **settings: Any) -> Any:
        seen.append(inputs)
        return np.linspace(0.2, 0.8, len(inputs))[:, None]

    monkeypatch.setattr(module, "load_network", lambda run: SimpleNamespace(predict=predict))
    evaluate(run_copy, "evaluate")
    spec = InputSpec(size=seen[0].shape[1], crop_margin=0.2)
    for index, (path, boxes) in enumerate(((first, [box]), (second, None))):
        expected = preprocess(read_image(trained.data / path), boxes, spec)
        np.testing.assert_array_equal(seen[0][index], expected[0])


def test_report_says_where_it_comes_from(trained: Any, report: dict[str, Any]) -> None:
    assert report["model"] == "mobilenet_v2"
    assert report["data"] == trained.data.name
    assert report["seed"] == 3
    assert report["command"] == "python -m training evaluate run1"
    accuracy = report["parts"]["test"]["accuracy"]
    assert f"test: accuracy {accuracy['value']:.2%}" in trained.evaluate_output
    assert f"n = {accuracy['count']};" in trained.evaluate_output


def test_report_keeps_how_the_run_went(trained: Any, report: dict[str, Any]) -> None:
    steps = [(epoch["stage"], epoch["epoch"]) for epoch in report["history"]]
    assert steps == [("training", 1), ("training", 2), ("fine-tuning", 1)]
    assert all(epoch["val_loss"] > 0 for epoch in report["history"])
    assert all(0 <= epoch["accuracy"] <= 1 for epoch in report["history"])


def test_the_parts_are_those_of_the_run_even_after_new_photos_came(
    trained: Any, run_copy: Path, tmp_path: Path, report: dict[str, Any], make_photos: MakePhotos
) -> None:
    data = shutil.copytree(trained.data, tmp_path / "photos")
    more = make_photos(tmp_path / "more", 80)
    for number in range(60, 80):
        shutil.copy(more / "with_mask" / f"{number:03d}.jpg", data / "with_mask")
    config = json.loads((run_copy / "config.json").read_text(encoding="utf-8"))
    (run_copy / "config.json").write_text(json.dumps({**config, "data": str(data)}))
    again = evaluate(run_copy, "evaluate")
    for name, part in report["parts"].items():
        assert again["parts"][name]["photos"] == part["photos"]


def test_a_photo_that_is_gone_is_named(trained: Any, run_copy: Path, tmp_path: Path) -> None:
    data = shutil.copytree(trained.data, tmp_path / "photos")
    config = json.loads((run_copy / "config.json").read_text(encoding="utf-8"))
    (run_copy / "config.json").write_text(json.dumps({**config, "data": str(data)}))
    parts = json.loads((run_copy / "data.json").read_text(encoding="utf-8"))["parts"]
    lost = parts["test"]["paths"][0]
    (data / lost).unlink()
    with pytest.raises(MasklensError, match=f"{lost} is gone"):
        evaluate(run_copy, "evaluate")


def test_a_report_is_never_of_other_photos_than_the_runs_own(
    run_copy: Path, tmp_path: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", str(run_copy), "--data", str(tmp_path)])
    assert "unrecognized arguments: --data" in capsys.readouterr().err
    assert json.loads((run_copy / "report.json").read_text(encoding="utf-8")) == report


@pytest.mark.parametrize("fault", ["missing", "half", "nothing"])
def test_without_trained_weights_the_run_is_to_be_finished_first(
    run_copy: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = run_copy / "checkpoints" / "best.weights.h5"
    content = weights.read_bytes()
    weights.unlink()
    if fault != "missing":
        weights.write_bytes(content[: len(content) // 2] if fault == "half" else b"")
    assert main(["evaluate", str(run_copy)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("run2 holds no trained weights.")
    assert len(message.splitlines()) == 1


def test_a_folder_that_is_no_run_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith("nowhere is not the folder of ")


def test_a_run_without_its_data_report_ends_with_a_sentence(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_copy / "data.json").unlink()
    assert main(["evaluate", str(run_copy)]) == 1
    assert "data.json" in capsys.readouterr().err
