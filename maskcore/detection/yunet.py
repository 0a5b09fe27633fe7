"""YuNet (Wu, Peng and Yu, Machine Intelligence Research 2023), run by OpenCV.

Its file is not part of this repository. It is fetched once, on request, from its
public home, or pointed to by ``$MASKLENS_YUNET``; never fetched silently.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pooch
import requests

from maskcore.detection.scaling import detect_at_sizes
from maskcore.errors import MasklensError, ModelError
from maskcore.models import models_dir
from maskcore.pool import Pool
from maskcore.types import Detections, ImageRgb

FILE_NAME = "face_detection_yunet_2026may.onnx"
SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
SIZE_BYTES = 229_738
URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/"
    f"models/face_detection_yunet/{FILE_NAME}"
)
# So long the server may take to answer.
_ANSWER_SECONDS = 30.0
FETCH_COMMAND = "python -m maskcore fetch yunet"


def yunet_path() -> Path:
    """Where YuNet's file is looked for: ``$MASKLENS_YUNET``, else beside the installed models."""
    setting = os.environ.get("MASKLENS_YUNET")
    return Path(setting) if setting else models_dir() / "yunet" / FILE_NAME


def yunet_available() -> bool:
    """Whether the file is there (its content is checked on loading)."""
    return yunet_path().is_file()


def fetch_yunet() -> Path:
    """Download YuNet's file (230 kB) to ``yunet_path`` and check it.

    Returns:
        The file's path. Nothing is left behind when the fetch fails.

    Raises:
        MasklensError: no connection, no such file there, or other content than expected.
    """
    path = yunet_path()
    try:
        pooch.retrieve(
            URL,
            known_hash=f"sha256:{SHA256}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(timeout=_ANSWER_SECONDS),
            processor=_make_readable,
        )
    except requests.RequestException as error:
        raise MasklensError(
            "YuNet could not be fetched: its server did not answer as expected."
            " Check the internet connection and try again."
        ) from error
    except ValueError as error:
        raise MasklensError(
            "YuNet was not installed: what arrived is not the expected file (its SHA-256 differs)."
        ) from error
    except OSError as error:
        raise MasklensError(
            f"YuNet could not be saved in the folder {path.parent.name}."
        ) from error
    return path


def _make_readable(path: str, action: str, _: Any) -> str:
    # pooch leaves a download private to whoever fetched it; a server may run as another.
    if action != "fetch":  # its word for a file that was there already
        os.chmod(path, 0o644)
    return path


class YuNetDetector:
    """Faces at many angles, masked ones included."""

    def __init__(
        self, score_threshold: float = 0.7, longest_sides: tuple[int, ...] = (1280, 320)
    ) -> None:
        """Load the file at ``yunet_path`` and check it.

        Args:
            score_threshold: faces below this score, 0..1, are left out.
            longest_sides: working sizes in pixels. YuNet was trained on faces of 10 to
                300 pixels, so a face that fills a large photo is only found in a small
                copy of it.

        Raises:
            ModelError: the file is missing or is not the known one.
        """
        path = yunet_path()
        try:
            content = path.read_bytes()
        except OSError as error:
            setting = os.environ.get("MASKLENS_YUNET")
            mend = "Correct $MASKLENS_YUNET" if setting else f"Fetch it with: {FETCH_COMMAND}"
            raise ModelError(f"YuNet's file {path.name} is not installed. {mend}") from error
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise ModelError(
                f"YuNet's file {path.name} is damaged or of another version."
                f" Delete it and run: {FETCH_COMMAND}"
            )
        buffer = np.frombuffer(content, np.uint8)

        def make() -> Any:
            return cv2.FaceDetectorYN.create(
                "onnx", buffer, np.empty(0, np.uint8), (320, 320), score_threshold
            )

        self._detectors = Pool(make, size=4)
        self._longest_sides = longest_sides

    def detect(self, image_rgb: ImageRgb) -> Detections:
        """Find faces.

        Args:
            image_rgb: uint8 (H, W, 3).

        Returns:
            Boxes in the image's pixels; scores are YuNet's, 0..1.
        """
        return detect_at_sizes(image_rgb, self._longest_sides, self._detect)

    def _detect(self, image_rgb: ImageRgb) -> Detections:
        height, width = image_rgb.shape[:2]
        bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
        with self._detectors.borrow() as detector:
            detector.setInputSize((width, height))
            _, rows = detector.detect(bgr)
        if rows is None:
            return Detections.empty()
        # A row: x, y, width, height, five landmarks (10 numbers), score.
        rows = rows[(rows[:, 2:4] > 0).all(axis=1)]
        return Detections(
            np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]]).astype(np.float32),
            rows[:, 14].clip(0, 1).astype(np.float32),
        )
