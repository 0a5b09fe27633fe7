"""Which class the name of a folder or of a box stands for."""

from __future__ import annotations

import pytest

from training.photos.class_names import (
    CLASS_FOLDERS,
    WITH_MASK,
    WITHOUT_MASK,
    deciding_folder,
    face_label,
    owner_names,
)


@pytest.mark.parametrize(
    "name",
    "with_mask mask masked Mask MASK WithMask with-mask wearing_mask face_with_mask Masked_Faces"
    " maske Maske mit_Maske mask_train 1_with_mask avec_masque con_mascarilla".split()
    + ["with mask", "With Mask", "people wearing a mask", "Mit Maske"],
)
def test_names_for_faces_with_masks(name: str) -> None:
    assert deciding_folder(name) == (name, WITH_MASK)


@pytest.mark.parametrize(
    "name",
    "without_mask no_mask nomask NoMask NO_MASK unmasked Unmasked non-masked not_masked bare"
    " mask_off face_no_mask WithoutMask 0_without_mask sans_masque sin_mascarilla maskless".split()
    + ["no mask", "ohne maske", "Ohne Masken", "not wearing mask", "bare faces", "keine Maske"],
)
def test_names_for_bare_faces(name: str) -> None:
    assert deciding_folder(name) == (name, WITHOUT_MASK)


@pytest.mark.parametrize(
    "name",
    "dataset train images masquerade damask mask_dataset face_mask Face-Mask-Detection 1"
    " mask_weared_incorrect incorrect_mask helmet unknown".split()
    + ["", "photos", "a/b/c", "дом"],
)
def test_other_names_say_nothing(name: str) -> None:
    assert deciding_folder(name) == (name, None)


@pytest.mark.parametrize(
    ("path", "decides", "label"),
    [
        ("data/with_mask", "data/with_mask", WITH_MASK),
        ("data/with_mask/anna/2020", "data/with_mask", WITH_MASK),
        ("mask/train/no_mask/x", "mask/train/no_mask", WITHOUT_MASK),
        ("no_mask/mask", "no_mask/mask", WITH_MASK),
        ("face_mask/train/a", "face_mask/train/a", None),
    ],
)
def test_the_last_name_that_says_a_class_decides(
    path: str, decides: str, label: str | None
) -> None:
    assert deciding_folder(path) == (decides, label)


def test_the_index_of_a_class_is_its_label() -> None:
    assert CLASS_FOLDERS.index(WITH_MASK) == 1
    assert CLASS_FOLDERS.index(WITHOUT_MASK) == 0


@pytest.mark.parametrize(
    ("label", "names"),
    [
        (
            1,
            ["with_mask", "mask", "Mask", "with mask", "wearing mask", "correct_mask", "masked"]
            + ["face_mask", "Face Mask", "face-masks"],
        ),
        (0, ["without_mask", "no_mask", "no-mask", "No Mask", "NoMask", "unmasked", "bare"]),
        (
            None,
            ["mask_weared_incorrect", "incorrect_mask", "IncorrectMask", "incorrectmask"]
            + ["incorrect", "improperly worn", "worn incorrectly", "with_mask_incorrect", "wrong"]
            + ["mask worn incorrectly", "wearing mask improperly", "not properly worn"]
            + ["not_correct_mask", "Maske falsch getragen", "falsche Maske"],
        ),
    ],
)
def test_classes_of_faces_have_many_names(label: int | None, names: list[str]) -> None:
    assert {name: face_label(name) for name in names} == dict.fromkeys(names, label)


@pytest.mark.parametrize(
    "name",
    ["", "face", "with_hat", "no_mask_incorrect", "incorrect_helmet", "дом", "0"]
    + ["with_mask without_mask", "no mask, mask"],
)
def test_a_class_that_is_not_known_is_never_guessed(name: str) -> None:
    with pytest.raises(KeyError):
        face_label(name)


def test_photos_are_called_as_if_their_folders_had_our_names() -> None:
    assert owner_names(
        ["Set/No Mask/Anna/1.jpg", "Set/Mask/1.jpg", "with_mask/2.JPG", "other/3.jpg", "4.jpg"]
    ) == {
        "Set/No Mask/Anna/1.jpg": "without_mask/Anna/1.jpg",
        "Set/Mask/1.jpg": "with_mask/1.jpg",
        "with_mask/2.JPG": "with_mask/2.JPG",
    }


def test_photos_that_would_share_a_name_keep_their_whole_paths() -> None:
    paths = ["train/mask/1.jpg", "test/mask/1.jpg", "test/mask/2.jpg", "test/bare/1.jpg"]
    assert list(owner_names(paths).values()) == [
        "with_mask/train/mask/1.jpg",
        "with_mask/test/mask/1.jpg",
        "with_mask/2.jpg",
        "without_mask/1.jpg",
    ]


def test_long_names_are_not_kept_in_memory() -> None:
    """Of words that say nothing beside one that does, a name could have megabytes."""
    with pytest.raises(KeyError):
        face_label("mask" + 100 * " a")
    assert face_label("mask" + 90 * " a") == 1
