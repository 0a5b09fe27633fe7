from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maskcore import files
from maskcore.detection import DETECTOR_NAMES
from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.locks import models_guard
from maskcore.models import installed_models, load_model, read_report
from training.installing import versions


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def card(content: bytes, created: str, right: float | None = 0.75) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": "classifier",
        "name": "elsewhere",
        "data": "our own photos",
        "not_sure": {"margin": 1.0354, "smallest_side": 8.0},
        "sha256": hashlib.sha256(content).hexdigest(),
        "made_by": {"fit": {"created": "2026-01-01T00:00:00+00:00"}, "install": {}},
    }
    values["made_by"]["install"]["created"] = created
    if right is not None:
        values["figures"] = {"test": {"accuracy": {"value": right}}}
    return values


def put(title: str, created: str) -> None:
    """Install a model that consists of its title as "net"."""
    content = title.encode()
    report = {"parts": {"test": {"count": len(content)}}}
    versions.put_in_place("net", content, card(content, created) | {"title": title}, report)


DAYS = [f"2026-03-0{day}T12:00:00+00:00" for day in range(1, 10)]


def listed(name: str = "net") -> list[tuple[str, bool]]:
    return [(version.title, version.current) for version in versions.versions(name)]


def test_installing_keeps_what_was_there_and_restoring_goes_both_ways() -> None:
    assert versions.versions("net") == []
    for day, name in zip(DAYS, ("one", "two", "three"), strict=False):
        put(name, day)
        assert load_model("net").content == name.encode()
        assert read_report("net")["parts"]["test"]["count"] == len(name)
    assert listed() == [("three", True), ("two", False), ("one", False)]
    assert installed_models("classifier") == ["net"]

    one = versions.versions("net")[-1]
    assert one.accuracy == 0.75
    assert one.created == 1772366400.0
    versions.restore("net", one.id)
    assert load_model("net").content == b"one"
    assert listed() == [("three", False), ("two", False), ("one", True)]
    versions.restore("net", versions.versions("net")[0].id)
    assert load_model("net").content == b"three"
    assert listed() == [("three", True), ("two", False), ("one", False)]
    versions.restore("net", versions.versions("net")[0].id)  # the one in use already
    assert listed() == [("three", True), ("two", False), ("one", False)]
    assert len({version.id for version in versions.versions("net")}) == 3


def test_a_shipped_model_is_kept_too() -> None:
    shipped = card(b"shipped", DAYS[0], None)
    versions.put_in_place("net", b"shipped", shipped, {"parts": {}})
    put("mine", DAYS[1])
    old = versions.versions("net")[1]
    assert old.title.startswith("Model of 01 March 2026") or old.title.startswith("Model of 0")
    assert (old.accuracy, old.current) == (None, False)
    versions.restore("net", old.id)
    assert load_model("net").card == shipped
    assert read_report("net") == {"parts": {}}


