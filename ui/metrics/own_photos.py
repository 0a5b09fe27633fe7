"""A visitor's own photos to measure on: taken in, judged, kept for the session alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import streamlit as st

from maskcore import MasklensError, MaskPipeline
from maskcore.classification import LiteRtClassifier
from maskcore.models import read_card
from training.annotated.scene_report import evaluate_scenes
from training.measuring.own_files import OwnFiles, folder_files, unpack
from training.measuring.own_photos import (
    judge_faces,
    judge_photos,
    learned_from,
    left_out,
    own_report,
    read_own_scenes,
)
from ui.keys import OWN_PHOTOS
from ui.metrics.judged import Judged, judged_parts
from ui.metrics.pictures import Pictures, private_folder
from ui.metrics.scene_figures import SceneFigures, scene_figures

Show = Callable[[float, str], None]


@dataclass
class OwnPhotos:
    """What came of a visitor's photos. Their files go with it, at the session's end at last.

    A session holds one set of photos, measured with one mask model or with several.

    Attributes:
        name: of the archive or folder.
        files: the photos and what is noted of them.
        judged: what the model said.
        scenes: finders and model together, by the finder's title; empty without annotations.
        unreadable: names of photos that could not be read.
        pictures: the photos.
        left_out: annotated faces that were not: too small ones, and masks worn wrongly.
        learned: how many of ``judged`` the model is known to have learned from.
    """

    name: str
    files: OwnFiles
    judged: Judged
    scenes: dict[str, SceneFigures]
    unreadable: list[str]
    pictures: Pictures
    left_out: tuple[int, int] = (0, 0)
    learned: int = 0
    _folder: tempfile.TemporaryDirectory[str] | None = None

    @staticmethod
    def of_session(model: str) -> OwnPhotos | None:
        """This visitor's as measured with a mask model, if they were."""
        return _held().get(model)

    @staticmethod
    def of_any_model() -> OwnPhotos | None:
        """This visitor's as measured first, if any."""
        return next(iter(_held().values()), None)

    @property
    def annotated(self) -> bool:
        """Whether faces in whole photos were judged, by their boxes."""
        return self.files.annotated

    @property
    def caution(self) -> str:
        """What the figures are worth, if the model has learned from these photos."""
        if self.learned:
            things = self.judged.things
            return (
                f"{self.learned} of these {self.judged.counted(len(self.judged))}"
                f" {'is' if self.learned == 1 else 'are'} among those that it learned from: on"
                f" other {things} it may be less good. Its true figures are those of its “Test"
                " photos”."
            )
        data = read_card(self.judged.model).get("data")
        learned = f"It learned from: {data}." if data else "Nobody noted what it learned from."
        return f"These figures hold only if it did not learn from these photos. {learned}"

    def keep(self) -> None:
        """Take the place of other photos that the visitor brought before."""
        held = _held()
        if any(other.files is not self.files for other in held.values()):
            OwnPhotos.forget()
            held = {}
        st.session_state[OWN_PHOTOS] = {**held, self.judged.model: self}

    @staticmethod
    def forget() -> None:
        """Delete the visitor's photos."""
        for held in st.session_state.pop(OWN_PHOTOS, {}).values():
            if held._folder:
                held._folder.cleanup()


def _held() -> dict[str, OwnPhotos]:
    held: dict[str, OwnPhotos] = st.session_state.get(OWN_PHOTOS, {})
    return held


def measure_archive(
    name: str,
    stream: IO[bytes],
    classifier: LiteRtClassifier,
    pipelines: dict[str, MaskPipeline],
    show: Show,
) -> OwnPhotos:
    """Measure on a ZIP archive; its photos lie in a private folder until the session ends.

    Args:
        name: of the file.
        stream: the archive.
        classifier: the mask model.
        pipelines: by the finder's title, for annotated photos.
        show: told the share done, 0..1, and what is going on.

    Raises:
        MasklensError: it cannot be used, and why; nothing is left behind.
    """
    with private_folder("own-") as folder:
        files = unpack(stream, Path(folder.name), lambda share: show(share, "Unpacking"))
        own = _measure(name, files, classifier, pipelines, show)
    own._folder = folder
    return own


def measure_folder(
    root: Path, classifier: LiteRtClassifier, pipelines: dict[str, MaskPipeline], show: Show
) -> OwnPhotos:
    """Measure on a folder of this machine, as ``measure_archive`` does."""
    with private_folder("own-") as folder:
        try:
            files = folder_files(root, Path(folder.name))
            own = _measure(root.name, files, classifier, pipelines, show)
        except OSError as error:
            raise MasklensError("Not everything in this folder may be read.") from error
    own._folder = folder
    return own


def measure_again(
    own: OwnPhotos, classifier: LiteRtClassifier, pipelines: dict[str, MaskPipeline], show: Show
) -> OwnPhotos:
    """Measure another mask model on the same photos, as ``measure_archive`` does."""
    gone = MasklensError("The photos are gone. Bring them again.")
    if not own.files.root.is_dir():  # cleared away after a day
        raise gone
    try:
        again = _measure(own.name, own.files, classifier, pipelines, show)
    except OSError as error:
        raise gone from error
    again._folder = own._folder
    return again


def _measure(
    name: str,
    files: OwnFiles,
    classifier: LiteRtClassifier,
    pipelines: dict[str, MaskPipeline],
    show: Show,
) -> OwnPhotos:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    reports: dict[str, dict[str, Any]] = {}
    not_judged = (0, 0)
    if files.annotated:
        scenes, unreadable = read_own_scenes(files)
        not_judged = left_out(scenes)
        total = max(1, len(scenes)) * (1 + len(pipelines))
        judged = judge_faces(
            files, scenes, classifier, lambda done: show(done / total, "Judging faces")
        )

        def show_scene(before: int, title: str, done: int) -> None:
            show((before + done) / total, f"Looking for faces with {title}")

        for number, (title, pipeline) in enumerate(pipelines.items() if scenes else (), 1):
            on_scene = partial(show_scene, number * len(scenes), title)
            reports[title] = {
                "detector": title,
                "model": classifier.name,
                "created": created,
                "command": "",
                **evaluate_scenes([(pipeline, scenes)], on_scene=on_scene),
            }
    else:
        judged, unreadable = judge_photos(
            files,
            classifier,
            lambda done, total: show(done / total, f"Judging photos: {done:,} of {total:,}"),
        )
    show(1.0, "Working out the figures")
    report = own_report(judged, classifier.name, classifier.threshold, name, created)
    places = {photo.path: (photo.file, photo.box_xyxy) for photo in judged}
    figures = {title: scene_figures(of_finder) for title, of_finder in reports.items()}
    of_model = judged_parts(classifier.name, report, classifier.not_sure.margin)["given"]
    return OwnPhotos(
        name=name,
        files=files,
        judged=replace(of_model, things="faces") if files.annotated else of_model,
        scenes={title: read for title, read in figures.items() if read is not None},
        unreadable=unreadable,
        pictures=Pictures(files.root, places),
        left_out=not_judged,
        learned=learned_from(judged, files.root, classifier.name),
    )
