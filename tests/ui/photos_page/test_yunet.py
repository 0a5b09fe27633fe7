from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import ui.choices
import ui.loading
import ui.photos.looking
from maskcore import MasklensError
from maskcore.detection.yunet import FILE_NAME
from tests.ui.pages import labels, press
from tests.ui.photos_page.page import PhotoFile, found, upload


def test_without_its_file_yunet_is_offered_and_the_page_lives_on(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)))
    page.selectbox(key="detector").select("yunet").run()
    assert not page.exception
    assert "YuNet is not installed" in page.info[0].value
    assert "Fetch YuNet now" in labels(page)
    assert found(page) == []
    assert "Try the sample photo" not in labels(page)
    assert len(fake.detected) == 1  # nothing was tried with a detector that is not there
    page.selectbox(key="detector").select("haar").run()
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
    assert "Fetch YuNet now" not in labels(page)


def test_yunet_is_fetched_on_request_alone(
    page: AppTest, fake_models: Path, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch() -> None:
        asked.append(True)
        (fake_models / "yunet").mkdir()
        (fake_models / "yunet" / FILE_NAME).touch()

    monkeypatch.setattr(ui.choices, "fetch_yunet", fetch)
    upload(page, ("two.png", photo_file(200)))
    page.selectbox(key="detector").select("yunet").run()
    page.run()
    assert asked == []
    press(page, "Fetch YuNet now")
    assert asked == [True]
    assert not page.info
    assert found(page) == ["2 faces: 1 with mask, 1 without"]


def test_a_failing_fetch_is_one_sentence(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch() -> None:
        raise MasklensError("YuNet could not be fetched: no connection.")

    monkeypatch.setattr(ui.choices, "fetch_yunet", fetch)
    page.selectbox(key="detector").select("yunet").run()
    press(page, "Fetch YuNet now")
    assert [error.value for error in page.error] == ["YuNet could not be fetched: no connection."]
    assert "Fetch YuNet now" in labels(page)
