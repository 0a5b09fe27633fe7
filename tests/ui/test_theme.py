from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ui.style import CAPTION_OPACITY, style

CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"


def luminance(colour: str) -> float:
    """Of "#rrggbb", as WCAG 2.2 defines it."""
    shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def over(colour: str, ground: str, opacity: float) -> str:
    pairs = ((int(c[at : at + 2], 16) for c in (colour, ground)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in pairs)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_on_buttons_and_links_can_be_read_and_the_focus_be_seen(name: str) -> None:
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][name]
    primary, ground = theme["primaryColor"], theme["backgroundColor"]
    assert contrast("#ffffff", primary) >= 4.5
    assert contrast(theme.get("linkColor", primary), ground) >= 4.5
    assert contrast(primary, ground) >= 3


@pytest.mark.parametrize("name", ["light", "dark"])
def test_chosen_options_slider_values_and_captions_can_be_read(name: str) -> None:
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][name]
    ground, words = theme["backgroundColor"], theme.get("linkColor", theme["primaryColor"])
    # Streamlit lays a tenth of the theme's colour under what is chosen.
    assert contrast(words, over(theme["primaryColor"], ground, 0.1)) >= 4.5
    assert words in style()
    for place in (ground, theme["secondaryBackgroundColor"]):
        assert contrast(over(theme["textColor"], place, CAPTION_OPACITY), place) >= 4.5
