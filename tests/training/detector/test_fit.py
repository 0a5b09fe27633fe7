from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from maskcore.detection import FcosDetector
from maskcore.detection.fcos import decode
from maskcore.errors import MasklensError
from maskcore.litert import LiteRtModel
from maskcore.models import CARD_FILE, MODEL_FILE, installed_models, load_model
from maskcore.types import ImageRgb
from training.__main__ import main
from training.annotated.scene_parts import split_scenes
from training.annotated.scenes import read_scenes
from training.callbacks import BEST_WEIGHTS, LAST_MODEL, Checkpoint, RunState
from training.detector import export
from training.detector import fit as fit_module
from training.detector.config import DetectorConfig
from training.detector.crops import Sample
from training.detector.export import difference, load_detector_network
from training.detector.fit import CropBatches, fit_detector, whole_pictures
from training.detector.network import STRIDES, build_detector, flat_outputs
from training.detector.samples import scene_samples
from training.detector.targets import detector_loss, make_targets
from training.installing.versions import put_in_place
from training.runs import last_model

NONE = np.zeros((0, 4), np.float32)


# --- batches


class Numbered:
    """Draws plain pictures, each with a face of its own."""

    def draw(self, rng: np.random.Generator) -> Any:
        shade, side = int(rng.integers(256)), float(rng.uniform(10, 60))
        box = np.float32([[2, 2, 2 + side, 2 + side]])
        return np.full((64, 64, 3), shade, np.uint8), box, np.float32([[40, 0, 64, 10]])


def test_batches_pair_each_picture_with_its_targets() -> None:
    config = DetectorConfig("scenes", image_size=64, batch_size=5, steps_per_epoch=3, seed=9)
    batches = CropBatches(Numbered(), config)  # type: ignore[arg-type]
    assert len(batches) == 3
    inputs, targets = batches[1]
    assert inputs.shape == (5, 64, 64, 3)
    assert inputs.dtype == np.float32
    assert targets.shape == (5, 64 + 16 + 4, 6)
    rng = np.random.default_rng((9, 0, 1))
    for pixels, rows in zip(inputs, targets, strict=True):
        image, boxes, ignored = Numbered().draw(rng)
        np.testing.assert_allclose(pixels, image / 127.5 - 1, atol=1e-6)
        np.testing.assert_array_equal(rows, make_targets(boxes, ignored, 64, 64))


def test_batches_depend_on_seed_epoch_and_number_alone() -> None:
    def batch(seed: int, epoch: int, number: int, first_epoch: int = 0) -> bytes:
        config = DetectorConfig("scenes", image_size=64, batch_size=4, seed=seed)
        batches = CropBatches(Numbered(), config, first_epoch)  # type: ignore[arg-type]
        for _ in range(epoch - first_epoch):
            batches.on_epoch_end()
        return batches[number][0].tobytes()

    all_of_them = [batch(*key) for key in np.ndindex(2, 3, 2)]
    assert len(set(all_of_them)) == 12
    assert [batch(*key) for key in np.ndindex(2, 3, 2)] == all_of_them
    # A resumed run sees what an unbroken one would have seen.
    assert batch(1, 2, 1, first_epoch=2) == batch(1, 2, 1)


# --- whole pictures


def test_validation_pictures_are_scaled_and_padded_as_in_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "VALIDATION_SIDE", 64)
    sizes = {"wide": (128, 64), "high": (16, 32), "even": (64, 64)}
    boxes = {
        "wide": [[20, 10, 70, 50], [90, 20, 112, 43]],  # 25 and 11.5 pixels at half the size
        "high": [[2, 4, 14, 20]],
        "even": [],
    }
    samples = []
    for name, size_wh in sizes.items():
        Image.new("RGB", size_wh, (0, 255, 51)).save(tmp_path / f"{name}.png")
        faces = np.array(boxes[name], np.float32).reshape(-1, 4)
        bare = np.zeros(len(faces), bool)
        samples.append(Sample(tmp_path / f"{name}.png", faces, bare, NONE, (12, 180)))
    inputs, targets = whole_pictures(samples)
    assert inputs.shape == (3, 64, 64, 3)
    assert inputs.dtype == np.float32
    for pixels, (height, width) in zip(inputs, ((32, 64), (64, 32), (64, 64)), strict=True):
        photo = np.broadcast_to(np.float32([-1, 1, -0.6]), (height, width, 3))
        np.testing.assert_allclose(pixels[:height, :width], photo, atol=1e-6)
        for beyond in (pixels[height:], pixels[:, width:]):
            np.testing.assert_allclose(beyond, 128 / 127.5 - 1, atol=1e-6)
    wide, high, even = targets
    small = np.float32([[45, 10, 56, 21.5]])
    np.testing.assert_array_equal(wide, make_targets(np.float32([[10, 5, 35, 25]]), small, 64, 64))
    assert (wide[:, 1] == 0).sum() > 0
    np.testing.assert_array_equal(high, make_targets(np.float32([[4, 8, 28, 40]]), NONE, 64, 64))
    np.testing.assert_array_equal(even, make_targets(NONE, NONE, 64, 64))


