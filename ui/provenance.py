"""Which data the Metrics page's figures are of, and when they were measured, in words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePath

from maskcore import ModelError
from maskcore.models import models_dir, read_card
from training.metrics import CLASS_NAMES
from ui.judged import PARTS, Judged, with_interval
from ui.results import plain, shown_name

FACES_FILE = "faces.json"  # beside a model: what evaluate-faces measured


def cut_faces_note(model: str) -> tuple[str, str, str]:
    """How a model fares on faces cut out of whole photos; when and by what command measured.

    All are empty where nobody has measured it.
    """
    try:
        read = json.loads((models_dir() / model / FACES_FILE).read_text(encoding="utf-8"))
        figures = read["accuracy"]
        of_class = [read["by_class"][name]["recall"] for name in reversed(CLASS_NAMES)]
        right = " and ".join(
            f"{recall['hits']} of {recall['count']} {kind}"
            for recall, kind in zip(of_class, ("masked", "bare"), strict=True)
        )
        chosen = "" if read["parts"] == ["test"] else ", some of which had a part in choosing it"
        note = (
            f"On faces of {read['min_side']:g} pixels and more cut out of whole photos{chosen}, at"
            f" the model's own threshold: {right} right, in all {with_interval(figures)}."
        )
        return note, str(read["created"]), str(read["command"])
    except (OSError, ValueError, LookupError, TypeError):
        return "", "", ""


def provenance(judged: Judged) -> str:
    """Which data, and when, in Markdown."""
    name = shown_name(judged.data or "unnamed data")
    if judged.part in PARTS and judged.part != "given":
        name = f"the data set “{name}”"
        if known := data_note(judged):
            name += f", {plain(known)}"
    date = day(judged.created)
    return (
        f"{judged.counted(len(judged))} of {name}. The mask model alone,"
        f" {f'measured on {date}' if date else 'nobody noted when'}."
    )


def data_note(judged: Judged) -> str:
    """What the model's card says of the close-up photos, if it is those; else nothing."""
    try:
        card = read_card(judged.model)
        if PurePath(card["config"]["data"]).name == judged.data:
            return str(card["data"]).split(";")[0]
    except (ModelError, LookupError, TypeError):
        pass
    return ""


def day(created: str) -> str:
    """E.g. "24 November 2026"; empty where it is no date."""
    try:
        when = datetime.fromisoformat(created)
    except ValueError:
        return ""
    return f"{when.day} {when:%B %Y}"
