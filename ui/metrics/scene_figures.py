"""Finder and mask model together, from the reports on annotated scenes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from maskcore.models import scene_report
from training.metrics import CLASS_NAMES, Figure
from ui.metrics.charts import CLASS_TITLES, GREY, class_colour, spaced
from ui.words import percent, with_interval

OUTCOMES = ("Found and right", "Found, labelled wrong", "Missed")
# Of fewer faces nobody can say what they would be in a hundred.
MANY = 50
# With title, axes and legend, which leave two thirds of it to the bars.
_SIZES_HEIGHT = 380
# Of intervals that take every face for one of its own.
FACES_NOTE = (
    "Faces of one photo share its light and its camera: chance allows for somewhat more than the"
    " brackets say."
)
# What the columns of ``finder_rows`` are.
FINDERS_NOTE = (
    "Right are faces found and then labelled right. Macro F1 is the whole app in one figure:"
    " finding and labelling, masked and bare faces counting alike; best: 100 %. In brackets what"
    " chance allows for (95 %)."
)
SIZES_NOTE = "Small faces are harder to find. Bars that stand on few faces say little."
_COLOURS = ("#0b6799", "#d9902f", "#8a949b")


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
        figures: "macro_f1", "detection_precision" and others, with value and interval.
        false_alarms: boxes on no annotated face; None where that was not counted.
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
    false_alarms: int | None
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
            false_alarms=None if (alarms := figures.get("false_alarms")) is None else int(alarms),
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


def headline(figures: SceneFigures) -> str:
    """The sentences at the top, e.g. "In 100 masked faces of ..."; empty without faces.

    Where nobody knows what one class would be in a hundred, all is told in counts: of figures
    on different bases, 95 and 11, the one would look so much better.
    """
    asked = {
        kind: figures.by_class[name]
        for name, kind in (("Mask", "masked"), ("No Mask", "bare"))
        if figures.by_class[name].faces
    }
    in_100 = all(counts.faces >= MANY for counts in asked.values())
    sentences = []
    for kind, counts in asked.items():
        size = f" of {figures.min_side:.0f} pixels and more" if not sentences else ""
        whole, found, right = (
            ("In 100", of_100(counts.found, counts.faces), of_100(counts.right, counts.faces))
            if in_100
            else (f"Of {counts.faces}", counts.found, counts.right)
        )
        faces = "face" if counts.faces == 1 else "faces"
        sentences.append(f"{whole} {kind} {faces}{size} it finds {found} and labels {right} right.")
    if asked:
        sentences.append(_alarms(figures, in_100))
    return " ".join(filter(None, sentences))


def _alarms(figures: SceneFigures, in_100: bool) -> str:
    """How many boxes are on no face that was annotated; empty where that was not counted."""
    alarms = figures.false_alarms
    boxes = sum(counts.found for counts in figures.by_class.values()) + (alarms or 0)
    if alarms is None or not boxes:
        return ""
    told, whole = (of_100(alarms, boxes), 100) if in_100 and boxes >= MANY else (alarms, boxes)
    are = "is" if whole == 1 or str(told) == "1" else "are"
    of = f"{whole} {'box' if whole == 1 else 'boxes'}"
    return f"Of {of} {told if alarms else 'none'} {are} on no annotated face."


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
                row[f"{CLASS_TITLES[name]} {what}"] = f"{share} ({number} of {counts.faces})"
        row["Boxes that are faces"] = with_interval(boxes) if found or boxes["value"] != 1 else "–"
        rows.append(row)
    return rows


def outcome_rows(all_figures: Mapping[str, SceneFigures]) -> list[dict[str, Any]]:
    """A row for each finder (by title), class and outcome: how many faces, which share."""
    rows = []
    for title, figures in all_figures.items():
        for name in reversed(CLASS_NAMES):
            counts = figures.by_class[name]
            if not counts.faces:
                continue
            numbers = (counts.right, counts.found - counts.right, counts.faces - counts.found)
            for place, (outcome, number) in enumerate(zip(OUTCOMES, numbers, strict=True)):
                rows.append(
                    {
                        "finder": title,
                        "class": CLASS_TITLES[name],
                        "outcome": outcome,
                        "faces": number,
                        "of": counts.faces,
                        "share": number / counts.faces,
                        "place": place,
                    }
                )
    return rows


def outcome_chart(rows: list[dict[str, Any]], finders: list[str], title: str) -> alt.Chart:
    """Found and right, found but wrong, missed: a bar a finder.

    Args:
        rows: of one class.
        finders: their titles, in order.
        title: the chart's.
    """
    return spaced(
        alt.Chart(pd.DataFrame(rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "share:Q",
                title="Share of faces",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
                stack="zero",
            ),
            y=alt.Y("finder:N", title=None, sort=finders, axis=alt.Axis(labelLimit=110)),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=list(OUTCOMES), range=list(_COLOURS)),
                legend=alt.Legend(orient="bottom", columns=1),
            ),
            order="place:Q",
            tooltip=[
                alt.Tooltip("finder:N", title="Face finder"),
                alt.Tooltip("outcome:N", title="Outcome"),
                alt.Tooltip("faces:Q", title="Faces"),
                alt.Tooltip("of:Q", title="Of"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        # The bars' own height: title, axis and legend come on top of it.
        .properties(height=alt.Step(32), title=title)
    )


def outcome_meaning(rows: list[dict[str, Any]]) -> str:
    """What ``outcome_chart`` says of these rows, in plain sentences."""
    right = [row for row in rows if row["place"] == 0]
    best = max(right, key=lambda row: row["share"])
    best_of = "Best: " if len(right) > 1 else ""
    return (
        "A face counts as right only if it was found and then labelled right."
        f" {best_of}{best['finder']}, {best['faces']} of {best['of']} {best['class'].lower()} found"
        " and right."
    )


def size_rows(all_figures: Mapping[str, SceneFigures]) -> list[dict[str, Any]]:
    """A row for each finder (by title), band of face sizes and class: found, of how many."""
    return [
        {
            "finder": title,
            "class": name,
            "band": band["band"],
            "place": place,
            "found": band[name]["hits"],
            "of": band[name]["count"],
            "share": band[name]["value"],
        }
        for title, figures in all_figures.items()
        for place, band in enumerate(figures.recall_by_size)
        for name in reversed(CLASS_NAMES)
        if band[name]["count"]
    ]


def size_chart(rows: list[dict[str, Any]], title: str) -> alt.LayerChart:
    """Recall by the size of faces, for one finder, both classes side by side."""
    bands = list(dict.fromkeys(row["band"] for row in sorted(rows, key=lambda r: r["place"])))
    classes = list(reversed(CLASS_NAMES))
    base = alt.Chart(pd.DataFrame(_size_marks(rows, bands, classes))).encode(
        x=alt.X(
            "band:N",
            title="Longer side of the face, pixels",
            sort=[_short(band) for band in bands],
            # Each pair of bars keeps its sizes, also on a phone.
            axis=alt.Axis(labelAngle=0, labelOverlap=False),
        ),
        xOffset=alt.XOffset("class:N", scale=alt.Scale(domain=classes)),
    )
    bars = base.mark_bar().encode(
        y=alt.Y(
            "share:Q",
            title="Faces found",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=class_colour(),
        tooltip=[
            alt.Tooltip("class:N", title="In truth"),
            alt.Tooltip("found:Q", title="Found"),
            alt.Tooltip("of:Q", title="Of"),
        ],
    )
    notes = base.mark_text(angle=270, align="left", dx=4, fontSize=11, color=GREY).encode(
        y=alt.datum(0), text="note:N"
    )
    return spaced(alt.layer(bars, notes).properties(height=_SIZES_HEIGHT, title=title))


def _size_marks(
    rows: list[dict[str, Any]], bands: list[str], classes: list[str]
) -> list[dict[str, Any]]:
    """A place for each class in each band; where there is no bar to see, it is said why."""
    there = {(row["band"], row["class"]): row for row in rows}
    marks = []
    for band in bands:
        for name in classes:
            row = there.get((band, name), {"found": 0, "of": 0, "share": None})
            note = "no faces" if not row["of"] else "" if row["found"] else "none found"
            marks.append({**row, "band": _short(band), "class": name, "note": note})
    return marks


def _short(band: str) -> str:
    """A band of sizes for an axis, where "64 to 127" is too long on a phone."""
    return band.replace(" to ", "\N{EN DASH}").replace(" and more", "+")
