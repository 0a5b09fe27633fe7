"""The page's figures to take along: JSON, a table, and one HTML file with the charts."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from training.curves import (
    calibration_error,
    histogram,
    precision_recall_points,
    reliability,
    roc_points,
)
from training.metrics import CLASS_NAMES
from ui.charts import (
    CLASS_TITLES,
    confusion_chart,
    confusion_rows,
    curve_chart,
    histogram_chart,
    reliability_chart,
)
from ui.curve_view import PRECISION_AXES, ROC_AXES, current_points
from ui.judged import Judged, percent, with_interval
from ui.scene_figures import (
    SceneFigures,
    headline,
    outcome_chart,
    outcome_rows,
    size_chart,
    size_rows,
)

CHART_WIDTH = 460
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2a33; background: #fff; margin: 2rem auto;
  max-width: 62rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #dbe3e8; padding: .3rem .8rem .3rem 0; text-align: left; }
figure { display: inline-block; margin: 1rem 1rem 1rem 0; max-width: 100%; vertical-align: top; }
figure svg { max-width: 100%; height: auto; }
.lead { font-size: 1.3rem; font-weight: 600; }
.note { color: #5b6770; }
"""

Scenes = Mapping[str, SceneFigures]


def report_json(judged: Judged, threshold: float, scenes: Scenes) -> str:
    """Figures, every photo's probability, and the finders' reports, as JSON."""
    values = {
        **{key: getattr(judged, key) for key in ("model", "data", "part", "created", "command")},
        **judged.figures(threshold),
        "roc_auc": judged.roc_auc,
        "photos": list(_photos(judged, threshold)),
        "scenes": {title: asdict(figures) for title, figures in scenes.items()},
    }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def report_csv(judged: Judged, threshold: float) -> str:
    """A row a photo."""
    stream = io.StringIO()
    rows = list(_photos(judged, threshold))
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    for row in rows:
        path = row["photo"]
        # A name that begins like a formula must not be run as one by a spreadsheet.
        writer.writerow({**row, "photo": f"'{path}" if path[:1] in "=+-@\t\r" else path})
    return stream.getvalue()


def _photos(judged: Judged, threshold: float) -> Iterator[dict[str, Any]]:
    for path, label, probability in zip(
        judged.paths, judged.labels, judged.probabilities, strict=True
    ):
        answer = CLASS_NAMES[int(probability >= threshold)]
        yield {
            "photo": path,
            "truth": CLASS_NAMES[label],
            "answer": answer,
            "mask_probability": float(probability),
            "right": answer == CLASS_NAMES[label],
        }


def report_charts(judged: Judged, threshold: float, scenes: Scenes) -> list[Any]:
    """The charts that go into the HTML file, in order, each with a description."""
    charts: list[Any] = []

    def add(chart: Any, *said: str) -> None:
        # For those who do not see it: what it shows, in words.
        charts.append(chart.properties(description=f"{chart.title}. {'; '.join(said)}."))

    confusion = judged.figures(threshold)["confusion"]
    add(
        confusion_chart(confusion),
        *(
            f"{cell['truth']} called {cell['answer']}: {cell['count']}"
            for cell in confusion_rows(confusion).to_dict("records")
        ),
    )
    roc = roc_points(judged.labels, judged.probabilities)
    if roc:
        at_roc, at_precision = current_points(judged, threshold)
        precision = precision_recall_points(judged.labels, judged.probabilities)
        for points, at, axes, title in (
            (roc, at_roc, ROC_AXES, "ROC curve"),
            (precision, at_precision, PRECISION_AXES, "Precision and recall of Mask"),
        ):
            said = (f"{name} {percent(at[field])}" for field, name in axes)
            add(curve_chart(points, at, *axes, title), f"At {percent(threshold, 0)}", *said)
    steps = reliability(judged.labels, judged.probabilities)
    add(reliability_chart(steps), f"On average off by {percent(calibration_error(steps))}")
    bars = histogram(judged.labels, judged.probabilities)
    add(
        histogram_chart(bars, threshold),
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
                *(f"{r['finder']}, {r['outcome']}: {r['faces']} of {r['of']}" for r in of_kind),
            )
    for title, figures in scenes.items():
        if sizes := size_rows({title: figures}):
            add(
                size_chart(sizes, f"Faces found by their size, {title}"),
                *(f"{s['class']}, {s['band']} pixels: {s['found']} of {s['of']}" for s in sizes),
            )
    return charts


def to_svg(chart: Any) -> str:
    """Draw a chart outside of a browser."""
    import vl_convert  # a browser's script engine: loaded only when somebody asks

    drawn: str = vl_convert.vegalite_to_svg(chart.properties(width=CHART_WIDTH).to_dict())
    return drawn


def report_html(judged: Judged, threshold: float, scenes: Scenes, title: str) -> str:
    """One file that needs no other, for a browser or a printer.

    Args:
        judged: the photos.
        threshold: mask probability, 0..1, from which the answer is "Mask".
        scenes: reports of finder and model together, by the finder's title.
        title: the model's name for people.
    """
    figures = judged.figures(threshold)
    said = [headline(of_finder) for of_finder in scenes.values()][:1]
    accuracy = figures["accuracy"]
    facts = [
        ("Mask model", title),
        ("Photos", f"{len(judged)} of {judged.data} ({judged.part})"),
        ("Measured", judged.created[:16].replace("T", " ")),
        ("Command", judged.command or "on the Metrics page"),
        ("Counts as a mask from", percent(threshold, 0)),
        ("Accuracy", f"{with_interval(accuracy)}, {accuracy['hits']} of {accuracy['count']}"),
        ("ROC AUC", "–" if judged.roc_auc["value"] is None else f"{judged.roc_auc['value']:.4f}"),
    ]
    by_class = [
        (
            CLASS_TITLES[name],
            str(of_class["count"]),
            *(with_interval(of_class[key]) for key in ("precision", "recall", "f1")),
        )
        for name, of_class in ((n, figures["by_class"][n]) for n in reversed(CLASS_NAMES))
    ]
    mistakes = [
        (photo["photo"], photo["truth"], photo["answer"], percent(photo["mask_probability"]))
        for photo in _photos(judged, threshold)
        if not photo["right"]
    ]
    drawn = "".join(
        f'<figure role="img" aria-label="{html.escape(chart.description)}">{to_svg(chart)}</figure>'
        for chart in report_charts(judged, threshold, scenes)
    )
    finders = [
        (finder, *(_found(of_finder, name) for name in reversed(CLASS_NAMES)))
        for finder, of_finder in scenes.items()
    ]
    parts = [
        "<h1>How good is it?</h1>",
        *(
            f'<p class="lead">{html.escape(sentence)} (At the model\'s own threshold.)</p>'
            for sentence in said
            if sentence
        ),
        _table(("", ""), facts),
        _table(("Class", "Photos", "Precision", "Recall", "F1"), by_class),
        '<p class="note">In brackets what chance allows for (95 %).</p>',
        drawn,
        "<h2>Whole app</h2>" + _table(("Face finder", "Masked found", "Bare found"), finders)
        if finders
        else "",
        f"<h2>Mistakes ({len(mistakes)})</h2>",
        _table(("Photo", "In truth", "Answer", "Mask"), mistakes) if mistakes else "<p>None.</p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Masklens: {html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _found(figures: SceneFigures, name: str) -> str:
    counts = figures.by_class[name]
    return f"{counts.found} of {counts.faces}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)] if any(head) else []
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
