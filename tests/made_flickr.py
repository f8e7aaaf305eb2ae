"""A server on loopback that answers as Flickr does, and misbehaves on request."""

import contextlib
import io
import json
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from made_videos import picture
from PIL import Image

KEY = "0123456789abcdef0123456789abcdef"
LICENSES = [
    {"id": 4, "name": "Attribution License", "url": "https://creativecommons.org/licenses/by/2.0/"},
    {"id": 10, "name": "Public Domain Mark", "url": ""},
]


class FlickrHandler(BaseHTTPRequestHandler):
    """Answers searches for `count` photographs; what `mishaps` has for a path comes first.

    A mishap is a status with headers, `cut` (half of the body), `page` (one that is not Flickr's),
    `drips` (headers without end), `endless` (a body without end), or a dictionary to be sent as
    JSON.
    """

    count = 5
    mishaps: dict[str, list]
    asked: list[tuple[str, dict]]

    def do_GET(self):
        parts = urlsplit(self.path)
        given = {key: values[0] for key, values in parse_qs(parts.query).items()}
        method = given.get("method", parts.path)
        self.asked.append((method, given))
        mishap = self.mishaps[method].pop(0) if self.mishaps.get(method) else None
        if isinstance(mishap, tuple):
            return self._send(b"busy", *mishap)
        if isinstance(mishap, dict):
            return self._send(json.dumps(mishap).encode())
        if mishap in ("drips", "endless"):
            return self._flood(mishap)
        if mishap == "page":
            body = b"<html>Log in to the network</html>"
        elif parts.path.startswith("/photo/"):
            stream, number = io.BytesIO(), int(parts.path.split("/")[-1])
            Image.fromarray(picture(100 + number)).save(stream, "JPEG", quality=95)
            body = stream.getvalue()
        else:
            body = json.dumps(self._answer(method, given)).encode()
        return self._send(body, cut=mishap == "cut")

    def _answer(self, method: str, given: dict) -> dict:
        if given["api_key"] != KEY:
            return {"stat": "fail", "code": 100, "message": "Invalid API Key (unknown)"}
        if method == "flickr.photos.licenses.getInfo":
            return {"licenses": {"license": LICENSES}, "stat": "ok"}
        if method != "flickr.photos.search":
            return {"stat": "fail", "code": 112, "message": f'Method "{method}" not found'}
        page, per_page = int(given["page"]), int(given["per_page"])
        numbers = range(self.count)[(page - 1) * per_page : page * per_page]
        found = {"page": page, "pages": -(-self.count // per_page), "perpage": per_page}
        photos = [self._photo(number) for number in numbers]
        return {"photos": found | {"total": self.count, "photo": photos}, "stat": "ok"}

    def _photo(self, number: int) -> dict:
        address = f"http://{self.headers['Host']}/photo"
        about = {"id": str(number), "owner": "47058503995@N01", "title": "a lake"}
        about |= {"ownername": f"Ana {number}", "license": "4" if number % 2 else "10"}
        about |= {"url_m": f"{address}/m/{number}", "width_m": 96, "height_m": "64"}
        return about | {"url_l": f"{address}/l/{number}", "width_l": "1024", "height_l": 683}

    def _send(self, body: bytes, status: int = 200, headers: dict | None = None, cut: bool = False):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def _flood(self, kind: str) -> None:
        with contextlib.suppress(OSError):  # until the other side hangs up
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + b"\r\n" * (kind == "endless"))
            for _ in range(1000):
                self.wfile.write(b"X: more\r\n" if kind == "drips" else bytes(100_000))
                self.wfile.flush()
                time.sleep(0.01 if kind == "drips" else 0)

    def log_message(self, *_):
        pass
