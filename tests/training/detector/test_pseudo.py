from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.errors import ModelError
from maskcore.types import ImageRgb
from training.__main__ import main
from training.detector import pseudo
from training.detector.pseudo import LOOKS, look, pseudo_boxes

Box = tuple[int, int, int, int]


def photo(size_wh: tuple[int, int], *boxes: Box, shade: int = 255) -> ImageRgb:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = shade
    return image


PHOTOS: dict[str, tuple[tuple[int, int], list[Box]]] = {
    "wide": ((320, 200), [(20, 30, 80, 110), (230, 90, 310, 190)]),
    "high": ((210, 333), [(10, 200, 100, 330)]),
    "large": ((1280, 900), [(100, 50, 400, 400), (1100, 700, 1280, 900)]),
    "small": ((60, 80), [(15, 10, 45, 60)]),
    "filled by the face": ((150, 160), [(0, 0, 150, 160)]),
}


@pytest.mark.parametrize("number", range(2 * len(LOOKS)))
@pytest.mark.parametrize("kind", PHOTOS)
def test_boxes_of_each_look_are_in_the_photo_s_pixels(
    white_spots: Any, kind: str, number: int
) -> None:
    """Three sizes, each as it is and mirrored; the teacher sees something in one of them."""
    size_wh, boxes = PHOTOS[kind]
    white_spots.awake = lambda call: call == number
    found = look(white_spots, photo(size_wh, *boxes))
    assert len(white_spots.seen) == 2 * len(LOOKS)
    pixel = max(1.0, max(size_wh) / LOOKS[number // 2])
    np.testing.assert_allclose(sorted(found.boxes_xyxy.tolist()), sorted(boxes), atol=1.01 * pixel)


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_face_seen_in_all_looks_is_one(white_spots: Any, kind: str) -> None:
    size_wh, boxes = PHOTOS[kind]
    found = look(white_spots, photo(size_wh, *boxes))
    assert len(found) == len(boxes)
    assert ((found.boxes_xyxy >= 0) & (found.boxes_xyxy <= [*size_wh, *size_wh])).all()


def test_the_teacher_sees_the_photo_in_a_grey_border_at_three_sizes(white_spots: Any) -> None:
    look(white_spots, photo((320, 160)))
    # A quarter of the longer side is added all around: 480 x 320 for 320 x 160.
    shapes = [picture.shape for picture in white_spots.seen]
    assert shapes == [(h, w, 3) for h, w in ((160, 240), (320, 480), (640, 960)) for _ in "ab"]
    for picture in white_spots.seen:
        assert picture.flags["C_CONTIGUOUS"]
        quarter = picture.shape[1] // 6
        assert (picture[: quarter - 2] == 128).all()
        assert (picture[:, : quarter - 2] == 128).all()
        assert (picture[quarter + 2 : -quarter - 2, quarter + 2 : -quarter - 2] == 0).all()


def test_nothing_seen_is_no_face(white_spots: Any) -> None:
    assert len(look(white_spots, photo((50, 40)))) == 0


def test_what_is_seen_in_the_border_alone_is_dropped(white_spots: Any) -> None:
    """The border is grey; a teacher that takes some of it for a face is wrong."""

    class SeesBorder:
        def detect(self, image_rgb: ImageRgb) -> Any:
            marked = image_rgb.copy()
            marked[2:12, 2:12] = 255
            return white_spots.detect(marked)

    assert len(look(SeesBorder(), photo((320, 160)))) == 0  # type: ignore[arg-type]


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch, white_spots: Any) -> dict[str, Any]:
    """Takes YuNet's place; the settings it was made with."""
    settings: dict[str, Any] = {}

    def make(**given: Any) -> Any:
        settings.update(given)
        return white_spots

    monkeypatch.setattr(pseudo, "YuNetDetector", make)
    return settings


@pytest.fixture
def close_ups(tmp_path: Path) -> Path:
    """Photos with a sure face, one beside a doubtful one, and without any."""
    root = tmp_path / "masks"
    for folder in ("with_mask", "without_mask/more"):
        (root / folder).mkdir(parents=True)
    pictures = {
        "with_mask/one.png": photo((200, 160), (40, 40, 120, 140)),
        "with_mask/empty.png": photo((200, 160)),
        "with_mask/doubtful.png": photo((200, 160), (40, 40, 120, 140), shade=200),
        "without_mask/more/both.png": np.maximum(
            photo((300, 160), (10, 20, 90, 100)), photo((300, 160), (200, 30, 280, 150), shade=200)
        ),
        "without_mask/two.png": photo((300, 160), (10, 20, 90, 100), (200, 30, 280, 150)),
    }
    for name, image in pictures.items():
        Image.fromarray(image).save(root / name)
    (root / "with_mask" / "broken.jpg").write_text("not a picture")
    (root / "with_mask" / "folder.jpg").mkdir()
    (root / "notes.txt").write_text("taken in May")
    return root


def test_sure_and_doubtful_faces_are_written_down_by_photo(
    teacher: dict[str, Any], close_ups: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs" / "boxes.json"
    counts = pseudo_boxes(close_ups, out, "python -m training pseudo-boxes")
    values = json.loads(out.read_text(encoding="utf-8"))
    boxes = values["boxes"]
    assert set(boxes) == {
        "with_mask/one.png", "without_mask/more/both.png", "without_mask/two.png",
    }  # fmt: skip
    assert counts == {"photos": 6, "with a face": 3, "faces": 4}
    for name, faces, doubtful in (
        ("with_mask/one.png", [(40, 40, 120, 140)], []),
        ("without_mask/more/both.png", [(10, 20, 90, 100)], [(200, 30, 280, 150)]),
        ("without_mask/two.png", [(10, 20, 90, 100), (200, 30, 280, 150)], []),
    ):
        for kind, expected in (("faces", faces), ("doubtful", doubtful)):
            found = np.array(sorted(boxes[name][kind])).reshape(-1, 4)
            np.testing.assert_allclose(found, np.array(expected).reshape(-1, 4), atol=2)
    assert (values["command"], values["teacher"]) == ("python -m training pseudo-boxes", "yunet")
    assert {"created", "commit"} <= set(values)
    # It sees what is doubtful, and pictures of any size as they are.
    assert teacher["score_threshold"] == 0.3
    assert min(teacher["longest_sides"]) >= 1000


def test_the_command_says_how_many_and_keeps_the_machine_s_folders_to_itself(
    teacher: dict[str, Any], close_ups: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "boxes.json"
    assert main(["pseudo-boxes", "--data", str(close_ups), "--out", str(out)]) == 0
    assert capsys.readouterr().out == "6 photos, 3 with a face, 4 faces\n"
    text = out.read_text(encoding="utf-8")
    assert "pseudo-boxes --data masks --out boxes.json" in text
    assert str(tmp_path) not in text


def test_without_yunet_s_file_nothing_is_written(
    close_ups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_YUNET", str(tmp_path / "nowhere.onnx"))
    with pytest.raises(ModelError, match="not installed"):
        pseudo_boxes(close_ups, tmp_path / "boxes.json", "command")
    assert not (tmp_path / "boxes.json").exists()
