"""Photos that others have published, fetched by name and checked against their commit's id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from training.photos.archive import read_plan, take_in
from training.photos.commit import pack_commit
from training.photos.data_folders import scratch_folder
from training.photos.intake import IntakeReport

_ASKING_SECONDS = 10.0
# Of the progress bar; the rest is checking and taking in.
_FETCHING_SHARE = 0.7


@dataclass(frozen=True)
class PublicDataSet:
    """A published folder of photos.

    Attributes:
        name: for people.
        url: of its git repository.
        commit: the id of the commit; being a hash of all content, it is the checksum.
        folder: in the repository, with forward slashes, that holds the photos.
        licence: by its usual short name.
        what: one or two sentences on what is in it.
    """

    name: str
    url: str
    commit: str
    folder: str
    licence: str
    what: str


CATALOGUE = (
    PublicDataSet(
        name="Face-Mask-Detection by Chandrika Deb",
        url="https://github.com/chandrikadeb7/Face-Mask-Detection",
        commit="8c64c180873b6cbe4a89544bb61fe44abea14e88",
        folder="dataset",
        licence="MIT",
        what="About 4,000 photos, mostly one face each, with and without masks, collected from"
        " the web. The mask model that comes with Masklens learned from them.",
    ),
)


def size_bytes(data_set: PublicDataSet) -> int | None:
    """Ask the server how much is to be fetched.

    Returns:
        Bytes of all files of the commit; None where the server does not say.
    """
    address = urlsplit(data_set.url)
    if address.hostname != "github.com":
        return None
    question = f"https://api.github.com/repos{address.path}/git/trees/{data_set.commit}"
    try:
        answer = requests.get(question, params={"recursive": "1"}, timeout=_ASKING_SECONDS)
        answer.raise_for_status()
        listing: dict[str, Any] = answer.json()
        if listing["truncated"]:
            return None
        return sum(int(entry["size"]) for entry in listing["tree"] if entry["type"] == "blob")
    except (requests.RequestException, ValueError, LookupError, TypeError):
        return None


def fetch(
    data_set: PublicDataSet, into: Path, progress: Callable[[float], None] = lambda share: None
) -> IntakeReport:
    """Fetch a data set, check it, and take its photos in by the rules for archives.

    Args:
        data_set: of the catalogue.
        into: a folder that is not there yet.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: it cannot be fetched or is not what it was; ``into`` is then not there.
    """

    def fetched(share: float) -> None:
        progress(_FETCHING_SHARE * share)

    def taken(share: float) -> None:
        progress(_FETCHING_SHARE + (1 - _FETCHING_SHARE) * share)

    with scratch_folder(into.parent) as scratch:
        packed = scratch / "photos.zip"
        pack_commit(data_set.url, data_set.commit, data_set.folder, packed, fetched)
        with packed.open("rb") as stream:
            classes = {folder.name: folder.label for folder in read_plan(stream) if folder.label}
            return take_in(stream, classes, into, taken)
