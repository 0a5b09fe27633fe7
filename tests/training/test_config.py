from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from training.__main__ import main
from training.config import TrainConfig, default_enlarging

LIMITS = {
    "image_size": (75, 512),
    "dense_units": (1, 4096),
    "dropout": (0, 0.95),
    "epochs": (1, 1000),
    "learning_rate": (1e-8, 1),
    "augmented_views": (0, 20),
    "fine_tune_epochs": (0, 1000),
    "fine_tune_learning_rate": (1e-8, 1),
    "label_smoothing": (0, 0.5),
    "batch_size": (1, 1024),
    "validation_share": (0.05, 0.45),
    "test_share": (0.05, 0.45),
    "seed": (0, 2**32 - 1),
}


@pytest.mark.parametrize("name", LIMITS)
def test_values_up_to_the_limits_are_accepted_and_beyond_them_refused(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        assert getattr(TrainConfig("photos", **{name: value}), name) == value
    for value in (low - 0.01, high + 1, -1, float("nan")):
        with pytest.raises(ValueError, match=rf"^{name} must be in {low}\.\.{high}, got {value}$"):
            TrainConfig("photos", **{name: value})


def test_every_number_among_the_settings_has_limits() -> None:
    numbers = {k for k, v in asdict(TrainConfig("photos")).items() if isinstance(v, int | float)}
    assert numbers == {*LIMITS, "enlarged_to", "folds", "fold"}


@pytest.mark.parametrize("side", [0, 128, 160, 512])
def test_the_network_may_enlarge_its_input(side: int) -> None:
    assert TrainConfig("photos", enlarged_to=side).enlarged_to == side


@pytest.mark.parametrize("side", [-1, 1, 127, 513])
def test_the_network_does_not_shrink_its_input(side: int) -> None:
    with pytest.raises(ValueError, match=rf"0 or from image_size \(128\) to 512, got {side}$"):
        TrainConfig("photos", enlarged_to=side)


@pytest.mark.parametrize(
    ("architecture", "image_size", "enlarged_to"),
    [
        ("mobilenet_v2", 128, 0),
        ("inception_v3", 128, 160),
        ("inception_v3", 159, 160),
        ("inception_v3", 160, 0),
        ("inception_v3", 256, 0),
    ],
)
def test_inception_gets_larger_pictures_than_it_is_given(
    architecture: str, image_size: int, enlarged_to: int
) -> None:
    assert default_enlarging(architecture, image_size) == enlarged_to


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_the_fold_that_validates_is_one_of_them(folds: int) -> None:
    last = max(0, folds - 1)
    assert TrainConfig("photos", scenes="scenes", folds=folds, fold=last).fold == last
    with pytest.raises(ValueError, match=f"fold must be in 0..{last}, got {last + 1}"):
        TrainConfig("photos", scenes="scenes", folds=folds, fold=last + 1)


@pytest.mark.parametrize("folds", [-1, 21])
def test_there_are_no_fewer_than_no_folds_and_at_most_twenty(folds: int) -> None:
    with pytest.raises(ValueError, match=f"folds must be in 0..20, got {folds}"):
        TrainConfig("photos", scenes="scenes", folds=folds)


def test_without_scenes_there_is_nothing_to_fold() -> None:
    with pytest.raises(ValueError, match="give scenes"):
        TrainConfig("photos", folds=4)


def test_an_unknown_architecture_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="mobilenet_v2, inception_v3, got 'resnet'"):
        TrainConfig("photos", architecture="resnet")


def test_unknown_settings_are_named() -> None:
    with pytest.raises(ValueError, match="unknown settings: epoch, lr$"):
        TrainConfig.from_dict({"data": "photos", "lr": 0.1, "epoch": 3, "seed": 1})


def test_a_setting_cannot_be_changed_later() -> None:
    with pytest.raises(AttributeError):
        TrainConfig("photos").epochs = 3  # type: ignore[misc]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    config = TrainConfig(
        "Fotos/größer", architecture="inception_v3", epochs=3, dropout=0.25, seed=2**32 - 1
    )
    config.save(tmp_path)
    assert TrainConfig.load(tmp_path) == config


