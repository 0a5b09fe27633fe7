"""Annotated scenes: photos with a box and a class for every face."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from maskcore.errors import ImageError, MasklensError
from maskcore.files import in_order
from maskcore.images import IMAGE_SUFFIXES, read_image
from maskcore.types import Box, longer_side
from training.photos.class_names import KNOWN, face_label
from training.photos.yolo_names import class_names

# Longer side in pixels of the smallest face that calibration and a visitor's own photos ask about.
SMALLEST_MEASURED = 32.0
# Of all photos together: a few kilobytes of an archive can hold a hundred thousand boxes.
MOST_FACES = 500_000


@dataclass(frozen=True)
class SceneFace:
    """One annotated face: its box in pixels and 1 (mask), 0 (no mask) or None (neither)."""

    box_xyxy: Box
    label: int | None

    @property
    def longer_side(self) -> float:
        """Pixels."""
        return longer_side(self.box_xyxy)


@dataclass(frozen=True)
class Scene:
    """One annotated photo."""

    image_path: Path
    faces: tuple[SceneFace, ...]

    def faces_from(self, min_side: float) -> list[tuple[int, Box, int]]:
        """The faces of one class, but for those whose longer side is below so many pixels.

        Returns:
            Of each its number among all of the photo's, from 1, its box in pixels, and 1 (mask)
            or 0 (no mask).
        """
        return [
            (number, face.box_xyxy, face.label)
            for number, face in enumerate(self.faces, 1)
            if face.label is not None and face.longer_side >= min_side
        ]


def read_scenes(root: Path) -> list[Scene]:
    """Read annotated photos: ``root/images`` and beside it, under the same file names,

    - Pascal VOC: ``root/annotations/*.xml``, and
    - YOLO: ``root/labels/*.txt`` (class number, centre x and y, width and height as
      shares of the photo's) and ``root/classes.txt`` with the classes' names in order, or
      ``root/data.yaml``; see ``training.photos.yolo_names``.

    Of a photo that has both, Pascal VOC's is read. A class may have any name that
    ``training.photos.class_names.face_label`` knows.

    Returns:
        Scenes, sorted by name, those of Pascal VOC before those of YOLO.

    Raises:
        MasklensError: no annotations, an unknown class, a photo missing, or more than
            ``MOST_FACES`` faces.
    """
    voc = in_order((root / "annotations").glob("*.xml"))
    passed_over = {path.stem for path in voc} | {"classes"}
    labels = in_order((root / "labels").glob("*.txt"))
    yolo = [path for path in labels if path.stem not in passed_over]
    if not voc and not yolo:
        raise MasklensError(
            "No annotations were found: the folder must hold annotations/*.xml (Pascal VOC) or"
            " labels/*.txt and classes.txt or data.yaml (YOLO)."
        )
    # Some programs write their labels beside the photos.
    images = {
        path.stem: path
        for path in in_order((root / "images").glob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    }
    classes = class_names(root) if yolo else []
    scenes = []
    room = MOST_FACES
    for path in [*voc, *yolo]:
        is_voc = path.suffix.lower() == ".xml"
        if path.stem not in images:
            raise MasklensError(f"images/ has no photo for {path.parent.name}/{path.name}.")
        try:
            found = _voc_faces(path) if is_voc else _yolo_faces(path, classes, images[path.stem])
            faces = tuple(islice(found, room + 1))
        except (
            ET.ParseError,
            expat.ExpatError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            # A KeyError is a class that is not known; its name may be long or of several lines.
            named = str(error.args[0]) if isinstance(error, KeyError) else ""
            got = f'; its class "{" ".join(named.split())[:60]}" is not known' if named else ""
            raise MasklensError(
                f"{path.parent.name}/{path.name} is not a {'Pascal VOC' if is_voc else 'YOLO'} file"
                f" with the classes {KNOWN}{got}."
            ) from error
        room -= len(faces)
        if room < 0:
            raise MasklensError(
                f"More than {MOST_FACES:,} faces are annotated here. Take fewer photos at a time."
            )
        scenes.append(Scene(images[path.stem], faces))
    return scenes


def _voc_faces(path: Path) -> Iterator[SceneFace]:
    content = path.read_bytes()
    # Entities that name one another by the thousand overflow the parser's stack, which ends the
    # process. They are declared in a document type, which annotations have no use for.
    checked = expat.ParserCreate()
    checked.StartDoctypeDeclHandler = _refuse_document_type
    checked.Parse(content, True)
    for obj in ET.fromstring(content).iter("object"):
        bounds = obj.find("bndbox")
        x0, y0, x1, y1 = (float(bounds.find(k).text) for k in ("xmin", "ymin", "xmax", "ymax"))  # type: ignore[union-attr,arg-type]
        yield SceneFace((x0, y0, x1, y1), face_label(obj.find("name").text))  # type: ignore[union-attr,arg-type]


def _refuse_document_type(*_: object) -> NoReturn:
    raise ValueError("annotations must have no document type")


def _yolo_faces(path: Path, classes: list[str], image_path: Path) -> Iterator[SceneFace]:
    try:
        height, width = read_image(image_path).shape[:2]
    except ImageError:  # shares of nothing: whoever looks at the photo says what is wrong
        return
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.strip():
            number, x, y, w, h = line.split()
            if int(number) < 0:  # Python would count from the end
                raise ValueError(f"class number must be 0 or more, got {number}")
            box = (
                (float(x) - float(w) / 2) * width,
                (float(y) - float(h) / 2) * height,
                (float(x) + float(w) / 2) * width,
                (float(y) + float(h) / 2) * height,
            )
            yield SceneFace(box, face_label(classes[int(number)]))
