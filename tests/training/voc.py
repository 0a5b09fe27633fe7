"""Annotations in the format of Pascal VOC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def voc(faces: Iterable[tuple[str, tuple[Any, Any, Any, Any]]]) -> str:
    """The text of a file: of each face the name of its class and its box, pixels."""
    objects = "".join(
        f"<object><name>{label}</name><pose>Unspecified</pose><bndbox><xmin>{x0}</xmin>"
        f"<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for label, (x0, y0, x1, y1) in faces
    )
    return f"<annotation>{objects}</annotation>"
