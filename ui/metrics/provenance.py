"""Which data the Metrics page's figures are of, and when they were measured, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from maskcore import ModelError
from maskcore.models import models_dir, read_card
from training.metrics import CLASS_NAMES
from training.provenance import began_with_a_model
from ui.choices import model_title
from ui.metrics.judged import PARTS, Judged
from ui.words import day, plain, shown_name, with_interval

# Beside a model: what evaluate-faces measured, of it and, in folds, of networks made like it.
FACES_FILES = ("faces.json", "faces_in_folds.json")


@dataclass(frozen=True)
class CutFaces:
    """How a model fares on faces cut out of whole photos: a sentence; when and how measured."""

    note: str
    created: str
    command: str


def cut_faces(model: str) -> list[CutFaces]:
    """What was measured, which may be nothing; what cannot be read is left out."""
    found = []
    for name in FACES_FILES:
        try:
            read = json.loads((models_dir() / model / name).read_text(encoding="utf-8"))
            found.append(CutFaces(_faces_note(read), str(read["created"]), str(read["command"])))
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return found


def _faces_note(report: dict[str, Any]) -> str:
    of_class = [report["by_class"][name]["recall"] for name in reversed(CLASS_NAMES)]
    right = " and ".join(
        f"{recall['hits']} of {recall['count']} {kind}"
        for recall, kind in zip(of_class, ("masked", "without a mask"), strict=True)
    )
    right += f" called rightly, in all {with_interval(report['accuracy'])}."
    if folds := report.get("folds"):
        return (
            f"On such faces of {report['photos']} photos in turns, each judged by the one of"
            f" {folds} networks that had not learned from it: {right}"
        )
    chosen = "" if report["parts"] == ["test"] else ", some of which had a part in choosing it"
    return (
        f"On faces of {report['min_side']:g} pixels and more cut out of whole photos{chosen}, at"
        f" the model's own threshold: {right}"
    )


def provenance(judged: Judged) -> str:
    """Which data, and when, in Markdown."""
    date = day(judged.created)
    return (
        f"{photos_of(judged, shown_name(judged.data), plain(data_note(judged)))}. The mask model"
        f" alone, {f'measured on {date}' if date else 'nobody noted when'}."
    )


def alone_on(judged: Judged, own: bool) -> str:
    """What the mask model alone was asked about, for a title.

    Args:
        judged: the photos or faces.
        own: whether they are the visitor's.
    """
    if own:
        return "your photos" if judged.things == "photos" else "the faces in your photos"
    if "close-up" in data_note(judged):
        return "close-ups"
    return f"photos of “{shown_name(judged.data or 'unnamed data')}”"


def title_with_run(model: str) -> str:
    """A mask model's name for people, with that of the run that made it, if its card knows it."""
    title = model_title(model)
    try:
        run = str(read_card(model).get("title") or "")
    except ModelError:
        run = ""
    return f"{title} ({run})" if run and run != title else title


def part_title(model: str, part: str) -> str:
    """What the photos of a part of a model's report were for."""
    if part == "test" and _began_with_a_model(model):
        return "Test photos: kept out of this run"
    return PARTS.get(part, part)


def begun_note(judged: Judged) -> str:
    """What the model's starting weights may have seen of these photos; else nothing."""
    if judged.part not in ("test", "validation") or not _began_with_a_model(judged.model):
        return ""
    return begun_sentence(judged.things)


def begun_sentence(things: str = "photos") -> str:
    """Of photos or faces which the weights that a run began with may know."""
    return (
        f"This run did not learn from these {things}, but the weights it began with, those of"
        " another model, may have learned from some of them: on others it may be less good."
    )


def _began_with_a_model(model: str) -> bool:
    try:
        return began_with_a_model(read_card(model))
    except ModelError:
        return False


def photos_of(judged: Judged, name: str, known: str) -> str:
    """How many photos or faces of which data.

    Args:
        judged: the photos.
        name: of the data, as it is to be shown.
        known: what ``data_note`` says of them, likewise.
    """
    name = name or "unnamed data"
    if judged.part in PARTS and judged.part != "given":
        name = f"the data set “{name}”" + (f", {known}" if known else "")
    return f"{judged.counted(len(judged))} of {name}"


def data_note(judged: Judged) -> str:
    """What the model's card says of the close-up photos, if it is those; else nothing."""
    try:
        card = read_card(judged.model)
        if PurePath(card["config"]["data"]).name == judged.data:
            return str(card["data"]).split(";")[0]
    except (ModelError, LookupError, TypeError):
        pass
    return ""
