"""Folders of photos on this computer: which are allowed, what they hold, taken in or used."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from maskcore.errors import MasklensError
from maskcore.images import IMAGE_SUFFIXES
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data_folders import data_root
from training.photos.intake import IntakeReport, copy_photos
from training.photos.offered import OfferedFile, PhotoFolder, Skip, plan, skip_by_name

ROOTS_VARIABLE = "MASKLENS_DATA_ROOTS"
MAX_FILES = 200_000


def allowed_roots() -> tuple[Path, ...]:
    """The folders named in ``MASKLENS_DATA_ROOTS``, below which visitors may choose."""
    names = os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep)
    return tuple(Path(name).expanduser().resolve() for name in names if name.strip())


def folder_on_server(text: str, only_this_computer: bool) -> Path:
    """The folder that a visitor named, where visitors may choose it.

    Args:
        text: its path.
        only_this_computer: whether no other computer reaches the app; then, where no roots
            are set, whoever sits at it may choose any folder.

    Raises:
        MasklensError: it may not be chosen, or is no folder.
    """
    roots = allowed_roots()
    if not roots and not only_this_computer:
        raise MasklensError(
            "Folders of this computer are not open to visitors. Whoever runs Masklens can open"
            f" some by naming them in the setting {ROOTS_VARIABLE}."
        )
    try:
        path = Path(text.strip().strip('"')).expanduser()
        if not path.is_absolute():
            raise MasklensError("Give the folder's whole path, from the disk or / onwards.")
        # A folder outside is refused in the same words whether it is there or not.
        outside = f"Only folders below {', '.join(str(root) for root in roots)} may be chosen here."
        if roots and is_elsewhere(path, roots):
            raise MasklensError(outside)
        folder = path.resolve()  # links and ".." are followed before the roots are asked
        if roots and not any(folder.is_relative_to(root) for root in roots):
            raise MasklensError(outside)
        if folder.is_relative_to(data_root().resolve()):
            raise MasklensError("This folder holds what visitors brought. Choose another one.")
        if not folder.is_dir():
            raise MasklensError("There is no such folder on the computer that runs Masklens.")
    except (OSError, RuntimeError, ValueError) as error:  # a null character, a circle of links
        raise MasklensError("This is not the path of a folder.") from error
    return folder


def is_elsewhere(path: PurePath, roots: Iterable[PurePath]) -> bool:
    """Whether a path names another computer than the roots do, as Windows' paths can.

    Just to look there, Windows would sign in at whatever computer a visitor names.
    """
    allowed = {root.drive.casefold() for root in roots}
    return path.drive.startswith("\\\\") and path.drive.casefold() not in allowed


def is_ready(folder: Path) -> bool:
    """Whether a folder can be trained on where it is: its class folders have our names."""
    named = all((folder / name).is_dir() for name in CLASS_FOLDERS)
    return named and links_stay_below(folder, CLASS_FOLDERS)


def links_stay_below(folder: Path, names: Iterable[str]) -> bool:
    """Whether no link leads out of a folder of the server, to what visitors may not choose.

    Where no roots are set, whoever sits at this computer may choose any folder, and may have
    put theirs together of links.

    Args:
        folder: that a visitor chose.
        names: of its files and folders that are to be used where they are.
    """
    if not allowed_roots():
        return True
    below, brought = folder.resolve(), data_root().resolve()
    for top in (folder / name for name in names):
        for path in (top, *top.rglob("*")):
            if path.is_symlink():
                target = Path(os.path.realpath(path))  # Path.resolve raises at a circle of links
                if not target.is_relative_to(below) or target.is_relative_to(brought):
                    return False
    return True


def plan_folder(folder: Path) -> tuple[PhotoFolder, ...]:
    """Tell which folders in a folder hold photos, and of which class.

    Raises:
        MasklensError: none does, or there are too many files.
    """
    return plan(files_below(folder), "folder")


def take_in_folder(
    folder: Path,
    classes: Mapping[str, str],
    into: Path,
    progress: Callable[[float], None] = lambda share: None,
) -> IntakeReport:
    """Copy the photos of a folder; see ``training.photos.intake.copy_photos``.

    Args:
        folder: it stays as it is.
        classes: by name of a folder of ``plan_folder``.
        into: a folder that is not there yet.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: it cannot be used, and why; ``into`` is then not there.
    """
    return copy_photos(list(files_below(folder)), classes, into, progress)


def files_below(folder: Path, suffixes: Container[str] = IMAGE_SUFFIXES) -> Iterator[OfferedFile]:
    """The files in a folder and below; links are not followed.

    What visitors brought is passed over: it is theirs alone.

    Args:
        folder: it and what lies below are looked through.
        suffixes: of files that are not left out, in small letters, e.g. ".jpg".

    Raises:
        MasklensError: there are too many files.
    """
    found, brought = 0, data_root().resolve()
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and Path(above, name) != brought
        )
        for name in sorted(names):
            found += 1
            if found > MAX_FILES:
                raise MasklensError(
                    f"This folder holds more than {MAX_FILES:,} files. Choose one nearer to the"
                    " photos."
                )
            path = Path(above, name)
            yield _offered(path, path.relative_to(folder).parts, suffixes)


def _offered(path: Path, parts: tuple[str, ...], suffixes: Container[str]) -> OfferedFile:
    if path.is_symlink():  # it may lead out of the folder
        skip: Skip | None = Skip.LINK
    elif not path.is_file():  # reading a pipe would wait for ever
        skip = Skip.NO_PHOTO
    else:
        skip = skip_by_name(parts, suffixes)
    return OfferedFile("/".join(parts), parts, skip, lambda: path.open("rb"), (OSError,))
