"""A visitor's photos and what was found in them, kept in their session's memory alone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import PurePath
from typing import Any

import cv2
import streamlit as st

from maskcore import Analysis, ImageError, MaskPipeline, encode_image, read_image
from maskcore.classification.preprocess import crop_square, resize
from maskcore.drawing import blur_faces, draw_faces
from maskcore.records import for_spreadsheets, photo_record, records_csv
from maskcore.types import Face, ImageRgb

# What one session may hold: a server shares its memory among all visitors.
MAX_PHOTOS = 300
MAX_SESSION_BYTES = 400 * 2**20
PREVIEW_SIDE = 1280
# Of a panorama more is kept, or faces in it could not be made out.
PANORAMA_HEIGHT, PANORAMA_SIDE = 480, 6400
JPEG_MAX_SIDE = 65_500  # the format allows no more
THUMBNAIL_SIDE = 96
_DATA_URL = "data:image/jpeg;base64,"

Choice = tuple[str, str]  # detector and model
Problems = list[tuple[str, str]]  # file name and sentence


@dataclass
class Photo:
    """One photo of the session.

    Attributes:
        number: unique in the session.
        name: the file's name.
        content: the file as it came.
        digest: of the content, by which the same file is known again.
        preview: a JPEG for the page, see ``preview_side``, once the photo has been read.
        size_wh: width and height in pixels, once it has been read.
        analyses: what each detector and model found.
        thumbnails: for each of them, the faces as data URLs.
    """

    number: int
    name: str
    content: bytes
    digest: bytes = b""
    preview: bytes = b""
    size_wh: tuple[int, int] = (0, 0)
    analyses: dict[Choice, Analysis] = field(default_factory=dict)
    thumbnails: dict[Choice, list[str]] = field(default_factory=dict)
    _drawn: tuple[tuple[Analysis, bool] | None, bytes] = (None, b"")

    def look(self, choice: Choice, pipeline: MaskPipeline) -> None:
        """Find and judge the faces.

        Raises:
            ImageError: the file cannot be read as a photo.
        """
        image = read_image(self.content)
        analysis = pipeline.analyze(image)
        self.preview = self.preview or encode_image(reduced(image, preview_side(image)))
        self.size_wh = analysis.size_wh
        self.thumbnails[choice] = [_thumbnail(image, face) for face in analysis.faces]
        self.analyses[choice] = analysis

    def annotated_preview(self, analysis: Analysis, blur: bool) -> bytes:
        """The preview with boxes and labels, a JPEG; drawn anew only when a verdict changes.

        Args:
            analysis: what was found in the photo.
            blur: whether faces are made unrecognisable.
        """
        drawn = replace(analysis, threshold=0.0), blur
        if self._drawn[0] != drawn:
            image = read_image(self.preview)
            faces = self._on_preview(analysis, image)
            self._drawn = (drawn, encode_image(_labelled(image, faces, blur)))
        return self._drawn[1]

    def unlabelled_preview(self, blur: bool) -> bytes:
        """The preview without boxes, a JPEG; blurred are the faces found in whatever way."""
        if not blur:
            return self.preview
        image = read_image(self.preview)
        faces = [face for held in self.analyses.values() for face in self._on_preview(held, image)]
        height, width = image.shape[:2]
        # Where nothing is known any longer, there may be a face anywhere.
        boxes = [face.box_xyxy for face in faces] if self.analyses else [(0, 0, width, height)]
        return encode_image(blur_faces(image, boxes))

    def _on_preview(self, analysis: Analysis, preview_rgb: ImageRgb) -> list[Face]:
        factor = preview_rgb.shape[1] / analysis.size_wh[0]
        return [
            replace(face, box_xyxy=tuple(edge * factor for edge in face.box_xyxy))
            for face in analysis.faces
        ]

    def annotated(self, analysis: Analysis, blur: bool) -> bytes:
        """The whole photo with boxes and labels, a JPEG; its faces blurred if asked for."""
        drawn = _labelled(read_image(self.content), analysis.faces, blur)
        return encode_image(reduced(drawn, JPEG_MAX_SIDE))

    def faces_shown(self, choice: Choice, blur: bool) -> list[str]:
        """The thumbnails of the faces found this way as data URLs, blurred if asked for."""
        faces = self.thumbnails[choice]
        return [_blurred(face) for face in faces] if blur else faces


Results = list[tuple[Photo, Analysis]]


@dataclass
class Gallery:
    """The photos of one session, in the order they came.

    Attributes:
        photos: what can be or has been looked at.
        problems: what was refused, until dismissed.
        doubles: name and digest of files that were here already, until dismissed.
        stopped: the choice with which the visitor stopped the looking, until it goes on.
        looking: whether photos are being looked at just now.
        shot: the photo that the camera took last.
        left: how many could not be read since all had last been looked at.
    """

    photos: list[Photo] = field(default_factory=list)
    problems: Problems = field(default_factory=list)
    doubles: list[tuple[str, bytes]] = field(default_factory=list)
    stopped: Choice | None = None
    looking: bool = False
    shot: Photo | None = None
    left: int = 0
    _numbers: count[int] = field(default_factory=count)
    _installations: dict[Choice, str] = field(default_factory=dict)

    @staticmethod
    def of_session() -> Gallery:
        """This visitor's gallery."""
        gallery: Gallery = st.session_state.setdefault("gallery", Gallery())
        return gallery

    def add(self, name: str, content: bytes, is_shot: bool = False) -> Photo | None:
        """Take in a file: one too many is refused with a sentence, one held already is counted.

        Args:
            name: the file's.
            content: the file as it came.
            is_shot: whether the camera took it, which is new however much it is like another.
        """
        digest = hashlib.sha256(content).digest()
        if not is_shot and any(photo.digest == digest for photo in self.photos):
            self.doubles.append((name, digest))
            return None
        # A preview is there as it came and, once shown, labelled.
        held = sum(len(photo.content) + 2 * len(photo.preview) for photo in self.photos)
        if len(self.photos) >= MAX_PHOTOS or held + len(content) > MAX_SESSION_BYTES:
            self.problems.append((name, _no_room()))
            return None
        photo = Photo(next(self._numbers), name, content, digest)
        self.photos.append(photo)
        self.stopped = None
        return photo

    def waiting(self, choice: Choice, installation: str) -> list[Photo]:
        """The photos not yet looked at this way.

        Args:
            choice: detector and model by name.
            installation: changes when one of them is installed anew under its name; what
                the former one saw is then forgotten.
        """
        if self._installations.get(choice, installation) != installation:
            for photo in self.photos:
                photo.analyses.pop(choice, None)
        self._installations[choice] = installation
        return [photo for photo in self.photos if choice not in photo.analyses]

    def look_at(self, photo: Photo, choice: Choice, pipeline: MaskPipeline) -> None:
        """Look at a photo; one that cannot be read leaves with a sentence."""
        try:
            photo.look(choice, pipeline)
        except ImageError as error:
            self._drop(photo)
            self.left += 1
            self.problems.append((photo.name, str(error)))
            # Its doubles are broken as well, and so not here after all.
            doubles = [double for double in self.doubles if double[1] == photo.digest]
            self.problems += [(name, str(error)) for name, _ in doubles]
            self.doubles = [double for double in self.doubles if double not in doubles]

    def go_on(self) -> None:
        """Look at the rest, after all."""
        self.stopped = None

    def remove(self, photo: Photo) -> None:
        """Forget one photo; asked twice, as by a double click, once is enough."""
        self._drop(photo)
        if all(held.analyses for held in self.photos):
            self.left = 0
        # Now there is room.
        self.problems = [problem for problem in self.problems if problem[1] != _no_room()]

    def _drop(self, photo: Photo) -> None:
        self.photos = [held for held in self.photos if held is not photo]
        self.shot = None if self.shot is photo else self.shot

    def dismiss(self, names: Container[str] | None = None) -> None:
        """Forget what was said of files that were here, and of refused ones, of these or of all."""
        self.doubles = []
        kept = [] if names is None else [p for p in self.problems if p[0] not in names]
        self.problems = kept

    def clear(self) -> None:
        """Forget everything."""
        self.photos.clear()
        self.shot, self.left = None, 0
        self.dismiss()

    def results(self, choice: Choice, threshold: float) -> Results:
        """Every photo with its faces as judged by ``threshold``, 0..1."""
        return [
            (photo, photo.analyses[choice].relabelled(threshold))
            for photo in self.photos
            if choice in photo.analyses
        ]


