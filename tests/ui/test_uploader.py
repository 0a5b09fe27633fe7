"""Fields for files: their words, and what becomes of an archive that was used up."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.pages import once_more


def test_a_field_for_a_zip_says_how_large_it_may_be() -> None:
    page = AppTest.from_string(
        "from ui.uploader import keep_zip; keep_zip('photos', 'A ZIP')",
        default_timeout=60,
    ).run()
    assert not page.exception
    (field,) = page.file_uploader
    assert field.label == "A ZIP"
    (style,) = page.get("html")
    most = st.get_option("server.maxUploadSize")
    assert '.st-key-photos-zip [data-testid="stFileUploaderDropzone' in style.proto.body
    assert f"Or drop a ZIP file here: up to {most}\xa0MB" in style.proto.body


@pytest.mark.parametrize("empties", [True, False])
def test_a_press_before_the_browser_knows_that_an_archive_was_used_up_brings_nothing_back(
    released: list[str], empties: bool
) -> None:
    def use_up() -> None:
        import streamlit as st

        from ui.uploader import drop_zip, keep_zip, using_up_zip

        used = "used" in st.session_state
        if not used and (file := keep_zip("photos", "A ZIP")) is not None:
            st.session_state["used"] = file.name
            if st.session_state["empties"]:
                with using_up_zip("photos"):
                    pass
            else:
                drop_zip("photos")
            st.rerun()
        st.session_state.pop("press", lambda: None)()
        st.markdown("The end.")

    page = AppTest.from_function(use_up, default_timeout=60)
    page.session_state["empties"] = empties
    page.run()
    page.file_uploader[0].upload("mine.zip", b"", "application/zip")
    page.session_state["press"] = once_more(page)
    page.run()
    assert not page.exception
    assert page.session_state["used"] == "mine.zip"
    assert "photos-kept" not in page.session_state
    assert len(released) == 1
    assert page.markdown[-1].value == "The end."
