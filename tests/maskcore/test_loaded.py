from __future__ import annotations

import gc
import hashlib
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from maskcore import MaskPipeline, loaded
from maskcore.errors import ModelError
from maskcore.loaded import shared_classifier, shared_detector
from maskcore.models import StoredModel, read_card


class Net:
    """Passes for a classifier; takes a moment to load, and may load differently each time."""

    made: list[Net]
    pause = threading.Event()

    def __init__(self, model: StoredModel) -> None:
        self.card = model.card
        self.made.append(self)

    @classmethod
    def load(cls, name: str) -> Net:
        cls.pause.wait(0.02)
        return cls(StoredModel(name, read_card(name), b""))


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch) -> list[Net]:
    """Those that were loaded; classifiers are such nets."""
    Net.made = []
    monkeypatch.setattr(loaded, "LiteRtClassifier", Net)
    return Net.made


def put_anew(folder: Path, content: bytes) -> None:
    """Another file that works under the same name: LiteRT ignores what follows the model."""
    (folder / "model.tflite").write_bytes(content)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    checksum = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps({**card, "sha256": checksum}))


def test_pipelines_of_one_choice_share_what_is_loaded(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    install("net", tiny_models["good"])
    first, second = MaskPipeline.load("haar", "net"), MaskPipeline.load("haar", "net")
    other, live = MaskPipeline.load("haar_alt2", "net"), MaskPipeline.load("haar", "net", live=True)

    assert first.detector is second.detector
    assert first.classifier is second.classifier is other.classifier is live.classifier
    assert len({id(pipeline.detector) for pipeline in (first, other, live)}) == 3
    assert live.detector is MaskPipeline.load("haar", "net", live=True).detector


def test_a_model_installed_anew_is_loaded_anew(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    folder = install("net", tiny_models["good"])
    first = MaskPipeline.load("haar", "net")
    former, finder = weakref.ref(first.classifier), first.detector
    put_anew(folder, tiny_models["good"] + bytes(16))

    second = MaskPipeline.load("haar", "net")
    assert second.classifier is not first.classifier
    assert second.detector is finder
    assert MaskPipeline.load("haar", "net").classifier is second.classifier
    del first
    gc.collect()
    assert former() is None  # its memory is free again


def test_a_model_that_was_damaged_and_mended_is_loaded(
    install: Callable[..., Path], tiny_models: dict[str, bytes]
) -> None:
    folder = install("net", tiny_models["good"])
    (folder / "model.tflite").write_bytes(tiny_models["good"][:-1])
    for _ in range(2):  # the failure is not remembered either
        with pytest.raises(ModelError, match="is damaged"):
            shared_classifier("net")
    (folder / "model.tflite").write_bytes(tiny_models["good"])
    assert shared_classifier("net").threshold == 0.4


def test_a_model_that_is_replaced_while_it_loads_is_not_taken_for_another(
    install: Callable[..., Path], nets: list[Net], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install("net", b"old")

    @contextmanager
    def replaced() -> Iterator[None]:
        yield
        put_anew(folder, b"new")

    shared_classifier("net", replaced)
    put_anew(folder, b"old")  # as it was when that load began
    again = shared_classifier("net")
    assert again is nets[1] is shared_classifier("net")


def test_many_threads_at_once_load_once(install: Callable[..., Path], nets: list[Net]) -> None:
    install("net")
    install("other")
    barrier = threading.Barrier(16)

    def ask(number: int) -> object:
        barrier.wait()
        return shared_classifier("other" if number % 4 == 0 else "net")

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(16)))
    assert len(nets) == 2
    assert {id(net) for net in answers} == {id(net) for net in nets}


def test_those_used_last_are_kept(install: Callable[..., Path], nets: list[Net]) -> None:
    names = [f"net{number}" for number in range(loaded.MOST_KEPT + 1)]
    for name in names:
        install(name)
    for name in names[:-1]:
        shared_classifier(name)
    first = shared_classifier(names[0])  # used again: the second is now the oldest
    shared_classifier(names[-1])

    assert len(nets) == len(names)
    assert shared_classifier(names[0]) is first
    shared_classifier(names[1])
    assert len(nets) == len(names) + 1


def test_models_of_one_name_in_two_folders_are_two(
    install: Callable[..., Path],
    nets: list[Net],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    install("net")
    first = shared_classifier("net")
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="is missing"):
        shared_classifier("net")
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "installed"))
    assert shared_classifier("net") is first


def test_the_meantime_is_told_of_where_there_is_one(models_folder: Path) -> None:
    told: list[str] = []

    @contextmanager
    def tell() -> Iterator[None]:
        told.append("loading")
        yield
        told.append("loaded")

    shared_detector("haar", meanwhile=tell)
    shared_detector("haar", meanwhile=tell)
    assert told == ["loading", "loaded"]