# --- a run: killed, resumed, exported and served


class Killed(BaseException):
    """What ends a process; no ``except Exception`` holds it up."""


@dataclass(frozen=True)
class Run:
    """A run by command, killed after its second epoch and resumed, and its models folder."""

    data: Path
    folder: Path
    models: Path
    messages: dict[str, tuple[int, str]]

    def events(self, stage: str) -> list[dict[str, Any]]:
        lines = (self.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if event["stage"] == stage]


def made_scenes(root: Path, add_scene: Any, make_photo: Callable[..., ImageRgb]) -> Path:
    """48 small pictures with one or two faces, a bare one on every other."""
    for number in range(48):
        rng = np.random.default_rng(number)
        size_wh = (60 + number % 5 * 6, 72 - number % 4 * 6)
        image = make_photo(number, size_wh=size_wh).copy()
        faces = []
        for x, label in ((2, "without_mask" if number % 2 else "with_mask"), (32, "with_mask")):
            side = int(rng.integers(14, 26))
            y = int(rng.integers(2, size_wh[1] - side - 2))
            image[y : y + side, x : x + side] = make_photo(500 + number, size_wh=(side, side))
            image[y : y + side // 2, x : x + side] = (220, 170, 140)
            faces.append((label, (x, y, x + side, y + side)))
        add_scene(root, f"{number:02d}", image, faces[: 1 + number % 3])
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, add_scene: Any, make_photo: Any) -> Iterator[Run]:
    root = tmp_path_factory.mktemp("detector")
    data, folder = made_scenes(root / "scenes", add_scene, make_photo), root / "run1"
    messages: dict[str, tuple[int, str]] = {}
    fit = ["fit-detector", "--data", str(data), "--out", str(folder), "--backbone-weights=none"]
    fit += ["--image-size", "64", "--batch-size", "4", "--steps-per-epoch", "1", "--seed", "3"]
    on_epoch_end = Checkpoint.on_epoch_end

    def die(self: Any, epoch: int, logs: Any = None) -> None:
        on_epoch_end(self, epoch, logs)
        if epoch == 1:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "VALIDATION_SIDE", 64)
        patch.setenv("MASKLENS_MODELS", str(root / "models"))
        with pytest.MonkeyPatch.context() as killing:
            killing.setattr(Checkpoint, "on_epoch_end", die)
            # Tracing takes far longer than the steps: the resumed run alone is traced.
            tf.config.run_functions_eagerly(True)
            with pytest.raises(Killed):
                main([*fit, "--steps", "3"])
            tf.config.run_functions_eagerly(False)
        for name, options in (
            ("again", ["--steps", "3"]),
            ("longer", ["--steps", "4", "--resume"]),
            ("resumed", ["--steps", "3", "--resume"]),
        ):
            with redirect_stderr(io.StringIO()) as output:
                code = main([*fit, *options])
            messages[name] = code, output.getvalue()
        install = ["install-detector", str(folder), "--data-licence", "made in code"]
        install += ["--score-threshold", "0.004", "--nms-iou", "0.3", "--live-side", "96"]
        install += ["--photo-sides", "64", "128", "--enlarge", "2"]
        install += ["--mirrored-sides", "80", "160", "--live-score-threshold", "0.006"]
        with redirect_stdout(io.StringIO()) as output:
            assert main(install) == 0
        messages["installed"] = 0, output.getvalue()
        yield Run(data, folder, root / "models", messages)


@pytest.fixture(scope="module")
def network(run: Run) -> Any:
    """With the run's best weights."""
    return load_detector_network(run.folder)


@pytest.fixture(scope="module")
def last(run: Run) -> Any:
    """The model as the run left it."""
    return last_model(run.folder)


def test_run_folder_holds_what_a_run_is(run: Run) -> None:
    files = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*.*")}
    assert files == {
        "config.json",
        "run.json",
        "data.json",
        "events.jsonl",
        "state.json",
        BEST_WEIGHTS.as_posix(),
        LAST_MODEL.as_posix(),
    }
    config = DetectorConfig.load(run.folder)
    assert (config.image_size, config.steps, config.seed) == (64, 3, 3)
    report = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))
    parts = split_scenes(read_scenes(run.data), seed=3)
    assert report["scenes"] == {
        name: [scene.image_path.name for scene in part] for name, part in parts.items()
    }
    assert report["close_ups"] == 0


