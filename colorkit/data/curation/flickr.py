"""Photographs from a Flickr search, each with its author and license.

The public interface (https://www.flickr.com/services/api/) is asked by HTTP: a search comes in
pages of JSON, and each photograph has an address of its own. It allows 3,600 questions an hour a
key. A server that is busy or a connection that breaks is asked again, after the pause it names.
"""

import json
import os
import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from colorkit.data.download.fetch import within
from colorkit.system.errors import ColorkitError, one_line

URL = "https://api.flickr.com/services/rest/"
KEY = "FLICKR_API_KEY"  # environment variable
MOST = 4000  # a search gives no more; further pages repeat the last
# Those that allow changed copies: Creative Commons without ND, and works free of copyright.
# flickr.photos.licenses.getInfo says what the numbers mean.
LICENSES = "1,2,4,5,7,8,9,10,11,12,14,15"

INTERVAL = 1.0  # seconds between two questions
PAUSE = 2.0  # seconds before the second attempt, if the server names none; doubled each time
LONGEST = 120.0  # seconds; a server that wants a longer pause is left alone
TRIES = 5
SILENCE = 30.0  # seconds without a byte after which a connection counts as lost
ANSWER = 300.0  # seconds for a whole answer, a photograph included
LARGEST = 100_000_000  # bytes of an answer: photographs of 100 megapixels have less
_PER_PAGE = 250
_SIZES = ("m", "z", "c", "l", "o")  # Flickr's names, small to large; "o" as uploaded
_INVALID_KEY = 100
_BUSY = (10, 105, 201)  # codes for "not available now"
_LATER = "run the same command again later, it goes on where it was"


@dataclass(frozen=True)
class Photo:
    """A photograph of a search.

    url: of the file; page: of the photograph with its author and license, to be cited.
    """

    id: str
    author: str
    license: str
    url: str
    page: str


@dataclass(frozen=True)
class _Reply:
    """A server's status and answer; pause: seconds for which it asks to be left alone, if any."""

    status: int
    body: bytes
    pause: float | None


class Flickr:
    """A client that keeps to the rate limit.

    Args:
        key: an API key; that of the environment variable FLICKR_API_KEY if empty.

    Raises:
        ColorkitError: there is no key.
    """

    def __init__(self, key: str = ""):
        import requests

        self._key = key or os.environ.get(KEY, "").strip()
        if not self._key:
            raise ColorkitError(
                f"the environment variable {KEY} is not set; get a key at "
                "https://www.flickr.com/services/apps/create and put it there"
            )
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "colorkit"
        self._licenses: dict[str, str] | None = None
        self._next = 0.0

    def search(self, text: str, side: int, page: int = 1) -> tuple[list[Photo], int]:
        """Give one page of the photographs that fit a text best, and how many pages there are.

        Args:
            text: looked for in titles, descriptions and tags.
            side: of each photograph the smallest file whose shorter side has this many pixels is
                chosen, or else the largest.
            page: 1, 2, …

        Raises:
            ColorkitError: Flickr refuses the key or the search, or cannot be reached.
        """
        if self._licenses is None:
            found = self._ask("flickr.photos.licenses.getInfo")["licenses"]["license"]
            self._licenses = {str(x["id"]): f"{x['name']} {x['url']}".strip() for x in found}
        answer = self._ask(
            "flickr.photos.search",
            text=text,
            license=LICENSES,
            sort="relevance",
            media="photos",
            content_types="0",  # photographs, not drawings or screenshots
            safe_search="1",
            extras="license,owner_name," + ",".join(f"url_{size}" for size in _SIZES),
            per_page=_PER_PAGE,
            page=page,
        )["photos"]
        photos = [photo for each in answer["photo"] if (photo := self._photo(each, side))]
        return photos, min(int(answer["pages"]), MOST // _PER_PAGE)

    def download(self, photo: Photo) -> bytes | None:
        """Give a photograph's file; None if its author has removed it.

        Raises:
            ColorkitError: the server cannot be reached or refuses.
        """
        reply = self._get(photo.url)
        if reply.status in (404, 410):
            return None
        if reply.status != 200:
            raise ColorkitError(f"{photo.url}: the server answered {reply.status}; {_LATER}")
        return reply.body

    def _photo(self, found: dict, side: int) -> Photo | None:
        sizes = [
            (min(int(found[f"width_{s}"]), int(found[f"height_{s}"])), found[f"url_{s}"])
            for s in _SIZES
            if found.get(f"url_{s}")
        ]
        if not sizes:  # its author allows no downloads
            return None
        large = [each for each in sizes if each[0] >= side]
        return Photo(
            id=str(found["id"]),
            author=found.get("ownername") or found["owner"],
            license=self._licenses.get(str(found["license"]), f"license {found['license']}"),
            url=min(large)[1] if large else max(sizes)[1],
            page=f"https://www.flickr.com/photos/{found['owner']}/{found['id']}",
        )

    def _ask(self, method: str, **arguments) -> dict:
        """Call a method of the interface; what Flickr answers is checked."""
        given = {"method": method, "api_key": self._key, "format": "json", "nojsoncallback": 1}
        for attempt in range(TRIES):
            reply = self._get(URL, given | arguments)
            try:
                answer = json.loads(reply.body)
                good, code = answer["stat"] == "ok", int(answer.get("code", 0))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ColorkitError(
                    f"what answers at {_server(URL)} is not Flickr (status {reply.status}); "
                    "check the network"
                ) from error
            if good:
                return answer
            said = f"{one_line(answer.get('message', ''))}, code {code}"
            if code == _INVALID_KEY:
                raise ColorkitError(f"Flickr refuses the key in {KEY} ({said}); correct it")
            if code not in _BUSY:
                raise ColorkitError(f"Flickr refuses {method} ({said}); change the search")
            self._wait(PAUSE * 2**attempt)
        raise ColorkitError(f"Flickr is not available ({said}); {_LATER}")

    def _get(self, url: str, arguments: dict | None = None) -> _Reply:
        """Ask, and ask again if the server is busy or the connection breaks."""
        import requests

        for attempt in range(TRIES):
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._wait(INTERVAL)
            pause = PAUSE * 2**attempt
            try:
                reply = within(ANSWER, partial(self._read, url, arguments))
                if reply.status != 429 and reply.status < 500:
                    return reply
                reason, pause = f"status {reply.status}", reply.pause or pause
            except requests.RequestException as error:  # its text would show the key
                reason = "no answer" if isinstance(error, requests.Timeout) else "connection lost"
            if pause > LONGEST:
                reason += f", it asks for a pause of {pause:.0f} seconds"
                break
            self._wait(pause)
        raise ColorkitError(f"{_server(url)} could not be reached ({reason}); {_LATER}")

    def _read(self, url: str, arguments: dict | None) -> _Reply:
        """Ask once, and take no more of the answer than fits the memory."""
        import requests

        options = {"params": arguments, "timeout": SILENCE, "stream": True}
        with self._session.get(url, **options) as reply:
            body = bytearray()
            for part in reply.iter_content(1 << 16):
                body += part
                if len(body) > LARGEST:
                    raise requests.ConnectionError("it does not end")
            return _Reply(reply.status_code, bytes(body), _asked_pause(reply))

    def _wait(self, seconds: float) -> None:
        """Let the next question wait."""
        self._next = time.monotonic() + seconds


def _server(url: str) -> str:
    return urlsplit(url).netloc


def _asked_pause(reply) -> float | None:
    """Seconds that a busy server asks for in `Retry-After`: a number, or a date."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return Retry().get_retry_after(reply.raw)
    except InvalidHeader:
        return None
