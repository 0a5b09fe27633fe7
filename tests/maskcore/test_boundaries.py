"""Who may import whom, read from the source; and that importing the core does nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import maskcore

ROOT = Path(maskcore.__file__).parents[1]
HEAVY = {"tensorflow", "keras"}
FORBIDDEN = {
    "maskcore": HEAVY | {"training", "streamlit", "streamlit_webrtc", "ui", "pages"},
    "training": {"streamlit", "streamlit_webrtc", "ui", "pages"},
    # Of training, ui may import what does not bring TensorFlow along; a test below holds it.
    "ui": HEAVY | {"pages"},
    "pages": HEAVY | {"training"},
    "streamlit_app.py": HEAVY | {"training"},
}
# Within the core: finding faces and telling masks know nothing of each other, nor of who
# puts them together; drawing knows the results alone.
WITHIN = {
    "maskcore/detection": {"classification", "drawing", "live", "pipeline", "tracking", "video"},
    "maskcore/classification": {"detection", "drawing", "live", "pipeline", "tracking", "video"},
    "maskcore/pipeline.py": {"drawing", "live", "tracking", "video"},
    "maskcore/tracking.py": {"classification", "drawing", "live", "pipeline", "video"},
    "maskcore/types.py": {"classification", "detection", "images", "models"},
    "maskcore/images.py": {"classification", "detection", "models", "pipeline"},
    "maskcore/models.py": {"classification", "detection", "images", "pipeline"},
    "maskcore/drawing.py": {"classification", "detection", "images", "models", "pipeline"},
    "maskcore/label_places.py": {"classification", "detection", "images", "models", "pipeline"},
}
# Packages that know only those before them.
LAYERS = {
    "training": (
        "photos",
        "annotated",
        "classifier",
        "installing",
        "detector",
        "measuring",
        "background",
        "commands",
    ),
    "ui": ("photos", "live", "metrics", "training"),
}
SOURCES = [
    (path, part)
    for part in FORBIDDEN
    for path in sorted((ROOT / part).rglob("*.py") if (ROOT / part).is_dir() else [ROOT / part])
]

# Imports every module of the core, noting what is touched.
IMPORT_ALL = """
import json, pkgutil, sys

touched = []

def note(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if "models" in str(path).split("/") or (mode and set(mode) & set("wax+")):
            touched.append(f"{event} {path} {mode}")
    elif event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        touched.append(f"{event} {arguments}")

sys.addaudithook(note)
import maskcore
names = [m.name for m in pkgutil.walk_packages(maskcore.__path__, "maskcore.")]
for name in names:
    __import__(name)
print(json.dumps([names, sorted(sys.modules), touched]))
"""

IMPORT_UI = """
import json, pkgutil, sys

import ui
for module in pkgutil.walk_packages(ui.__path__, "ui."):
    __import__(module.name)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def imported(source: str) -> set[str]:
    """Dotted names of the modules that a source imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            words = node.module.split(".")
            names |= {".".join(words[:end]) for end in range(1, len(words) + 1)}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imports(source: str) -> set[str]:
    """Their top-level names."""
    return {name.split(".")[0] for name in imported(source)}


def test_imports_are_seen_wherever_they_stand() -> None:
    source = """
import tensorflow.keras as k
from training.classifier.fit import fit
def late():
    if k:
        import os.path, streamlit
    from keras import layers
"""

    assert imports(source) == {"tensorflow", "training", "os", "streamlit", "keras"}
    assert imported("from maskcore import drawing") == {"maskcore", "maskcore.drawing"}


def test_every_part_is_looked_at() -> None:
    assert {part for _, part in SOURCES} == set(FORBIDDEN)
    assert len([path for path, part in SOURCES if part == "maskcore"]) > 15


@pytest.mark.parametrize(
    ("path", "part"), SOURCES, ids=lambda v: str(v.relative_to(ROOT)) if isinstance(v, Path) else ""
)
def test_part_imports_nothing_it_must_not_know(path: Path, part: str) -> None:
    assert not imports(path.read_text(encoding="utf-8")) & FORBIDDEN[part]


@pytest.mark.parametrize("part", WITHIN)
def test_the_core_is_built_from_below(part: str) -> None:
    paths = sorted((ROOT / part).rglob("*.py")) or [ROOT / part]
    forbidden = {f"maskcore.{name}" for name in {*WITHIN[part], "commands"}}
    for path in paths:
        assert not imported(path.read_text(encoding="utf-8")) & forbidden, path.name


@pytest.mark.parametrize(("part", "package"), [(k, name) for k in LAYERS for name in LAYERS[k]])
def test_packages_are_built_from_below(part: str, package: str) -> None:
    layers = LAYERS[part]
    above = {f"{part}.{name}" for name in layers[layers.index(package) + 1 :]}
    for path in sorted((ROOT / part / package).rglob("*.py")):
        assert not imported(path.read_text(encoding="utf-8")) & above, path.name


def test_every_package_has_its_layer() -> None:
    for part, layers in LAYERS.items():
        assert {path.parent.name for path in (ROOT / part).glob("*/__init__.py")} == set(layers)


def test_importing_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL],
        cwd=ROOT,
        env={**os.environ, "MASKLENS_MODELS": str(tmp_path / "models")},
        capture_output=True,
        text=True,
        check=True,
    )

    names, modules, touched = json.loads(done.stdout)
    assert {"maskcore.__main__", "maskcore.detection.yunet", "maskcore.drawing"} <= set(names)
    assert touched == []
    assert not {name.split(".")[0] for name in modules} & FORBIDDEN["maskcore"]
    assert done.stderr == ""
    assert list((tmp_path / "models").iterdir()) == []


def test_pages_come_up_without_tensorflow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_UI], cwd=ROOT, capture_output=True, text=True, check=True
    )

    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"ui", "streamlit", "maskcore"} <= modules
    assert not modules & HEAVY
