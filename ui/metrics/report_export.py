"""The page's figures to take along: JSON, a table, and the charts that go into a report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from maskcore.records import for_spreadsheets, spreadsheet_safe
from training.curves import (
    calibration_error,
    histogram,
    precision_recall_points,
    reliability,
    roc_points,
)
from training.metrics import CLASS_NAMES
from ui.metrics.charts import CLASS_TITLES
from ui.metrics.confusion import called_rightly, confusion_chart, confusion_rows
from ui.metrics.curve_charts import curve_chart, histogram_chart, reliability_chart
from ui.metrics.curve_view import (
    PRECISION_AXES,
    ROC_AXES,
    current_points,
    histogram_meaning,
    percentage_points,
    precision_meaning,
    reliability_meaning,
    roc_meaning,
)
from ui.metrics.judged import Judged
from ui.metrics.scene_charts import (
    SIZES_NOTE,
    outcome_chart,
    outcome_meaning,
    outcome_rows,
    size_chart,
    size_rows,
)
from ui.metrics.scene_figures import SceneFigures
from ui.words import percent

CHART_WIDTH = 460

Scenes = Mapping[str, SceneFigures]

_TOLD = ("model", "data", "part", "things", "created", "command")
_FIGURES = ("roc_auc", "average_precision", "calibration_error")


def report_json(
    judged: Judged, threshold: float, scenes: Scenes, folds: Scenes | None = None
) -> str:
    """Figures, every photo's probability, and the finders' reports, as JSON."""
    values = {
        **{key: getattr(judged, key) for key in _TOLD},
        **judged.figures(threshold),
        **{key: getattr(judged, key) for key in _FIGURES},
        "not_sure": judged.not_sure(threshold),
        "photos": list(photo_rows(judged, threshold)),
        "scenes": {title: asdict(figures) for title, figures in scenes.items()},
        "folds": {title: asdict(figures) for title, figures in (folds or {}).items()},
    }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def report_csv(judged: Judged, threshold: float) -> bytes:
    """A row a photo, in UTF-8, for spreadsheets."""
    stream = io.StringIO()
    rows = list(photo_rows(judged, threshold))
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "photo": spreadsheet_safe(row["photo"])})
    return for_spreadsheets(stream.getvalue().encode())


def photo_rows(judged: Judged, threshold: float) -> Iterator[dict[str, Any]]:
    """Name, truth, answer and what the app calls it, of each photo or face."""
    for path, label, probability, verdict in zip(
        judged.paths,
        judged.labels,
        judged.probabilities,
        judged.verdicts(threshold),
        strict=True,
    ):
        answer = CLASS_NAMES[int(probability >= threshold)]
        yield {
            "photo": path,
            "truth": CLASS_NAMES[label],
            "answer": answer,
            "mask_probability": float(probability),
            "right": answer == CLASS_NAMES[label],
            "verdict": verdict,
        }


def report_charts(judged: Judged, threshold: float, scenes: Scenes) -> list[tuple[Any, str]]:
    """The charts that go into the HTML file, in order, each with what it means, as on the page.

    Each chart has a description, for those who do not see it: what it shows, in words.
    """
    charts: list[tuple[Any, str]] = []

    def add(chart: Any, meaning: str, *said: str) -> None:
        described = chart.properties(description=f"{chart.title}. {'; '.join(said)}.")
        charts.append((described, meaning))

    confusion = judged.figures(threshold)["confusion"]
    add(
        confusion_chart(confusion, judged.things),
        called_rightly(judged, confusion),
        *(
            f"{cell['truth']} called {cell['answer']}: {cell['count']}"
            for cell in confusion_rows(confusion).to_dict("records")
        ),
    )
    roc = roc_points(judged.labels, judged.probabilities)
    if roc:
        at_roc, at_precision = current_points(judged, threshold)
        precision = precision_recall_points(judged.labels, judged.probabilities)
        for points, at, axes, title, meaning in (
            (roc, at_roc, ROC_AXES, "ROC curve", roc_meaning),
            (
                precision,
                at_precision,
                PRECISION_AXES,
                "Precision and recall of Mask",
                precision_meaning,
            ),
        ):
            said = (f"{name} {percent(at[field])}" for field, name in axes)
            add(
                curve_chart(points, at, *axes, title),
                meaning(judged, threshold),
                f"At {percent(threshold, 0)}",
                *said,
            )
    steps = reliability(judged.labels, judged.probabilities)
    add(
        reliability_chart(steps, judged.things),
        reliability_meaning(steps, judged.things),
        f"On average off by {percentage_points(calibration_error(steps))}",
    )
    bars = histogram(judged.labels, judged.probabilities)
    add(
        histogram_chart(bars, threshold, judged.things),
        histogram_meaning(judged.things),
        *(
            f"{b['class']}, {percent(b['from'], 0)} to {percent(b['to'], 0)}: {b['count']}"
            for b in bars
            if b["count"]
        ),
    )
    outcomes = outcome_rows(scenes)
    for kind in CLASS_TITLES.values():
        of_kind = [row for row in outcomes if row["class"] == kind]
        if of_kind:
            add(
                outcome_chart(of_kind, list(scenes), f"{kind}: what becomes of them"),
                outcome_meaning(of_kind),
                *(f"{r['finder']}, {r['outcome']}: {r['faces']} of {r['of']}" for r in of_kind),
            )
    for title, figures in scenes.items():
        if sizes := size_rows({title: figures}):
            add(
                size_chart(sizes, f"Faces found by their size, {title}"),
                SIZES_NOTE,
                *(f"{s['class']}, {s['band']} pixels: {s['found']} of {s['of']}" for s in sizes),
            )
    return charts


def to_svg(chart: Any) -> str:
    """Draw a chart outside of a browser."""
    import vl_convert  # a browser's script engine: loaded only when somebody asks

    drawn: str = vl_convert.vegalite_to_svg(chart.properties(width=CHART_WIDTH).to_dict())
    return drawn
