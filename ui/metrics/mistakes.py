"""The confusion matrix and the photos behind each of its cells."""

from __future__ import annotations

from typing import Any

import streamlit as st

from training.metrics import CLASS_NAMES, Figure
from ui.metrics.confusion import CELL, called_rightly, confusion_chart
from ui.metrics.corrections import Marks, show_corrections
from ui.metrics.judged import Judged
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.photo_cards import show_cards
from ui.metrics.pictures import Pictures
from ui.metrics.pictures_view import choose_pictures
from ui.words import percent

_CHOSEN = "metrics_cell"
_CLICKED = "metrics_cell_clicked"
_TURN = "metrics_matrix_turn"
Cell = tuple[str, str]  # truth and answer
Photos = tuple[str, str, str, str]  # what tells a model's answers on a set of photos from others
# Mistakes first.
CELLS: list[Cell] = [
    ("Mask", "No Mask"),
    ("No Mask", "Mask"),
    ("Mask", "Mask"),
    ("No Mask", "No Mask"),
]


def show_mistakes(judged: Judged, threshold: float, own: OwnPhotos | None) -> None:
    """The matrix beside the photos of the cell that was clicked.

    Args:
        judged: the photos.
        threshold: mask probability, 0..1, from which the answer is "Mask".
        own: the visitor's, if they are those.
    """
    figures = judged.figures(threshold)
    confusion = figures["confusion"]
    counts = {
        (truth, answer): confusion[CLASS_NAMES.index(truth)][CLASS_NAMES.index(answer)]
        for truth, answer in CELLS
    }
    of = (judged.model, judged.part, judged.data, judged.created)
    clicked: tuple[Photos, Cell] | None = st.session_state.get(_CLICKED)
    if clicked and clicked[0] != of:
        clicked = st.session_state[_CLICKED] = None
        _let_tiles_be_clicked_again()
    st.session_state[_CHOSEN] = clicked[1] if clicked else most_telling(counts)
    titles = {cell: cell_title(cell, judged.counted(count)) for cell, count in counts.items()}
    left, right = st.columns([2, 3], gap="large")
    with left:
        _show_matrix(judged, figures, titles, of)
    with right:
        if went_wrong := mistakes_in_words(judged, counts):
            st.markdown(went_wrong)
        else:
            st.success("No mistakes at this threshold.", icon=":material/check_circle:")
        cell = st.selectbox(
            f"{judged.things.capitalize()} of",
            CELLS,
            format_func=titles.__getitem__,
            key=_CHOSEN,
            on_change=_note_choice,
            args=(of,),
        )
        members = judged.cell(*cell, threshold)
        if members:
            pictures, unpack = (own.pictures, None) if own else choose_pictures(judged)
            # Faces of annotated photos are no files that training could leave out.
            fixed = own is not None and own.annotated
            corrections = None if fixed else Marks.of_session(judged.data)
            # Every list begins with its first page.
            pages_key = f"metrics_page-{judged.model}-{judged.part}-{CELLS.index(cell)}"
            _show_photos(judged, members, pictures, corrections, pages_key)
            if unpack:
                unpack()
        else:
            st.info("There is nothing here. Click another tile of the matrix.")


def most_telling(counts: dict[Cell, int]) -> Cell:
    """The cell to begin with: that of most mistakes, or of most photos where there are none."""
    mistakes, right = CELLS[:2], CELLS[2:]
    return max(
        mistakes if any(counts[cell] for cell in mistakes) else right, key=counts.__getitem__
    )


def cell_title(cell: Cell, counted: str) -> str:
    """What a cell holds, e.g. "Masked, wrongly called No Mask: 2 photos"."""
    truth, answer = cell
    verb = "rightly called" if truth == answer else "wrongly called"
    return f"{'Masked' if truth == 'Mask' else 'Without a mask'}, {verb} {answer}: {counted}"


def mistakes_in_words(judged: Judged, counts: dict[Cell, int]) -> str:
    """What went wrong, in a sentence; empty where nothing did."""
    said: list[str] = []
    for (truth, answer), kind in zip(CELLS[:2], ("with a mask", "without a mask"), strict=True):
        if count := counts[truth, answer]:
            what = (
                f"{count:,} {kind.removesuffix(' a mask')}"
                if said
                else (f"{judged.counted(count)} {kind}")
            )
            said.append(f"{what} {'was' if count == 1 else 'were'} called {answer}")
    return f"{', '.join(said)}." if said else ""


def figures_in_words(by_class: dict[str, dict[str, Figure]]) -> str:
    """Precision, recall and F1 of each class, as ``Judged.figures`` has them."""
    return " ".join(
        f"**{name}**: precision {percent(of_class['precision']['value'])}, recall"
        f" {percent(of_class['recall']['value'])}, F1 {percent(of_class['f1']['value'])}."
        for name, of_class in reversed(by_class.items())
    )


def _show_matrix(
    judged: Judged, figures: dict[str, Any], titles: dict[Cell, str], of: Photos
) -> None:
    key = f"metrics_matrix-{st.session_state.setdefault(_TURN, 0)}"

    def follow() -> None:
        clicked = clicked_cell(st.session_state[key])
        if clicked:
            st.session_state[_CLICKED] = of, clicked

    confusion = figures["confusion"]
    meaning = f"{called_rightly(judged, confusion)} Click a tile to see its {judged.things}."
    st.altair_chart(
        confusion_chart(confusion, judged.things),
        width="stretch",
        alt=f"{meaning} {', '.join(titles.values())}",
        key=key,
        on_select=follow,
    )
    st.caption(meaning)
    st.caption(f"At this threshold: {figures_in_words(figures['by_class'])}")


def _note_choice(of: Photos) -> None:
    # While the counts in its words change, a browser may send words that are no choice any more.
    if st.session_state[_CHOSEN] in CELLS:
        st.session_state[_CLICKED] = of, st.session_state[_CHOSEN]
        _let_tiles_be_clicked_again()


def _let_tiles_be_clicked_again() -> None:
    """Draw the matrix anew: browsers tell only of clicks that change something."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def clicked_cell(state: Any) -> Cell | None:
    """The cell that a chart's selection names; None where it names none."""
    try:
        chosen = state["selection"][CELL][0]
        cell = (str(chosen["truth"]), str(chosen["answer"]))
    except (LookupError, TypeError, AttributeError):
        return None
    return cell if cell in CELLS else None


def _show_photos(
    judged: Judged,
    members: list[int],
    pictures: Pictures | None,
    corrections: Marks | None,
    pages_key: str,
) -> None:
    st.caption(
        "The surest answer comes first."
        + ("" if pictures or corrections is None else " With pictures, labels can be marked wrong.")
    )
    show_cards(judged.answers(members), pictures, corrections, pages_key)
    if corrections is not None:
        show_corrections(corrections)
