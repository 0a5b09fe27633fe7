from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.network_input import normalise
from maskcore.types import ImageRgb
from training.__main__ import main
from training.annotated.faces import TRAINING_MARGIN, validation_pixels
from training.annotated.scene_parts import all_folds, split_scenes
from training.annotated.scenes import read_scenes
from training.callbacks import BEST_WEIGHTS, LAST_MODEL, Checkpoint, RunState, Stopped
from training.classifier import fine_tuning, head_stage
from training.classifier import fit as fit_module
from training.classifier.architectures import input_spec
from training.classifier.augment import augment
from training.classifier.batches import PhotoBatches
from training.classifier.evaluate import evaluate, load_network
from training.classifier.fit import FINE_TUNE_STAGE, HEAD_STAGE, fit
from training.config import TrainConfig
from training.photos.data import divide, read_dataset
from training.photos.photo_reading import PhotoReading

MakePhotos = Callable[..., Path]


def read_events(run: Path) -> list[dict[str, Any]]:
    lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def epoch_ends(run: Path, stage: str) -> list[dict[str, Any]]:
    return [e for e in read_events(run) if e["stage"] == stage and "val_loss" in e]


# --- one run of the real network, by command


def test_run_folder_holds_config_data_events_and_checkpoints_and_nothing_else(trained: Any) -> None:
    files = {path.relative_to(trained.run).as_posix() for path in trained.run.rglob("*.*")}
    files -= {path for path in files if path.startswith("tensorboard/")}
    assert files == {
        "config.json",
        "run.json",
        "data.json",
        "events.jsonl",
        "state.json",
        "report.json",  # of evaluate
        BEST_WEIGHTS.as_posix(),
        LAST_MODEL.as_posix(),
    }
    config = TrainConfig.load(trained.run)
    assert (config.image_size, config.epochs, config.fine_tune_epochs) == (96, 2, 1)
    assert (config.batch_size, config.seed, config.dense_units) == (16, 3, 16)
    assert Path(config.data) == trained.data


def test_data_report_is_that_of_the_photos(trained: Any) -> None:
    report = json.loads((trained.run / "data.json").read_text(encoding="utf-8"))
    assert report["photos"] == 121
    assert report["by_class"] == {"without_mask": 61, "with_mask": 60}
    (skipped,) = report["skipped"]
    assert skipped["path"] == "with_mask/broken.jpg"
    assert report["photos_with_a_near_duplicate"] == 2
    parts = {name: set(part["paths"]) for name, part in report["parts"].items()}
    assert len(set().union(*parts.values())) == sum(map(len, parts.values())) == 121
    twins = {"without_mask/000.jpg", "without_mask/again.jpg"}
    assert sum(bool(twins & paths) for paths in parts.values()) == 1


def test_events_tell_the_stages_in_order_with_validation_figures(trained: Any) -> None:
    events = read_events(trained.run)
    stages = list(dict.fromkeys(event["stage"] for event in events))
    assert stages == [
        "reading data",
        "computing features",
        "training",
        "fine-tuning",
        "trained",
        "evaluating",
        "evaluated",
    ]
    times = [event["time"] for event in events]
    assert times == sorted(times)
    ends = epoch_ends(trained.run, "training") + epoch_ends(trained.run, "fine-tuning")
    assert [(e["epoch"], e["epochs"]) for e in ends] == [(1, 2), (2, 2), (1, 1)]
    for event in ends:
        assert event["batch"] == event["batches"] == 6  # 85 photos in batches of 16
        assert 0 <= event["val_accuracy"] <= 1
        assert event["loss"] > 0
    features = [event for event in events if event["stage"] == "computing features"]
    assert {event["of"] for event in features} == {"photos", "validation", "variation 1"}
    best = min(event["val_loss"] for event in ends)
    assert next(e for e in events if e["stage"] == "trained")["val_loss"] == best
    assert RunState(trained.run).best_loss == pytest.approx(best, abs=1e-5)


