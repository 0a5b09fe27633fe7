from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.pages import press
from tests.ui.photos_page.page import OpenPage, PhotoFile, found, upload


def test_two_sessions_do_not_see_each_other(
    page: AppTest, open_page: OpenPage, photo_file: PhotoFile
) -> None:
    other = open_page()
    other.selectbox(key="detector").select("haar").run()
    upload(page, ("two.png", photo_file(200)), ("text.jpg", b"text"))
    other.run()
    assert found(other) == []
    assert not other.warning
    upload(other, ("one.png", photo_file(300)))
    page.run()
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
    assert found(other) == ["1 face: with mask"]
    press(other, "Remove all")
    page.run()
    assert len(found(page)) == len(page.warning) == 1
