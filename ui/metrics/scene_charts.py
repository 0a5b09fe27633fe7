"""What becomes of the faces in whole photos, and of which size they are found, as charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd

from training.metrics import CLASS_NAMES
from ui.metrics.charts import CLASS_TITLES, SERIES, Drawn, class_colour, spaced
from ui.metrics.scene_figures import SceneFigures

OUTCOMES = ("Found and right", "Found, labelled wrong", "Missed")
SIZES_NOTE = "Small faces are harder to find. Bars that stand on few faces say little."
_COLOURS = (SERIES[0], SERIES[1], "#8a949b")
# With title, axes and legend, which leave two thirds of it to the bars.
_SIZES_HEIGHT = 380


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


def outcomes(scenes: Mapping[str, SceneFigures]) -> Iterator[Drawn]:
    """What becomes of each class' faces, by the finders' titles; no chart of a class not there."""
    all_rows = outcome_rows(scenes)
    for kind in CLASS_TITLES.values():
        rows = [row for row in all_rows if row["class"] == kind]
        if not rows:
            continue
        table: dict[str, dict[str, Any]] = {}
        for row in rows:
            line = table.setdefault(row["finder"], {"Face finder": row["finder"]})
            line[row["outcome"]] = row["faces"]
        yield Drawn(
            outcome_chart(rows, list(scenes), f"{kind}: what becomes of them"),
            outcome_meaning(rows),
            pd.DataFrame(table.values(), columns=["Face finder", *OUTCOMES]),
            f"outcomes-{kind}",
            [f"{row['finder']}, {row['outcome']}: {row['faces']} of {row['of']}" for row in rows],
        )


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


def sizes(finder: str, figures: SceneFigures) -> Drawn | None:
    """Of which sizes a finder finds faces; None where there are no faces."""
    rows = size_rows({finder: figures})
    if not rows:
        return None
    return Drawn(
        size_chart(rows, f"Faces found by their size, {finder}"),
        SIZES_NOTE,
        pd.DataFrame(
            [
                {
                    "Longer side, pixels": row["band"],
                    "Class": CLASS_TITLES[row["class"]],
                    "Found": row["found"],
                    "Of": row["of"],
                }
                for row in rows
            ]
        ),
        "sizes",
        [f"{row['class']}, {row['band']} pixels: {row['found']} of {row['of']}" for row in rows],
    )


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
    notes = base.mark_text(angle=270, align="left", dx=4, fontSize=11).encode(
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
