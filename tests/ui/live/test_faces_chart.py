from __future__ import annotations

from maskcore.session import Second
from ui.live.faces_chart import _chart, _with_pauses


def test_the_chart_draws_nothing_for_kinds_without_a_face() -> None:
    rows = [Second(second, 9, 0, 0, 1, 0, 1, 5.0, 5.0) for second in range(3)]
    chart = _chart(rows).to_dict()
    mark = chart["mark"]
    # An edge would be drawn along the areas of no height, too.
    assert (mark["type"], mark.get("line"), mark.get("stroke")) == ("area", None, None)
    (table,) = chart["datasets"].values()
    assert {row["faces"] for row in table if row["what"] != "No Mask"} == {0}


def test_where_a_pause_begins_no_face_is_in_view() -> None:
    rows = [Second(second, 9, 0, 2, 1, 0, 3, 5.0, 5.0) for second in (1, 2, 7)]
    shown = [(row.seconds, row.mask + row.no_mask + row.not_sure) for row in _with_pauses(rows)]
    assert shown == [(1, 3), (2, 3), (3, 0), (7, 3)]
