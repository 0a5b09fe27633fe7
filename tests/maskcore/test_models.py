from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from maskcore import models
from maskcore.errors import ModelError
from maskcore.models import (
    StoredModel,
    installed_models,
    load_model,
    models_dir,
    read_card,
    read_report,
    scene_report,
)

MEND = (
    "Bring it back with: git restore models/net"
    " (or install a trained model: python -m training install RUN_DIR --name net)"
)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

# name -> what is done to a sound model's folder, the whole message
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no card": (
        lambda folder: (folder / "card.json").unlink(),
        f"installed/net/card.json is missing. {MEND}",
    ),
    "card is not JSON": (
        lambda folder: (folder / "card.json").write_text('{"kind": '),
        f"installed/net/card.json is damaged. {MEND}",
    ),
    "card is not UTF-8": (
        lambda folder: (folder / "card.json").write_bytes(b'{"kind": "\xff"}'),
        f"installed/net/card.json is damaged. {MEND}",
    ),
    "card is a folder": (
        lambda folder: ((folder / "card.json").unlink(), (folder / "card.json").mkdir()),
        f"installed/net/card.json is damaged. {MEND}",
    ),
    "card is not an object": (
        lambda folder: (folder / "card.json").write_text("[]"),
        f"installed/net/card.json is damaged: it must hold a JSON object. {MEND}",
    ),
    "no model": (
        lambda folder: (folder / "model.tflite").unlink(),
        f"installed/net/model.tflite cannot be read. {MEND}",
    ),
    "Git LFS pointer": (
        lambda folder: (folder / "model.tflite").write_bytes(POINTER),
        "installed/net/model.tflite is only a Git LFS pointer, not the model. Run: git lfs pull",
    ),
    "one byte differs": (
        lambda folder: (folder / "model.tflite").write_bytes(b"modem"),
        "installed/net/model.tflite is damaged: its SHA-256 is not the one in card.json. " + MEND,
    ),
    "cut short": (
        lambda folder: (folder / "model.tflite").write_bytes(b"mode"),
        "installed/net/model.tflite is damaged: its SHA-256 is not the one in card.json. " + MEND,
    ),
    "card vouches for nothing": (
        lambda folder: (folder / "card.json").write_text('{"kind": "classifier"}'),
        "installed/net/model.tflite is damaged: its SHA-256 is not the one in card.json. " + MEND,
    ),
}


def test_sound_model_is_loaded(install: Callable[..., Path]) -> None:
    folder = install("net", b"the bytes", threshold=0.3)

    assert load_model("net") == StoredModel(
        "net", json.loads((folder / "card.json").read_text()), b"the bytes"
    )
    assert read_card("net")["threshold"] == 0.3


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_model_is_refused_with_file_and_mend(
    install: Callable[..., Path], fault: str
) -> None:
    break_it, message = BROKEN[fault]
    break_it(install("net"))

    with pytest.raises(ModelError) as caught:
        load_model("net")

    assert str(caught.value) == message
    assert not re.search(r"(^|\s)/|\\", message)  # no absolute path: visitors read this