def _no_room() -> str:
    limit = f"{MAX_PHOTOS} photos or {MAX_SESSION_BYTES // 2**20} MB"
    return (
        f"There is room for {limit} at a time. Remove some photos first, or have a whole folder"
        " looked at on your computer: `python -m maskcore detect FOLDER`."
    )


def _records(results: Results, problems: Problems) -> list[dict[str, Any]]:
    found = [photo_record(p.name, a, annotated=annotated_name(p)) for p, a in results]
    return found + [photo_record(name, None, problem) for name, problem in problems]


def results_json(results: Results, problems: Problems) -> str:
    """JSON lines, one a photo or refused file, as the command line writes them."""
    records = _records(results, problems)
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def results_csv(results: Results, problems: Problems) -> bytes:
    """A table for spreadsheets: one row a face or refused file, as the command line writes it."""
    return for_spreadsheets(records_csv(_records(results, problems)).encode())


def results_zip(results: Results, problems: Problems, blur: bool = False) -> bytes:
    """The annotated photos, their faces blurred if asked for, with both tables, as a ZIP file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # JPEGs do not get smaller by packing
        for photo, analysis in results:
            archive.writestr(annotated_name(photo), photo.annotated(analysis, blur))
        archive.writestr("faces.csv", results_csv(results, problems))
        archive.writestr("faces.jsonl", results_json(results, problems))
    return stream.getvalue()


def annotated_name(photo: Photo) -> str:
    """A name for the annotated copy, unique in the session and good for every system's files."""
    stem = PurePath(photo.name.replace("\\", "/")).stem
    # Windows takes none of these, and would leave the file in its ZIP.
    stem = re.sub(r'[<>:"|?*\x00-\x1f\x7f]', "_", stem)[:80] or "photo"
    return f"{photo.number + 1:03d}-{stem}-masklens.jpg"


