from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest

from ui.metrics.judged import judged_parts


def test_what_cannot_be_drawn_is_said_above_what_is(
    make_report: Callable[..., dict[str, Any]],
) -> None:
    report = make_report([1, 1], [0.9, 0.2])
    faces = replace(judged_parts("first", report)["test"], things="faces")
    page = AppTest.from_string(
        "import streamlit as st; from ui.metrics.curve_view import show_curves;"
        " show_curves(st.session_state.faces, 0.5)",
        default_timeout=60,
    )
    page.session_state["faces"] = faces
    page.run()
    assert not page.exception
    assert page.main.children[0] == page.info[0]
    assert "need faces of both classes" in page.info[0].value
    assert len(page.get("vega_lite_chart")) == 2
    assert "photos" not in str([caption.value for caption in page.caption])
    assert "Faces" in page.dataframe[0].value
