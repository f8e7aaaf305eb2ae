"""The page as a web page: Voilà with one notebook and without anything it would fetch elsewhere.

Each visitor gets a Python process (a kernel) of its own, which ends with the visit. The browser may
only exchange messages with the widget in it: Voilà refuses to execute what a browser sends.
"""

import asyncio
import ipaddress
import os
import secrets
import socket
import tempfile
from pathlib import Path

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.voila_identity_provider import VoilaIdentityProvider

from colorkit.system.errors import ColorkitError, one_line

APP = Path(__file__).parent
# Nothing is loaded from elsewhere, whatever a library would like. JupyterLab's parts compile code
# from strings and blobs, and anywidget imports its scripts from blobs.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'self'; form-action 'self'"
)
_EXTENSIONS = (
    "anywidget",
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
)
_LONGEST = 38  # bytes of the folder of sockets
_IDLE = 1800  # seconds after which the process of a visitor who is gone is ended
_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_VISITORS = 16  # at a time: each has a process, of half a gigabyte


class _ThisPython(KernelSpecManager):
    """Kernels of the Python that serves, whatever others are installed."""

    def _kernel_dirs_default(self) -> list[str]:
        return []


class _Visits(AsyncMappingKernelManager):
    """Processes for so many visitors and no more: reloading a page must not fill the memory."""

    _door = asyncio.Lock()  # several who come at once are counted one by one

    async def start_kernel(self, **options) -> str:
        """Start another one; too many are a fault the visitor is told."""
        async with self._door:
            if len(self) >= _VISITORS:
                raise HTTPError(503, reason="Too many people are here now, try again in a while")
            return await super().start_kernel(**options)


class _Channel(VoilaKernelWebsocketHandler):
    """A visitor's channel without two messages that would keep the server from everyone else.

    Voilà takes the first bytes of a message for a count, which they are not in Jupyter's older
    protocol; in the newer one Jupyter counts as far as a message says, be it to 2⁶⁴.
    """

    async def get(self, kernel_id: str) -> None:
        """Open the channel to browsers that speak the newer protocol."""
        if _PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400, reason="This page speaks a newer protocol")
        await super().get(kernel_id)

    def on_message(self, ws_message: str | bytes) -> None:
        """Pass a message on if it is as long as it says."""
        count = int.from_bytes(ws_message[:8], "little") if isinstance(ws_message, bytes) else 0
        if 0 < 8 * count < len(ws_message):
            super().on_message(ws_message)
        else:
            self.close(1003, "no such message")


class _Page(TornadoVoilaHandler):
    """The page, with the cookie without which a browser that leaves may not end its process.

    Otherwise only an answer like that to a missing icon, which not every browser asks for, sets it.
    """

    def get(self, path: str | None = None):
        """Set the cookie, which is too late once a part of the page is on its way."""
        _ = self.xsrf_token
        return super().get(path)


class _Server(Voila):
    def init_handlers(self) -> list:
        """Put our page and channel in the place of Voilà's."""
        ours = {TornadoVoilaHandler: _Page, VoilaKernelWebsocketHandler: _Channel}
        found = super().init_handlers()
        return [(path, ours.get(handler, handler), *more) for path, handler, *more in found]

    def setup_template_dirs(self) -> None:
        """Look for templates in our folder first."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(APP))


def serve(host: str = "127.0.0.1", port: int = 8866, with_token: bool = True) -> None:
    """Serve the page until it is stopped by Ctrl-C.

    Args:
        host: the address or name to listen on.
        port: 0 for any that is free.
        with_token: ask visitors for the secret in the address that is printed.

    Raises:
        ColorkitError: the address cannot be listened on.
    """
    port = _free_port(host, port)
    token = secrets.token_urlsafe(24) if with_token else ""
    server = _Server.instance(config=_settings(host, port, token))
    server.initialize([])
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{port}/" + f"?token={token}" * with_token, flush=True)
    print("Open this address in a browser; Ctrl-C ends the page for everyone.", flush=True)
    server.start()


def _settings(host: str, port: int, token: str) -> Config:
    # Windows has no sockets with names; there a kernel answers only to those who know its key.
    sockets = {"transport": "ipc"} if zmq.has("ipc") else {}  # no ports that others could try
    server = {
        "ip": host,
        "port": port,
        "port_retries": 0,
        "token": token,
        "identity_provider_class": VoilaIdentityProvider,
        "notebook_path": str(APP / "page.ipynb"),
        "connection_dir_root": _short_folder(),
        "open_browser": False,
        "log_level": "ERROR",
        "config_file_paths": [],  # a voila.py that happens to lie here would be executed
        "tornado_settings": {
            "headers": {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
            # Another site's name that leads to this machine must not lead to the page.
            "allow_remote_access": not _is_loopback(host),
            "ws_ping_timeout": 30_000,  # the default is longer than Tornado allows, and warned of
        },
    }
    pages = {
        "allow_template_override": "NO",
        "allow_theme_override": "NO",
        "extension_allowlist": list(_EXTENSIONS),
        "kernel_spec_manager_class": _ThisPython,
        "multi_kernel_manager_class": _Visits,
        "file_allowlist": [],
    }
    return Config(
        {
            "Voila": server,
            "VoilaConfiguration": pages,
            "MappingKernelManager": {"cull_idle_timeout": _IDLE, "cull_interval": 60},
            "KernelManager": sockets,
        }
    )


def _short_folder() -> str:
    """Where the kernels' sockets are made, in a folder of their own that only their owner can open.

    Some systems name each person's temporary folder at length, and names of sockets end at some
    100 bytes, of which Voilà and Jupyter take 65.
    """
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST else "/tmp"


def _free_port(host: str, port: int) -> int:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family) as listening:
            return listening.getsockname()[1]
    except (OSError, OverflowError, UnicodeError) as error:
        raise ColorkitError(
            f"cannot listen on {host}, port {port} ({one_line(error)}); choose others with --host "
            "and --port"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
