"""Fields for files say what serves in words of our own."""

from __future__ import annotations

import streamlit as st
from streamlit.testing.v1 import AppTest


def test_a_field_for_a_zip_says_how_large_it_may_be() -> None:
    page = AppTest.from_string(
        "from ui.uploader import keep_zip; keep_zip('photos', 'A ZIP')"
    ).run()
    assert not page.exception
    (field,) = page.file_uploader
    assert field.label == "A ZIP"
    (style,) = page.get("html")
    most = st.get_option("server.maxUploadSize")
    assert '.st-key-photos-zip [data-testid="stFileUploaderDropzone' in style.proto.body
    assert f"Or drop a ZIP file here: up to {most}\xa0MB" in style.proto.body