def test_the_best_weights_give_the_best_validation_loss(trained: Any) -> None:
    """Recomputed from the stored weights, photo by photo."""
    config = TrainConfig.load(trained.run)
    dataset = read_dataset(trained.data, config.image_size)
    report = json.loads((trained.run / "data.json").read_text(encoding="utf-8"))
    chosen = [dataset.paths.index(p) for p in report["parts"]["validation"]["paths"]]
    inputs = dataset.pixels[chosen].astype(np.float32) / 127.5 - 1
    masked = load_network(trained.run).predict(inputs, verbose=0)[:, 0].astype(float)
    right = np.where(dataset.labels[chosen] == 1, masked, 1 - masked)
    # Features are kept in half precision, hence the tolerance.
    assert -np.log(right).mean() == pytest.approx(RunState(trained.run).best_loss, abs=0.02)


def test_a_folder_that_holds_something_is_refused_untouched(
    trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in trained.run.rglob("*.*")}
    assert main(["fit", "--data", str(trained.data), "--out", str(trained.run)]) == 1
    message = capsys.readouterr().err
    assert "already holds something" in message
    assert "--resume" in message
    assert {path: path.read_bytes() for path in trained.run.rglob("*.*")} == before


# --- runs of a small network


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, make_photos: MakePhotos) -> Path:
    return make_photos(tmp_path_factory.mktemp("photos") / "data", 24)


def settings(photos: Path, **changed: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "data": str(photos),
        "backbone_weights": "none",
        "image_size": 96,
        "dense_units": 8,
        "epochs": 2,
        "fine_tune_epochs": 2,
        "batch_size": 16,
    }
    return TrainConfig(**{**values, **changed})


def test_masks_are_learned_and_not_their_absence(small: None, photos: Path, tmp_path: Path) -> None:
    config = settings(photos, epochs=12, fine_tune_epochs=1, learning_rate=0.01, dropout=0.0)
    fit(config, tmp_path / "run", "fit")
    report = evaluate(tmp_path / "run", "evaluate")
    for part in ("validation", "test"):
        assert report["parts"][part]["roc_auc"]["value"] > 0.9


def test_the_same_seed_gives_the_same_network(small: None, photos: Path, tmp_path: Path) -> None:
    weights = {}
    for name in ("a", "b"):
        fit(settings(photos, epochs=1, fine_tune_epochs=1, seed=1), tmp_path / name, "fit")
        weights[name] = keras.models.load_model(tmp_path / name / LAST_MODEL).get_weights()
    for a, b in zip(weights["a"], weights["b"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "enlarged_to", "early"),
    [
        ("none", 0, 0),
        ("none", 0, 5),
        ("none", 0, 10**9),
        ("installed", 0, 5),
        ("installed", 160, 10**9),
    ],
)
def test_a_head_learns_from_what_the_base_makes_of_its_photos(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    weights: str,
    enlarged_to: int,
    early: int,
) -> None:
    """However many photos were computed before all were read."""
    if weights == "none":
        request.getfixturevalue("small")
    config = settings(
        photos,
        backbone_weights=weights,
        image_size=128,
        enlarged_to=enlarged_to,
        augmented_views=0,
        epochs=1,
        fine_tune_epochs=0,
    )
    learned: list[Any] = []
    batches_of = head_stage.FeatureBatches

    def known(views: Any, labels: Any, *more: Any) -> Any:
        learned.extend([views, labels])
        return batches_of(views, labels, *more)

    def as_many(reading: PhotoReading, size: int) -> Any:
        dataset, _ = reading.result()
        for start in range(0, min(early * size, len(dataset) - size), size):
            yield dataset.pixels[start : start + size]

    monkeypatch.setattr(head_stage, "BATCH", 4)
    monkeypatch.setattr(head_stage, "FeatureBatches", known)
    monkeypatch.setattr(PhotoReading, "batches", as_many)
    fit(config, tmp_path / "run", "fit")

    dataset = read_dataset(photos, 128)
    train = divide(dataset, config)["train"]
    network = load_network(tmp_path / "run")
    base = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    inputs = normalise(dataset.pixels[train], input_spec(config))
    (views,), labels = learned
    np.testing.assert_allclose(views, base.predict_on_batch(inputs), rtol=2e-3, atol=2e-3)
    np.testing.assert_array_equal(labels, dataset.labels[train])
    assert np.ptp(views) > 0.01


