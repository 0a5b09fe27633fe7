from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore import MaskPipeline, read_image
from maskcore.types import Face, ImageRgb, NotSure
from tests.ui.photos.galleries import CHOICE, OTHER
from ui.photos import photo as module
from ui.photos.export import annotated_name, results_zip
from ui.photos.gallery import Gallery
from ui.photos.photo import Photo
from ui.photos.preview import PREVIEW_SIDE, THUMBNAIL_SIDE

PhotoFile = Callable[..., bytes]


def test_thumbnails_show_each_face(looked: Gallery) -> None:
    two, one, none = (photo.thumbnails[CHOICE] for photo in looked.photos)
    assert (len(two), len(one), len(none)) == (2, 1, 0)
    head, _, body = two[0].partition(",")
    assert head == "data:image/jpeg;base64"
    assert read_image(base64.b64decode(body)).shape == (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)


def test_thumbnails_of_the_last_ways_are_held_and_others_made_anew(
    looked: Gallery, fake_pipeline: MaskPipeline
) -> None:
    photo = looked.photos[0]
    before = photo.faces_shown(CHOICE, blur=False)
    ways = [("haar", f"model {number}") for number in range(4)]
    for way in ways:
        photo.look(way, fake_pipeline)
    assert list(photo.thumbnails) == ways[-module.WAYS_HELD :]
    assert photo.faces_shown(CHOICE, blur=False) == before
    assert list(photo.thumbnails) == [ways[-1], CHOICE]
    assert len(photo.analyses) == 5


def test_of_many_faces_the_first_thumbnails_are_held_and_all_are_shown(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = Photo(0, "three.png", photo_file(400))
    photo.look(CHOICE, fake_pipeline)
    before = photo.faces_shown(CHOICE, blur=False)
    monkeypatch.setattr(module, "THUMBNAILS_HELD", 1)
    photo.look(CHOICE, fake_pipeline)
    assert photo.thumbnails[CHOICE] == before[:1]
    for blur in (False, True):
        shown = photo.faces_shown(CHOICE, blur)
        assert len(shown) == len(before) == 3
        assert photo.thumbnails[CHOICE] == before[:1]
    for face, expected in zip(photo.faces_shown(CHOICE, blur=False), before, strict=True):
        pixels, wanted = (
            read_image(base64.b64decode(url.partition(",")[2])).astype(int)
            for url in (face, expected)
        )
        assert np.abs(pixels - wanted).mean() < 5


# --- previews


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], list[Face]]]:
    """Shape and faces of everything drawn."""
    calls = []
    draw_faces = module.draw_faces

    def draw(image_rgb: ImageRgb, faces: Any, blur: bool) -> ImageRgb:
        calls.append((image_rgb.shape, list(faces)))
        return draw_faces(image_rgb, faces, blur=blur)

    monkeypatch.setattr(module, "draw_faces", draw)
    return calls


def test_preview_is_drawn_anew_only_when_a_label_changes(looked: Gallery, drawn: Any) -> None:
    photo, previews = looked.photos[0], {}  # faces at 0.9 and 0.2
    steps = ((0.5, 1), (0.5, 1), (0.6, 1), (0.85, 1), (0.95, 2), (0.99, 2), (0.15, 3), (0.5, 4))
    for threshold, times in steps:
        analysis = photo.analyses[CHOICE].relabelled(threshold)
        previews[threshold] = photo.annotated_preview(analysis, blur=False)
        assert len(drawn) == times
        labels = ["Mask" if p >= threshold else "No Mask" for p in (0.9, 0.2)]
        assert [face.label for face in drawn[-1][1]] == labels
    assert previews[0.5] == previews[0.6] != previews[0.95]