def test_a_folder_in_use_is_kept_and_other_settings_are_not_resumed(run: Run) -> None:
    code, message = run.messages["again"]
    assert code == 1
    assert "run1 already holds something" in message
    code, message = run.messages["longer"]
    assert code == 1
    assert "run1 was begun with other settings (steps)" in message
    assert run.messages["resumed"] == (0, "")


def test_a_resumed_run_goes_on_after_the_last_epoch(run: Run, last: Any) -> None:
    ends = [event for event in run.events("training") if "val_loss" in event]
    assert [(e["epoch"], e["epochs"], e["batch"], e["batches"]) for e in ends] == [
        (1, 3, 1, 1), (2, 3, 1, 1), (3, 3, 1, 1),
    ]  # fmt: skip
    assert all(event["loss"] > 0 for event in ends)
    assert len(run.events("reading data")) == 2
    (trained,) = run.events("trained")
    assert trained["val_loss"] == min(event["val_loss"] for event in ends)
    state = RunState(run.folder)
    assert (state.stage, state.epochs_done) == ("training", 3)
    assert state.best_loss == pytest.approx(trained["val_loss"], abs=1e-5)
    assert int(last.optimizer.iterations.numpy()) == 3  # it came along


def test_a_resumed_run_finds_the_scenes_that_it_learned_from_or_ends(
    run: Run, tmp_path: Path
) -> None:
    data, folder = tmp_path / "scenes", tmp_path / "run1"
    shutil.copytree(run.data, data)
    shutil.copytree(run.folder, folder)
    config = replace(DetectorConfig.load(run.folder), data=str(data))
    config.save(folder)
    next(data.glob("annotations/*.xml")).unlink()
    before = (folder / "data.json").read_bytes()
    with pytest.raises(MasklensError, match="The photos have changed since this run began"):
        fit_detector(config, folder, "fit-detector", resume=True)
    assert (folder / "data.json").read_bytes() == before


def test_the_best_weights_give_the_best_validation_loss(run: Run, network: Any) -> None:
    scenes = split_scenes(read_scenes(run.data), seed=3)["validation"]
    inputs, targets = whole_pictures(scene_samples(scenes))
    outputs = flat_outputs(network, 64)(inputs, training=False)
    loss = float(detector_loss(targets, outputs))
    assert loss == pytest.approx(RunState(run.folder).best_loss, rel=1e-3)


def test_the_first_blocks_stay_as_they_were_through_kill_and_resume(run: Run, last: Any) -> None:
    config = DetectorConfig.load(run.folder)
    keras.utils.set_random_seed(config.seed)
    fresh, trained = build_detector(config), last.get_layer("detector")
    changed = {
        layer.name
        for layer, other in zip(fresh.layers, trained.layers, strict=True)
        for a, b in zip(layer.get_weights(), other.get_weights(), strict=True)
        if not np.array_equal(a, b)
    }
    first = ("Conv1", "bn_Conv1", "expanded_conv", "block_1_", "block_2_")
    assert not [name for name in changed if name.startswith(first)]
    assert {"block_3_expand", "block_3_expand_BN", "block_16_project"} <= changed


def test_installed_card_says_what_it_is_but_not_on_which_machine(run: Run) -> None:
    assert run.messages["installed"] == (0, "Installed in models/fcos.\n")
    assert installed_models("detector") == ["fcos"]
    assert installed_models("classifier") == []
    stored = load_model("fcos")
    card = stored.card
    assert card["strides"] == [8, 16, 32]
    kept = split_scenes(read_scenes(run.data), seed=3)["test"]
    assert card["test_scenes"] == [scene.image_path.name for scene in kept]
    assert card["serving"] == {
        "score_threshold": 0.004,
        "live_score_threshold": 0.006,
        "nms_iou": 0.3,
        "live_side": 96,
        "photo_sides": [64, 128],
        "enlarge": 2.0,
        "mirrored_sides": [80, 160],
    }
    assert card["input"]["scale"] == pytest.approx(1 / 127.5)
    assert card["input"]["offset"] == -1
    assert card["weights"] == "float32"
    assert card["data"] == "made in code"
    assert (card["config"]["data"], card["config"]["steps"], card["seed"]) == ("scenes", 3, 3)
    fit, install = (card["made_by"][step]["command"] for step in ("fit", "install"))
    assert fit.startswith("python -m training fit-detector --data scenes --out run1 ")
    assert install.startswith("python -m training install-detector run1 --data-licence 'made in")
    assert 0 <= card["keras_difference"] <= 1e-3
    assert len(stored.content) < 10_000_000
    text = (run.models / "fcos" / CARD_FILE).read_text(encoding="utf-8")
    for trace in (str(run.data.parent), str(Path.home()), str(Path.cwd())):
        assert trace not in text