def preview_side(image_rgb: ImageRgb) -> int:
    """How many pixels an image's longer side may have on the page.

    ``PREVIEW_SIDE``; of a panorama so many that its shorter side has ``PANORAMA_HEIGHT``, though
    no more than ``PANORAMA_SIDE``.
    """
    shorter, longer = sorted(image_rgb.shape[:2])
    return min(max(PREVIEW_SIDE, PANORAMA_HEIGHT * longer // shorter), PANORAMA_SIDE)


def reduced(image_rgb: ImageRgb, longest_side: int) -> ImageRgb:
    """An image whose longer side is at most so many pixels, uint8 (H, W, 3)."""
    height, width = image_rgb.shape[:2]
    if max(height, width) <= longest_side:
        return image_rgb
    factor = longest_side / max(height, width)
    size_wh = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA)


def _labelled(image_rgb: ImageRgb, faces: Sequence[Face], blur: bool) -> ImageRgb:
    if blur:
        image_rgb = blur_faces(image_rgb, [face.box_xyxy for face in faces])
    return draw_faces(image_rgb, faces)


def _thumbnail(image_rgb: ImageRgb, face: Face) -> str:
    return _data_url(resize(crop_square(image_rgb, face.box_xyxy, margin=0.1), THUMBNAIL_SIDE))


def _blurred(thumbnail: str) -> str:
    image = read_image(base64.b64decode(thumbnail.removeprefix(_DATA_URL)))
    height, width = image.shape[:2]
    # All of it: beside the face there may be another.
    return _data_url(blur_faces(image, [(0, 0, width, height)]))


def _data_url(image_rgb: ImageRgb) -> str:
    return jpeg_url(encode_image(image_rgb, quality=85))


def jpeg_url(jpeg: bytes) -> str:
    """An address that holds a JPEG."""
    return _DATA_URL + base64.b64encode(jpeg).decode()
