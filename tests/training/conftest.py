"""Photos made in code: soft random blobs, those "with a mask" blue in their lower half."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# TensorFlow reads it when it is first imported, by a test module below.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import cv2  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from PIL import Image  # noqa: E402

from maskcore.files import write_json  # noqa: E402
from maskcore.locks import locked  # noqa: E402
from maskcore.models import card_text, models_dir  # noqa: E402
from maskcore.types import Detections, ImageRgb  # noqa: E402
from training import metrics  # noqa: E402
from training.photos import face_cut  # noqa: E402

MakePhoto = Callable[..., ImageRgb]
MakePhotos = Callable[..., Path]


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand of them take half a second."""
    monkeypatch.setattr(metrics, "RESAMPLES", 20)


@pytest.fixture(scope="session", autouse=True)
def each_photo_is_looked_at_once() -> Iterator[None]:
    """The face finder says the same of the same pixels, and most tests learn from the same."""
    load, found = face_cut.shared_detector, dict[Any, Detections]()

    class Remembering:
        def __init__(self, name: str, live: bool) -> None:
            self.finder, self.of = load(name, live), (models_dir(), card_text(name), live)

        def detect(self, image_rgb: ImageRgb) -> Detections:
            key = self.of, image_rgb.shape, image_rgb.tobytes()
            if key not in found:
                found[key] = self.finder.detect(image_rgb)
            return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face_cut, "shared_detector", Remembering)
        yield


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, int], list[Path]]:
    """(act, name, times) -> the paths of a name that ``Path`` was asked to act on.

    So often the act fails, as it does on Windows while somebody has the file open.
    """

    def let(act: str, name: str, times: int) -> list[Path]:
        usual, asked = getattr(Path, act), []

        def refused(path: Path, *more: object, **options: object) -> object:
            if path.name == name:
                asked.append(path)
                if len(asked) <= times:
                    raise PermissionError(13, "Access is denied")
            return usual(path, *more, **options)

        monkeypatch.setattr(Path, act, refused)
        return asked

    return let


@pytest.fixture(scope="session")
def make_photo() -> MakePhoto:
    """(number, masked, size_wh) -> uint8 (H, W, 3); another number, another picture."""

    def make(number: int, masked: bool = False, size_wh: tuple[int, int] = (140, 120)) -> ImageRgb:
        rng = np.random.default_rng((number, masked))
        grain = rng.uniform(40, 215, (6, 6, 3)).astype(np.float32)
        photo = cv2.resize(grain, size_wh, interpolation=cv2.INTER_CUBIC)
        if masked:
            lower = photo[size_wh[1] // 2 :]
            lower[:] = 0.4 * lower + 0.6 * np.array([40, 90, 230], np.float32)
        return photo.clip(0, 255).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def make_photos(make_photo: MakePhoto) -> MakePhotos:
    """(root, a_class) -> root, filled with with_mask/ and without_mask/."""

    def make(root: Path, a_class: int) -> Path:
        for masked, folder in enumerate(("without_mask", "with_mask")):
            (root / folder).mkdir(parents=True)
            for number in range(a_class):
                size_wh = (100 + 7 * number % 60, 100 + 11 * number % 50)
                photo = Image.fromarray(make_photo(number, bool(masked), size_wh))
                photo.save(root / folder / f"{number:03d}.jpg", quality=92)
        return root

    return make


def small_base(
    include_top: bool, weights: str | None, input_tensor: Any, input_shape: tuple[int, ...]
) -> Any:
    """Takes the place of a Keras base where its size would only cost time."""
    assert not include_top
    assert weights is None
    outputs = keras.layers.Conv2D(4, 8, strides=8, use_bias=False)(input_tensor)
    outputs = keras.layers.BatchNormalization(momentum=0.999)(outputs)
    outputs = keras.layers.ReLU()(outputs)
    inputs = keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, keras.layers.AveragePooling2D(4)(outputs))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Builds a base of one convolution under the name of mobilenet_v2."""
    import tensorflow as tf

    from training.classifier import architectures

    monkeypatch.setitem(architectures._BASES, "mobilenet_v2", small_base)
    tf.config.run_functions_eagerly(True)  # tracing them takes longer than all their batches
    yield
    tf.config.run_functions_eagerly(False)


@dataclass(frozen=True)
class Trained:
    """A run that was fitted and evaluated by the commands."""

    data: Path
    run: Path
    fit_output: str
    evaluate_output: str


def backbone_weights(path: Path, photos: list[ImageRgb]) -> Path:
    """Random weights of the real MobileNetV2 whose batch norm knows these photos.

    With its initial statistics a random network answers the same whatever it sees.
    """
    from training.classifier.architectures import build_base
    from training.config import TrainConfig

    keras.utils.set_random_seed(0)
    base = build_base(TrainConfig("photos", backbone_weights="none", image_size=96))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    pixels = np.stack([cv2.resize(photo, (96, 96)) for photo in photos])
    base(pixels.astype(np.float32) / 127.5 - 1, training=True)
    base.save_weights(path)
    return path


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, make_photo: MakePhoto, make_photos: MakePhotos
) -> Trained:
    """The real MobileNetV2 on photos of which some are copies and some unreadable.

    Where several processes test, one of them trains for all.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _train(tmp_path_factory.mktemp("trained"), make_photo, make_photos)
    root = tmp_path_factory.getbasetemp().parent / "trained"
    told = root / "told.json"
    with locked(root / ".lock"):
        if not told.exists():
            run = _train(root, make_photo, make_photos)
            write_json(told, [run.fit_output, run.evaluate_output])
    return Trained(root / "photos", root / "run1", *json.loads(told.read_text(encoding="utf-8")))


def _train(root: Path, make_photo: MakePhoto, make_photos: MakePhotos) -> Trained:
    from training.__main__ import main

    data, run = make_photos(root / "photos", 60), root / "run1"
    (data / "with_mask" / "broken.jpg").write_text("not a picture")
    first = (data / "without_mask" / "000.jpg").read_bytes()
    (data / "without_mask" / "again.jpg").write_bytes(first)
    photos = [make_photo(number, masked) for number in range(100, 116) for masked in (False, True)]
    weights = backbone_weights(root / "base.weights.h5", photos)
    fit = f"fit --data {data} --out {run} --image-size 96 --backbone-weights={weights} --epochs 2"
    fit += " --fine-tune 1 --batch-size 16 --learning-rate 0.001 --seed 3 --dense-units 16"
    output = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "RESAMPLES", 50)
        for command in (fit, f"evaluate {run}"):
            with redirect_stdout(io.StringIO()) as stream:
                assert main(command.split()) == 0
            output.append(stream.getvalue())
    return Trained(data, run, *output)
