"""One of a visitor's photos: what was found in it, and its pictures for page and files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from threading import Lock

from maskcore import Analysis, MaskPipeline, encode_image, read_image
from maskcore.drawing import blur_faces, draw_faces
from maskcore.images import JPEG_MAX_SIDE
from maskcore.resizing import reduced
from maskcore.types import Face, ImageRgb
from ui.choices import Choice
from ui.photos.preview import blurred, preview_side, thumbnail

# Thumbnails held of a photo: of so many faces, found by so many detectors and models. Others are
# made anew when they are shown.
THUMBNAILS_HELD, WAYS_HELD = 100, 2


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
        thumbnails: for the last of them, the first faces as data URLs.
        packing: held while photos of the session are packed; it is the same for all.
    """

    number: int
    name: str
    content: bytes
    digest: bytes = b""
    preview: bytes = b""
    size_wh: tuple[int, int] = (0, 0)
    analyses: dict[Choice, Analysis] = field(default_factory=dict)
    thumbnails: dict[Choice, list[str]] = field(default_factory=dict)
    packing: Lock = field(default_factory=Lock, repr=False, compare=False)
    _drawn: tuple[tuple[Analysis, bool] | None, bytes] = (None, b"")
    _blurred: tuple[list[Analysis] | None, bytes] = (None, b"")

    @property
    def held_bytes(self) -> int:
        """How much of the session's room it takes up."""
        faces = sum(len(face) for held in self.thumbnails.values() for face in held)
        # A preview is there as it came and, once shown, labelled.
        return len(self.content) + 2 * len(self.preview) + faces

    def look(self, choice: Choice, pipeline: MaskPipeline) -> None:
        """Find and judge the faces.

        Raises:
            ImageError: the file cannot be read as a photo.
        """
        image = read_image(self.content)
        analysis = pipeline.analyze(image)
        self.preview = self.preview or encode_image(reduced(image, preview_side(image)))
        self.size_wh = analysis.size_wh
        self.analyses[choice] = analysis
        self._hold_thumbnails(choice, image)

    def _hold_thumbnails(self, choice: Choice, image_rgb: ImageRgb) -> None:
        faces = self.analyses[choice].faces[:THUMBNAILS_HELD]
        self.thumbnails.pop(choice, None)  # so that it becomes the last
        self.thumbnails[choice] = [thumbnail(image_rgb, face.box_xyxy) for face in faces]
        while len(self.thumbnails) > WAYS_HELD:
            del self.thumbnails[next(iter(self.thumbnails))]

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
            self._drawn = (drawn, encode_image(draw_faces(image, faces, blur=blur)))
        return self._drawn[1]

    def unlabelled_preview(self, blur: bool) -> bytes:
        """The preview without boxes, a JPEG; blurred are the faces found in whatever way."""
        if not blur:
            return self.preview
        known = list(self.analyses.values())
        if self._blurred[0] != known:
            image = read_image(self.preview)
            faces = [face for held in known for face in self._on_preview(held, image)]
            height, width = image.shape[:2]
            # Where nothing is known any longer, there may be a face anywhere.
            boxes = [face.box_xyxy for face in faces] if known else [(0, 0, width, height)]
            self._blurred = known, encode_image(blur_faces(image, boxes))
        return self._blurred[1]

    def _on_preview(self, analysis: Analysis, preview_rgb: ImageRgb) -> list[Face]:
        factor = preview_rgb.shape[1] / analysis.size_wh[0]
        return [
            replace(face, box_xyxy=tuple(edge * factor for edge in face.box_xyxy))
            for face in analysis.faces
        ]

    def annotated(self, analysis: Analysis, blur: bool) -> bytes:
        """The whole photo with boxes and labels, a JPEG; its faces blurred if asked for."""
        return self.annotated_within(analysis, blur, math.inf)[0]

    def annotated_within(
        self, analysis: Analysis, blur: bool, most_bytes: float
    ) -> tuple[bytes, bool]:
        """The same with less detail where it would be larger, and whether it is.

        Args:
            analysis: what was found in the photo.
            blur: whether faces are made unrecognisable.
            most_bytes: of the JPEG; that of least detail may have more.
        """
        drawn = draw_faces(read_image(self.content), analysis.faces, blur=blur)
        jpeg, has_less = encode_image(reduced(drawn, JPEG_MAX_SIDE)), False
        for side in (JPEG_MAX_SIDE, 2560, 1024):
            if len(jpeg) <= most_bytes:
                break
            jpeg, has_less = encode_image(reduced(drawn, side), quality=75), True
        return jpeg, has_less

    def faces_shown(self, choice: Choice, blur: bool) -> list[str]:
        """The thumbnails of the faces found this way as data URLs, blurred if asked for."""
        if choice not in self.thumbnails:  # others were looked at since
            self._hold_thumbnails(choice, read_image(self.content))
        faces = list(self.thumbnails[choice])
        analysis = self.analyses[choice]
        if len(analysis.faces) > len(faces):  # so many are small and soon cut out
            preview = read_image(self.preview)
            more = self._on_preview(analysis, preview)[len(faces) :]
            faces += [thumbnail(preview, face.box_xyxy) for face in more]
        return [blurred(face) for face in faces] if blur else faces


Results = list[tuple[Photo, Analysis]]
