"""Photos a model has judged, read from a report: the one source of the Metrics page's figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore import ModelError
from maskcore.models import read_card, read_report
from maskcore.types import NotSure, Verdict, label_for, logit
from training.metrics import CLASS_NAMES, Figure, threshold_figures
from training.photos.class_names import CLASS_FOLDERS
from ui.words import counted

Answer = tuple[str, int, float]  # name, class as it stands (1 mask, 0 none), probability of a mask
PARTS = {
    "test": "Test photos: never used in training",
    "validation": "Validation photos: used to choose among epochs",
    "given": "Photos given for measuring",
}


@dataclass(frozen=True)
class Judged:
    """What a model said of the photos of one part of a report.

    Attributes:
        model: the model's name.
        data: the data's name.
        part: the part's name.
        created, command: when and how it was measured.
        paths: N file names within the data's folder.
        labels: int (N,), 1 with a mask, 0 without.
        probabilities: float (N,), of a mask, in 0..1.
        roc_auc: the area under the ROC curve, with its interval.
        average_precision, calibration_error: likewise, see ``training.metrics``.
        things: what they are, "photos", or "faces" of which one photo may show several.
        margin: log odds on either side of the threshold within which the app is not sure, as
            the model's card has it.
    """

    model: str
    data: str
    part: str
    created: str
    command: str
    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    roc_auc: Figure
    average_precision: Figure
    calibration_error: Figure
    things: str = "photos"
    margin: float = 0.0

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def thing(self) -> str:
        """One of them, "photo" or "face"."""
        return self.things.removesuffix("s")

    def counted(self, count: int) -> str:
        """So many of them, e.g. "1 photo" or "34 faces"."""
        return counted(count, self.thing)

    def only(self, members: list[int]) -> Judged:
        """Some of the photos, by their indices, in that order."""
        return replace(
            self,
            paths=tuple(self.paths[i] for i in members),
            labels=self.labels[members],
            probabilities=self.probabilities[members],
        )

    def figures(self, threshold: float) -> dict[str, Any]:
        """``threshold_figures`` of these photos."""
        return threshold_figures(self.labels, self.probabilities, threshold)

    def verdicts(self, threshold: float) -> list[Verdict]:
        """What the app calls each, as far as its probability decides on that.

        A face may also be too small or too blurred to be sure of, which no report tells.
        """
        rule = NotSure(margin=self.margin)
        return [
            label_for(p, threshold) if rule.is_sure(p, threshold) else "Not sure"
            for p in self.probabilities.tolist()
        ]

    def not_sure(self, threshold: float) -> dict[str, int]:
        """Of how many of each class, by the names of ``CLASS_NAMES``, the app is not sure."""
        unsure = np.array([verdict == "Not sure" for verdict in self.verdicts(threshold)])
        return {
            name: int((unsure & (self.labels == label)).sum())
            for label, name in enumerate(CLASS_NAMES)
        }

    def cell(self, truth: str, answer: str, threshold: float) -> list[int]:
        """The photos of one cell of the confusion matrix, the surest answer first.

        Args:
            truth, answer: of ``CLASS_NAMES``.
            threshold: mask probability, 0..1, from which the answer is "Mask".

        Returns:
            Their indices; the surest answer is the one farthest from the other class.
        """
        answers = (self.probabilities >= threshold).astype(int)
        members = np.flatnonzero(
            (self.labels == CLASS_NAMES.index(truth)) & (answers == CLASS_NAMES.index(answer))
        )
        doubt = self.probabilities[members]
        order = np.argsort(-doubt if answer == "Mask" else doubt, kind="stable")
        return [int(i) for i in members[order]]

    def answers(self, members: list[int]) -> list[Answer]:
        """Some of the photos, by their indices, as they are shown one by one."""
        return [(self.paths[i], int(self.labels[i]), float(self.probabilities[i])) for i in members]


def not_sure_note(judged: Judged, threshold: float) -> str:
    """Of how many photos the app says "Not sure", in words; empty where it is sure of all."""
    counts = judged.not_sure(threshold)
    said = [
        f"{counts[name]} of {(judged.labels == CLASS_NAMES.index(name)).sum():,} {judged.things}"
        f" {kind} a mask"
        for kind, name in (("with", "Mask"), ("without", "No Mask"))
        if counts[name]
    ]
    if not said:
        return ""
    low, high = (
        100 / (1 + math.exp(-logit(threshold) - off)) for off in (-judged.margin, judged.margin)
    )
    return (
        f"Right and wrong go by the threshold alone. The app says “Not sure” of"
        f" {' and '.join(said)}: their probability is between {low:.0f} and {high:.0f} %."
    )


def read_judged(model: str) -> dict[str, Judged]:
    """Read the report of an installed model.

    Returns:
        By name of the part, in the order test, validation, others.

    Raises:
        ModelError: the report is missing or damaged; the message says so and what to do.
    """
    return judged_parts(model, read_report(model), _margin(model))


def judged_parts(model: str, report: dict[str, Any], margin: float = 0.0) -> dict[str, Judged]:
    """The parts of a report as ``training.classifier.evaluate`` writes it.

    Args:
        model: what it is called.
        report: of that model.
        margin: see ``Judged``.

    Raises:
        ModelError: it is not such a report, or holds no photo.
    """
    try:
        parts = {
            name: _judged(model, report, name, margin)
            for name in sorted(report["parts"], key=[*PARTS, *report["parts"]].index)
            if report["parts"][name]["photos"]
        }
        if not parts:
            raise ValueError("there is no photo in it")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"The report of model {model!r} is damaged: it does not hold the photos it was"
            " measured on. Measure the run again (python -m training evaluate) and install it."
        ) from error
    return parts


def _judged(model: str, report: dict[str, Any], name: str, margin: float) -> Judged:
    part = report["parts"][name]
    photos = part["photos"]
    probabilities = np.array([float(photo["mask_probability"]) for photo in photos])
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability must be in 0..1")
    return Judged(
        model=model,
        data=str(report.get("data", "")),
        part=name,
        created=str(report.get("created", "")),
        command=str(report.get("command", "")),
        paths=tuple(str(photo["path"]) for photo in photos),
        labels=np.array([CLASS_FOLDERS.index(photo["label"]) for photo in photos], np.int64),
        probabilities=probabilities,
        roc_auc=_figure(part, "roc_auc"),
        average_precision=_figure(part, "average_precision"),
        calibration_error=_figure(part, "calibration_error"),
        margin=margin,
    )


def _margin(model: str) -> float:
    try:
        return NotSure.from_card(read_card(model)).margin
    except (ModelError, ValueError):  # loading says what is wrong with it
        return 0.0


def _figure(part: dict[str, Any], name: str) -> Figure:
    figure = part.get(name)
    return figure if isinstance(figure, dict) else {"value": None, "interval": None}
