"""The Training page's section on photos alone, and what its tests do with it."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskcore import Detections
from maskcore.types import ImageRgb
from tests.ui.files import packed
from tests.ui.pages import button, press

COUNT = 21  # photos of a class


def section() -> None:
    """A page that is this section alone, and says what it got.

    First it marks photos, as the Metrics page would, if the test names some.
    """
    import streamlit as st

    from ui.metrics.corrections import Marks
    from ui.training.training_data import show_data_section

    data, marks = st.session_state.get("marks", ("", ()))
    for path, label, mark, content in marks:
        Marks.of_session(data).mark(path, label, mark, content)
    choice = show_data_section()
    st.session_state.choice = choice
    photos = {} if choice is None else st.session_state.training_look.report.photos
    st.markdown(f"got {sum(photos.values()) or 'nothing'}")


def photo(number: int, masked: bool) -> bytes:
    rng = np.random.default_rng((number, masked))
    grain = rng.uniform(0, 255, (6, 6, 3)).astype(np.float32)
    pixels = cv2.resize(grain, (64, 64), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


class FaceFinder:
    """Finds one face in the middle of every picture but black ones."""

    def detect(self, image_rgb: ImageRgb) -> Detections:
        if not image_rgb.any():
            return Detections.empty()
        height, width = image_rgb.shape[:2]
        box = [width * 0.25, height * 0.25, width * 0.75, height * 0.75]
        return Detections(np.array([box], np.float32), np.ones(1, np.float32))


def disabled(page: AppTest, label: str) -> bool:
    return bool(button(page, label).disabled)


def go(page: AppTest, way: str) -> AppTest:
    return page.segmented_control(key="training_way").set_value(way).run()


def uploaded(page: AppTest, data: bytes, name: str = "Our photos.zip") -> AppTest:
    return page.file_uploader[0].upload(name, data, "application/zip").run()


def use_archive(page: AppTest, files: dict[str, bytes]) -> None:
    """Bring an archive, say that the first of its folders shows bare faces, and take it."""
    uploaded(page, packed(files))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")


def use_folder(page: AppTest, root: Path) -> None:
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    press(page, "Use these photos")


def got(page: AppTest) -> str:
    (line,) = [m.value for m in page.markdown if m.value.startswith("got ")]
    assert not page.exception
    return str(line)


def counts(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def on_disk(root: Path, photos: dict[str, bytes], names: dict[str, str]) -> Path:
    for name, content in photos.items():
        _, folder, file = name.split("/")
        (root / names[folder]).mkdir(parents=True, exist_ok=True)
        (root / names[folder] / file).write_bytes(content)
    return root
