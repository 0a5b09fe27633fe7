from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import ModelError
from training.classifier import installed
from training.classifier.installed import installed_cards


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    for name, architecture in (
        ("another", "inception_v3"),
        ("inception_v3", "mobilenet_v2"),
        ("mine", "mobilenet_v2"),
        ("mobilenet_v2", None),
    ):
        (tmp_path / name).mkdir()
        card = {"kind": "classifier", "architecture": architecture}
        (tmp_path / name / "card.json").write_text(json.dumps(card))


def test_the_name_counts_before_the_architecture() -> None:
    cards = list(installed_cards("mobilenet_v2"))
    assert [name for name, _ in cards] == ["mobilenet_v2", "inception_v3", "mine", "another"]
    assert cards[2][1]["architecture"] == "mobilenet_v2"


def test_a_card_that_is_gone_in_between_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    read = installed.read_card

    def swapped(name: str) -> dict[str, Any]:
        if name == "mine":
            raise ModelError("missing")
        return read(name)

    monkeypatch.setattr(installed, "read_card", swapped)
    names = [name for name, _ in installed_cards("mobilenet_v2")]
    assert names == ["mobilenet_v2", "inception_v3", "another"]