def test_a_run_with_a_setting_that_is_gone_is_still_one(tmp_path: Path) -> None:
    config = TrainConfig("photos")
    config.save(tmp_path)
    path = tmp_path / "config.json"
    gone = {"close_up_boxes": "boxes.json", "start_from": "runs/a"}
    former = {**json.loads(path.read_text(encoding="utf-8")), **gone}
    path.write_text(json.dumps(former), encoding="utf-8")
    assert TrainConfig.load(tmp_path) == config


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{",
        "[]",
        "3",
        "{}",
        b"\xff\xfe\x00",
        {"data": "photos", "colour": 1},
        {"data": "photos", "epochs": 0},
        {"data": "photos", "epochs": "ten"},
        {"data": "photos", "seed": None},
        {"data": None},
        {"data": "photos", "corrections": 5},
    ],
    ids=str,
)
def test_a_folder_without_a_readable_config_is_no_run(tmp_path: Path, content: Any) -> None:
    if isinstance(content, dict):
        content = json.dumps(content)
    if isinstance(content, str):
        content = content.encode()
    run_dir = tmp_path / "run7"
    run_dir.mkdir()
    if content is not None:
        (run_dir / "config.json").write_bytes(content)
    with pytest.raises(MasklensError, match=r"^run7 is not the folder of .* its config\.json"):
        TrainConfig.load(run_dir)


@pytest.mark.parametrize(
    ("begun", "options", "enlarged_to"),
    [
        (False, [], 160),
        (False, ["--resume"], 160),  # not begun yet: it begins
        (True, ["--resume"], 0),
        (True, ["--resume", "--enlarged-to=192"], 192),  # the run says that it differs
    ],
)
def test_a_resumed_run_keeps_its_network(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begun: bool,
    options: list[str],
    enlarged_to: int,
) -> None:
    run, asked = tmp_path / "run1", []
    if begun:
        run.mkdir()
        TrainConfig("photos", architecture="inception_v3").save(run)
    monkeypatch.setattr(
        "training.classifier.fit.fit", lambda config, *_: asked.append(config.enlarged_to)
    )
    fit = ["fit", f"--data={tmp_path}", "--architecture=inception_v3", f"--out={run}", *options]
    assert main(fit) == 0
    assert asked == [enlarged_to]


@pytest.mark.parametrize("before", ["/elsewhere/runs/", "D:\\runs\\"])
def test_a_run_that_was_moved_finds_its_photos_and_corrections(tmp_path: Path, before: str) -> None:
    run, photos = tmp_path / "runs" / "run", tmp_path / "runs" / "data" / "Ab3"
    slash = before[-1]
    begun = TrainConfig(
        f"{before}data{slash}Ab3", corrections=f"{before}run{slash}corrections.json", seed=7
    )
    run.mkdir(parents=True)
    begun.save(run)
    assert TrainConfig.load(run) == begun  # it is not told of what is not there
    photos.mkdir(parents=True)
    (run / "corrections.json").touch()
    now = TrainConfig.load(run)
    assert now == replace(begun, data=str(photos), corrections=str(run / "corrections.json"))


def test_a_run_that_was_copied_keeps_to_the_photos_it_began_with(tmp_path: Path) -> None:
    for folder in ("here", "copy"):
        (tmp_path / folder / "data" / "Ab3").mkdir(parents=True)
    run = tmp_path / "copy" / "run"
    run.mkdir()
    begun = TrainConfig(str(tmp_path / "here" / "data" / "Ab3"))
    begun.save(run)
    assert TrainConfig.load(run) == begun


@pytest.mark.parametrize(
    "named", ["", "E:\\", "gone/..", "photos", "gone/photos", "data/" + 300 * "a"]
)
def test_what_was_never_beside_a_run_is_not_looked_for_there(tmp_path: Path, named: str) -> None:
    (tmp_path / "data" / "photos").mkdir(parents=True)
    run = tmp_path / "run"
    run.mkdir()
    TrainConfig(named).save(run)
    assert TrainConfig.load(run) == TrainConfig(named)


def test_a_moved_run_finds_its_photos_from_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, run = tmp_path / "data" / "Ab3", tmp_path / "run"
    photos.mkdir(parents=True)
    run.mkdir()
    TrainConfig("/elsewhere/data/Ab3").save(run)
    monkeypatch.chdir(run)
    assert TrainConfig.load(Path()).data == str(photos)
