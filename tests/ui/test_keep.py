"""What a widget holds is the visitor's: it is sent to the browser only where that holds another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest


def settings() -> None:
    import streamlit as st

    from ui.keep import keep, put

    if not st.checkbox("Hide"):
        keep("size", 3)
        size = st.slider("Size", 1, 9, **keep("size", 3))
        shapes = ["round", "square"] if size < 8 else ["round"]
        st.radio("Shape", shapes, **keep("shape", "round", shapes))
    else:
        keep("size", 3)  # asked for by what is shown in its place
    if st.button("Reset"):
        put("size", 3)
        st.rerun()


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(settings).run()


def sent(page: AppTest) -> bool:
    """Whether the last run sent the slider's value to the browser."""
    return bool(page.slider[0].proto.set_value)


def test_what_a_visitor_chooses_is_not_sent_back(page: AppTest) -> None:
    assert sent(page)
    page.slider[0].set_value(4).run()
    assert not sent(page)
    page.radio[0].set_value("square").run()
    assert not sent(page)
    assert (page.slider[0].value, page.radio[0].value) == (4, "square")


def test_what_the_page_chooses_is_sent(page: AppTest) -> None:
    page.radio[0].set_value("square").run()
    page.slider[0].set_value(8).run()
    assert page.radio[0].value == "round"
    page.button[0].click().run()
    assert sent(page)
    assert page.slider[0].value == 3


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_a_widget_drawn_again_is_sent_what_it_held(page: AppTest, runs: int) -> None:
    page.slider[0].set_value(5).run()
    page.checkbox[0].check().run()
    for _ in range(runs - 1):
        page.run()
    page.checkbox[0].uncheck().run()
    assert sent(page)
    assert page.slider[0].value == 5


def test_a_browser_that_does_not_hold_the_value_is_sent_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the widget is in a popover that is closed."""
    take = SessionState.set_widgets_from_proto

    def without_slider(self: SessionState, states: Any) -> None:
        kept = [state for state in states.widgets if not state.id.endswith("-size")]
        del states.widgets[:]
        states.widgets.extend(kept)
        take(self, states)

    monkeypatch.setattr(SessionState, "set_widgets_from_proto", without_slider)
    page.run().run()
    assert sent(page)
    assert page.slider[0].value == 3


def test_the_widget_of_another_page_is_sent_what_this_one_held(tmp_path: Path) -> None:
    draws = """
import streamlit as st
from ui.keep import keep
st.text(st.slider("Size", 1, 9, **keep("size", 3)))
"""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "other.py").write_text(draws)
    (tmp_path / "main.py").write_text(draws)
    # Gone on from before a second run; browsers send nothing of a page that is left.
    page = AppTest.from_file(str(tmp_path / "main.py")).run()
    page.switch_page("pages/other.py")._run(WidgetStates())
    assert page.text[0].value == "3"
    assert sent(page)
    page.slider[0].set_value(5).run()
    page.switch_page("main.py")._run(WidgetStates())
    assert page.text[0].value == "5"
    assert sent(page)