def test_preview_is_drawn_anew_when_a_face_becomes_unsure_and_keeps_its_label(
    photo_file: PhotoFile, fake: Any, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    fake.not_sure = NotSure(margin=1.0)
    photo = Photo(0, "two.png", photo_file(200))
    photo.look(CHOICE, fake_pipeline)
    previews = []
    for threshold, times, verdicts in (
        (0.5, 1, ["Mask", "No Mask"]),
        (0.6, 1, ["Mask", "No Mask"]),
        (0.85, 2, ["Not sure", "No Mask"]),  # log odds of 0.9 and 0.85: 2.2 and 1.7
        (0.5, 3, ["Mask", "No Mask"]),
    ):
        previews.append(
            photo.annotated_preview(photo.analyses[CHOICE].relabelled(threshold), blur=False)
        )
        assert len(drawn) == times
        assert [face.verdict for face in drawn[-1][1]] == verdicts
        assert [face.label for face in drawn[-1][1]] == ["Mask", "No Mask"]
    assert previews[0] == previews[1] == previews[3] != previews[2]


def test_a_preview_smaller_than_its_photo_does_not_make_a_face_too_small(
    photo_file: PhotoFile, fake: Any, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    fake.not_sure = NotSure(smallest_side=30)
    photo = Photo(0, "large.png", photo_file(2560, 1800))
    photo.look(CHOICE, fake_pipeline)
    photo.annotated_preview(photo.analyses[CHOICE], blur=False)
    ((_, (face,)),) = drawn
    assert face.longer_side == pytest.approx(20)
    assert face.verdict == "Mask"


def test_preview_of_another_choice_is_drawn(
    looked: Gallery, drawn: Any, fake_pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = looked.photos[0]
    photo.annotated_preview(photo.analyses[CHOICE], blur=False)
    found = fake_pipeline.detector.mask_probabilities  # type: ignore[attr-defined]
    monkeypatch.setattr(
        fake_pipeline.classifier, "mask_probabilities", lambda i, b: 0.9 * found(i, b)
    )
    photo.look(OTHER, fake_pipeline)
    photo.annotated_preview(photo.analyses[OTHER], blur=False)
    assert len(drawn) == 2


def test_a_large_photo_is_previewed_small_with_its_boxes_scaled(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    photo = Photo(0, "large.png", photo_file(2560, 1800))
    photo.look(CHOICE, fake_pipeline)
    analysis = photo.analyses[CHOICE]
    preview = read_image(photo.annotated_preview(analysis, blur=False))
    assert preview.shape == (900, PREVIEW_SIDE, 3)
    assert drawn[0][1][0].box_xyxy == pytest.approx((0, 5, 20, 25))
    assert read_image(photo.annotated(analysis, blur=False)).shape == (1800, 2560, 3)
    assert drawn[1][1][0].box_xyxy == pytest.approx((0, 10, 40, 50))


@pytest.mark.parametrize(
    ("size_wh", "expected"),
    [
        ((2560, 1800), (1280, 900)),
        ((1800, 2560), (900, 1280)),
        ((4000, 1500), (1280, 480)),
        ((8000, 600), (6400, 480)),
        ((600, 8000), (480, 6400)),
        ((4000, 1000), (1920, 480)),
        ((9000, 300), (6400, 213)),  # at most so long
        ((2000, 100), (2000, 100)),  # not enlarged
    ],
    ids=str,
)
def test_of_a_panorama_the_preview_keeps_what_faces_need(
    photo_file: PhotoFile,
    fake_pipeline: MaskPipeline,
    size_wh: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    photo = Photo(0, "a.png", photo_file(*size_wh))
    photo.look(CHOICE, fake_pipeline)
    assert read_image(photo.preview).shape[1::-1] == expected


def test_a_small_photo_is_not_enlarged_and_shows_the_boxes(looked: Gallery) -> None:
    photo = looked.photos[0]
    plain = read_image(photo.preview)
    annotated = read_image(photo.annotated_preview(photo.analyses[CHOICE], blur=False))
    assert plain.shape == annotated.shape == (120, 200, 3)
    change = np.abs(plain.astype(int) - annotated).max(axis=2)
    assert change[8:54, 0:105].max() > 60
    assert change[60:, 120:].max() < 30


# --- blurred faces


@pytest.fixture
def noisy(fake_pipeline: MaskPipeline) -> Photo:
    """A photo of noise, twice as wide as its preview; its face is at (0, 10, 40, 50)."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (1000, 2560, 3), np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    photo = Photo(0, "noise.png", stream.getvalue())
    photo.look(CHOICE, fake_pipeline)
    return photo


def detail(image_rgb: ImageRgb) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(image_rgb.astype(int), axis=1)).mean())


def test_blurred_faces_leave_the_photo_in_no_form(noisy: Photo) -> None:
    analysis = noisy.analyses[CHOICE]
    with zipfile.ZipFile(io.BytesIO(results_zip([(noisy, analysis)], [], blur=True))) as archive:
        packed = archive.read(annotated_name(noisy))
    assert packed == noisy.annotated(analysis, blur=True)
    for jpeg, plain, scale in (
        (packed, noisy.annotated(analysis, blur=False), 1),
        (
            noisy.annotated_preview(analysis, blur=True),
            noisy.annotated_preview(analysis, blur=False),
            2,
        ),
        (noisy.unlabelled_preview(blur=True), noisy.unlabelled_preview(blur=False), 2),
    ):
        # Inside the box, whose lines are sharp, and far from its label.
        face = np.s_[24 // scale : 36 // scale, 16 // scale : 30 // scale]
        blurred, sharp = read_image(jpeg), read_image(plain)
        assert detail(blurred[face]) < detail(sharp[face]) / 2
        rest = np.s_[80 // scale :, 400 // scale :]
        assert detail(blurred[rest]) > detail(sharp[rest]) * 0.9
    (shown,), (hidden,) = (
        noisy.faces_shown(CHOICE, blur=False),
        noisy.faces_shown(CHOICE, blur=True),
    )
    sharp, blurred = (
        read_image(base64.b64decode(url.partition(",")[2])) for url in (shown, hidden)
    )
    assert blurred.shape == sharp.shape
    assert detail(blurred) < detail(sharp) / 2


def test_blurring_goes_as_it_came(noisy: Photo, drawn: Any) -> None:
    analysis = noisy.analyses[CHOICE]
    sharp = noisy.annotated_preview(analysis, blur=False)
    blurred = noisy.annotated_preview(analysis, blur=True)
    assert noisy.annotated_preview(analysis, blur=True) == blurred != sharp
    assert noisy.annotated_preview(analysis, blur=False) == sharp
    assert len(drawn) == 3


def test_where_faces_are_not_known_all_of_a_photo_is_blurred(noisy: Photo) -> None:
    noisy.analyses.clear()
    whole = read_image(noisy.unlabelled_preview(blur=True))
    assert detail(whole) < detail(read_image(noisy.preview)) / 4