@pytest.mark.parametrize("fault", ["no card", "no model", "one byte differs"])
def test_a_model_that_is_just_being_put_in_place_is_waited_for(
    install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = install("net")
    sound = {path: path.read_bytes() for path in folder.iterdir()}
    BROKEN[fault][0](folder)

    def meanwhile(seconds: float) -> None:
        for path, content in sound.items():
            path.write_bytes(content)

    monkeypatch.setattr(models.time, "sleep", meanwhile)
    assert load_model("net").content == sound[folder / "model.tflite"]


@pytest.mark.parametrize("read", [load_model, read_card, read_report])
def test_missing_folder_is_refused(models_folder: Path, read: Callable[[str], object]) -> None:
    with pytest.raises(ModelError) as caught:
        read("net")

    file = "report.json" if read is read_report else "card.json"
    assert str(caught.value) == f"installed/net/{file} is missing. {MEND}"
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_report_is_read(install: Callable[..., Path]) -> None:
    (install("net") / "report.json").write_text('{"parts": {}}')

    assert read_report("net") == {"parts": {}}


def test_installed_models_are_listed_by_kind(install: Callable[..., Path]) -> None:
    for name, kind in (("zeta", "classifier"), ("alpha", "classifier"), ("yu", "detector")):
        install(name, kind=kind)
    for fault in ("no card", "card is not JSON", "card is not UTF-8", "card is not an object"):
        BROKEN[fault][0](install(fault))
    (install("no kind") / "card.json").write_text("{}")
    (models_dir() / "a file").write_text("{}")
    install(".alpha-a1b2c3d4.filling", kind="classifier")  # half of an installation

    assert installed_models("classifier") == ["alpha", "zeta"]
    assert installed_models("detector") == ["yu"]
    assert installed_models("tracker") == []


def test_folder_that_is_not_there_holds_no_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "nowhere"))

    assert installed_models("classifier") == []


@pytest.mark.parametrize("setting", [None, ""])
def test_models_lie_in_the_checkout_unless_told(
    monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    if setting is None:
        monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    else:
        monkeypatch.setenv("MASKLENS_MODELS", setting)

    assert models_dir() == Path(__file__).resolve().parents[2] / "models"


def test_models_folder_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))

    assert models_dir() == tmp_path


@pytest.fixture
def net_and_finder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Cards of a model and a detector, and a folder for reports of scenes."""
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    for name, checksum in (("net", "n1"), ("finder", "f1")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.json").write_text(json.dumps({"sha256": checksum}))
    (tmp_path / "scenes" / "net").mkdir(parents=True)


@pytest.mark.parametrize(
    ("noted", "current"),
    [
        ({"net": "n1", "finder": "f1"}, True),
        ({"net": "n1", "finder": "f0"}, False),
        ({"net": "n0", "finder": "f1"}, False),
        ({"net": "n1"}, False),
        (None, False),
    ],
)
def test_a_scene_report_is_of_the_versions_that_are_installed(
    net_and_finder: None,
    tmp_path: Path,
    noted: dict[str, str] | None,
    current: bool,
) -> None:
    report = {"photos": 3, **({} if noted is None else {"sha256": noted})}
    (tmp_path / "scenes" / "net" / "finder.json").write_text(json.dumps(report))

    assert scene_report("finder", "net") == (report if current else None)
    assert scene_report("finder", "other") is None
    assert scene_report("finder", "net", folds=True) is None
    (tmp_path / "scenes" / "net" / "folds").mkdir()
    in_folds = {"photos": 9, "sha256": {"net": "n1", "finder": "f1"}}
    (tmp_path / "scenes" / "net" / "folds" / "finder.json").write_text(json.dumps(in_folds))
    assert scene_report("finder", "net", folds=True) == in_folds
    assert scene_report("finder", "net") == (report if current else None)
    # A finder that is no file of ours has no version.
    (tmp_path / "scenes" / "net" / "haar.json").write_text(json.dumps({"sha256": {"net": "n1"}}))
    assert scene_report("haar", "net") is not None


@pytest.mark.parametrize(
    ("noted", "current"),
    [
        ({"net": "n1", "finder": "f1"}, True),
        ({"net": "former", "finder": "f1"}, True),
        ({"finder": "f1"}, True),
        ({"net": "n1", "finder": "former"}, False),
        ({"net": "n1"}, False),
        ({}, False),
        (None, False),
        ("f1", False),
    ],
)
def test_how_many_faces_are_found_does_not_depend_on_the_mask_model(
    net_and_finder: None, tmp_path: Path, noted: object, current: bool
) -> None:
    report = {"photos": 3, "sha256": noted}
    (tmp_path / "scenes" / "net" / "finder.json").write_text(json.dumps(report))

    assert scene_report("finder", "net", finding_alone=True) == (report if current else None)
