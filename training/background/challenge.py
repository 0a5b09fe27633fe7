"""Measuring a run's model against the installed one, both as they are served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification import LiteRtClassifier
from maskcore.errors import ModelError
from maskcore.models import read_report
from training.background.comparison import Comparison, Figures, PartComparison, Verdict
from training.background.run_installing import packed_model
from training.classifier.installed import installed_cards
from training.classifier.parts import Photos
from training.metrics import LEAST_DIFFERING, mcnemar, share
from training.provenance import began_with_a_model

RECORDED = (
    "These figures are of one recording: they speak of this person, in this room and this"
    " light, and of nobody else."
)
SEEN = (
    "The installed model may have learned from some of these photos, which would make it look"
    " better than it is."
)
SEEN_BY_NEW = (
    "The weights that the new model began with, those of an installed model, may have learned from"
    " some of these photos, which would make it look better than it is."
)
SEEN_BY_BOTH = (
    "The installed model may have learned from some of these photos, and so may the weights that"
    " the new one began with: both may look better than they are."
)
ALIKE = (
    "The new model gives the same answer to every photo, which is as good as guessing: it has"
    " learned nothing."
)
# Probabilities of test photos that lie no further apart are one answer.
ALIKE_SPREAD = 0.01
# From here on the difference that it takes to show is small.
MANY_PHOTOS = 100
# Of the run's model, which comes first.
_VERDICTS: dict[str, Verdict] = {
    "first": "better",
    "second": "worse",
    "none": "no real difference",
}


def champion(architecture: str) -> LiteRtClassifier | None:
    """The installed model that a new one has to beat.

    Returns:
        The model named like the architecture, else another one of it, else any classifier;
        None where none can be run.
    """
    for name, _ in installed_cards(architecture):
        try:
            return LiteRtClassifier.load(name)
        except ModelError:
            continue
    return None


def challenge(run_dir: Path, architecture: str, parts: dict[str, Photos]) -> Comparison:
    """Let a run's packed model and the installed one judge the same photos.

    Args:
        run_dir: holds model.tflite and card.json.
        architecture: of the run.
        parts: the photos of "validation" and "test", from which the run has not learned.
    """
    run = LiteRtClassifier(packed_model(run_dir, "new"))
    installed = champion(architecture)
    new = {part: _judge(run, photos) for part, photos in parts.items()}
    alike = new["test"].alike
    if installed is None:
        compared = tuple(PartComparison(part, _figures(of), None) for part, of in new.items())
        head = ALIKE if alike else "No model is installed to compare with."
        sentence = f"{head} {_of('The new one', compared[-1].run)}"
        return Comparison("", "", "no model to compare with", sentence, "", compared, "")
    old = {part: _judge(installed, photos) for part, photos in parts.items()}
    compared = tuple(
        PartComparison(part, _figures(new[part]), _figures(old[part])) for part in parts
    )
    verdict = _VERDICTS[mcnemar(new["test"].right, old["test"].right).verdict]
    cautions = [
        _unsure(new["test"], old["test"]),
        *_cautions(run.card, installed, parts["test"].paths),
    ]
    return Comparison(
        installed_name=installed.name,
        installed_title=str(installed.card.get("title") or installed.name),
        verdict=verdict,
        sentence=_sentence(verdict, compared[-1], alike),
        caution=" ".join(filter(None, cautions)),
        parts=compared,
        # Of the one compared: another may have been installed meanwhile.
        installed_sha256=installed.card["sha256"],
    )


@dataclass(frozen=True)
class _Judged:
    """What a model made of some photos.

    Attributes:
        right: bool (N,), where it says what is true, at its own threshold.
        sure: bool (N,), where the app would call it by that, by the card's margin.
        alike: whether it answers the same to all.
    """

    right: NDArray[np.bool_]
    sure: NDArray[np.bool_]
    alike: bool


def _judge(model: LiteRtClassifier, photos: Photos) -> _Judged:
    """Ask a model about photos, which it sees in its own size."""
    answers = model.classify_inputs(photos.inputs(model.input_spec))
    # A photo's size and sharpness are not a model's merit.
    sure = [model.not_sure.is_sure(p, model.threshold) for p in answers.tolist()]
    return _Judged(
        right=(answers >= model.threshold) == (photos.labels == 1),
        sure=np.array(sure, bool),
        alike=bool(np.ptp(answers) < ALIKE_SPREAD),
    )


def _figures(judged: _Judged) -> Figures:
    accuracy = share(int(judged.right.sum()), len(judged.right))
    low, high = accuracy["interval"]
    not_sure = int((~judged.sure).sum())
    return Figures(accuracy["hits"], accuracy["count"], accuracy["value"], (low, high), not_sure)


def _sentence(verdict: Verdict, part: PartComparison, alike: bool) -> str:
    """The verdict with its figures.

    Args:
        verdict: on a run with a model to compare with.
        part: the test part.
        alike: whether the new model answers the same to every photo.
    """
    count = part.run.count
    head = {
        "better": "The new model is better.",
        "worse": "The new model is worse.",
    }.get(verdict, f"No difference could be shown with {count} test photos.")
    sentences = [ALIKE if alike else head, _of("The new one", part.run)]
    if part.installed:
        sentences.append(f"The installed one got {part.installed.right} right.")
    if verdict == "no real difference" and not alike:
        sentences.append(_least(count))
    return " ".join(sentences).strip()


def _least(count: int) -> str:
    """What a difference has to be to show in so few photos; "" where they are many."""
    if count < LEAST_DIFFERING:
        return f"So few photos cannot show any: it takes at least {LEAST_DIFFERING}."
    if count >= MANY_PHOTOS:
        return ""
    return (
        "So few photos show only a large difference: at least"
        f" {LEAST_DIFFERING} of them right by one model alone."
    )


def _of(who: str, figures: Figures) -> str:
    return f"{who} got {figures.right} of {figures.count} test photos right."


def _unsure(new: _Judged, old: _Judged) -> str:
    """What to bear in mind of a model that dares to call far fewer photos; else ""."""
    if mcnemar(new.sure, old.sure).verdict != "second":
        return ""
    of_new, of_old = (int((~judged.sure).sum()) for judged in (new, old))
    return (
        f"The new model leaves {of_new} of the {len(new.sure)} test photos at Not sure on Photos"
        f" and Live, the installed one {of_old}."
    )


def _cautions(
    card: dict[str, Any], installed: LiteRtClassifier, test_paths: tuple[str, ...]
) -> list[str]:
    """What the models may have learned from, and what the photos are."""
    cautions = []
    recorded = card.get("config", {}).get("split_by") == "time"
    if recorded:
        cautions.append(RECORDED)
    held_back = _held_back(installed, card)
    # A recording that the installed model was not made of is new to it, and to what it began with.
    seen = not recorded if held_back is None else not set(test_paths) <= held_back
    seen = seen or (not recorded and began_with_a_model(installed.card))
    seen_by_new = began_with_a_model(card) and (seen or not recorded)
    if seen and seen_by_new:
        cautions.append(SEEN_BY_BOTH)
    elif seen or seen_by_new:
        cautions.append(SEEN if seen else SEEN_BY_NEW)
    return cautions


def _held_back(installed: LiteRtClassifier, card: dict[str, Any]) -> set[str] | None:
    """Photos that the installed model has not learned from; None if it is of other data."""
    theirs = installed.card.get("config") or {}
    if theirs.get("data") != card["config"]["data"]:
        return None
    try:
        parts = read_report(installed.name)["parts"].values()
        return {photo["path"] for part in parts for photo in part["photos"]}
    except (ModelError, KeyError, TypeError, AttributeError):
        return set()
