"""The list of a YOLO data set's classes; what becomes of the names is tested in test_yolo.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskcore.errors import MasklensError
from training.photos.yolo_names import class_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("with mask\nno mask", ["with mask", "no mask"]),
        ("with_mask without_mask\nincorrect", ["with_mask", "without_mask", "incorrect"]),
        ("with mask\n\n  a  hat \r\n", ["with mask", "a  hat"]),
        ("hat mask", ["hat mask"]),  # not to be taken apart: one of them is not known
        ("", []),
    ],
)
def test_classes_stand_one_a_line(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "classes.txt").write_text(text)
    assert class_names(tmp_path) == names


@pytest.mark.parametrize(
    "names",
    [
        "names: ['mask', 'no mask', don't]",
        "names: ['mask', \"no mask\", 'don''t',]  # three",
        "names:\n- mask\n- no mask   # bare\n- don't\n",
        'names:\n\n  # in order\n  - \'mask\'\n  - "no mask"\n  - "don\'t"\npath: x',
        "names:\n  0: mask\n  1: no mask\n  2: don't\n",
        "names:\n  2: don't\n  '1': \"no mask\"\n  0: mask\n",
        "names: {0: mask, 1: 'no mask', 2: don't}",
        "names: [\n  'mask',  # worn\n  'no mask',\n  'don''t'\n]",
        "names:\n  [mask, no mask,\n  don't]",
    ],
)
def test_data_yaml_lists_them_in_many_ways(tmp_path: Path, names: str) -> None:
    (tmp_path / "data.yaml").write_text(
        f"# names: [x]\ntrain: ../train/images\nnc: 3\n{names}\n\nroboflow:\n  names: [y]\n"
    )
    assert class_names(tmp_path) == ["mask", "no mask", "don't"]


def aliases(depth: int) -> str:
    """Lists of ten times the list before, of which the last would take 10 ** depth words."""
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, depth)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *lines])


@pytest.mark.parametrize(
    "text",
    [
        "nc: 2",
        "names:",
        "names: []",
        "names: mask",
        "names: [mask",
        "names: ['mask]",
        "names: [mask no_mask}",
        "names: [[mask], no_mask]",
        "names: {a: mask}",
        "names: {0: mask, 2: no mask}",
        f"names: {{{'9' * 5000}: mask}}",
        "names:\n  0: mask\n  - no mask",
        "names:\n  - - mask",
        "names:\n  mask",
        "names: [mask, '']",
        "- names: [mask]",
        "names: &a [mask, *a]",
        f"{aliases(12)}\nnames: [*a11]",
        f"{aliases(12)}\nnames: {{0: *a11}}",
        f"{aliases(12)}\nnames: {{*a11 : mask}}",
        "[" * 5000,
        "names: [mask]  #" + "x" * 100_000,
    ],
)
def test_what_is_no_list_of_classes_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(MasklensError, match=r"^data\.yaml must list the classes in order under"):
        class_names(tmp_path)


def test_the_first_of_several_lists_counts(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match=r"^classes\.txt is missing.* or data\.yaml must"):
        class_names(tmp_path)
    (tmp_path / "labels").mkdir()
    places = ["labels/data.yaml", "data.yaml", "labels/classes.txt", "classes.txt"]
    for number, place in enumerate(places):
        name = f"class{number}"
        (tmp_path / place).write_text(f"names: [{name}]" if "yaml" in place else name)
        assert class_names(tmp_path) == [name]
