"""Which class a folder's name stands for."""

from __future__ import annotations

import pytest

from training.class_names import CLASS_FOLDERS, WITH_MASK, WITHOUT_MASK, deciding_folder


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
