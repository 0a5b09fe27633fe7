"""The installed mask models with their earlier versions, and the way back to one."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from maskcore import MasklensError
from maskcore.models import installed_models
from training.events import when
from training.installing.versions import Version, mend_all, restore, versions
from ui.actions import action_button
from ui.choices import mask_models, model_title
from ui.words import percent, plain

VERSIONS_AT_FIRST = 6


def show_versions(allowed: bool) -> None:
    """Each installed mask model, the one that the app begins with first, and its versions.

    Args:
        allowed: whether visitors may bring one back.
    """
    mend_all()
    if not installed_models("classifier"):
        return
    st.header("Installed models", anchor=False)
    first, *_ = names = mask_models()
    for name in names:
        role = "Photos and Live start with it" if name == first else "can be chosen there"
        st.markdown(f"**{plain(model_title(name))}** · {role}")
        try:
            known = versions(name)
        except MasklensError as error:
            st.caption(plain(str(error)))
            continue
        known = sorted(known, key=lambda version: not version.current)
        for version in known[:VERSIONS_AT_FIRST]:
            _show(name, version, allowed)
        if earlier := known[VERSIONS_AT_FIRST:]:
            with st.expander(f"{len(earlier)} more"):
                for version in earlier:
                    _show(name, version, allowed)


def version_facts(version: Version) -> str:
    """What tells a version from the others, in a line."""
    facts = [plain(version.title)]
    # A model without a name of its own is called after that moment.
    if version.created and f"{datetime.fromtimestamp(version.created):%H:%M}" not in version.title:
        facts.append(when(version.created))
    if version.accuracy is not None:
        right = f"{percent(version.accuracy)} on its own test photos"
        seen = ", some of which its starting weights may have learned from"
        facts.append(right + (seen if version.began_with_a_model else ""))
    return ("Now: " if version.current else "Earlier: ") + " · ".join(facts)


def _show(name: str, version: Version, allowed: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(version_facts(version))
        if allowed and not version.current:
            action_button(
                "Bring back",
                ":material/restore:",
                f"restore-{name}-{version.id}",
                restore,
                name,
                version.id,
                done=f"{version.title} is in use again.",
                type="tertiary",
            )
