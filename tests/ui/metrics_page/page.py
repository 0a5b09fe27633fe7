"""What the tests of the Metrics page do with it, and the answers in its reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from maskcore.classification import InputSpec
from maskcore.types import NotSure
from tests.ui import pages

OpenPage = Callable[..., AppTest]
MakeReport = Callable[..., dict[str, Any]]
LABELS = [1, 1, 1, 1, 0, 0, 0, 0]
FIRST = [0.99, 0.9, 0.4, 0.1, 0.05, 0.2, 0.6, 0.97]
SECOND = [0.99, 0.9, 0.8, 0.7, 0.05, 0.2, 0.3, 0.1]
EPOCHS = [
    {"stage": "training", "epoch": 1, "loss": 0.6, "accuracy": 0.7, "val_loss": 0.5},
    {"stage": "fine-tuning", "epoch": 1, "loss": 0.4, "accuracy": 0.8, "val_loss": None},
]
CUT_FACES = {
    "parts": ["test"],
    "min_side": 32,
    "created": "2026-11-23T10:00:00+00:00",
    "command": "python -m training evaluate-faces",
    "accuracy": {"value": 0.98, "interval": [0.92, 0.99]},
    "by_class": {
        "Mask": {"recall": {"value": 76 / 77, "hits": 76, "count": 77}},
        "No Mask": {"recall": {"value": 13 / 15, "hits": 13, "count": 15}},
    },
}


def open_metrics(open_page: OpenPage) -> AppTest:
    page = open_page("pages/metrics.py")
    assert not page.exception
    return page


def section(page: AppTest, name: str) -> AppTest:
    page.segmented_control(key="metrics_section").set_value(name).run()
    assert not page.exception
    return page


def finders(page: AppTest) -> pd.DataFrame:
    """What the section's three tables say, a finder a column."""
    return pd.concat([table.value for table in page.table], axis=1).T


def slide(page: AppTest, percent: int) -> AppTest:
    page.slider(key="metrics_threshold_first").set_value(percent).run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return pages.texts(page).replace("\\", "")


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.get("vega_lite_chart")]


def names(page: AppTest) -> list[str]:
    return [c.value.replace("\\", "") for c in page.caption if c.value.endswith(".jpg")]


def where(page: AppTest) -> Any:
    """The fold that says where the pictures are."""
    (found,) = [e for e in page.expander if e.label in ("Show the pictures", "The pictures")]
    return found


def bring(page: AppTest, content: bytes) -> AppTest:
    (place,) = [f for f in page.file_uploader if f.label.startswith("A ZIP with the folders")]
    place.upload("dataset.zip", content, "application/zip").run()
    assert not page.exception
    return page


class Brightness:
    """A mask model that takes light for masks."""

    threshold, not_sure = 0.5, NotSure()
    input_spec = InputSpec(size=8, scale=1 / 255, offset=0.0)

    def __init__(self, name: str) -> None:
        self.name = name

    def classify_inputs(self, inputs: Any) -> Any:
        return inputs.mean(axis=(1, 2, 3))

    def mask_probabilities(self, image: Any, boxes: Any) -> Any:
        return np.array([image[:40, int(box[0]) :][:, :40].mean() / 255 for box in boxes])


def upload(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert not page.exception
    return page
