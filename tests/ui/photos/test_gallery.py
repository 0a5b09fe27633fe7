from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from maskcore import MaskPipeline
from tests.ui.photos.galleries import CHOICE, OTHER, look
from ui.photos import gallery as module
from ui.photos.gallery import Gallery

PhotoFile = Callable[..., bytes]


# --- room


def test_photos_keep_their_order_and_get_numbers_of_their_own(photo_file: PhotoFile) -> None:
    gallery = Gallery()
    for name in ("b.png", "a.png", "b.png"):
        gallery.add(name, photo_file(200))
    assert [photo.name for photo in gallery.photos] == ["b.png", "a.png", "b.png"]
    gallery.remove(gallery.photos[2])
    gallery.add("c.png", photo_file(200))
    assert len({photo.number for photo in gallery.photos}) == 3
    assert gallery.photos[-1].number == 3  # numbers are never used again


def test_one_photo_too_many_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 2)
    gallery = Gallery()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        gallery.add(name, name.encode())
    assert [photo.name for photo in gallery.photos] == ["a.jpg", "b.jpg"]
    ((name, problem),) = gallery.problems
    assert name == "c.jpg"
    assert "room for 2 photos" in problem
    gallery.remove(gallery.photos[0])
    gallery.add("d.jpg", b"d")
    assert [photo.name for photo in gallery.photos] == ["b.jpg", "d.jpg"]


def test_what_found_no_room_stays_named_when_a_broken_photo_leaves(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 2)
    gallery = Gallery()
    files = {"a.png": photo_file(200), "b.txt": b"text", "c.png": photo_file(300)}
    for name, content in files.items():
        gallery.add(name, content)
    look(gallery, CHOICE, fake_pipeline)
    assert [name for name, _ in gallery.problems] == ["c.png", "b.txt"]


def test_bytes_are_limited_over_all_photos_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSION_BYTES", 2 * 2**20)
    gallery = Gallery()
    gallery.add("a.jpg", bytes(2**20))
    gallery.add("b.jpg", bytes(2**20 - 1) + b"1")  # just fits
    gallery.add("c.jpg", b"1")
    assert [photo.name for photo in gallery.photos] == ["a.jpg", "b.jpg"]
    assert "2 MB at a time" in gallery.problems[0][1]
    gallery.remove(gallery.photos[0])
    gallery.add("d.jpg", b"1")
    assert [photo.name for photo in gallery.photos] == ["b.jpg", "d.jpg"]


