"""A chart with what it means in a sentence and its figures as a table."""

from __future__ import annotations

import streamlit as st

from ui.metrics.charts import Drawn


def show_chart(drawn: Drawn) -> None:
    """Show a chart for those who see it and for those who do not."""
    st.altair_chart(drawn.chart, width="stretch", alt=drawn.meaning, key=f"chart-{drawn.key}")
    st.caption(drawn.meaning)
    with st.expander("As a table", key=f"table-{drawn.key}"):
        height = "auto" if len(drawn.table) > 8 else "content"
        st.dataframe(drawn.table, hide_index=True, height=height)
