from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from training.__main__ import main
from training.classifier.parts import report_photos, run_photos
from training.photos.corrections import NONE, Corrections, parse_corrections, read_corrections
from training.photos.data import data_report, read_dataset
from training.photos.splits import split

MakePhotos = Callable[..., Path]


def write(path: Path, **values: Any) -> Path:
    path.write_text(json.dumps({"data": "photos", "leave_out": [], "relabel": {}} | values))
    return path


def test_the_list_is_read_as_the_page_exports_it(tmp_path: Path) -> None:
    listed = read_corrections(
        write(
            tmp_path / "corrections.json",
            leave_out=["with_mask/1.jpg"],
            relabel={"with_mask/2.jpg": "without_mask", "without_mask/3.jpg": "with_mask"},
            hashes={"with_mask/1.jpg": "0a0a0a0a"},
        )
    )
    assert listed == Corrections(
        frozenset({"with_mask/1.jpg"}),
        {"with_mask/2.jpg": 0, "without_mask/3.jpg": 1},
        {"with_mask/1.jpg": "0a0a0a0a"},
    )
    assert len(listed) == 3


@pytest.mark.parametrize(
    "values",
    [{"leave_out": None}, {"leave_out": [1]}, {"relabel": []}, {"relabel": {"a.jpg": "mask"}}]
    + [{"hashes": ["0a0a0a0a"]}, {"hashes": {"a.jpg": 1}}],
)
def test_another_file_is_told_in_a_sentence(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(MasklensError, match="list.json does not hold corrections"):
        read_corrections(write(tmp_path / "list.json", **values))
    with pytest.raises(MasklensError, match="gone.json does not hold corrections"):
        read_corrections(tmp_path / "gone.json")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"1", b"[" * 200_000])
def test_what_is_no_json_of_a_list_is_told_in_a_sentence(content: bytes) -> None:
    with pytest.raises(MasklensError, match="list.json does not hold corrections"):
        parse_corrections(content, "list.json")


def test_a_list_of_more_photos_than_are_taken_in_is_not_looked_at() -> None:
    listed = b'{"leave_out": [], "relabel": {}}'
    assert parse_corrections(listed.ljust(8 * 2**20), "list.json") == NONE
    with pytest.raises(MasklensError, match="list.json does not hold corrections"):
        parse_corrections(listed.ljust(8 * 2**20 + 1), "list.json")


def test_data_follow_the_list_and_so_do_the_parts_of_a_run(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "photos", 30)
    plain = read_dataset(root, 80)
    wrong, out = "with_mask/003.jpg", "without_mask/007.jpg"
    dataset = read_dataset(
        root, 80, Corrections(frozenset({out, "with_mask/gone.jpg"}), {wrong: 0})
    )
    assert set(plain.paths) - set(dataset.paths) == {out}
    labels = dict(zip(dataset.paths, dataset.labels, strict=True))
    for path, label in zip(plain.paths, plain.labels, strict=True):
        if path != out:
            assert labels[path] == (0 if path == wrong else label)

    parts = split(dataset.labels, dataset.groups, 0.15, 0.15, seed=0)
    report = data_report(dataset, parts)
    assert report["relabelled"] == {wrong: "without_mask"}
    (tmp_path / "data.json").write_text(json.dumps(report))
    seen = {}
    for name, members in parts.items():
        photos = run_photos(tmp_path, root, name)
        assert photos.labels.tolist() == dataset.labels[members].tolist()
        seen |= dict(zip(photos.paths, photos.labels.tolist(), strict=True))
    assert seen[wrong] == 0
    assert out not in seen


def test_a_report_s_labels_hold_whatever_the_folder(tmp_path: Path) -> None:
    photos = [
        {"path": "with_mask/1.jpg", "label": "without_mask"},
        {"path": "with_mask/2.jpg", "label": "with_mask"},
    ]
    report = {"parts": {"test": {"photos": photos}}}
    assert report_photos(report, tmp_path, "test").labels.tolist() == [0, 1]


def test_a_run_with_a_list_that_cannot_be_read_ends_with_a_sentence(
    tmp_path: Path, make_photos: MakePhotos, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_photos(tmp_path / "photos", 2)
    gone = tmp_path / "gone.json"
    command = f"fit --data {root} --out {tmp_path / 'run'} --corrections {gone}"
    assert main(command.split()) == 1
    assert "gone.json does not hold corrections" in capsys.readouterr().err
