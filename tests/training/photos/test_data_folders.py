"""Folders of photos: private, whole or not there, and cleared away when nobody needs them."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from maskcore import files
from maskcore.errors import MasklensError
from training.job_files import runs_dir
from training.photos import data_folders
from training.photos.data_folders import (
    clean_up,
    data_root,
    discard,
    filling,
    make_private,
    new_data_folder,
    used_by_runs,
)

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def brought(age_seconds: float = 0.0) -> Path:
    folder = new_data_folder()
    with filling(folder) as unfinished:
        (unfinished / "with_mask").mkdir()
        (unfinished / "with_mask" / "0001.jpg").write_bytes(b"x")
    for path in (folder / "with_mask", folder):
        os.utime(path, (time.time() - age_seconds,) * 2)
    return folder


def used(runs: Path, name: str, data: object) -> None:
    (runs / name).mkdir(parents=True)
    (runs / name / "config.json").write_text(json.dumps({"data": data}))


def test_photos_are_not_taken_in_on_a_disk_that_is_nearly_full(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def disk_usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=free)

    monkeypatch.setattr(data_folders.shutil, "disk_usage", disk_usage)
    free = 2e9 - 1
    with pytest.raises(MasklensError, match="Less than 2 GB are free"):
        new_data_folder()
    assert not runs.exists()
    free = 2e9
    assert new_data_folder().parent == data_root()
    new_data_folder()
    assert asked == [runs.parent, runs.parent, runs]


def test_a_drive_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    with pytest.raises(MasklensError, match="MASKLENS_RUNS"):
        data_folders.check_room()


def test_runs_lie_where_the_setting_says_else_in_the_checkout(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs_dir() == runs
    monkeypatch.delenv("MASKLENS_RUNS")
    assert runs_dir() == Path(data_folders.__file__).parents[2] / "runs"
    monkeypatch.setenv("MASKLENS_RUNS", "  ")
    assert runs_dir() == Path(data_folders.__file__).parents[2] / "runs"


def test_a_new_folder_is_not_there_yet_and_never_the_same(runs: Path) -> None:
    first, second = new_data_folder(), new_data_folder()
    assert first != second
    assert first.parent == second.parent == runs / "data"
    assert not first.exists()
    assert stat.S_IMODE((runs / "data").stat().st_mode) == 0o700


def test_a_filled_folder_is_private(runs: Path) -> None:
    folder = brought()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in data_root().iterdir()] == [folder.name]


def test_a_failure_leaves_nothing(runs: Path) -> None:
    folder = new_data_folder()
    with pytest.raises(ZeroDivisionError), filling(folder) as unfinished:
        (unfinished / "x").write_bytes(b"x")
        (unfinished / "x").chmod(0o444)
        raise ZeroDivisionError
    assert list(data_root().iterdir()) == []


def test_a_place_that_is_taken_stays_as_it_is(runs: Path) -> None:
    folder = brought()
    with pytest.raises(MasklensError, match="could not be stored"), filling(folder) as unfinished:
        (unfinished / "other").write_bytes(b"y")
    assert [path.name for path in folder.iterdir()] == ["with_mask"]
    assert list(data_root().iterdir()) == [folder]


def test_a_folder_in_which_a_scanner_reads_is_put_in_place_a_moment_later(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows refuses it."""
    move, refused = os.replace, []

    def replace_(source: Path, target: Path) -> None:
        if not refused:
            refused.append(source)
            raise PermissionError("a file in it is open")
        move(source, target)

    monkeypatch.setattr(files, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(os, "replace", replace_)
    folder = brought()
    assert len(refused) == 1
    assert list(data_root().iterdir()) == [folder]


def test_where_nothing_can_be_written_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "file"))
    with pytest.raises(MasklensError, match="MASKLENS_RUNS"):
        new_data_folder()


def test_old_folders_go_unless_a_run_uses_them(runs: Path) -> None:
    fresh, old, wanted = brought(DAY - 60), brought(DAY + 60), brought(3 * DAY)
    used(runs, "run", str(wanted))
    used(runs, "other", 7)
    (runs / "loop").symlink_to(runs / "loop")
    used(runs, "another", str(runs / "loop"))
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").write_text("{")
    assert used_by_runs() == {wanted.name, "loop"}
    clean_up()
    assert fresh.is_dir()
    assert wanted.is_dir()
    assert not old.exists()
    assert (runs / "broken").is_dir()


@pytest.mark.parametrize("before", ["/elsewhere/runs/data/{}", "D:\\runs\\data\\{}"])
def test_runs_that_were_moved_keep_their_photos(runs: Path, before: str) -> None:
    wanted, other = brought(3 * DAY), brought(3 * DAY)
    used(runs, "run", before.format(wanted.name))
    clean_up()
    discard(wanted)
    assert wanted.is_dir()
    assert not other.exists()


def unreadable(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    usual = Path.read_bytes

    def read_bytes(asked: Path) -> bytes:
        if asked == path:
            raise PermissionError(13, "held by another process")
        return usual(asked)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def test_nothing_goes_while_a_run_cannot_be_asked_what_it_uses(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, brought_today = brought(3 * DAY), brought()
    used(runs, "run", str(wanted))
    with monkeypatch.context() as patch:
        unreadable(patch, runs / "run" / "config.json")
        with pytest.raises(PermissionError):
            clean_up()
        discard(brought_today)
    assert wanted.is_dir() and brought_today.is_dir()
    discard(brought_today)
    assert not brought_today.exists()


def test_a_run_that_begins_meanwhile_keeps_its_photos(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {brought(2 * DAY) for _ in range(3)}
    remove, removed = data_folders._remove, []

    def remove_and_begin(folder: Path) -> None:
        removed.append(folder)
        remove(folder)
        if len(removed) == 1:  # it takes a while
            for number, other in enumerate(folders - {folder}):
                used(runs, f"run{number}", str(other))

    monkeypatch.setattr(data_folders, "_remove", remove_and_begin)
    clean_up()
    assert len(removed) == 1
    assert {folder for folder in folders if folder.is_dir()} == folders - set(removed)


def test_a_recording_that_goes_on_is_not_old(runs: Path) -> None:
    folder = brought(2 * DAY)
    (folder / "with_mask" / "0002.jpg").write_bytes(b"y")
    os.utime(folder, (time.time() - 2 * DAY,) * 2)
    clean_up()
    assert folder.is_dir()


def test_what_a_killed_server_left_goes_too(runs: Path) -> None:
    make_private(data_root())
    left = data_root() / ".coming-abc"
    left.mkdir()
    clean_up(time.time() + DAY - 60)
    assert left.is_dir()
    clean_up(time.time() + DAY + 60)
    assert not left.exists()


def test_nothing_to_clean_up_is_no_fault(runs: Path) -> None:
    clean_up()
    assert not runs.exists()


def test_data_below_a_linked_folder_of_runs_are_discarded(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = brought()
    (tmp_path / "link").symlink_to(runs)
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "link"))
    discard(folder.resolve())
    assert not folder.exists()


def test_only_data_folders_that_nobody_uses_are_discarded(runs: Path, tmp_path: Path) -> None:
    folder, wanted = brought(), brought()
    used(runs, "run", str(wanted))
    own = tmp_path / "own"
    own.mkdir()
    for each in (folder, wanted, own, data_root(), runs / "data" / ".." / ".." / "own"):
        discard(each)
    assert not folder.exists()
    assert wanted.is_dir()
    assert own.is_dir()