@pytest.mark.parametrize("size_hw", [(64, 64), (96, 160), (32, 416)])
def test_exported_maps_are_those_of_keras_at_any_size(
    network: Any, size_hw: tuple[int, int]
) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (1, *size_hw, 3)).astype(np.float32)
    ours = LiteRtModel(load_model("fcos").content).run(inputs)
    theirs = network(inputs, training=False)
    ours.sort(key=lambda level: -level.shape[1])
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, np.asarray(other), rtol=1e-3, atol=1e-3)


def test_detector_serves_what_keras_computes(run: Run, network: Any) -> None:
    """From the card's working size to boxes in the photo's pixels, without the export."""
    scene = read_scenes(run.data)[0]
    with Image.open(scene.image_path) as opened:
        image = np.array(opened.convert("RGB").resize((64, 64)))
    detector = FcosDetector.load()
    found = detector._look(image, 0.004)
    maps = network((image[None] / 127.5 - 1).astype(np.float32), training=False)
    boxes: list[NDArray[np.float32]] = []
    for level, stride in zip(maps, STRIDES, strict=True):
        boxes.extend(decode(np.asarray(level)[0], stride, 0.0)[0].clip(0, 64))
    assert len(found) > 0
    for box in found.boxes_xyxy:
        assert np.abs(np.array(boxes) - box).max(axis=1).min() < 0.1


@pytest.mark.parametrize(
    ("weights", "gap"), [("float32", 0.0011), ("float32", float("nan")), ("float16", 0.031)]
)
def test_an_export_that_differs_is_not_installed(
    run: Run,
    network: Any,
    weights: str,
    gap: float,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = load_model("fcos").content
    monkeypatch.setattr(export, "to_litert", lambda *_: content)
    monkeypatch.setattr(export, "load_detector_network", lambda run_dir: network)
    monkeypatch.setattr(export, "difference", lambda *_: gap)
    for name in ("fcos", "other"):
        install = ["install-detector", str(run.folder), "--name", name, "--weights", weights]
        assert main(install) == 1
        message = capsys.readouterr().err
        assert f"was not installed: its scores differ from Keras' by up to {gap:.4f}" in message
    assert {path.name for path in run.models.iterdir()} == {"fcos", ".versions"}
    assert (run.models / "fcos" / MODEL_FILE).read_bytes() == content
    assert load_model("fcos").card["serving"]["live_side"] == 96


def test_half_precision_is_half_the_file_and_the_same_detector(
    run: Run, network: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    monkeypatch.setattr(export, "load_detector_network", lambda run_dir: network)
    assert main(["install-detector", str(run.folder), "--weights", "float16"]) == 0
    half = load_model("fcos")
    assert half.card["weights"] == "float16"
    monkeypatch.setenv("MASKLENS_MODELS", str(run.models))
    whole = load_model("fcos")
    assert len(half.content) < 0.55 * len(whole.content)
    inputs = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    assert 0 < difference(network, half.content, inputs) < 0.03


def test_a_difference_in_any_score_is_noticed(run: Run, network: Any) -> None:
    content, own = load_model("fcos").content, network.get_weights()
    inputs = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    assert difference(network, content, inputs) < 1e-3
    head = [layer for layer in network.layers if getattr(layer, "filters", None) == 5][1]
    kernel, bias = head.get_weights()
    for added, expected in ((2.0, 0.05), (np.nan, np.nan)):
        head.set_weights([kernel, bias + np.float32([added, 0, 0, 0, 0])])
        gap = difference(network, content, inputs)
        assert gap == pytest.approx(expected, abs=0.03, nan_ok=True)
    network.set_weights(own)


def test_a_run_without_weights_is_not_installed(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run2").mkdir()
    shutil.copy(run.folder / "config.json", tmp_path / "run2")
    for name, message in (("run2", "holds no trained weights"), ("run3", "is not the folder of")):
        assert main(["install-detector", str(tmp_path / name), "--name", "other"]) == 1
        assert message in capsys.readouterr().err
    assert main(["install-detector", str(run.folder), "--name", "../up"]) == 1
    assert "letters, digits and underscores only" in capsys.readouterr().err
    assert {path.name for path in run.models.iterdir()} == {"fcos", ".versions"}


def test_the_name_of_a_mask_model_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    put_in_place("blue", b"blue", {"kind": "classifier"})
    assert main(["install-detector", str(tmp_path / "no run"), "--name", "blue"]) == 1
    assert "Something else is called 'blue' here" in capsys.readouterr().err
    assert (tmp_path / "blue" / MODEL_FILE).read_bytes() == b"blue"
