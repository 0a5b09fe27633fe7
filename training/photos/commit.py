"""One commit of a git repository elsewhere, fetched, checked by its id, and packed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from maskcore.errors import MasklensError

_PERCENT = re.compile(rb"Receiving objects:\s+(\d+)%")
# What git says when it was answered, but not with what was asked for.
_OTHER_CONTENT = re.compile(
    r"missing|necessary|not our ref|unadvertised|corrupt|mismatch|bad object|did not receive"
)
_NO_ROOM = "No space left on device"
# A connection that stands still for half a minute is given up.
_PATIENCE = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")
_AS_COMMITTED = "* -text -eol -filter -ident -export-subst -export-ignore\n"


def pack_commit(
    url: str, commit: str, folder: str, packed: Path, progress: Callable[[float], None]
) -> None:
    """Fetch one commit and write one of its folders as a ZIP archive.

    git names content by its hash, and the commit's own name covers all that is below it:
    what was changed under way or at its origin has another name and is refused.

    Args:
        url: of the repository.
        commit: the id, 40 hexadecimal digits.
        folder: in the commit.
        packed: the archive to write; a repository is made beside it.
        progress: told the share fetched, 0..1.

    Raises:
        MasklensError: git is not there, nothing is reached, or the content is another.
        OSError: there is no room.
    """
    git = shutil.which("git")
    # A Mac without developer tools has one that does nothing but ask for them.
    if git is None or _run([git, "--version"]).returncode:
        raise MasklensError(
            "Fetching these photos takes the program git, which is not on the computer that runs"
            " Masklens. Install it from git-scm.com and try again."
        )
    repository = packed.with_name("repository.git")
    inside = [git, f"--git-dir={repository}"]
    if _run([git, "init", "--quiet", "--bare", "--template=", str(repository)]).returncode:
        raise OSError("no repository could be made")  # the disk is full, most likely
    _fetch(
        [*inside, *_PATIENCE, "fetch", "--progress", "--depth=1", "--no-tags", url, commit],
        progress,
    )
    if _run([*inside, "rev-parse", "FETCH_HEAD^{commit}"]).stdout.strip() != commit:
        raise _another()
    what = f"{commit}:{folder}"
    if _run([*inside, "fsck", "--no-dangling", "--no-progress", commit, what]).returncode:
        raise _another()
    # Nothing of what attributes in the commit ask for: files as they are.
    attributes = repository / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(_AS_COMMITTED, encoding="utf-8")
    if _run([*inside, "archive", "--format=zip", "-0", f"--output={packed}", what]).returncode:
        raise OSError("no archive could be made")  # all is there, so the disk is full


def _fetch(command: list[str], progress: Callable[[float], None]) -> None:
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
    ) as process:
        try:
            said = _follow(process.stderr, progress) if process.stderr else ""
        except BaseException:  # the visitor went away: nobody needs it any more
            _kill(process.pid)
            raise
    if process.returncode:
        if _NO_ROOM in said:
            raise OSError(_NO_ROOM)
        raise _another() if _OTHER_CONTENT.search(said) else _unreached()


def _kill(pid: int) -> None:
    """Kill git with its helpers, which would go on fetching; under Windows git itself is one."""
    with suppress(psutil.Error):
        git = psutil.Process(pid)
        for process in (*git.children(recursive=True), git):
            with suppress(psutil.Error):
                process.kill()


def _follow(stream: IO[bytes], progress: Callable[[float], None]) -> str:
    """Report the percentages that git writes over one another; returns the end of it all."""
    said = b""
    while step := stream.read1(4096):  # type: ignore[attr-defined]
        said = (said + step)[-8192:]
        percentages = _PERCENT.findall(said)
        if percentages:
            progress(int(percentages[-1]) / 100)
    return said.decode(errors="replace")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    # What a calling git left in the environment would point to another repository.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_SSL", "GIT_PROXY"))
    }
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _another() -> MasklensError:
    return MasklensError(
        "What came is not what was published: it does not match its checksum. Nothing of it was"
        " kept; use other photos."
    )


def _unreached() -> MasklensError:
    return MasklensError(
        "The photos could not be fetched: their server was not reached. Check that the computer"
        " that runs Masklens is connected to the internet, and try again."
    )
