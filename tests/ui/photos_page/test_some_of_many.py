from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

import ui.choices
import ui.loading
import ui.photos.looking
from maskcore.types import NotSure
from tests.ui.pages import press, texts
from tests.ui.photos_page.page import PhotoFile, found, upload
from ui.photos.export import results_zip


def kinds(page: AppTest) -> list[str]:
    return [option for row in page.pills for option in row.options]


def unpacked(archive: bytes) -> list[bytes]:
    """What is in a ZIP file; the file itself also says when it was packed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return [files.read(name) for name in files.namelist()]


def show_kind(page: AppTest, kind: str) -> AppTest:
    page.session_state["kind"] = kind
    return page.run()


def test_kinds_that_occur_are_counted_and_the_chosen_one_is_shown(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    fake.not_sure = NotSure(margin=0.5)
    upload(page, ("one.png", photo_file(300)))
    assert kinds(page) == []  # one photo is no choice
    files = {"two.png": 200, "three.png": 400, "none.png": 250}
    upload(page, *[(name, photo_file(width)) for name, width in files.items()])
    assert kinds(page) == [
        "All 4 photos",
        "2 with No Mask",
        "1 with Not sure",
        "1 without a face",
    ]
    everything = found(page)
    for kind, expected in (
        ("With No Mask", everything[1:3]),
        ("With Not sure", everything[:1]),
        ("Without a face", everything[3:]),
        ("All photos", everything),
    ):
        show_kind(page, kind)
        assert found(page) == expected
        # Totals and downloads hold everything, and say so.
        assert {m.label: m.value for m in page.metric}["Photos"] == "4"
        assert ("hold all photos" in texts(page)) == (kind != "All photos")
    assert not page.exception


def test_the_chosen_kind_stays_until_it_has_vanished(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    two, one = "2 faces: 1 with mask, 1 without", "1 face: with mask"
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert kinds(page) == ["All 2 photos", "1 with No Mask"]
    show_kind(page, "With No Mask")
    # With more photos, looked at in another way, and seen from another page.
    upload(page, ("one.png", photo_file(300)), ("two.png", photo_file(200)))
    assert found(page) == [two] * 2
    assert kinds(page) == ["All 4 photos", "2 with No Mask"]
    page.selectbox(key="detector").select("haar_alt2").run()
    assert found(page) == [two] * 2
    page.switch_page("pages/metrics.py").run()
    page.switch_page("pages/photo.py").run()
    assert found(page) == [two] * 2
    page.slider(key="threshold").set_value(15).run()
    assert kinds(page) == []  # everybody has a mask
    assert len(found(page)) == 4
    page.slider(key="threshold").set_value(50).run()
    assert found(page) == [two, one, one, two]
    # Photos that come after all went are not sifted by what was chosen for those.
    show_kind(page, "With No Mask")
    press(page, "Remove all")
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert found(page) == [two, one]


def test_a_finder_that_is_not_there_hides_no_photo(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.choices, "yunet_available", lambda: False)
    upload(page, ("two.png", photo_file(200)), ("none.png", photo_file(250)))
    show_kind(page, "Without a face")
    page.selectbox(key="detector").select("yunet").run()
    assert kinds(page) == []
    assert "two.png" in texts(page) and "none.png" in texts(page)
    assert "hold all photos" not in texts(page)
    page.selectbox(key="detector").select("fcos").run()
    assert found(page) == ["No face found"]


def test_a_kind_has_pages_of_its_own(page: AppTest, photo_file: PhotoFile) -> None:
    bare = [(f"{number}.png", photo_file(200)) for number in range(12)]
    masked = [(f"{number}.png", photo_file(300)) for number in range(11)]
    upload(page, *masked, *bare)
    (pager, _) = page.get("pagination")
    assert pager.proto.num_pages == 3
    page.session_state["page-above"] = 3
    page.run()
    assert len(found(page)) == 3
    page.switch_page("pages/metrics.py").run()
    page.switch_page("pages/photo.py").run()
    assert len(found(page)) == 3
    show_kind(page, "With No Mask")
    assert {pager.proto.num_pages for pager in page.get("pagination")} == {2}
    assert found(page) == ["2 faces: 1 with mask, 1 without"] * 10
    assert "11.png" not in texts(page)


def test_blurred_faces_leave_the_page_in_no_form(
    page: AppTest, photo_file: PhotoFile, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[bytes] = []
    image = DeltaGenerator.image

    def note(self: DeltaGenerator, data: bytes, **options: Any) -> DeltaGenerator:
        pictures.append(data)
        return image(self, data, **options)

    monkeypatch.setattr(DeltaGenerator, "image", note)
    files = calls("download_button")

    def leaving() -> list[Any]:
        page.run()
        pictures.clear(), files.clear()
        page.run()
        packed, _, _, *single = (given[1]() for given, _ in files)
        faces = [face for table in page.dataframe for face in table.value["Face"]]
        return [*pictures, *faces, *unpacked(packed), *single]

    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    plain = leaving()
    (switch,) = page.toggle
    assert (switch.label, switch.value) == ("Blur faces", False)
    switch.set_value(True).run()
    blurred = leaving()
    assert len(plain) == len(blurred) == 11
    assert set(plain) & set(blurred) == set(plain[-4:-2])  # the tables
    results = page.session_state.gallery.results(("haar", "first"), 0.5)
    (photo, _), _ = results
    assert blurred == [
        *(photo.annotated_preview(analysis, blur=True) for photo, analysis in results),
        *(face for photo, _ in results for face in photo.faces_shown(("haar", "first"), blur=True)),
        *unpacked(results_zip(results, [], blur=True)),
        *(photo.annotated(analysis, blur=True) for photo, analysis in results),
    ]
    # What a photo looked at anew shows meanwhile.
    held = page.session_state.gallery
    held.stopped = ("haar_alt2", "first")
    page.selectbox(key="detector").select("haar_alt2").run()
    assert pictures[-2] == photo.unlabelled_preview(blur=True) != photo.preview
    # The same setting as on the Live page.
    page.switch_page("pages/live.py").run()
    assert page.toggle(key="blur").value
