"""The confusion matrix: as a chart that can be clicked, and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from training.metrics import CLASS_NAMES
from ui.metrics.charts import BLUE, HEIGHT
from ui.metrics.judged import Judged

CELL = "cell"  # the name of its selection
# Dark enough for white figures on them, in a light page and in a dark one.
_RIGHT, _WRONG, _FEW = BLUE, "#a8451b", "#5b6770"


def called_rightly(judged: Judged, confusion: list[list[int]]) -> str:
    """What the matrix says, in a sentence."""
    right = sum(counts[place] for place, counts in enumerate(confusion))
    return f"{right} of {judged.counted(len(judged))} are called rightly (blue tiles)."


def confusion_rows(confusion: Sequence[Sequence[int]]) -> pd.DataFrame:
    """A row a cell of a confusion matrix (rows truth, columns answer, as in CLASS_NAMES)."""
    rows = []
    for truth, counts in zip(CLASS_NAMES, confusion, strict=True):
        for answer, count in zip(CLASS_NAMES, counts, strict=True):
            share = count / sum(counts) if sum(counts) else 0.0
            rows.append(
                {
                    "truth": truth,
                    "answer": answer,
                    "count": count,
                    "share": share,
                    "right": truth == answer,
                    "percent": f"{share * 100:.1f} %" if sum(counts) else "–",
                }
            )
    return pd.DataFrame(rows)


def confusion_chart(confusion: Sequence[Sequence[int]], things: str) -> alt.LayerChart:
    """The confusion matrix as four tiles that can be clicked: count and share of the row.

    Args:
        confusion: counts, rows truth, columns answer, as in CLASS_NAMES.
        things: what is counted, as ``Judged.things`` names it.
    """
    rows = confusion_rows(confusion)
    chosen = alt.selection_point(name=CELL, fields=["truth", "answer"], toggle=False, empty=False)
    order = list(reversed(CLASS_NAMES))
    base = alt.Chart(rows).encode(
        x=alt.X("answer:N", title="The model's answer", sort=order, axis=_cell_axis(0)),
        y=alt.Y("truth:N", title="In truth", sort=order, axis=_cell_axis(-90)),
    )
    tiles = (
        base.mark_rect(cornerRadius=4, cursor="pointer", strokeWidth=4)
        .encode(
            # White figures stay readable on an empty tile, too.
            color=alt.condition(
                "datum.right || datum.count == 0",
                alt.Color(
                    "share:Q", scale=alt.Scale(domain=[0, 1], range=[_FEW, _RIGHT]), legend=None
                ),
                alt.value(_WRONG),
            ),
            stroke=alt.condition(chosen, alt.value("#f0b429"), alt.value("transparent")),
            tooltip=[
                alt.Tooltip("truth:N", title="In truth"),
                alt.Tooltip("answer:N", title="Answer"),
                alt.Tooltip("count:Q", title=things.capitalize()),
                alt.Tooltip("percent:N", title="Of this row"),
            ],
        )
        .add_params(chosen)
    )
    # Without tooltips, so that clicks go through them to the tiles.
    figures = base.mark_text(dy=-8, fontSize=26, fontWeight="bold", color="white").encode(
        text="count:Q"
    )
    shares = base.mark_text(dy=18, fontSize=14, color="white").encode(text="percent:N")
    return alt.layer(tiles, figures, shares).properties(
        height=HEIGHT, title=f"Confusion matrix ({things})"
    )


def _cell_axis(angle: int) -> alt.Axis:
    return alt.Axis(labelAngle=angle, labelFontSize=13, titleFontSize=13, ticks=False, domain=False)
