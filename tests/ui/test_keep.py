"""What a widget holds is the visitor's: it is sent to the browser only where it is another."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def settings() -> None:
    import streamlit as st

    from ui.keep import keep, preset, put

    keep("size", 3)
    size = st.slider("Size", 1, 9, key="size")
    keep("shape", "round", ["round", "square"] if size < 8 else ["round"])
    st.radio("Shape", ["round", "square"], key="shape")
    preset("answer", "yes" if size > 5 else "no")
    st.selectbox("Answer", ["yes", "no"], key="answer")
    if st.button("Reset"):
        put("size", 3)
        st.rerun()


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(settings).run()


def sent(page: AppTest) -> list[bool]:
    """Whether each widget's value was sent to the browser by the last run."""
    return [
        page.slider[0].proto.set_value,
        page.radio[0].proto.set_value,
        page.selectbox[0].proto.set_value,
    ]


def test_values_are_sent_once_and_those_that_visitors_choose_are_not_sent_back(
    page: AppTest,
) -> None:
    assert sent(page) == [True, True, True]
    page.slider[0].set_value(4).run()
    assert sent(page) == [False, False, False]
    page.radio[0].set_value("square").run()
    assert sent(page) == [False, False, False]
    assert (page.slider[0].value, page.radio[0].value) == (4, "square")


def test_values_the_page_gives_are_sent(page: AppTest) -> None:
    page.radio[0].set_value("square").run()
    page.slider[0].set_value(8).run()
    assert sent(page) == [False, True, True]
    assert (page.radio[0].value, page.selectbox[0].value) == ("round", "yes")
    page.button[0].click().run()
    assert sent(page) == [True, False, True]
    assert (page.slider[0].value, page.selectbox[0].value) == (3, "no")
