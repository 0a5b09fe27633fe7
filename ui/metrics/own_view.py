"""The page's section that measures a visitor's own photos."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from maskcore import MasklensError, MaskPipeline
from maskcore.detection import yunet_available
from training.annotated.scenes import SMALLEST_MEASURED
from training.photos.folder_intake import folder_on_server
from ui import loading
from ui.actions import keep_problem, show_problem
from ui.choices import DETECTORS, mask_models, model_title
from ui.keep import keep, put
from ui.local import only_this_computer
from ui.long_work import long_work, show_unfinished
from ui.metrics.own_photos import OwnPhotos, measure_again, measure_archive, measure_folder
from ui.progress import progress_bar
from ui.uploader import BEGINS_ANEW, keep_zip, using_up_zip
from ui.words import plain, shown_name

OWN = "own"  # the page's choice of photos
_FIELD = "own-photos"
_PLACE = "metrics_own"
_FOLDER = "Measure this folder"


def show_own(model: str) -> None:
    """Take photos, measure, and say what came of it.

    Args:
        model: the mask model's name.
    """
    if own := OwnPhotos.of_session(model):
        show_unfinished(_PLACE, "")  # no button here begins anew
        _show_result(own)
        return
    if own := OwnPhotos.of_any_model():
        offer_model(own, model)
        _show_removal()
        return
    st.markdown(
        "How good is it on **your** photos? Bring a ZIP with class folders, such as `with_mask`"
        " and `without_mask`, or whole photos with boxes: `images` and `annotations` (Pascal VOC),"
        " or `images` and `labels` with `classes.txt` or `data.yaml` (YOLO, Roboflow). Figures,"
        " mistakes and curves are then shown for them, and the whole app if they have boxes. In"
        " class folders the largest face of each photo counts; where none is found, the photo as a"
        " whole. They are kept for this session only."
    )
    finders = [name for name in DETECTORS if name != "yunet" or yunet_available()]
    chosen = st.multiselect(
        "Face finders to try on photos with boxes",
        finders,
        format_func=lambda name: DETECTORS[name][0],
        **keep("metrics_own_finders", finders[:1]),
    )
    file = keep_zip(_FIELD, "A ZIP with photos")
    below = st.container()
    if only_this_computer():
        with st.expander("Or a folder on this computer"):
            named = st.text_input(
                "Folder", placeholder="/home/me/photos", **keep("metrics_own_folder", "")
            )
            if st.button(_FOLDER, disabled=not named.strip()):
                try:
                    root = folder_on_server(named, only_this_computer=True)
                except MasklensError as error:
                    st.error(plain(str(error)))
                else:
                    _run(model, chosen, partial(measure_folder, root), _FOLDER)
    _show_problem(_FOLDER)
    if file is not None:  # last, so that a press of a button above is not passed over
        with below:
            st.caption(BEGINS_ANEW)
            _run(model, chosen, partial(measure_archive, file.name, file))


def offer_model(own: OwnPhotos, model: str) -> None:
    """Measure photos that are here already with another model, too."""
    title = plain(model_title(model))
    st.info(
        f"{shown_name(own.name)} is measured with {plain(model_title(own.judged.model))}, not yet"
        f" with {title}. Once it is, “Two models” compares the two on your photos."
    )
    button = f"Measure with {title}"
    if st.button(button, icon=":material/play_arrow:"):
        finders = [name for name, (finder, _) in DETECTORS.items() if finder in own.scenes]
        _run(model, finders, partial(measure_again, own), button)
    _show_problem(button)


def _show_problem(button: str) -> None:
    """Why nothing was measured, once.

    Args:
        button: the one offered here.
    """
    show_problem(_PLACE)
    show_unfinished(_PLACE, button)


def _run(
    model: str, finders: list[str], measure: Callable[..., OwnPhotos], pressed: str = ""
) -> None:
    """Measure and keep what came of it.

    Args:
        pressed: the button that asked for it; "" for an archive, which begins anew by itself.
    """
    try:
        with long_work(_PLACE, pressed), using_up_zip(_FIELD):  # also where a folder replaces it
            show = progress_bar("Getting ready")
            pipelines: dict[str, MaskPipeline] = {
                DETECTORS[name][0]: loading.pipeline(name, model) for name in finders
            }
            measure(loading.classifier(model), pipelines, show).keep()
    except MasklensError as error:
        keep_problem(_PLACE, error)
    else:
        put("metrics_part", OWN)
    st.rerun()


def _show_result(own: OwnPhotos) -> None:
    about = ["“Figures”", "“Mistakes”", "“Curves”"]
    two_models = whole_app = ""
    others = [model for model in mask_models() if model != own.judged.model]
    if any(OwnPhotos.of_session(model) for model in others):
        about.append("“Two models”")
    elif others:
        two_models = " “Two models” can measure them with a second model, to compare."
    if own.scenes:
        about.append("“Whole app”")
    elif own.annotated:
        whole_app = " “Whole app” needs a face finder to try on them: bring them again with one."
    else:
        whole_app = " “Whole app” needs whole photos with boxes."
    st.success(
        f"{_measured(own)} {', '.join(about[:-1])} and {about[-1]} are now about them;"
        f" choose others under “Measured on”.{two_models}{whole_app} “Hard cases” stays about"
        " the test photos.",
        icon=":material/check_circle:",
    )
    if own.unreadable:
        names = ", ".join(shown_name(name) for name in own.unreadable[:5])
        more = len(own.unreadable) - 5
        st.warning(
            f"{len(own.unreadable)} could not be read, or are too large, and were left out: {names}"
            + (f" and {more} more." if more > 0 else "."),
            icon=":material/error:",
        )
    _show_removal()


def _measured(own: OwnPhotos) -> str:
    """How many were measured, of how many where some had to be left out."""
    count, (small, wrongly) = len(own.judged), own.left_out
    total = count + small + wrongly
    counted = own.judged.counted(total)
    if count < total:
        counted = f"{count} of {counted}"
    kind = f"{counted} in your photos" if own.annotated else counted
    said = f"{kind} of {shown_name(own.name)} {'is' if count == 1 else 'are'} measured"
    kinds = []
    if small:
        kinds.append(f"{small} smaller than {SMALLEST_MEASURED:.0f} pixels")
    if wrongly:
        kinds.append(f"{wrongly} {'mask' if wrongly == 1 else 'masks'} worn wrongly")
    if not kinds:
        return f"{said}."
    return f"{said}: {' and '.join(kinds)} {'is' if small + wrongly == 1 else 'are'} left out."


def _show_removal() -> None:
    st.button(
        "Remove these photos", icon=":material/delete:", type="tertiary", on_click=OwnPhotos.forget
    )