@pytest.mark.parametrize("failing", [1, 2])
def test_a_version_that_cannot_be_moved_leaves_the_one_in_use(
    monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        put(name, day)
    one = versions.versions("net")[1]
    move, moves = os.replace, []

    def replace_(source: Path, target: Path) -> None:
        moves.append(source)
        if len(moves) == failing:
            raise PermissionError("held by another process")
        move(source, target)

    monkeypatch.setattr(os, "replace", replace_)
    with pytest.raises(MasklensError, match="the one in use stays"):
        versions.restore("net", one.id)
    assert load_model("net").content == b"two"
    assert listed() == [("two", True), ("one", False)]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_move_that_fails_leaves_the_old_model_in_place(
    models: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """1: the old folder cannot be moved away; 2: the new one cannot be moved in."""
    put("old", DAYS[0])
    before = {path: path.read_bytes() for path in models.rglob("*.*") if path.is_file()}
    move, moves = os.replace, []

    def replace_(source: Path, target: Path) -> None:
        if source.is_dir():  # the files in it are put in place, too
            moves.append(source)
            if len(moves) == failing:
                raise OSError("device busy")
        move(source, target)

    monkeypatch.setattr(os, "replace", replace_)
    with pytest.raises(OSError, match="device busy"):
        put("new", DAYS[1])
    assert len(moves) == failing + (failing == 2)
    assert {path: path.read_bytes() for path in models.rglob("*.*") if path.is_file()} == before
    assert {path.name for path in models.iterdir()} == {"net", ".versions"}  # no half of one


def test_a_model_that_cannot_be_moved_back_is_not_thrown_away(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("old", DAYS[0])
    move = os.replace

    def only_away(source: Path, target: Path) -> None:
        if Path(target).name == "net":
            raise PermissionError("held by another process")
        move(source, target)

    monkeypatch.setattr(os, "replace", only_away)
    with pytest.raises(PermissionError):
        put("new", DAYS[1])
    (kept,) = models.rglob("model.tflite")
    assert kept.read_bytes() == b"old"


def put_and_be_killed(title: str, created: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two moves."""
    move, moves = os.replace, []

    class Killed(BaseException):
        pass

    def replace_(source: Path, target: Path) -> None:
        if source.is_dir():
            moves.append(source)
        if len(moves) == 2:
            raise Killed
        move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_)
        with pytest.raises(Killed):
            put(title, created)


def test_a_kill_between_two_moves_is_mended(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("old", DAYS[0])
    put_and_be_killed("new", DAYS[1], monkeypatch)
    assert not (models / "net").exists()
    assert listed() == [("old", True)]
    assert load_model("net").content == b"old"


def test_a_kill_brings_back_what_was_in_use_and_not_the_newest(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        put(name, day)
    versions.restore("net", versions.versions("net")[1].id)
    (two,) = (models / ".versions" / "net").iterdir()
    os.utime(two, (1, 1))  # retired long ago
    put_and_be_killed("three", DAYS[2], monkeypatch)
    assert installed_models("classifier") == []
    versions.mend_all()
    assert load_model("net").content == b"one"


@pytest.mark.parametrize(
    "left", [["threshold.json"], ["card.json", "report.json"], ["card.json", "threshold.json"]]
)
def test_what_was_written_beside_a_model_that_moved_away_is_mended(
    models: Path, monkeypatch: pytest.MonkeyPatch, left: list[str]
) -> None:
    put("old", DAYS[0])
    before = versions.versions("net")[0]
    put_and_be_killed("new", DAYS[1], monkeypatch)
    (models / "net").mkdir()
    for name in left:
        write_json(models / "net" / name, card(b"old", DAYS[0]))
    versions.mend_all()
    assert installed_models("classifier") == ["net"]
    assert load_model("net").content == b"old"
    assert versions.versions("net") == [before]
    set_aside = [path for path in (models / ".versions").rglob("*.json") if path.is_file()]
    assert sorted(path.name for path in set_aside) == left  # nothing is thrown away
    put("third", DAYS[2])
    assert listed() == [("third", True), ("old", False)]


def test_a_folder_of_which_nothing_earlier_is_kept_stays_as_it_is(models: Path) -> None:
    write_json(models / "net" / "card.json", {"kind": "classifier"})
    (models / ".versions" / "net").mkdir(parents=True)
    versions.mend_all()
    assert [path.name for path in (models / "net").iterdir()] == ["card.json"]


def test_mending_waits_for_an_installation_that_goes_on(tmp_path: Path, models: Path) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        put(name, day)
    with models_guard():
        os.replace(models / "net", tmp_path / "between two moves")
        mending = threading.Thread(target=versions.mend_all)
        mending.start()
        mending.join(0.3)
        os.replace(tmp_path / "between two moves", models / "net")
    mending.join(20)
    assert listed() == [("two", True), ("one", False)]


def test_half_a_model_is_thrown_away_but_not_while_it_is_filled(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(versions, "_swap", die)
        patch.setattr(versions.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            put("half", DAYS[0])
    for name in (".mine", ".net-20261128"):
        (models / name).mkdir()
    assert len(list(models.glob(".net-*"))) == 2
    assert installed_models("classifier") == []
    versions.mend_all()
    assert {path.name for path in models.iterdir()} == {".versions", ".mine", ".net-20261128"}

    mending = threading.Thread(target=versions.mend_all)
    swap = versions._swap

    def and_mend_meanwhile(name: str, fresh: Path) -> None:
        mending.start()
        mending.join(0.3)
        swap(name, fresh)

    monkeypatch.setattr(versions, "_swap", and_mend_meanwhile)
    put("whole", DAYS[0])
    mending.join(20)
    assert load_model("net").content == b"whole"
    assert read_report("net")


def test_a_folder_in_which_a_file_is_open_is_moved_a_moment_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Windows refuses it, here each move the first time."""
    move, refused = os.replace, set()

    def replace_(source: Path, target: Path) -> None:
        if source.is_dir() and (source, target) not in refused:
            refused.add((source, target))
            raise PermissionError("a file in it is open")
        move(source, target)

    monkeypatch.setattr(files, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(os, "replace", replace_)
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        put(name, day)
    versions.restore("net", versions.versions("net")[1].id)
    assert listed() == [("two", False), ("one", True)]
    assert len(refused) == 5


@pytest.mark.parametrize(("name", "kind"), [("net", "detector"), ("fcos", "classifier")])
def test_no_model_takes_the_place_of_another_kind(models: Path, name: str, kind: str) -> None:
    versions.put_in_place("net", b"net", {"kind": "classifier"})
    versions.put_in_place("fcos", b"finder", {"kind": "detector"})
    before = (models / name / "model.tflite").read_bytes()
    with pytest.raises(MasklensError, match="Choose another name"):
        versions.put_in_place(name, b"new", {"kind": kind})
    assert (models / name / "model.tflite").read_bytes() == before


@pytest.mark.parametrize("name", [*DETECTOR_NAMES, "scenes", "Haar", "SCENES"])
def test_no_mask_model_is_called_like_a_face_finder_or_the_folder_of_figures(
    models: Path, name: str
) -> None:
    with pytest.raises(MasklensError, match="Choose another name"):
        versions.put_in_place(name, b"new", {"kind": "classifier"})
    assert not models.exists()


def test_a_name_that_differs_by_capitals_alone_is_refused(models: Path) -> None:
    """On disks of Windows and Macs it would be the same folder."""
    put("one", DAYS[0])
    with pytest.raises(MasklensError, match="'net', which is here already"):
        versions.put_in_place("Net", b"two", card(b"two", DAYS[1]))
    assert listed() == [("one", True)]
    assert {path.name for path in models.iterdir()} == {"net", ".versions"}
    versions.put_in_place("net_2", b"two", card(b"two", DAYS[1]))


def test_a_damaged_mask_model_can_be_replaced(models: Path) -> None:
    put("old", DAYS[0])
    (models / "net" / "card.json").write_text("{")
    put("new", DAYS[1])
    assert load_model("net").content == b"new"


@pytest.mark.parametrize("version", ["", "..", "../net", "20260301-120000-00000000", "a/b"])
def test_versions_that_are_not_there_are_refused(version: str) -> None:
    put("old", DAYS[0])
    with pytest.raises(MasklensError, match="is gone"):
        versions.restore("net", version)
    assert listed() == [("old", True)]


def test_damaged_cards_do_not_stop_the_list(models: Path) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        put(name, day)
    (kept,) = (models / ".versions" / "net").iterdir()
    (kept / "card.json").write_text(json.dumps({"made_by": 3, "figures": []}))
    two, one = versions.versions("net")
    assert (one.id, one.accuracy, one.created) == (kept.name, None, 0.0)
    assert two.title == "two"
    assert replace(two, current=True) == two
