"""The page's figures to take along: JSON, a table, and the charts that go into a report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import starmap
from typing import Any

from maskcore.records import for_spreadsheets, legible, spreadsheet_safe
from training.metrics import CLASS_NAMES
from ui.metrics.charts import Drawn
from ui.metrics.confusion import called_rightly, confusion_chart, confusion_rows
from ui.metrics.curve_view import curves
from ui.metrics.judged import Judged
from ui.metrics.scene_charts import outcomes, sizes
from ui.metrics.scene_figures import SceneFigures

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
            "photo": legible(path),
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
    confusion = judged.figures(threshold)["confusion"]
    cells = confusion_rows(confusion)
    drawn = [
        Drawn(
            confusion_chart(confusion, judged.things),
            called_rightly(judged, confusion),
            cells,
            "confusion",
            [
                f"{cell['truth']} called {cell['answer']}: {cell['count']}"
                for cell in cells.to_dict("records")
            ],
        ),
        *curves(judged, threshold),
        *outcomes(scenes),
        *filter(None, starmap(sizes, scenes.items())),
    ]
    return [
        (
            one.chart.properties(description=f"{one.chart.title}. {'; '.join(one.said)}."),
            one.meaning,
        )
        for one in drawn
    ]


def to_svg(chart: Any) -> str:
    """Draw a chart outside of a browser."""
    import vl_convert  # a browser's script engine: loaded only when somebody asks

    drawn: str = vl_convert.vegalite_to_svg(chart.properties(width=CHART_WIDTH).to_dict())
    return drawn
