"""The page as a web page: Voilà with one notebook and without anything it would fetch elsewhere.

Each visitor gets a Python process (a kernel) of its own, which ends with the visit. The browser may
only exchange messages with the widget in it: Voilà refuses to execute what a browser sends.
"""

import ipaddress
import secrets
import socket
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from traitlets.config import Config
from voila.app import Voila
from voila.voila_identity_provider import VoilaIdentityProvider

from colorkit.errors import ColorkitError, one_line

APP = Path(__file__).parent / "app"
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
_IDLE = 1800  # seconds after which the process of a visitor who is gone is ended


class _ThisPython(KernelSpecManager):
    """Kernels of the Python that serves, whatever others are installed."""

    def _kernel_dirs_default(self) -> list[str]:
        return []


class _Server(Voila):
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
    server = {
        "ip": host,
        "port": port,
        "port_retries": 0,
        "token": token,
        "identity_provider_class": VoilaIdentityProvider,
        "notebook_path": str(APP / "page.ipynb"),
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
        "file_allowlist": [],
    }
    return Config(
        {
            "Voila": server,
            "VoilaConfiguration": pages,
            "MappingKernelManager": {"cull_idle_timeout": _IDLE, "cull_interval": 60},
            "KernelManager": {"transport": "ipc"},  # no ports that other users could try
        }
    )


def _free_port(host: str, port: int) -> int:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family) as listening:
            return listening.getsockname()[1]
    except (OSError, OverflowError) as error:
        raise ColorkitError(
            f"cannot listen on {host}, port {port} ({one_line(error)}); choose others with --host "
            "and --port"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
