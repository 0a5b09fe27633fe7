from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.locks import models_guard
from maskcore.models import installed_models, load_model, read_report
from training.background import control, job_process, jobs
from training.background.jobs import State
from training.background.run_installing import install
from training.config import TrainConfig
from training.installing import versions


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(job_process, "launch", lambda folder: None)
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


def finished_run(
    tmp_path: Path, content: bytes, created: str, name: str, right: float | None = 0.75
) -> str:
    (tmp_path / "photos").mkdir(exist_ok=True)
    job = control.submit(TrainConfig(str(tmp_path / "photos")), name)
    (job.folder / "queued.json").unlink(missing_ok=True)
    write_json(job.folder / "outcome.json", {"state": State.FINISHED})
    (job.folder / "model.tflite").write_bytes(content)
    write_json(job.folder / "card.json", card(content, created, right))
    write_json(job.folder / "report.json", {"parts": {"test": {"count": len(content)}}})
    return job.id


DAYS = [f"2026-03-0{day}T12:00:00+00:00" for day in range(1, 10)]


def listed(name: str = "net") -> list[tuple[str, bool]]:
    return [(version.title, version.current) for version in versions.versions(name)]


def test_installing_keeps_what_was_there_and_restoring_goes_both_ways(
    tmp_path: Path, models: Path
) -> None:
    assert versions.versions("net") == []
    for day, name in zip(DAYS, ("one", "two", "three"), strict=False):
        install(finished_run(tmp_path, name.encode(), day, name), "net")
        assert load_model("net").content == name.encode()
        assert load_model("net").card["name"] == "net"
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


def test_a_model_names_the_command_that_installs_it_under_its_own_name(tmp_path: Path) -> None:
    run_id = finished_run(tmp_path, b"one", DAYS[0], "one")
    install(run_id, "net")
    install(run_id, "other")
    for name in ("net", "other"):
        made_by = load_model(name).card["made_by"]
        assert made_by["fit"] == {"created": "2026-01-01T00:00:00+00:00"}
        assert made_by["install"] == {
            "created": DAYS[0],
            "command": f"python -m training install runs/{run_id} --name {name}"
            " --data-licence 'our own photos' --not-sure-margin 1.0354 --not-sure-side 8",
        }


def test_the_same_model_is_listed_once_under_its_latest_name(tmp_path: Path) -> None:
    first = finished_run(tmp_path, b"a", DAYS[0], "first")
    install(first, "net")
    install(finished_run(tmp_path, b"b", DAYS[1], "second"), "net")
    control.rename(first, "renamed")
    for _ in range(2):
        install(first, "net")
        assert listed() == [("second", False), ("renamed", True)]


def test_a_shipped_model_is_kept_too(tmp_path: Path, models: Path) -> None:
    shipped = card(b"shipped", DAYS[0], None)
    versions.put_in_place("net", b"shipped", shipped, {"parts": {}})
    install(finished_run(tmp_path, b"mine", DAYS[1], "mine"), "net")
    old = versions.versions("net")[1]
    assert old.title.startswith("Model of 01 March 2026") or old.title.startswith("Model of 0")
    assert (old.accuracy, old.current) == (None, False)
    versions.restore("net", old.id)
    assert load_model("net").card == shipped
    assert read_report("net") == {"parts": {}}


@pytest.mark.parametrize("state", [State.FAILED, State.INTERRUPTED, None])
def test_only_finished_runs_are_installed(
    tmp_path: Path, models: Path, state: State | None
) -> None:
    run = finished_run(tmp_path, b"a", DAYS[0], "x")
    outcome = jobs.job(run).folder / "outcome.json"
    outcome.unlink() if state is None else write_json(outcome, {"state": state})
    with pytest.raises(MasklensError, match="has finished"):
        install(run, "net")
    assert not models.exists()


@pytest.mark.parametrize("name", ["card.json", "report.json", "model.tflite"])
def test_a_run_without_all_its_files_is_not_installed(
    tmp_path: Path, models: Path, name: str
) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    run = finished_run(tmp_path, b"new", DAYS[1], "new")
    (jobs.job(run).folder / name).unlink()
    with pytest.raises(MasklensError):
        install(run, "net")
    assert load_model("net").content == b"old"
    assert listed() == [("old", True)]


def test_a_full_disk_leaves_the_installed_model(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    run = finished_run(tmp_path, b"new", DAYS[1], "new")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MasklensError, match="the one in use stays"):
        install(run, "net")
    assert load_model("net").content == b"old"
    assert listed() == [("old", True)]
    assert {path.name for path in models.iterdir()} == {"net", ".versions"}


@pytest.mark.parametrize("failing", [1, 2])
def test_a_version_that_cannot_be_moved_leaves_the_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        install(finished_run(tmp_path, name.encode(), day, name), "net")
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


