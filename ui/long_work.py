"""Work of many seconds behind a button, which a press of anything else ends unfinished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def long_work(place: str, button: str) -> Iterator[None]:
    """Say that a press ends the work within, and remember for ``show_unfinished`` where one did.

    What is shown within goes when the work has ended.

    Args:
        place: on the page, and what is worked on there, by which it is remembered.
        button: the label of the one that asked for the work; "" where it begins anew by itself,
            of which nothing is said or remembered.
    """
    key, shown = f"unfinished-{place}", st.empty()
    st.session_state[key] = button  # it stays where the run ends before the work does
    try:
        with shown.container():
            if button:
                st.caption("It ends unfinished when you press or choose something else meanwhile.")
            yield
    except Exception:  # the end of a run is none
        del st.session_state[key]
        shown.empty()
        raise
    del st.session_state[key]
    shown.empty()


def show_unfinished(place: str, button: str) -> None:
    """Say once that the work ended unfinished; to be called below the button.

    Args:
        place: as above.
        button: the one offered here: another, pressed elsewhere, is not to be looked for here.
    """
    pressed = st.session_state.pop(f"unfinished-{place}", "")
    if pressed and pressed == button:
        st.info(
            f"“{button}” ended unfinished, as something else was pressed or chosen meanwhile."
            " Press it again to begin anew."
        )
