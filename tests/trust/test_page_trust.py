"""The page against raw requests: what it reads, runs, keeps, and whom it answers."""

import http.client
import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psutil
import pytest
import websocket
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from page_server import answers, children, start, wait_until

from colorkit.imaging.images import encode_image

VISITORS = 3
PATIENCE = 120  # seconds, of a machine that does much else
SECRET = "what nobody may read"
PROGRAM = "from colorkit.app.page import server; "
PROGRAM += f"server._VISITORS = {VISITORS}; server.serve(port=0)"
# Served from the package's folder `app/page`; the secret lies in the folder the server was started
# in.
TARGETS = ("/etc/passwd", "page.ipynb", "server.py", "../cli.py", "secret.txt", "index.html.j2")
ROUTES = ("/", "/voila/static/", "/voila/files/", "/voila/templates/", "/voila/api/themes/")
ROUTES += ("/voila/labextensions/", "/static/", "/files/", "/api/contents/", "/nbextensions/")
READ = (
    "root:x:0",
    "from colorkit.app.page.widget import",
    "Serve the page until",
    SECRET,
    "voila_static_url(",
)


class Served:
    """The server in a folder of its own, and requests to it."""

    def __init__(self, folder: Path):
        (folder / "serve_page.py").write_text(PROGRAM)
        (folder / "secret.txt").write_text(SECRET)
        self.folder = folder
        self.process = start(["python", str(folder / "serve_page.py")], folder)
        address = self.process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S{32}", address), folder / "log"
        self.host, self.token = address.split("/")[2], address.partition("=")[2]
        wait_until(lambda: answers(f"http://{self.host}/"), "the page does not answer")

    def ask(self, path: str, method: str = "GET", token: bool = True, **headers: str):
        """Send a path as it is; give status, body and headers."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = f"token {self.token}"
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        body = reply.read().decode(errors="replace")
        connection.close()
        return reply.status, body, reply.headers

    def visit(self) -> str:
        """Open the page as another visitor; give the name of its process."""
        status, body, _ = self.ask("/")
        assert status == 200
        return re.search(r'"kernelId": "([0-9a-f-]{36})"', body)[1]

    def connect(self, kernel: str, token: bool = True, **options) -> websocket.WebSocket:
        """Open the channel to a visitor's process."""
        header = [f"Authorization: token {self.token}"] if token else []
        address = f"ws://{self.host}/api/kernels/{kernel}/channels"
        options = {"subprotocols": ["v1.kernel.websocket.jupyter.org"]} | options
        return websocket.create_connection(address, timeout=PATIENCE, header=header, **options)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    page = Served(tmp_path_factory.mktemp("served"))
    yield page
    page.process.send_signal(signal.SIGINT)
    assert page.process.wait(60) == 0


@pytest.fixture(scope="module")
def visitors(served) -> tuple[str, str]:
    """Two visitors at once."""
    before = children(served.process)
    with ThreadPoolExecutor() as pool:
        names = tuple(pool.map(lambda _: served.visit(), range(2)))
    assert len(set(names)) == 2 and len(children(served.process) - before) == 2
    return names


def spellings(target: str) -> list[str]:
    """Ways to say that a file lies above the folder that is served."""
    up = ["", "/", "../" * 12, "..%2f" * 12, "%2e%2e/" * 12, "%252e%252e%252f" * 12, "....//" * 12]
    up += [
        "..\\" * 12,
        "..%5c" * 12,
        "%c0%ae%c0%ae/" * 12,
        "lab/../" + "../" * 12,
        "file:///",
        "//",
    ]
    up += [
        "lab/../" * 12,
        "lab/static/" + "../" * 14,
        "static/" + "%2e%2e%2f" * 14,
        "base/static/" + "..%2f" * 14,
    ]
    name = target.removeprefix("/")
    return [up_ + name for up_ in up] + [quote(target, safe=""), name + "%00.png", name + "?raw=1"]


