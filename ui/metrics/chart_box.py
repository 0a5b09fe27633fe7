"""A chart with what it means in a sentence and its figures as a table."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st


def show_chart(chart: alt.TopLevelMixin, meaning: str, table: pd.DataFrame, key: str) -> None:
    """Show a chart for those who see it and for those who do not.

    Args:
        chart: with a title and titled axes.
        meaning: what it says, in a plain sentence.
        table: its figures, columns named for people.
        key: unique on the page.
    """
    st.altair_chart(chart, width="stretch", alt=meaning, key=f"chart-{key}")
    st.caption(meaning)
    with st.expander("As a table", key=f"table-{key}"):
        st.dataframe(table, hide_index=True, height="auto" if len(table) > 8 else "content")
