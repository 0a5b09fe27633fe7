"""What was found in a photo, in words."""

from __future__ import annotations

from maskcore import Analysis
from maskcore.records import counted, in_words
from maskcore.types import Face, NotSure
from ui.photos.photo import Results

_DOUBTS = ("the face is too small", "the face is too blurred", "the model is undecided")


def sentence(analysis: Analysis) -> str:
    """What was found, see ``maskcore.records.in_words``."""
    return in_words([face.verdict for face in analysis.faces])


def told(results: Results) -> str:
    """What was found in all photos together, as it is read out."""
    verdicts = [face.verdict for _, analysis in results for face in analysis.faces]
    return f"{counted(len(results), 'photo')} looked at: {in_words(verdicts)}"


def why_not_sure(analysis: Analysis) -> str:
    """Why faces of a photo are not called, in one sentence; empty where all are."""
    given = {_doubt(face, analysis.not_sure) for face in analysis.faces if not face.sure}
    reasons = [doubt for doubt in _DOUBTS if doubt in given]
    return f"Not sure: {', or '.join(reasons)}." if reasons else ""


def _doubt(face: Face, rule: NotSure) -> str:
    # Size and blur come first: they are what another photo can mend.
    small, blurred, undecided = _DOUBTS
    if face.longer_side < rule.smallest_side:
        return small
    return blurred if face.sharpness < rule.least_sharpness else undecided