def test_no_file_outside_can_be_read(served, amount, tally):
    (served.folder / "link").symlink_to("/etc/passwd")
    paths = [route + way for route in ROUTES for t in TARGETS for way in spellings(t)]
    paths += [
        f"{route}{served.folder}/{name}" for route in ROUTES for name in ("link", "secret.txt")
    ]
    paths = [path.replace(" ", "%20") for path in paths]
    processes, every = children(served.process), amount(len(paths) // 100, 1)
    for path in paths[::every]:
        # The page itself answers to every other path, so there nobody shows the token.
        status, body, _ = served.ask(path, token=path.startswith("/voila/"))
        assert not any(text in body for text in READ), path
        tally("requests for files of others", refused=1)
        assert status < 500 or status in (500, 503), path
    assert children(served.process) == processes


def test_only_those_who_know_the_token_are_let_in(served, visitors, tally):
    kernel = visitors[0]
    for path in ("/", f"/api/kernels/{kernel}", "/?token=", "/?token=" + "a" * 32, "/page.ipynb"):
        status, body, _ = served.ask(path, token=False)
        assert status in (401, 403) or not {kernel, "kernelId"} & set(re.split(r"[\"/]", body))
        tally("requests without the token", refused=1)
    for method in ("DELETE", "POST", "PUT", "PATCH"):
        for path in (f"/api/kernels/{kernel}", f"/voila/api/shutdown/{kernel}"):
            status, *_ = served.ask(path, method, token=False)
            assert status in (401, 403, 404, 405), (method, path, status)
            tally("requests without the token", refused=1)
    with pytest.raises(websocket.WebSocketBadStatusException):
        served.connect(kernel, token=False)
    tally("requests without the token", refused=1)
    assert len(children(served.process)) >= 2


def test_no_message_stops_the_server_for_others(served, visitors, tally):
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        served.connect(visitors[0], subprotocols=None)
    tally("messages that would stop the server", refused=1)
    for data in (b"\xff" * 8, b"\xff" * 7 + bytes(90), b"{", (2**40).to_bytes(8, "little"), "{}"):
        channel = served.connect(visitors[0])
        channel.send(data) if isinstance(data, str) else channel.send_binary(data)
        with suppress(websocket.WebSocketConnectionClosedException, ConnectionError):
            while channel.recv():
                pass
        assert served.ask("/voila/static/none")[0] < 500
        tally("messages that would stop the server", refused=1)


def test_other_sites_cannot_use_a_visitors_browser(served, visitors, tally):
    for host in ("elsewhere.example", "127.0.0.1.elsewhere.example", "[::ffff:8.8.8.8]", "8.8.8.8"):
        for path in ("/", f"/api/kernels/{visitors[0]}"):
            status, body, _ = served.ask(path, Host=host)
            assert status == 403 and "kernelId" not in body
            tally("requests of other sites", refused=1)
    for origin in ("http://elsewhere.example", "null", f"https://{served.host}.elsewhere.example"):
        # A page elsewhere has the visitor's cookie sent along, but cannot show the token.
        _, _, headers = served.ask("/voila/static/none")
        cookie = "; ".join(c.split(";")[0] for c in headers.get_all("Set-Cookie") or [])
        with pytest.raises((websocket.WebSocketBadStatusException, websocket.WebSocketException)):
            served.connect(visitors[0], token=False, origin=origin, cookie=cookie)
        status, *_ = served.ask(
            f"/voila/api/shutdown/{visitors[0]}", "POST", False, Origin=origin, Cookie=cookie
        )
        assert status in (401, 403, 404, 405)
        tally("requests of other sites", refused=2)


def test_two_people_do_not_see_each_other(served, visitors, tally):
    for path in ("/api/kernels", "/api/sessions", "/api/status", "/api/terminals", "/voila/tree"):
        body = served.ask(path, token=False)[1]
        assert not any(name in body for name in visitors)
        tally("requests for other people's pages", refused=1)
    # A name of a process has 122 random bits, and only its own page is told.
    first, second = (served.connect(name) for name in visitors)
    say(first, "kernel_info_request", {})
    wait_for(first, lambda kind, _: kind == "kernel_info_reply")
    second.settimeout(2)
    heard = []
    try:
        while True:
            heard.append(second.recv())
    except websocket.WebSocketTimeoutException:
        pass
    assert not any("kernel_info_reply" in str(message) for message in heard)
    first.close()
    second.close()
    tally("requests for other people's pages", refused=1)


def say(channel, kind: str, content: dict, buffers: list | None = None, where="shell") -> None:
    """Send a message as a browser does."""
    message = Session().msg(kind, content)
    parts = [message[name] for name in ("header", "parent_header", "metadata", "content")]
    parts = [json.dumps(part, default=str).encode() for part in parts]
    channel.send_binary(serialize_msg_to_ws_v1([*parts, *(buffers or [])], where))


def wait_for(channel, wanted) -> dict:
    """Receive until a message is the wanted one, told by its kind and content."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        data = channel.recv()
        assert data, "the channel was closed"
        _, (header, _, _, content, *_) = deserialize_msg_from_ws_v1(data)
        kind, content = json.loads(header)["msg_type"], json.loads(content)
        if wanted(kind, content):
            return content
    raise AssertionError("no such message came")


def test_nothing_a_browser_sends_is_executed(served, visitors, tally):
    channel, mark = served.connect(visitors[0]), served.folder / "executed"
    code = f"open({str(mark)!r}, 'w')"
    for kind, content in [
        ("execute_request", {"code": code, "silent": False, "user_expressions": {"a": code}}),
        ("inspect_request", {"code": code, "cursor_pos": 0, "detail_level": 1}),
        ("complete_request", {"code": code, "cursor_pos": len(code)}),
        ("debug_request", {"type": "request", "command": "evaluate", "arguments": {}}),
        ("input_reply", {"value": code}),
        ("create_subshell_request", {}),
        ("history_request", {"hist_access_type": "tail", "n": 10}),
    ]:
        for where in ("shell", "control", "stdin"):
            say(channel, kind, content, where=where)
            tally("messages that would be executed", refused=1)
    say(channel, "kernel_info_request", {})
    refused = ("execute_reply", "inspect_reply", "complete_reply", "debug_reply", "history_reply")
    seen = []
    wait_for(channel, lambda kind, _: seen.append(kind) or kind == "kernel_info_reply")
    assert not set(refused) & set(seen) and not mark.exists()
    channel.close()


def test_what_is_uploaded_is_neither_kept_nor_executed(served, visitors, tally):
    before = {p for p in served.folder.rglob("*") if p.is_file()}
    channel = served.connect(visitors[0])
    comms = {}
    limit = time.monotonic() + PATIENCE
    while not comms and time.monotonic() < limit:  # the page's half in Python is still loading
        say(channel, "comm_info_request", {"target_name": "jupyter.widget"})
        reply = wait_for(channel, lambda kind, _: kind == "comm_info_reply")
        comms = reply["comms"]
        time.sleep(0.5)
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    image = bytes(encode_image("x.png", rgb))
    shell = b"#!/bin/sh\ntouch executed\n"
    for name, data, shown in [
        ("../../evil.png", image, "evil.png"),
        ("/etc/cron.d/other.png", image, "other.png"),
        ("evil.sh", shell, ""),
        ("third.png", image, "third.png"),
        ("$(touch executed).png", shell, ""),
        ("evil.png\x00.sh", image, "evil.png\x00.sh"),
    ]:
        for comm in comms:
            for content, buffers in [
                ({"kind": "begin", "file": 1, "name": name, "bytes": len(data)}, None),
                ({"kind": "piece", "file": 1}, [data]),
            ]:
                inner = {"method": "custom", "content": content}
                say(channel, "comm_msg", {"comm_id": comm, "data": inner}, buffers)

        def told(_, content, shown=shown) -> bool:
            state = content.get("data", {}).get("state", {})
            if shown:
                return state.get("photo", {}).get("name") == shown
            return bool(state.get("fault"))

        wait_for(channel, told)
        tally("uploads", survived=bool(shown), refused=not shown)
    channel.close()
    after = {p for p in served.folder.rglob("*") if p.is_file()}
    kept = [p for p in after - before if image in p.read_bytes() or shell in p.read_bytes()]
    assert kept == [] and not list(served.folder.rglob("executed"))
    assert not Path("/etc/cron.d/other.png").exists()


def test_what_is_too_large_is_refused(served, visitors, tally):
    for size in (10**9, 10**12):
        status, *_ = served.ask("/login", "POST", False, Content_Length=str(size))
        assert status in (400, 403, 413)
        tally("requests that are too large", refused=1)
    with socket.create_connection(tuple(served.host.split(":")), timeout=60) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        try:
            for _ in range(200):
                raw.sendall(b"a" * 10_000)
            reply = raw.recv(100)
        except ConnectionError:
            reply = b""
        assert reply == b"" or reply.split()[1] in (b"400", b"413", b"431")
    tally("requests that are too large", refused=1)
    channel = served.connect(visitors[1])
    with pytest.raises((websocket.WebSocketException, ConnectionError)):
        channel.send("x" * 60_000_000)
        while channel.recv():
            pass
        raise websocket.WebSocketConnectionClosedException
    tally("requests that are too large", refused=1)


def test_no_connection_leaves_the_machine(served, visitors, tally):
    server = psutil.Process(served.process.pid)
    for process in (server, *server.children(recursive=True)):
        for each in process.net_connections(kind="inet"):
            assert each.laddr.ip.startswith("127."), each
            assert not each.raddr or each.raddr.ip.startswith("127."), each
        tally("processes that call nobody", survived=1)


def test_a_process_that_dies_takes_nobody_along_and_its_visitor_is_told(served, visitors, tally):
    mine, theirs = served.connect(visitors[0]), served.connect(visitors[1])
    processes = psutil.Process(served.process.pid).children()
    next(p for p in processes if visitors[0] in " ".join(p.cmdline())).kill()
    states = ("restarting", "dead", "autorestarting")
    wait_for(mine, lambda _, content: content.get("execution_state") in states)
    say(theirs, "kernel_info_request", {})
    wait_for(theirs, lambda kind, _: kind == "kernel_info_reply")
    mine.close()
    theirs.close()
    tally("visitors whose process died", survived=1)


def test_there_is_room_for_so_many_and_no_more(served, visitors, tally):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: served.ask("/"), range(8)))
    full = [(body, headers) for status, body, headers in replies if status == 503]
    assert len(full) == 8 - (VISITORS - len(visitors)), [status for status, *_ in replies]
    for body, headers in full:
        assert "Too many people are here now" in body
        # Pages of errors name a style sheet elsewhere, which the browser is told not to fetch.
        policy = headers["Content-Security-Policy"]
        assert "style-src 'self'" in policy and "http" not in policy
    assert len(psutil.Process(served.process.pid).children()) <= VISITORS
    tally("visitors too many", refused=len(full))