def test_changed_copies_are_drawn_in_order_and_a_stop_is_heard_between_batches(
    small: None, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(photos, augmented_views=2, epochs=1, fine_tune_epochs=0)
    read = partial(read_dataset, find_face=lambda photo: (20.0, 10.0, 70.0, 50.0))
    monkeypatch.setattr(fit_module, "read_dataset", read)
    dataset = read(photos, config.image_size)
    train = divide(dataset, config)["train"]
    rng = np.random.default_rng(config.seed)
    expected = [
        [augment(dataset.face(i, TRAINING_MARGIN), config.image_size, rng) for i in train]
        for _ in range(2)
    ]
    drawn: list[Any] = []

    def noted(*arguments: Any) -> Any:
        drawn.append(augment(*arguments))
        return drawn[-1]

    monkeypatch.setattr(head_stage, "BATCH", 4)
    monkeypatch.setattr(head_stage, "augment", noted)
    fit(config, tmp_path / "whole", "fit")
    np.testing.assert_array_equal(drawn, np.concatenate(expected))

    drawn.clear()
    with pytest.raises(Stopped):
        fit(config, tmp_path / "stopped", "fit", stop=lambda: len(drawn) >= 6)
    assert len(drawn) == 8


def test_without_fine_tuning_the_base_stays_as_it_was(
    small: None, photos: Path, tmp_path: Path
) -> None:
    fit(settings(photos, epochs=1, fine_tune_epochs=0), tmp_path / "a", "fit")
    fit(settings(photos, epochs=2, fine_tune_epochs=0), tmp_path / "b", "fit")
    assert {event["stage"] for event in read_events(tmp_path / "a")} == {
        "reading data",
        "computing features",
        "training",
        "trained",
    }
    first, second = (load_network(tmp_path / name).layers[1].get_weights() for name in "ab")
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def many_scenes(folder: Path, make_photo: Callable[..., ImageRgb]) -> Path:
    """Sixty scenes of one face each, every second masked."""
    for number in range(60):
        for part in ("images", "labels"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(make_photo(200 + number, number % 2 == 1, (60, 50)))
        image.save(folder / "images" / f"{number}.png")
        (folder / "labels" / f"{number}.txt").write_text(f"{number % 2} 0.5 0.5 0.5 0.5")
    (folder / "classes.txt").write_text("without_mask with_mask")
    return folder


def test_faces_of_scenes_join_fine_tuning_and_restart_the_search_for_the_best(
    small: None,
    photos: Path,
    tmp_path: Path,
    make_photo: Callable[..., ImageRgb],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = many_scenes(tmp_path / "scenes", make_photo)
    given: dict[str, Any] = {}

    def batches(*arguments: Any) -> PhotoBatches:
        given["training"] = arguments[4]
        return PhotoBatches(*arguments)

    def validation(faces: Any, size: int) -> Any:
        given["validation"] = faces
        return validation_pixels(faces, size)

    monkeypatch.setattr(fine_tuning, "PhotoBatches", batches)
    monkeypatch.setattr(fine_tuning, "validation_pixels", validation)
    run = tmp_path / "run"
    # A step far too large makes fine-tuning end worse than it began.
    config = settings(
        photos, epochs=4, fine_tune_epochs=1, scenes=str(folder), fine_tune_learning_rate=1.0
    )
    fit(config, run, "fit")
    parts = split_scenes(read_scenes(folder), config.seed)
    for part, faces in given.items():
        expected = {scene.image_path for scene in parts["train" if part == "training" else part]}
        assert {face.path for face in faces} == expected
        assert {face.label for face in faces} == {0, 1}
    # The losses of the stages are of other photos: only the last one's count.
    (end,) = epoch_ends(run, FINE_TUNE_STAGE)
    assert end["val_loss"] > min(event["val_loss"] for event in epoch_ends(run, HEAD_STAGE))
    assert RunState(run).best_loss == pytest.approx(end["val_loss"], abs=1e-5)


@pytest.mark.parametrize("folds", [1, 3])
def test_scenes_can_be_learned_from_in_folds(
    small: None,
    photos: Path,
    tmp_path: Path,
    make_photo: Callable[..., ImageRgb],
    monkeypatch: pytest.MonkeyPatch,
    folds: int,
) -> None:
    folder = many_scenes(tmp_path / "scenes", make_photo)
    given: dict[str, set[Path]] = {}

    def batches(*arguments: Any) -> PhotoBatches:
        given["train"] = {face.path for face in arguments[4]}
        return PhotoBatches(*arguments)

    def validation(faces: Any, size: int) -> Any:
        given["validation"] = {face.path for face in faces}
        return validation_pixels(faces, size)

    monkeypatch.setattr(fine_tuning, "PhotoBatches", batches)
    monkeypatch.setattr(fine_tuning, "validation_pixels", validation)
    config = settings(
        photos, epochs=1, fine_tune_epochs=1, scenes=str(folder), folds=folds, fold=folds - 1
    )
    fit(config, tmp_path / "run", "fit")
    parts = all_folds(read_scenes(folder), folds, config.seed)[folds - 1]
    expected = {part: {scene.image_path for scene in scenes} for part, scenes in parts.items()}
    assert given["train"] == expected["train"]
    # What was learned from does not tell which weights are the best.
    assert given["validation"] == (expected["validation"] if folds > 1 else set())


def test_a_run_hears_already_while_it_reads_that_it_should_stop(
    small: None, photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(Stopped, match="before there was anything to keep"):
        fit(settings(photos), tmp_path / "run", "fit", stop=lambda: True)
    assert {event["stage"] for event in read_events(tmp_path / "run")} == {"reading data"}
    # What was kept before a resumed run is stopped so soon stays the outcome.
    fit(settings(photos), tmp_path / "whole", "fit")
    whole = RunState(tmp_path / "whole")
    whole.trained = False
    whole.save(whole.stage, whole.epochs_done - 1)
    fit(settings(photos), tmp_path / "whole", "fit", resume=True, stop=lambda: True)
    again = RunState(tmp_path / "whole")
    assert again.trained and again.stopped_early and again.best_loss == whole.best_loss


@pytest.mark.parametrize("fine_tune_epochs", [0, 1])
def test_a_run_that_had_learned_all_when_it_was_asked_to_stop_is_whole(
    small: None, photos: Path, tmp_path: Path, fine_tune_epochs: int
) -> None:
    run, config = tmp_path / "run", settings(photos, epochs=1, fine_tune_epochs=fine_tune_epochs)
    stage = FINE_TUNE_STAGE if fine_tune_epochs else HEAD_STAGE
    fit(config, run, "fit", stop=lambda: RunState(run).stage == stage)
    state = RunState(run)
    assert state.trained and not state.stopped_early


@pytest.mark.parametrize("late", [False, True])
def test_a_run_stopped_before_it_learns_again_keeps_what_it_had_learned(
    small: None, photos: Path, tmp_path: Path, late: bool
) -> None:
    """Stopped while its photos are read, or only while their features are computed."""
    config, run = settings(photos, epochs=3, fine_tune_epochs=0), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, HEAD_STAGE, 2, "after the state")
        with pytest.raises(Killed):
            fit(config, run, "fit")
    before = {event["val_loss"] for event in epoch_ends(run, HEAD_STAGE)}
    features = len([e for e in read_events(run) if e["stage"] == "computing features"])

    def stop() -> bool:
        computed = [e for e in read_events(run) if e["stage"] == "computing features"]
        return not late or len(computed) > features

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_stage, "BATCH", 4)
        fit(config, run, "fit --resume", resume=True, stop=stop)

    state = RunState(run)
    assert state.trained and state.stopped_early and state.epochs_done == 2
    assert state.best_loss == pytest.approx(min(before), abs=1e-5)
    dataset = read_dataset(photos, config.image_size)
    members = divide(dataset, config)["validation"]
    network = load_network(run)
    network.compile(loss=keras.losses.BinaryCrossentropy(label_smoothing=config.label_smoothing))
    inputs = normalise(dataset.pixels[members], input_spec(config))
    loss = network.evaluate(inputs, dataset.labels[members][:, None], verbose=0)
    assert loss == pytest.approx(state.best_loss, rel=0.02)


class Killed(BaseException):
    """What ends a process; no ``except Exception`` holds it up."""


def kill_at(patch: pytest.MonkeyPatch, stage: str, epoch: int, when: str) -> None:
    """Let the run end while one epoch's files are written, or just after."""
    on_epoch_end = Checkpoint.on_epoch_end

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    def end(self: Any, number: int, logs: Any = None) -> None:
        fatal = (self._stage, number + 1) == (stage, epoch)
        if fatal and when == "before the model":
            patch.setattr(keras.Model, "save", die)
        elif fatal and when == "before the state":
            patch.setattr(RunState, "save", die)
        on_epoch_end(self, number, logs)
        if fatal:
            raise Killed

    patch.setattr(Checkpoint, "on_epoch_end", end)


@pytest.mark.parametrize("when", ["after the state", "before the state", "before the model"])
def test_a_killed_run_goes_on_with_at_most_one_epoch_repeated(
    small: None, photos: Path, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at the end of both epochs of a stage and of the next one's first."""
    config, run = settings(photos), tmp_path / "run"
    drawn: list[list[int]] = []
    batches_of = head_stage.FeatureBatches

    def known(*arguments: Any) -> Any:
        batches = batches_of(*arguments)
        drawn.append(batches._order.tolist())
        return batches

    monkeypatch.setattr(head_stage, "FeatureBatches", known)
    kills = [(HEAD_STAGE, 1), (HEAD_STAGE, 2), (FINE_TUNE_STAGE, 1)]
    for number, (stage, epoch) in enumerate(kills):
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, stage, epoch, when)
            with pytest.raises(Killed):
                fit(config, run, "fit", resume=number > 0)
        assert not list(run.rglob(".*"))  # no temporary files stay
    fit(config, run, "fit --resume", resume=True)

    repeated = when != "after the state"
    # Photos come in the order that the epoch would have had: another one for each epoch.
    assert (drawn[0] == drawn[1]) == repeated
    assert drawn[-1] != drawn[0]
    for stage in (HEAD_STAGE, FINE_TUNE_STAGE):
        ends = epoch_ends(run, stage)
        numbers = [event["epoch"] for event in ends]
        killed = [epoch for name, epoch in kills if name == stage] if repeated else []
        assert numbers == sorted([1, 2, *killed])
        assert {event["epochs"] for event in ends} == {2}
    assert read_events(run)[-1]["stage"] == "trained"
    state = RunState(run)
    assert (state.stage, state.epochs_done) == (FINE_TUNE_STAGE, 2)
    # The best loss is over all epochs, also those before a kill; of a repeated one the
    # second time counts.
    ends = epoch_ends(run, HEAD_STAGE) + epoch_ends(run, FINE_TUNE_STAGE)
    counted = {(end["stage"], end["epoch"]): end["val_loss"] for end in ends}
    assert state.best_loss == pytest.approx(min(counted.values()), abs=2e-5)
    load_network(run)


def test_a_run_resumed_while_fine_tuning_ends_where_an_unbroken_one_does(
    small: None, photos: Path, tmp_path: Path
) -> None:
    """The optimizer, its schedule and the variations drawn all go on where they were."""
    tf.config.run_functions_eagerly(False)  # as it is outside of tests
    config = settings(photos, epochs=1, dropout=0.0, fine_tune_learning_rate=0.01)
    fit(config, tmp_path / "whole", "fit")
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, FINE_TUNE_STAGE, 1, "after the state")
        with pytest.raises(Killed):
            fit(config, tmp_path / "broken", "fit")
    fit(config, tmp_path / "broken", "fit --resume", resume=True)
    whole, broken = (
        keras.models.load_model(tmp_path / name / LAST_MODEL).get_weights()
        for name in ("whole", "broken")
    )
    for a, b in zip(whole, broken, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_resuming_a_finished_run_changes_nothing(small: None, photos: Path, tmp_path: Path) -> None:
    config, run = settings(photos, epochs=1, fine_tune_epochs=1), tmp_path / "run"
    fit(config, run, "fit")
    before = (run / BEST_WEIGHTS).read_bytes()
    fit(config, run, "fit --resume", resume=True)
    assert (run / BEST_WEIGHTS).read_bytes() == before
    for stage in (HEAD_STAGE, FINE_TUNE_STAGE):
        assert len(epoch_ends(run, stage)) == 1


@pytest.mark.parametrize("setting", [{"seed": 1}, {"test_share": 0.3}, {"dense_units": 9}], ids=str)
def test_a_run_is_not_resumed_with_other_settings(
    small: None, photos: Path, tmp_path: Path, setting: dict[str, Any]
) -> None:
    """Another seed would move photos learned from into the test part."""
    run = tmp_path / "run"
    fit(settings(photos, epochs=1, fine_tune_epochs=0), run, "fit")
    config, data = (run / "config.json").read_bytes(), (run / "data.json").read_bytes()
    with pytest.raises(MasklensError, match=next(iter(setting))):
        fit(settings(photos, epochs=1, fine_tune_epochs=0, **setting), run, "fit", resume=True)
    assert (run / "config.json").read_bytes() == config
    assert (run / "data.json").read_bytes() == data


def test_a_run_is_not_resumed_with_photos_that_have_changed(
    small: None, photos: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(photos, data)
    config = settings(data, epochs=1, fine_tune_epochs=0)
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, HEAD_STAGE, 1, "after the state")
        with pytest.raises(Killed):
            fit(config, tmp_path / "run", "fit")
    known = json.loads((tmp_path / "run" / "data.json").read_text())["parts"]["train"]["paths"]
    (data / known[0]).unlink()
    with pytest.raises(MasklensError, match="The photos have changed since this run began"):
        fit(config, tmp_path / "run", "fit", resume=True)


def test_a_resumed_run_cuts_photos_as_it_did_before(
    small: None, photos: Path, tmp_path: Path
) -> None:
    """Another face finder may have been installed meanwhile."""
    config, run = settings(photos, epochs=2, fine_tune_epochs=0), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, HEAD_STAGE, 1, "after the state")
        with pytest.raises(Killed):
            fit(config, run, "fit")
    saved = json.loads((run / "data.json").read_text())
    boxes = {path: [1.5, 2.0, 30.0, 40.0] for path in saved["boxes"]}
    boxes[next(iter(boxes))] = None
    write_json(run / "data.json", {**saved, "boxes": boxes})
    fit(config, run, "fit", resume=True)
    assert json.loads((run / "data.json").read_text())["boxes"] == boxes


def test_a_run_is_not_resumed_with_scenes_that_have_changed(
    small: None, photos: Path, tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    folder, run = many_scenes(tmp_path / "scenes", make_photo), tmp_path / "run"
    config = settings(photos, epochs=1, fine_tune_epochs=2, scenes=str(folder))
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, FINE_TUNE_STAGE, 1, "after the state")
        with pytest.raises(Killed):
            fit(config, run, "fit")
    known = json.loads((run / "data.json").read_text())["scenes"]
    parts = split_scenes(read_scenes(folder), config.seed)
    assert known == {
        name: [scene.image_path.name for scene in part] for name, part in parts.items()
    }
    gone = known["train"][0]
    (folder / "labels" / gone).with_suffix(".txt").unlink()
    with pytest.raises(MasklensError, match="The photos have changed since this run began"):
        fit(config, run, "fit", resume=True)
    assert json.loads((run / "data.json").read_text())["scenes"] == known


def test_an_unreadable_last_model_ends_a_resumed_run_with_a_sentence(
    small: None, photos: Path, tmp_path: Path
) -> None:
    config, run = settings(photos, epochs=1), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, HEAD_STAGE, 1, "after the state")
        with pytest.raises(Killed):
            fit(config, run, "fit")
    (run / LAST_MODEL).write_bytes(b"half")
    with pytest.raises(MasklensError, match="cannot be read, so the run cannot go on"):
        fit(config, run, "fit", resume=True)
