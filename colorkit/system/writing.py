"""Writing files so that a final name never holds half a file.

Everything is written under a temporary name in the *same* folder (a rename is atomic only within
one file system), flushed to the disk, and then renamed. A full disk, a crash or Ctrl-C leaves the
old file, or none, never a broken one.
"""

import errno
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from colorkit.system.errors import ColorkitError, one_line

# What the caller's own code may meet while it writes; any other OSError raised inside the `with`
# block has another cause (a file it reads, say) and is passed on as it is.
REMEDIES = {
    errno.ENOSPC: "no space left on the disk; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file is larger than this system allows; write it to another disk",
    errno.EIO: "the disk reports an error; choose another one",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "permission denied; choose another folder or change its permissions",
    errno.EPERM: "permission denied; choose another folder or change its permissions",
    errno.EISDIR: "a folder has this name; choose another name",
    errno.ENOTDIR: "part of the path is a file; choose another folder",
    errno.EEXIST: "part of the path is a file; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def write_fault(path: Path, error: OSError) -> ColorkitError:
    """Put what stopped the writing of `path` into one sentence with its remedy."""
    remedy = REMEDIES.get(error.errno)
    if error.errno == errno.EACCES and getattr(error, "winerror", None):  # Windows says both so
        remedy = "permission denied, or another program has it open; close it there or choose "
        remedy += "another folder"
    if remedy is None:
        remedy = f"{one_line(error.strerror or error)}; check the disk or choose another folder"
    return ColorkitError(f"could not write {path}: {remedy}.")


def check_writable(folder: Path) -> None:
    """Say early what would stop every single write into a folder, made or not.

    Raises:
        ColorkitError: part of its path is a file, or may not be written to.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise write_fault(folder, NotADirectoryError(errno.ENOTDIR, "not a folder"))
    if not os.access(there, os.W_OK | os.X_OK):
        raise write_fault(folder, PermissionError(errno.EACCES, "no permission"))


@contextmanager
def atomic_write(path: str | Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open `path` for writing; the file appears under its name only once it is complete.

    Folders on the way are made. Text is UTF-8 with "\\n" line ends on every system.

    Args:
        path: The final name. A symbolic link is followed, not replaced, unless it leads in circles.
        mode: "wb" or "w".

    Raises:
        ColorkitError: The file cannot be written (disk full, no permission, …). The temporary
            file is removed, whatever the exception, and an older file of that name is kept.
    """
    if mode not in ("wb", "w"):
        raise ValueError(f"mode must be 'wb' or 'w', received {mode!r}")
    final = Path(os.path.realpath(path))  # unlike Path.resolve, no error for links in circles
    temporary = final.parent / f".colorkit-{uuid.uuid4().hex[:12]}.part"
    # A name's bytes that are no text become what JSON reads as the same name again: \udcfc.
    text = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
    text = {} if mode == "wb" else text
    in_block = False
    # One block for all, or what stops the program between two of them would leave the file.
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        # "x" creates with the permissions of the user's umask, which mkstemp would not.
        with temporary.open(mode.replace("w", "x"), **text) as stream:
            in_block = True
            yield stream
            in_block = False
            stream.flush()
            os.fsync(stream.fileno())
        _take_place(temporary, final)
    except BaseException as error:
        with suppress(OSError):  # of a folder that could not be made
            temporary.unlink(missing_ok=True)
        about_disk = isinstance(error, OSError) and (not in_block or error.errno in REMEDIES)
        # A file the block itself opened carries its name; a failed write to ours carries none.
        if about_disk and (not in_block or error.filename is None):
            raise write_fault(Path(path), error) from error
        raise


def _take_place(temporary: Path, final: Path) -> None:
    """Rename a whole file.

    Windows refuses while anybody reads the older file of that name: another process of a report, or
    whoever looks for viruses. That passes.
    """
    for pause in (0.01, 0.05, 0.25, 1.25, None):
        try:
            temporary.replace(final)
            return
        except PermissionError:
            if os.name != "nt" or pause is None:
                raise
        time.sleep(pause)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, atomically. Raises `ColorkitError` as `atomic_write` does."""
    with atomic_write(path, "w") as stream:
        stream.write(text)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON, atomically, keys in the order given.

    NumPy and torch numbers and arrays become plain ones. NaN and infinity are refused, for JSON
    has no such numbers and readers differ on what Python writes for them: say `None` instead.

    Raises:
        ValueError: `value` holds NaN or infinity.
        ColorkitError: As `atomic_write`.
    """
    try:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError as error:
        raise ValueError(f"{path}: {one_line(error)}; use None for a missing number") from error
    write_text(path, text + "\n")


def _plain(value: Any) -> Any:
    """Turn what the json module does not know into what it does."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")
