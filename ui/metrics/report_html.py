"""The page's figures as one HTML file, charts included, for a browser or a printer."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Any

from training.metrics import CLASS_NAMES, Figure
from ui.app_threshold import THRESHOLD_LABEL
from ui.metrics.charts import CLASS_TITLES
from ui.metrics.judged import PARTS, Judged, not_sure_note
from ui.metrics.provenance import begun_note, data_note, part_title, photos_of
from ui.metrics.report_export import Scenes, photo_rows, report_charts, to_svg
from ui.metrics.scene_figures import FACES_NOTE, FINDERS_NOTE, boxes_note, finder_rows, headline
from ui.metrics.stress_view import stress_rows, where_it_breaks
from ui.words import counted, day, percent, with_interval

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2a33; background: #fff; margin: 2rem auto;
  max-width: 62rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #dbe3e8; padding: .3rem .8rem .3rem 0; text-align: left; }
figure { display: inline-block; margin: 1rem 1rem 1rem 0; max-width: 100%; vertical-align: top; }
figure svg { max-width: 100%; height: auto; }
figcaption { max-width: 32rem; }
.names td:first-child { overflow-wrap: anywhere; }
.lead { font-size: 1.3rem; font-weight: 600; }
.note { color: #5b6770; }
code { overflow-wrap: anywhere; }
@media (max-width: 30rem) { table { font-size: .8rem; } th, td { padding-right: .5rem; } }
"""


def report_html(
    judged: Judged,
    threshold: float,
    scenes: Scenes,
    title: str,
    folds: Scenes | None = None,
    stress: dict[str, Any] | None = None,
    caution: str = "",
) -> str:
    """One file that needs no other.

    Args:
        judged: the photos.
        threshold: mask probability, 0..1, from which the answer is "Mask".
        scenes: reports of finder and model together, by the finder's title.
        title: the model's name for people.
        folds: such reports of photos that networks judged in turns.
        stress: the model's stress card, as ``read_stress`` gives it.
        caution: what the figures are worth.
    """
    said = [headline(of_finder) for of_finder in (folds or scenes).values()][:1]
    drawn = "".join(
        f'<figure><div role="img" aria-label="{html.escape(chart.description)}">{to_svg(chart)}'
        f'</div><figcaption class="note">{html.escape(meaning)}</figcaption></figure>'
        for chart, meaning in report_charts(judged, threshold, scenes)
    )
    alike = f" {FACES_NOTE}" if judged.things == "faces" else ""
    kept_apart = ", photos kept apart" if folds else ""
    parts = [
        "<h1>How good is it?</h1>",
        *(
            f'<p class="lead">{html.escape(sentence)} (At the model\'s own threshold.)</p>'
            for sentence in said
            if sentence
        ),
        _table(("", ""), _facts(judged, threshold, title)),
        *([_note(caution)] if caution else ()),
        _table(
            ("Class", judged.things.capitalize(), "Precision", "Recall", "F1"),
            _by_class(judged, threshold),
        ),
        _note(f"In brackets what chance allows for (95 %).{alike}"),
        *([_note(doubtful)] if (doubtful := not_sure_note(judged, threshold)) else ()),
        drawn,
        *(_whole_app(f"Whole app{kept_apart}", scenes) if scenes else ()),
        *(_whole_app("Whole app, photos in turns", folds) if folds else ()),
        *(_hard_cases(stress) if stress and stress["rows"] else ()),
        *_mistakes(judged, threshold),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Masklens: {html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _facts(judged: Judged, threshold: float, title: str) -> list[tuple[str, ...]]:
    accuracy = judged.figures(threshold)["accuracy"]
    # Of a visitor's own photos there is but one part.
    known = judged.part in PARTS and judged.part != "given"
    part = f". {part_title(judged.model, judged.part)}" if known else ""
    if note := begun_note(judged):
        part += f". {note}"
    return [
        ("Mask model", title),
        ("Measured on", f"{photos_of(judged, judged.data, data_note(judged))}{part}"),
        ("Measured", day(judged.created) or "nobody noted when"),
        ("Command", judged.command or "on the Metrics page"),
        (THRESHOLD_LABEL, percent(threshold, 0)),
        ("Accuracy", f"{with_interval(accuracy)}, {accuracy['hits']} of {accuracy['count']}"),
        ("ROC AUC", _area(judged.roc_auc)),
        ("Average precision", _area(judged.average_precision)),
        (
            "Percentage points by which probabilities are off (expected calibration error)",
            with_interval(judged.calibration_error).replace("\N{NO-BREAK SPACE}%", ""),
        ),
    ]


def _area(figure: Figure) -> str:
    """The area under a curve, at best 1."""
    value, interval = figure["value"], figure["interval"]
    if value is None or interval is None:
        return "–"
    # Photos without a mistake, drawn again, would never show one.
    if value == 1:
        return "1, the best there is; other photos may differ"
    return f"{value:.4f} ({interval[0]:.4f} to {interval[1]:.4f})"


def _by_class(judged: Judged, threshold: float) -> list[tuple[str, ...]]:
    by_class = judged.figures(threshold)["by_class"]
    return [
        (
            CLASS_TITLES[name],
            str(by_class[name]["count"]),
            *(with_interval(by_class[name][key]) for key in ("precision", "recall", "f1")),
        )
        for name in reversed(CLASS_NAMES)
    ]


def _mistakes(judged: Judged, threshold: float) -> Iterator[str]:
    rows = [
        (row["photo"], row["truth"], row["answer"], percent(row["mask_probability"]))
        for row in photo_rows(judged, threshold)
        if not row["right"]
    ]
    yield f"<h2>Mistakes ({len(rows)})</h2>"
    head = (judged.thing.capitalize(), "In truth", "Answer", "Mask")
    # A long name would push the other columns off a phone.
    yield _table(head, rows, of_names=True) if rows else "<p>None.</p>"


def _whole_app(title: str, scenes: Scenes) -> Iterator[str]:
    first = next(iter(scenes.values()))
    yield f"<h2>{title}</h2>"
    how = f" Each was judged by the one of {first.folds} networks that had not learned from it."
    yield (
        f"<p>{counted(first.photos, 'whole photo')}, faces of {first.min_side:.0f} pixels and"
        f" more, at the model's own threshold.{how if first.folds else ''} {headline(first)}"
        f" {boxes_note(first)}</p>"
    )
    yield _table_of(finder_rows(scenes))
    yield _note(FINDERS_NOTE)
    for finder, figures in scenes.items():
        if figures.command:
            yield _measured(finder, figures.created, figures.command)


def _hard_cases(card: dict[str, Any]) -> Iterator[str]:
    yield f"<h2>Hard cases</h2><p>{html.escape(where_it_breaks(card['rows']))}</p>"
    yield _table_of(stress_rows(card["rows"]))
    yield _note(f"{card['count']} test photos, changed as written, at the model's own threshold.")
    yield _measured("Hard cases", str(card["created"]), str(card["command"]))


def _measured(what: str, created: str, command: str) -> str:
    when = f" on {day(created)}" if day(created) else ""
    return f"<p>{html.escape(what)}: measured{when} by <code>{html.escape(command)}</code></p>"


def _note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def _table_of(rows: Sequence[dict[str, str]]) -> str:
    return _table(tuple(rows[0]), [tuple(row.values()) for row in rows])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], of_names: bool = False) -> str:
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)] if any(head) else []
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    table = '<table class="names">' if of_names else "<table>"
    return f"{table}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
