"""Finder and mask model together, from the reports on annotated scenes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maskcore.models import scene_report
from training.metrics import CLASS_NAMES, Figure
from ui.words import counted, percent, with_interval

# Of fewer faces nobody can say what they would be in a hundred.
MANY = 50
# Of intervals that take every face for one of its own.
FACES_NOTE = (
    "Faces of one photo share its light and its camera: chance allows for somewhat more than the"
    " brackets say."
)
# What the columns of ``finder_rows`` are.
FINDERS_NOTE = (
    "Right are faces found and then labelled right; those whose mask is worn wrongly are left out."
    " Macro F1 is the whole app in one figure:"
    " finding and labelling, faces with and without a mask counting alike; best: 100 %. In brackets"
    " what chance allows for (95 %)."
)


@dataclass(frozen=True)
class ClassCounts:
    """Faces of one class in annotated photos: asked for, found, and found and right."""

    faces: int
    found: int
    right: int


@dataclass(frozen=True)
class SceneFigures:
    """What a report on scenes says.

    Attributes:
        detector, model: by name.
        photos: how many were looked at.
        folds: by how many networks in turns, each of which had not seen the photos it was
            asked about; 0 where it was the installed ones that were asked.
        min_side: smallest face asked for, pixels of the longer side.
        by_class: by the names of ``CLASS_NAMES``.
        figures: "macro_f1" and "detection_precision", with value and interval.
        false_alarms: boxes on no annotated face.
        recall_by_size: as ``training.annotated.scene_report`` writes it.
        created, command: when and how it was measured.
    """

    detector: str
    model: str
    photos: int
    folds: int
    min_side: float
    by_class: dict[str, ClassCounts]
    figures: dict[str, Any]
    false_alarms: int
    recall_by_size: list[dict[str, Any]]
    created: str
    command: str


def read_scene_figures(detector: str, model: str, folds: bool = False) -> SceneFigures | None:
    """The report of a detector with a mask model; None where ``scene_report`` has none."""
    report = scene_report(detector, model, folds)
    return None if report is None else scene_figures(report)


def scene_figures(report: Mapping[str, Any]) -> SceneFigures | None:
    """Read a report that ``evaluate-scenes`` wrote; None where it is damaged."""
    try:
        figures: dict[str, Any] = report["figures"]
        return SceneFigures(
            detector=str(report["detector"]),
            model=str(report["model"]),
            photos=int(report["photos"]),
            folds=int(report.get("folds", 0)),
            min_side=float(report["min_side"]),
            by_class={name: _counts(report["by_class"][name]) for name in CLASS_NAMES},
            figures={name: figures[name] for name in ("macro_f1", "detection_precision")},
            false_alarms=int(figures["false_alarms"]),
            recall_by_size=[
                {"band": _band(band), **{name: _share(band[name]) for name in CLASS_NAMES}}
                for band in report["recall_by_size"]
            ],
            created=str(report["created"]),
            command=str(report["command"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _share(figure: Figure) -> Figure:
    return {key: figure[key] for key in ("value", "interval", "hits", "count")}


def _counts(of_class: Mapping[str, Any]) -> ClassCounts:
    return ClassCounts(of_class["faces"], of_class["found"], of_class["labelled_right"])


def _band(band: Mapping[str, Any]) -> str:
    low, high = int(band["from"]), band["below"]
    return f"{low} and more" if high is None else f"{low} to {int(high) - 1}"


def headline(figures: SceneFigures, sized: bool = True) -> str:
    """The sentence at the top, e.g. "Of 100 masked faces of ..."; empty without faces.

    Where nobody knows what one class would be in a hundred, all is told in counts: of figures
    on different bases, 95 and 11, the one would look so much better.

    Args:
        figures: what was counted.
        sized: whether it is said how large the faces are.
    """
    in_100 = _in_100(figures)
    said: list[str] = []
    for name in reversed(CLASS_NAMES):
        counts = figures.by_class[name]
        if not counts.faces:
            continue
        whole, found, right = (
            (100, of_100(counts.found, counts.faces), of_100(counts.right, counts.faces))
            if in_100
            else (counts.faces, counts.found, counts.right)
        )
        faces = "face" if whole == 1 else "faces"
        if sized:
            faces += f" of {figures.min_side:.0f} pixels and more"
        if name == "Mask":
            of = f"Of {whole} masked {faces}"
        else:
            of = f"of {whole} without a mask" if said else f"Of {whole} {faces} without a mask"
        said.append(f"{of} it finds {found} and labels {right} right")
    return f"{'; '.join(said)}." if said else ""


def boxes_note(figures: SceneFigures) -> str:
    """How many boxes are on no face that was annotated; empty without boxes."""
    alarms = figures.false_alarms
    boxes = sum(counts.found for counts in figures.by_class.values()) + alarms
    if not boxes:
        return ""
    if not alarms:
        return "Every box is on a face."
    if _in_100(figures) and boxes >= MANY:
        told = of_100(alarms, boxes)
        return f"About {told} {'box in 100 is' if told == '1' else 'boxes in 100 are'} on no face."
    return (
        f"{alarms} of {counted(boxes, 'box', 'boxes')} {'is' if alarms == 1 else 'are'} on no face."
    )


def _in_100(figures: SceneFigures) -> bool:
    return all(not counts.faces or counts.faces >= MANY for counts in figures.by_class.values())


def of_100(hits: int, count: int) -> str:
    """How many of 100; neither all nor none where that is only nearly so."""
    number = round(100 * hits / count)
    if 0 < hits < count:
        number = min(max(number, 1), 99)
    return str(number)


def finder_rows(all_figures: Mapping[str, SceneFigures]) -> list[dict[str, str]]:
    """A row for each finder (by title), as people read it; a dash where nothing was counted."""
    rows = []
    for title, figures in all_figures.items():
        macro_f1, boxes = (figures.figures[name] for name in ("macro_f1", "detection_precision"))
        # Both count as 1 in reports where there is nothing to count.
        both = all(counts.faces for counts in figures.by_class.values())
        found = sum(counts.found for counts in figures.by_class.values())
        # The figure that tells most stands first: on a phone the others are out of sight.
        row = {"Face finder": title, "Macro F1": with_interval(macro_f1) if both else "–"}
        for name in reversed(CLASS_NAMES):
            counts = figures.by_class[name]
            for what, number in (("found", counts.found), ("right", counts.right)):
                share = percent(number / counts.faces, 0) if counts.faces else "–"
                row[f"{name}: {what}"] = f"{share} ({number} of {counts.faces})"
        row["Boxes that are faces"] = with_interval(boxes) if found or boxes["value"] != 1 else "–"
        rows.append(row)
    return rows
