"""The server around the page: who gets in, how many, and what may be sent."""

import asyncio
import re
import socket
import tempfile
from types import SimpleNamespace

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from voila.app import Voila
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from colorkit.app.page import server
from colorkit.system.errors import ColorkitError


def test_sockets_lie_where_their_names_are_not_too_long(monkeypatch):
    for usual, found in (
        ("/" + 37 * "x", "/" + 37 * "x"),
        ("/" + 38 * "x", "/tmp"),
        ("/" + 19 * "é", "/tmp"),  # bytes count, not letters
    ):
        monkeypatch.setattr(tempfile, "tempdir", usual)
        assert server._short_folder() == found


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.8.8.8", "::1", "localhost", "0.0.0.0", "192.168.0.9", "elsewhere.example"],
)
def test_only_an_address_of_this_machine_keeps_other_names_out(host):
    near = host.startswith(("127.", "::1", "localhost"))
    settings = server._settings(host, 8866, "secret")
    assert settings.Voila.tornado_settings["allow_remote_access"] != near
    assert (settings.Voila.ip, settings.Voila.port, settings.Voila.token) == (host, 8866, "secret")


def test_the_page_loads_nothing_from_elsewhere_and_executes_no_settings_it_finds():
    settings = server._settings("127.0.0.1", 1, "")
    policy = settings.Voila.tornado_settings["headers"]["Content-Security-Policy"]
    for rule in policy.split(";"):
        name, *allowed = rule.split()
        assert set(allowed) <= {
            "'self'", "'unsafe-inline'", "'unsafe-eval'", "blob:", "data:", "ws:", "wss:"
        }, name  # fmt: skip
    assert settings.Voila.config_file_paths == settings.VoilaConfiguration.file_allowlist == []
    assert settings.KernelManager.transport == "ipc"
    assert settings.MappingKernelManager.cull_idle_timeout == 1800
    assert settings.VoilaConfiguration.multi_kernel_manager_class is server._Visits
    assert server._ThisPython().find_kernel_specs().keys() <= {"python3"}


def test_where_sockets_have_no_names_kernels_take_ports(monkeypatch):
    """As on Windows; Jupyter's own choice is a port of this machine alone and a key."""
    monkeypatch.setattr(server.zmq, "has", lambda what: what != "ipc")
    assert "transport" not in server._settings("127.0.0.1", 1, "").KernelManager


def test_a_port_that_is_taken_is_said_and_zero_finds_a_free_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ColorkitError, match=f"cannot listen on 127.0.0.1, port {port}"):
            server._free_port("127.0.0.1", port)
        assert server._free_port("127.0.0.1", 0) not in (0, port)
    assert server._free_port("127.0.0.1", port) == port
    with pytest.raises(ColorkitError, match="choose others with --host and --port"):
        server._free_port("127.0.0.1", 70_000)
    with pytest.raises(ColorkitError, match=r"cannot listen on a\.\.b"):
        server._free_port("a..b", 0)


def test_so_many_visitors_and_no_more(monkeypatch):
    async def start(self, **options):
        return "started"

    present = [15]
    monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", start)
    monkeypatch.setattr(server._Visits, "__len__", lambda self: present[0])
    visits = server._Visits()
    assert asyncio.run(visits.start_kernel()) == "started"
    present[0] = server._VISITORS
    with pytest.raises(HTTPError) as refused:
        asyncio.run(visits.start_kernel())
    assert refused.value.status_code == 503 and present[0] == 16


@pytest.fixture
def channel(monkeypatch):
    """A visitor's channel that notes what it passes on and why it is closed."""
    made = server._Channel.__new__(server._Channel)
    made.told = []
    monkeypatch.setattr(
        VoilaKernelWebsocketHandler, "on_message", lambda self, message: self.told.append(message)
    )
    made.close = lambda code, why: made.told.append(code)
    return made


@pytest.mark.parametrize(
    ("count", "length", "passes"),
    [(1, 9, True), (1, 8, False), (0, 9, False), (2, 17, True), (2, 16, False), (2**63, 99, False)],
)
def test_a_message_is_as_long_as_it_says(channel, count, length, passes):
    message = count.to_bytes(8, "little").ljust(length, b"x")
    channel.on_message(message)
    assert channel.told == [message if passes else 1003]


def test_a_message_of_text_is_none(channel):
    channel.on_message("{}")
    assert channel.told == [1003]


def test_browsers_speak_the_newer_protocol(channel, monkeypatch):
    async def get(self, kernel_id):
        self.told.append(kernel_id)

    monkeypatch.setattr(VoilaKernelWebsocketHandler, "get", get)
    channel.request = SimpleNamespace(headers={"Sec-WebSocket-Protocol": server._PROTOCOL})
    asyncio.run(channel.get("one"))
    channel.request = SimpleNamespace(headers={"Sec-WebSocket-Protocol": "old"})
    with pytest.raises(HTTPError) as refused:
        asyncio.run(channel.get("two"))
    assert channel.told == ["one"] and refused.value.status_code == 400


def test_our_channel_and_templates_take_the_place_of_voilas(monkeypatch):
    others = [("/a", VoilaKernelWebsocketHandler, {"x": 1}), ("/b", object)]
    monkeypatch.setattr(Voila, "init_handlers", lambda self: others)
    monkeypatch.setattr(Voila, "setup_template_dirs", lambda self: None)
    made = server._Server.__new__(server._Server)
    assert server._Server.init_handlers(made) == [
        ("/a", server._Channel, {"x": 1}),
        ("/b", object),
    ]


@pytest.mark.parametrize(
    ("host", "token", "address"),
    [
        ("127.0.0.1", True, r"http://127\.0\.0\.1:{port}/\?token=[\w-]{{32}}"),
        ("::1", False, r"http://\[::1\]:{port}/"),
    ],
)
def test_the_address_is_printed_with_its_secret(monkeypatch, capsys, host, token, address):
    begun = []
    stand_in = SimpleNamespace(initialize=begun.append, start=lambda: begun.append("started"))
    given = {}
    monkeypatch.setattr(server, "_free_port", lambda host, port: port + 1)
    monkeypatch.setattr(
        server._Server, "instance", lambda config: given.update(config=config) or stand_in
    )
    server.serve(host, 8866, token)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(address.format(port=8867), first) and "Ctrl-C" in second
    assert begun == [[], "started"] and given["config"].Voila.token == first.partition("=")[2]
