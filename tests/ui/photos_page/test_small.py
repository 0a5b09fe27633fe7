"""Many photos shown small, and the way from there to a single one."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.ui.pages import press, texts
from tests.ui.photos_page.page import PhotoFile, found, upload


def layouts(page: AppTest) -> list[str]:
    return [option for group in page.get("button_group") for option in group.options]


def show(page: AppTest, layout: str) -> AppTest:
    return page.segmented_control(key="layout").set_value(layout).run()


def details(page: AppTest) -> list[Any]:
    return [button for button in page.button if button.label == "Details"]


def scrolls_to(page: AppTest, selector: str) -> bool:
    script = f'document.querySelector("{selector}'
    return any(script in item.proto.body for item in page.get("html"))


def named(photo_file: PhotoFile, count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}.png", photo_file(200)) for number in range(count)]


def test_few_photos_are_seen_at_a_glance_anyway(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, *named(photo_file, 3))
    assert not any("Small" in option for option in layouts(page))
    upload(page, ("fourth.png", photo_file(300)))
    assert any("Small" in option for option in layouts(page))


def test_small_photos_say_what_was_found_and_lead_to_the_large_one(
    page: AppTest, photo_file: PhotoFile
) -> None:
    upload(page, *named(photo_file, 23))
    (pager, _) = page.get("pagination")
    assert pager.proto.num_pages == 3
    show(page, "Small")
    assert page.get("pagination") == []
    assert len(details(page)) == 23
    assert texts(page).count("**2 faces: 1 with mask, 1 without**") == 23
    assert found(page) == []
    details(page)[14].click().run()
    assert page.session_state["page-above"] == 2
    assert found(page) == ["2 faces: 1 with mask, 1 without"] * 10
    assert scrolls_to(page, ".st-key-photo-14")
    assert not scrolls_to(page.run(), "")  # there once
    assert not page.exception


def test_the_page_holds_the_same_photos_in_both_sizes(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, *named(photo_file, 45))
    page.session_state["page-above"] = 5
    page.run()
    show(page, "Small")
    assert page.session_state["page-above"] == 2
    assert len(details(page)) == 5
    show(page, "Large")
    assert page.session_state["page-above"] == 5
    assert len(found(page)) == 5
    page.session_state["page-above"] = 3
    page.run()
    show(page, "Small")
    page.switch_page("pages/metrics.py").run()
    page.switch_page("pages/photo.py").run()
    assert len(details(page)) == 40  # of the first page, which holds photo 21


def test_a_removal_can_be_undone_among_small_photos(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, *named(photo_file, 5))
    next(button for button in page.button if button.label == "Remove").click().run()
    show(page, "Small")
    assert len(details(page)) == 4
    press(page, "Undo")
    assert len(details(page)) == 5
    # Photos that come later are shown as was chosen.
    page.switch_page("pages/metrics.py").run()
    page.switch_page("pages/photo.py").run()
    assert len(details(page)) == 5
