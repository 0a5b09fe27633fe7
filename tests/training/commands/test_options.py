from __future__ import annotations

from pathlib import Path

import pytest

from training.__main__ import main
from training.commands.options import file_to_write


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "--out", "run", "--data"],
        ["fit", "--data", ".", "--out", "run", "--scenes"],
        ["fit-detector", "--out", "run", "--data"],
        ["pseudo-boxes", "--out", "boxes.json", "--data"],
        ["evaluate-faces", "--scenes"],
        ["evaluate-scenes", "--scenes"],
        ["calibrate", "mobilenet_v2", "--masks"],
        ["stress", "mobilenet_v2", "--out", "stress.json", "--data"],
    ],
    ids=lambda command: " ".join(command),
)
def test_a_mistyped_folder_is_told_before_any_work(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main([*command, "nowhere"])
    assert stopped.value.code == 2
    assert f"{command[-1]}: there is no folder nowhere" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["evaluate-scenes", "evaluate-faces"])
def test_where_results_cannot_go_is_told_before_any_work(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--scenes", str(tmp_path), "--out", str(tmp_path / "no" / "where" / "a")])
    assert "there is no folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([command, "--scenes", str(tmp_path), "--out", str(tmp_path)])
    assert "is a folder: name a file" in capsys.readouterr().err


def test_results_may_go_into_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_to_write("runs/boxes.json") == Path("runs/boxes.json")
    assert file_to_write("boxes.json") == Path("boxes.json")


@pytest.mark.parametrize(
    "command", [["fit", "--backbone-weights", "none"], ["fit-detector", "--backbone-weights=none"]]
)
def test_a_run_that_could_not_begin_leaves_no_folder(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    run = tmp_path / "run"
    arguments = [*command, "--data", str(tmp_path / "data"), "--out", str(run)]
    assert main(arguments) == 1
    assert not run.exists()
    # What somebody else has put there stays.
    run.mkdir()
    (run / "mine").touch()
    assert main(arguments) == 1
    assert "already holds something" in capsys.readouterr().err
    assert [path.name for path in run.iterdir()] == ["mine"]


def test_help_names_the_defaults_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    shown = capsys.readouterr().out
    assert "(default: 10)" in shown and "(default: 0)" in shown
    assert "(default: )" not in shown and "None" not in shown and "False" not in shown
