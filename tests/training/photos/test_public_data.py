"""Published photos, fetched from a repository made here: whole, changed, gone, no git."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training.photos import public_data
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.public_data import CATALOGUE, PublicDataSet, fetch, size_bytes


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def published(tmp_path: Path, make_photo: Callable[..., ImageRgb]) -> PublicDataSet:
    """A repository whose second commit holds two masked photos, one bare one and a trap."""
    work, bare = tmp_path / "work", tmp_path / "published.git"
    names = ["with_mask/a.jpg", "with_mask/b.jpg", "without_mask/c.jpg"]
    for number, name in enumerate(names):
        stream = io.BytesIO()
        Image.fromarray(make_photo(number, size_wh=(64, 48))).save(stream, "JPEG")
        (work / "dataset" / name).parent.mkdir(parents=True, exist_ok=True)
        (work / "dataset" / name).write_bytes(stream.getvalue())
    git(work, "init", "-q")
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "first")
    # Attributes that would change files on their way out, or leave them out.
    (work / ".gitattributes").write_text("*.jpg text eol=crlf\ndataset/with_mask export-ignore\n")
    (work / "dataset" / "with_mask" / "link.jpg").symlink_to("/etc/passwd")
    (work / "model.h5").write_bytes(b"weights")
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "second")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    return PublicDataSet(
        name="Made",
        url=bare.as_uri(),
        commit=git(work, "rev-parse", "HEAD"),
        folder="dataset",
        licence="MIT",
        what="Made in a test.",
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def refused(data_set: PublicDataSet, place: Path) -> str:
    with pytest.raises(MasklensError) as error:
        fetch(data_set, place / "data")
    assert list(place.iterdir()) == []
    return str(error.value)


def test_the_photos_of_the_commit_come_as_they_are(
    published: PublicDataSet, place: Path, tmp_path: Path
) -> None:
    shares: list[float] = []
    report = fetch(published, place / "data", shares.append)
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}
    assert sum(report.skipped.values()) == 1  # the link
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert list(place.iterdir()) == [place / "data"]
    originals = {p.read_bytes() for p in (tmp_path / "work" / "dataset").rglob("[abc].jpg")}
    assert {p.read_bytes() for p in (place / "data").rglob("*.jpg")} == originals


def test_an_older_commit_is_found_too(
    published: PublicDataSet, place: Path, tmp_path: Path
) -> None:
    first = git(tmp_path / "work", "rev-parse", "HEAD~1")
    report = fetch(replace(published, commit=first), place / "data")
    assert sum(report.photos.values()) == 3
    assert report.skipped == {}


def test_another_git_s_environment_is_not_ours(
    published: PublicDataSet, place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "work" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert sum(fetch(published, place / "data").photos.values()) == 3


def test_changed_content_is_refused(published: PublicDataSet, place: Path, tmp_path: Path) -> None:
    photo = git(tmp_path / "work", "rev-parse", "HEAD:dataset/with_mask/a.jpg")
    path = tmp_path / "published.git" / "objects" / photo[:2] / photo[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 5\0other"))
    assert "does not match its checksum" in refused(published, place)


def test_damaged_content_is_refused(published: PublicDataSet, place: Path, tmp_path: Path) -> None:
    photo = git(tmp_path / "work", "rev-parse", "HEAD:dataset/without_mask/c.jpg")
    path = tmp_path / "published.git" / "objects" / photo[:2] / photo[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])
    assert "fetched" in (sentence := refused(published, place)) or "checksum" in sentence


def test_a_commit_that_is_gone_is_refused(published: PublicDataSet, place: Path) -> None:
    assert "checksum" in refused(replace(published, commit="0" * 39 + "1"), place)


def test_a_tag_s_or_tree_s_id_is_not_the_commit_s(
    published: PublicDataSet, place: Path, tmp_path: Path
) -> None:
    git(tmp_path / "published.git", "tag", "-a", "-m", "tagged", "v1", published.commit)
    tag = git(tmp_path / "published.git", "rev-parse", "v1")
    assert tag != published.commit
    assert "checksum" in refused(replace(published, commit=tag), place)


def test_a_folder_that_is_not_there_is_refused(published: PublicDataSet, place: Path) -> None:
    assert "checksum" in refused(replace(published, folder="photos"), place)


def test_no_server_is_a_sentence(published: PublicDataSet, place: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "published.git")
    assert "was not reached" in refused(published, place)


@pytest.mark.parametrize("failing", ["fetch", "archive"])
def test_a_full_disk_is_not_told_as_other_content(
    published: PublicDataSet, place: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A git that says what git says of a full disk, at one of its commands."""
    tools = place.parent / "tools"
    tools.mkdir()
    script = f"""#!/bin/sh
for word in "$@"; do
    if [ "$word" = {failing} ]; then
        echo "fatal: write error: No space left on device" >&2
        echo "fatal: fetch-pack: invalid index-pack output; did not receive it" >&2
        exit 128
    fi
done
exec {shutil.which("git")} "$@"
"""
    (tools / "git").write_text(script)
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    assert "Make room" in refused(published, place)


@pytest.mark.parametrize("stub", [False, True])
def test_no_git_is_a_sentence(
    published: PublicDataSet, place: Path, monkeypatch: pytest.MonkeyPatch, stub: bool
) -> None:
    """Nor does it help if there is one that only asks for developer tools, as on a bare Mac."""
    tools = place.parent / "tools"
    tools.mkdir()
    if stub:
        (tools / "git").write_text("#!/bin/sh\nexit 1\n")
        (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    assert "program git" in refused(published, place)


def test_a_visitor_who_goes_away_leaves_nothing(published: PublicDataSet, place: Path) -> None:
    def gone(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(published, place / "data", gone)
    assert list(place.iterdir()) == []


class Answer:
    def __init__(self, listing: Any, fails: bool = False) -> None:
        self._listing, self._fails = listing, fails

    def raise_for_status(self) -> None:
        if self._fails:
            raise requests.HTTPError("403")

    def json(self) -> Any:
        return self._listing


TREE = [
    {"type": "blob", "size": 1000},
    {"type": "tree"},
    {"type": "blob", "size": 24},
]


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        (Answer({"truncated": False, "tree": TREE}), 1024),
        (Answer({"truncated": True, "tree": TREE}), None),
        (Answer({"truncated": False, "tree": TREE}, fails=True), None),
        (Answer([]), None),
        (Answer({"truncated": False, "tree": [{"type": "blob"}]}), None),
    ],
)
def test_the_size_is_what_the_server_says(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, size: int | None
) -> None:
    asked: list[str] = []

    def get(url: str, **_: Any) -> Answer:
        asked.append(url)
        return answer

    monkeypatch.setattr(public_data.requests, "get", get)
    assert size_bytes(CATALOGUE[0]) == size
    assert asked == [
        "https://api.github.com/repos/chandrikadeb7/Face-Mask-Detection/git/trees/"
        "8c64c180873b6cbe4a89544bb61fe44abea14e88"
    ]


def test_without_internet_the_size_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, **_: Any) -> Answer:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(public_data.requests, "get", get)
    assert size_bytes(CATALOGUE[0]) is None


def test_other_servers_are_not_asked(published: PublicDataSet) -> None:
    assert size_bytes(published) is None


def test_the_catalogue_names_whole_commits() -> None:
    for entry in CATALOGUE:
        assert len(entry.commit) == 40
        assert set(entry.commit) <= set("0123456789abcdef")
        assert entry.url.startswith("https://")
        assert entry.licence
    assert os.sep not in {entry.folder for entry in CATALOGUE}