def test_previews_and_thumbnails_take_up_room_too(
    looked: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = sum(len(photo.content) for photo in looked.photos)
    previews = sum(len(photo.preview) for photo in looked.photos)
    thumbnails = sum(len(face) for photo in looked.photos for face in photo.thumbnails[CHOICE])
    assert thumbnails > 6
    monkeypatch.setattr(module, "MAX_SESSION_BYTES", held + 2 * previews + thumbnails + 5)
    assert looked.add("large.jpg", bytes(6)) is None
    assert looked.add("small.jpg", bytes(5))


def test_what_broke_is_counted_until_all_that_wait_are_gone(
    looked: Gallery, fake_pipeline: MaskPipeline
) -> None:
    broken = looked.add("a.jpg", b"text")
    assert broken
    looked.add("b.jpg", b"waits")
    looked.look_at(broken, CHOICE, fake_pipeline)
    looked.remove(looked.photos[0])
    assert looked.left == 1
    looked.remove(looked.photos[-1])
    assert looked.left == 0


def test_the_same_file_is_held_once_but_every_shot_is_new(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery, content = Gallery(), photo_file(200)
    for name in ("a.png", "b.png"):
        gallery.add(name, content)
    gallery.add("shot.png", content, is_shot=True)
    for name in ("a.txt", "b.txt"):
        gallery.add(name, b"text")
    assert [name for name, _ in gallery.doubles] == ["b.png", "b.txt"]
    look(gallery, CHOICE, fake_pipeline)
    assert [photo.name for photo in gallery.photos] == ["a.png", "shot.png"]
    # What is like a broken file is not here, but broken.
    assert [name for name, _ in gallery.doubles] == ["b.png"]
    assert [name for name, _ in gallery.problems] == ["a.txt", "b.txt"]
    assert len({problem for _, problem in gallery.problems}) == 1
    gallery.remove(gallery.photos[0])
    gallery.remove(gallery.photos[0])
    gallery.add("b.png", content)
    assert [photo.name for photo in gallery.photos] == ["b.png"]


def test_removing_all_forgets_everything_once_something_comes(looked: Gallery) -> None:
    looked.problems.append(("a.jpg", "broken"))
    looked.add("again.png", looked.photos[0].content)
    looked.remove_all()
    assert looked.photos == []
    assert looked.problems == looked.doubles == []
    assert looked.results(CHOICE, 0.5) == []
    looked.add("new.png", b"new")
    assert looked.removed == []
    looked.bring_back()
    assert [photo.name for photo in looked.photos] == ["new.png"]


def test_all_that_was_removed_comes_back_as_it_was(
    looked: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, results = list(looked.photos), looked.results(CHOICE, 0.5)
    looked.shot = before[-1]
    looked.remove_all()
    looked.remove_all()
    assert looked.shot is None
    looked.bring_back()
    looked.bring_back()
    assert looked.photos == before
    assert looked.shot is before[-1]
    assert looked.results(CHOICE, 0.5) == results
    # As much as may be held at all is held, and no more.
    monkeypatch.setattr(module, "MAX_PHOTOS", 3)
    looked.remove_all()
    for name in ("a.png", "b.png", "c.png"):
        assert looked.add(name, name.encode())
    looked.bring_back()
    assert [photo.name for photo in looked.photos] == ["a.png", "b.png", "c.png"]
    assert looked.shot is None


def test_what_was_removed_is_looked_at_anew_after_a_model_was_installed_anew(
    looked: Gallery, fake_pipeline: MaskPipeline, fake: Any
) -> None:
    looked.remove_all()
    look(looked, CHOICE, fake_pipeline, "new")
    looked.bring_back()
    assert looked.waiting(CHOICE, "new") == looked.photos


def test_removing_a_photo_twice_is_no_error(looked: Gallery) -> None:
    """A double click on its button asks twice."""
    photo = looked.photos[0]
    looked.remove(photo)
    looked.remove(photo)
    assert [photo.name for photo in looked.photos] == ["one.png", "none.png"]
    assert [photo.name for photo in looked.removed] == ["two.png"]


def test_a_removed_photo_returns_to_its_place(looked: Gallery) -> None:
    first, second, third = looked.photos
    looked.shot = second
    looked.remove(first)
    looked.remove(second)
    assert (looked.removed, looked.shot) == ([second], None)
    looked.bring_back()
    assert (looked.photos, looked.shot) == ([second, third], second)
    looked.remove(third)
    looked.add("new.png", b"new")
    looked.bring_back()
    assert [photo.name for photo in looked.photos] == ["one.png", "new.png"]


def test_what_was_said_of_files_returns_with_the_photos(looked: Gallery) -> None:
    looked.problems.append(("a.jpg", "broken"))
    looked.add("again.png", looked.photos[0].content)
    said = list(looked.problems), list(looked.doubles)
    looked.remove_all()
    assert (looked.problems, looked.doubles) == ([], [])
    looked.bring_back()
    assert (looked.problems, looked.doubles) == said


def test_what_found_no_room_is_said_again_once_there_is_none_again(
    looked: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 3)
    looked.problems.append(("broken.jpg", "broken"))
    looked.add("large.png", b"new")
    said = list(looked.problems)
    assert [name for name, _ in said] == ["broken.jpg", "large.png"]
    looked.remove(looked.photos[0])
    assert [name for name, _ in looked.problems] == ["broken.jpg"]
    looked.bring_back()
    assert looked.problems == said


def test_a_file_that_is_not_taken_in_leaves_what_was_removed(
    looked: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(looked.photos)
    looked.remove(looked.photos[0])
    looked.add("again.png", looked.photos[0].content)
    monkeypatch.setattr(module, "MAX_PHOTOS", 2)
    looked.add("large.png", b"new")
    looked.bring_back()
    assert looked.photos == before


# --- looking


def test_each_photo_is_looked_at_once_for_each_choice(
    looked: Gallery, fake: Any, fake_pipeline: MaskPipeline, photo_file: PhotoFile
) -> None:
    assert len(fake.detected) == 3
    look(looked, CHOICE, fake_pipeline)
    assert len(fake.detected) == 3
    looked.add("new.png", photo_file(400))
    look(looked, CHOICE, fake_pipeline)
    assert fake.detected[3:] == [(400, 120)]
    look(looked, OTHER, fake_pipeline)
    assert len(fake.detected) == 8
    look(looked, CHOICE, fake_pipeline)
    assert len(fake.detected) == 8


def test_photos_are_looked_at_anew_after_a_model_was_installed_anew(
    looked: Gallery, fake_pipeline: MaskPipeline, fake: Any
) -> None:
    look(looked, OTHER, fake_pipeline, "old")
    look(looked, CHOICE, fake_pipeline, "old")
    before = len(fake.detected)
    look(looked, CHOICE, fake_pipeline, "old")
    assert len(fake.detected) == before
    look(looked, CHOICE, fake_pipeline, "new")
    assert len(fake.detected) == before + 3
    look(looked, OTHER, fake_pipeline, "old")  # another model's results stay
    assert len(fake.detected) == before + 3


def test_what_cannot_be_read_leaves_with_a_reason_and_the_rest_is_looked_at(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    half = photo_file(400)[:60]
    files = {"a.jpg": b"text", "b.png": photo_file(200), "c.png": half, "d.png": b""}
    for name, content in files.items():
        gallery.add(name, content)
    gallery.add("e.png", photo_file(300))
    look(gallery, CHOICE, fake_pipeline)
    assert [photo.name for photo in gallery.photos] == ["b.png", "e.png"]
    assert [name for name, _ in gallery.problems] == ["a.jpg", "c.png", "d.png"]
    for _, problem in gallery.problems:
        assert problem.endswith(".")
        assert "Error" not in problem
    assert len(gallery.results(CHOICE, 0.5)) == 2


def test_results_are_those_of_the_choice_alone(
    looked: Gallery, fake_pipeline: MaskPipeline
) -> None:
    assert looked.results(OTHER, 0.5) == []
    looked.photos[1].look(OTHER, fake_pipeline)
    assert [photo.name for photo, _ in looked.results(OTHER, 0.5)] == ["one.png"]
    assert len(looked.results(CHOICE, 0.5)) == 3


def test_results_are_relabelled_by_the_threshold(looked: Gallery, fake: Any) -> None:
    for threshold, masked in ((0.1, [2, 1, 0]), (0.5, [1, 1, 0]), (0.7, [1, 0, 0]), (1, [0, 0, 0])):
        results = looked.results(CHOICE, threshold)
        assert [analysis.count("Mask") for _, analysis in results] == masked
        assert [len(analysis.faces) for _, analysis in results] == [2, 1, 0]
        assert {analysis.threshold for _, analysis in results} == {threshold}
    assert len(fake.detected) == 3
