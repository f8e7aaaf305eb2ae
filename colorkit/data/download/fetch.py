"""Downloading a file that must be the right one.

A data set's server may be slow, gone, or answer "200 OK" with a page that says it has moved. So: a
checksum is required, an interrupted download goes on where it stopped, nothing has its final name
before it is whole, and every fault ends with where to put the file by hand.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from colorkit.data.download.archives import gigabytes
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_fault

Progress = Callable[[int, int], None]

FIRST_USE = "first-use"  # for `known_hash`: nobody has told us the checksum yet

CHUNK = 1 << 16  # bytes; of a connection that breaks, what is short of a chunk is lost
SILENCE = 30.0  # seconds without a byte after which a connection counts as lost
ANSWER = 60.0  # seconds in which an answer has to begin, with all redirections and headers
PAUSE = 1.0  # seconds before the second attempt; doubled each time


def fetch(
    url: str,
    known_hash: str,
    folder: str | Path,
    *,
    name: str | None = None,
    retries: int = 3,
    time_limit: float = 6 * 3600,
    progress: Progress | None = None,
) -> Path:
    """Download a file into a folder, unless the right one is there already.

    Args:
        url: http or https.
        known_hash: "sha256:…" or "md5:…" in hexadecimal (pooch's notation). `FIRST_USE` takes
            whatever comes, or is there; the caller then has to judge and remember it, as
            `data.download.sources` does.
        folder: Where the file goes; made if need be.
        name: Its name there; the last part of the address if not given.
        retries: New attempts after a lost connection or a server's fault (status 429 or 5xx).
        time_limit: Seconds for everything; running again goes on from there.
        progress: Called with (bytes so far, bytes in all or 0), about once a percent.

    Returns:
        Path of the file, its checksum verified (but with `FIRST_USE`).

    Raises:
        ColorkitError: It cannot be had; the message says where to put it by hand.
        ValueError: `known_hash` or `name` makes no sense.
    """
    import pooch

    name = name or unquote(PurePosixPath(urlsplit(url).path).name)
    if not name or Path(name).name != name:
        raise ValueError(f"name must be a plain file name, received {name!r}")
    expected = None if known_hash == FIRST_USE else known_hash or ""
    if expected is not None and expected.split(":")[0] not in ("sha256", "md5"):
        raise ValueError(f"known_hash must be 'sha256:…' or 'md5:…', received {known_hash!r}")
    target = Path(folder).resolve() / name
    pooch.get_logger().setLevel("WARNING")  # progress says what there is to say
    download = _Download(target, retries, time.monotonic() + time_limit, progress)
    try:
        try:
            pooch.retrieve(url, expected, name, target.parent, downloader=download)
        except _GiveUpError:
            raise
        except ValueError:
            if not download.resumed:
                raise
            # The beginning may be of an older version of the file: once more, from the start.
            pooch.retrieve(url, expected, name, target.parent, downloader=download)
    except Exception as error:
        raise ColorkitError(
            f"could not download {url}: {_reason(error, download)}; run again, or download it by "
            f"hand and put it at {target}."
        ) from error
    return target


class _GiveUpError(ValueError):
    """A reason against another attempt: it would end the same way."""


class _Download:
    """A downloader for pooch that goes on after interruptions, within and between runs.

    The bytes so far are kept in `.<name>.part` beside the target. pooch then checks the file
    under a temporary name and renames it.
    """

    def __init__(self, target: Path, retries: int, deadline: float, progress: Progress | None):
        self.part = target.with_name(f".{target.name}.part")
        self.retries, self.deadline = retries, deadline
        self.progress = progress or (lambda done, total: None)
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Download `url` to `output_file` (pooch's protocol; `pooch` is not used)."""
        import requests

        self.resumed = False
        for attempt in range(self.retries + 1):
            try:
                self._attempt(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.HTTPError) as error:
                status = getattr(error.response, "status_code", None)
                lasting = status is not None and status not in (416, 429) and status < 500
                pause = PAUSE * 2**attempt
                too_late = time.monotonic() + pause > self.deadline
                if lasting or too_late or attempt == self.retries:
                    raise
                time.sleep(pause)
        self.part.replace(output_file)

    def _attempt(self, url: str) -> None:
        import requests

        have = self.part.stat().st_size if self.part.exists() else 0
        # identity: a length and an offset in compressed bytes would be of no use
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        left = min(ANSWER, self.deadline - time.monotonic())
        options = {"stream": True, "timeout": SILENCE, "headers": headers}
        with within(left, lambda: requests.get(url, **options)) as reply:
            if reply.status_code == 416:  # the part is as long as the file, or longer
                self.part.unlink()
            reply.raise_for_status()
            if reply.status_code != 206:
                have = 0
            self.resumed |= have > 0
            total = have + int(reply.headers.get("Content-Length", 0))
            free = shutil.disk_usage(self.part.parent).free
            if total - have > free:
                raise _GiveUpError(
                    f"it needs {gigabytes(total - have)} and the disk has {gigabytes(free)}"
                )
            self._store(_chunks(reply.raw), have, total)
        with self.part.open("rb") as stream:
            start = stream.read(1024).lstrip()[:15].lower()
        if start.startswith((b"<!doctype html", b"<html")):
            self.part.unlink()
            raise _GiveUpError("the server sent a web page instead of the file")

    def _store(self, chunks: Iterator[bytes], done: int, total: int) -> None:
        import requests

        told = -1
        with self.part.open("ab" if done else "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                done += len(chunk)
                percent = 100 * done // total if total else done // 10_000_000
                if percent != told:
                    told = percent
                    self.progress(done, total)
                if time.monotonic() > self.deadline:
                    raise _GiveUpError("the time limit is over (what has come is kept)")
        if done < total:
            raise requests.ConnectionError(f"cut off after {done} of {total} bytes")


def within(seconds: float, ask: Callable[[], Any]) -> Any:
    """Give what `ask()` gives, if it does so in time.

    A server that sends its headers byte by byte never lets a connection's own limit run out, which
    is one of silence.

    Raises:
        requests.Timeout: it takes longer; what it gives then is dropped.
    """
    import requests

    answers: SimpleQueue = SimpleQueue()

    def try_it() -> None:
        try:
            answers.put((ask(), None))
        except Exception as error:
            answers.put((None, error))

    Thread(target=try_it, daemon=True).start()  # nobody waits for it when the program ends
    try:
        found, error = answers.get(timeout=max(0.0, seconds))
    except Empty:
        raise requests.Timeout(f"no whole answer within {seconds:.0f} seconds") from None
    if error is not None:
        raise error
    return found


def _chunks(raw) -> Iterator[bytes]:
    """Give what has come as soon as it has; `iter_content` waits for so many bytes.

    Raises:
        requests.Timeout: nothing comes any more.
        requests.ConnectionError: the connection was cut off.
    """
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        while chunk := raw.read1(CHUNK, decode_content=False):
            yield chunk
    except ReadTimeoutError as error:
        raise requests.Timeout(str(error)) from error
    except HTTPError as error:
        raise requests.ConnectionError(f"the connection was cut off: {error}") from error


def _reason(error: Exception, download: _Download) -> str:
    """Say in a few words what stopped the download."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout) and "no whole answer" in str(error):
        return one_line(error)
    if isinstance(error, requests.Timeout):
        return f"nothing came for {SILENCE:.0f} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not accepted"
    if isinstance(error, requests.ConnectionError) and "cut off" not in str(error):
        return "no connection to the server"
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return one_line(write_fault(download.part, error))
    if isinstance(error, ValueError) and "does not match" in str(error):
        return "the file that came is not the expected one (its checksum differs)"
    return one_line(error)
