from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ui.metrics.scene_charts import outcome_chart, outcome_rows, size_chart, size_rows
from ui.metrics.scene_figures import scene_figures

MakeSceneReport = Callable[..., dict[str, Any]]


def test_outcomes_of_each_class_add_up(make_scene_report: MakeSceneReport) -> None:
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    assert figures is not None
    rows = outcome_rows({"Masklens": figures})
    counts = {(row["class"], row["outcome"]): row["faces"] for row in rows}
    assert counts == {
        ("Masked faces", "Found and right"): 72,
        ("Masked faces", "Found, labelled wrong"): 4,
        ("Masked faces", "Missed"): 4,
        ("Faces without a mask", "Found and right"): 3,
        ("Faces without a mask", "Found, labelled wrong"): 3,
        ("Faces without a mask", "Missed"): 3,
    }
    assert sum(row["share"] for row in rows) == pytest.approx(2)
    assert outcome_chart(rows[:3], ["Masklens"], "Faces").to_dict()["title"] == "Faces"


def test_sizes_without_faces_are_left_out(make_scene_report: MakeSceneReport) -> None:
    figures = scene_figures(make_scene_report("fcos", (4, 2, 2), (1, 1, 1)))
    assert figures is not None
    rows = size_rows({"Masklens": figures})
    assert [(r["band"], r["class"], r["found"], r["of"]) for r in rows] == [
        ("32 to 63", "Mask", 2, 4),
        ("128 and more", "No Mask", 1, 1),
    ]
    assert size_chart(rows, "Sizes").to_dict()["title"] == "Sizes"


def test_no_faces_and_none_found_are_told_apart(make_scene_report: MakeSceneReport) -> None:
    figures = scene_figures(make_scene_report("fcos", (4, 2, 2), (1, 1, 1)))
    assert figures is not None
    masked, bare = size_rows({"Masklens": figures})
    spec = size_chart([{**masked, "found": 0, "share": 0.0}, bare], "Sizes").to_dict()
    (marks,) = spec["datasets"].values()
    assert [(m["band"], m["class"], m["share"], m["note"]) for m in marks] == [
        ("32–63", "Mask", 0.0, "none found"),
        ("32–63", "No Mask", None, "no faces"),
        ("128+", "Mask", None, "no faces"),
        ("128+", "No Mask", 1.0, ""),
    ]
    assert all(layer["encoding"]["x"]["sort"] == ["32–63", "128+"] for layer in spec["layer"])
    assert all(layer["encoding"]["x"]["axis"]["labelOverlap"] is False for layer in spec["layer"])


@pytest.mark.parametrize("finders", [1, 2, 4])
def test_a_bar_is_as_high_with_one_finder_as_with_four(
    make_scene_report: MakeSceneReport, finders: int
) -> None:
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (0, 0, 0)))
    assert figures is not None
    titles = [f"Finder {number}" for number in range(finders)]
    spec = outcome_chart(outcome_rows(dict.fromkeys(titles, figures)), titles, "Faces").to_dict()
    # A number would be shared among the bars, the title, the axis and the legend.
    assert spec["height"]["step"] > 20