def install_and_be_killed(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
            install(run, "net")


def test_a_kill_between_two_moves_is_mended(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    install_and_be_killed(finished_run(tmp_path, b"new", DAYS[1], "new"), monkeypatch)
    assert not (models / "net").exists()
    assert listed() == [("old", True)]
    assert load_model("net").content == b"old"


def test_a_kill_brings_back_what_was_in_use_and_not_the_newest(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        install(finished_run(tmp_path, name.encode(), day, name), "net")
    versions.restore("net", versions.versions("net")[1].id)
    (two,) = (models / ".versions" / "net").iterdir()
    os.utime(two, (1, 1))  # retired long ago
    install_and_be_killed(finished_run(tmp_path, b"three", DAYS[2], "three"), monkeypatch)
    assert installed_models("classifier") == []
    versions.mend_all()
    assert load_model("net").content == b"one"


@pytest.mark.parametrize(
    "left", [["threshold.json"], ["card.json", "report.json"], ["card.json", "threshold.json"]]
)
def test_what_was_written_beside_a_model_that_moved_away_is_mended(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, left: list[str]
) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    before = versions.versions("net")[0]
    install_and_be_killed(finished_run(tmp_path, b"new", DAYS[1], "new"), monkeypatch)
    (models / "net").mkdir()
    for name in left:
        write_json(models / "net" / name, card(b"old", DAYS[0]))
    versions.mend_all()
    assert installed_models("classifier") == ["net"]
    assert load_model("net").content == b"old"
    assert versions.versions("net") == [before]
    set_aside = [path for path in (models / ".versions").rglob("*.json") if path.is_file()]
    assert sorted(path.name for path in set_aside) == left  # nothing is thrown away
    install(finished_run(tmp_path, b"third", DAYS[2], "third"), "net")
    assert listed() == [("third", True), ("old", False)]


def test_a_folder_of_which_nothing_earlier_is_kept_stays_as_it_is(models: Path) -> None:
    write_json(models / "net" / "card.json", {"kind": "classifier"})
    (models / ".versions" / "net").mkdir(parents=True)
    versions.mend_all()
    assert [path.name for path in (models / "net").iterdir()] == ["card.json"]


def test_mending_waits_for_an_installation_that_goes_on(tmp_path: Path, models: Path) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        install(finished_run(tmp_path, name.encode(), day, name), "net")
    with models_guard():
        os.replace(models / "net", tmp_path / "between two moves")
        mending = threading.Thread(target=versions.mend_all)
        mending.start()
        mending.join(0.3)
        os.replace(tmp_path / "between two moves", models / "net")
    mending.join(20)
    assert listed() == [("two", True), ("one", False)]


@pytest.mark.parametrize("name", ["fcos", "scenes"])
def test_what_is_no_mask_model_is_not_replaced(tmp_path: Path, models: Path, name: str) -> None:
    (models / name).mkdir(parents=True)
    if name == "fcos":
        write_json(models / name / "card.json", {"kind": "detector"})
        (models / name / "model.tflite").write_bytes(b"finder")
    before = sorted((models / name).iterdir())
    with pytest.raises(MasklensError, match="Choose another name"):
        install(finished_run(tmp_path, b"new", DAYS[0], "new"), name)
    assert sorted((models / name).iterdir()) == before
    assert [path.name for path in models.iterdir()] == [name]


@pytest.mark.parametrize(("name", "kind"), [("net", "detector"), ("fcos", "classifier")])
def test_no_model_takes_the_place_of_another_kind(models: Path, name: str, kind: str) -> None:
    versions.put_in_place("net", b"net", {"kind": "classifier"})
    versions.put_in_place("fcos", b"finder", {"kind": "detector"})
    before = (models / name / "model.tflite").read_bytes()
    with pytest.raises(MasklensError, match="Choose another name"):
        versions.put_in_place(name, b"new", {"kind": kind})
    assert (models / name / "model.tflite").read_bytes() == before


def test_a_damaged_mask_model_can_be_replaced(tmp_path: Path, models: Path) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    (models / "net" / "card.json").write_text("{")
    install(finished_run(tmp_path, b"new", DAYS[1], "new"), "net")
    assert load_model("net").content == b"new"


@pytest.mark.parametrize("version", ["", "..", "../net", "20260301-120000-00000000", "a/b"])
def test_versions_that_are_not_there_are_refused(tmp_path: Path, version: str) -> None:
    install(finished_run(tmp_path, b"old", DAYS[0], "old"), "net")
    with pytest.raises(MasklensError, match="is gone"):
        versions.restore("net", version)
    assert listed() == [("old", True)]


def test_damaged_cards_do_not_stop_the_list(tmp_path: Path, models: Path) -> None:
    for day, name in zip(DAYS, ("one", "two"), strict=False):
        install(finished_run(tmp_path, name.encode(), day, name), "net")
    (kept,) = (models / ".versions" / "net").iterdir()
    (kept / "card.json").write_text(json.dumps({"made_by": 3, "figures": []}))
    two, one = versions.versions("net")
    assert (one.id, one.accuracy, one.created) == (kept.name, None, 0.0)
    assert two.title == "two"
    assert replace(two, current=True) == two
