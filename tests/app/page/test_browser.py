"""The page in a browser: headless Chromium drives it as a person does, in JupyterLab and Voilà.

Skipped where there is no Chromium, but not in CI (where the variable CI is set).
"""

import base64
import io
import json
import os
import re
import signal
import socket
import urllib.error
import urllib.request

import numpy as np
import pytest
from made_box import make_box
from page_server import PATIENCE, answers, children, start, wait_until
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from colorkit.imaging.toning import is_gray
from colorkit.inference.hints import HINTED
from colorkit.models.pretrained import models
from colorkit.models.vivid_unet import VIVID

# No Google services, no sandbox (which root has not), no graphics card.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=chromium,
            args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )
        started.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """Give a fresh tab that remembers what it asked for; it may ask this machine only."""
    tab = browser.new_page()
    tab.asked, tab.faults = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    yield tab
    tab.close()
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:http://127.0.0.1:", "data:")
    assert [url for url in tab.asked if not url.startswith(local)] == []
    assert tab.faults == []


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Start `colorkit app`; give its process and its address with the token."""
    folder = tmp_path_factory.mktemp("voila")
    process = start(["colorkit", "app", "--port", "0"], folder)
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S{32}", address), folder / "log"
    wait_until(lambda: answers(address.partition("?")[0]), "colorkit app does not answer")
    yield process, address
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    # Neither photographs nor results, nor anything else.
    left = [path for path in (folder / "tmp").rglob("*") if path.is_file()]
    assert left == [], left


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab with a notebook that shows the page with a box of the tests' own."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "box").mkdir()
    make_box(folder / "box")
    source = (
        "from pathlib import Path\nfrom colorkit.models import pretrained\n"
        f"pretrained.FOLDER = Path({str(folder / 'box')!r})\n"
        "from colorkit.app.page.widget import Page\nPage()"
    )
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": []}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell | {"source": source}], "metadata": kernel}
    notebook |= {"nbformat": 4, "nbformat_minor": 5}
    (folder / "page.ipynb").write_text(json.dumps(notebook))
    # It would ask its makers for news.
    config = folder / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True)
    quiet = {"@jupyterlab/apputils-extension:announcements": True}
    config.write_text(json.dumps({"disabledExtensions": quiet}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root"]
    process = start(
        ["jupyter", "lab", *options, "--IdentityProvider.token=secret"],
        folder,
        JUPYTER_CONFIG_DIR=str(folder / "config"),
    )
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/api"), "JupyterLab does not answer")
    yield f"http://127.0.0.1:{port}/lab/tree/page.ipynb?token=secret"
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def photograph() -> tuple[str, bytes, tuple[int, int]]:
    """Give the name, bytes and size of a landscape of sorts."""
    rows, columns = np.mgrid[:800, :1200]
    noise = np.random.default_rng(0).normal(0, 8, (800, 1200))
    gray = np.where(rows < 300 + 60 * np.sin(columns / 150), 200 - rows / 8, 60 + rows / 12)
    data = io.BytesIO()
    Image.fromarray((gray + noise).clip(0, 255).astype(np.uint8)).save(data, "JPEG", quality=90)
    return "grandmother.jpg", data.getvalue(), (1200, 800)


def drop(page: Page, name: str, data: bytes) -> None:
    transfer = page.evaluate_handle(
        """([name, text]) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name));
          return transfer;
        }""",
        [name, base64.b64encode(data).decode()],
    )
    page.dispatch_event(".ck-stage", "drop", {"dataTransfer": transfer})


def shown(page: Page, name: str) -> np.ndarray:
    """Give the pixels of the picture before or after."""
    text = page.evaluate(
        """(name) => {
          const image = document.querySelector(`.ck [data-is=${name}]`);
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          canvas.getContext("2d").drawImage(image, 0, 0);
          return canvas.toDataURL().split(",")[1];
        }""",
        name,
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


class Repainted:
    """Waits until the picture answers what was done inside."""

    def __init__(self, page: Page):
        self.page = page

    def __enter__(self):
        self.before = self.page.locator(".ck").get_attribute("data-painted")

    def __exit__(self, *error):
        if error[0] is None:
            before = re.compile(f"^{self.before}$")
            expect(self.page.locator(".ck")).not_to_have_attribute("data-painted", before)
            expect(self.page.locator(".ck")).not_to_have_attribute("aria-busy", "true")


def use(page: Page, photograph) -> None:
    """Refuse a bad file, colorize a photograph, and change how."""
    name, data, _ = photograph
    expect(page.get_by_text("Drop a photograph here")).to_be_visible()
    drop(page, "notes.txt", b"dear diary")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt: this is no image")
    drop(page, name, data)
    status = page.locator(".ck-status")
    expect(status).to_have_text(re.compile(r"Colorized in \d+\.\d\d seconds\."))
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_text(name)).to_be_visible()
    assert is_gray(shown(page, "before"), 1)
    assert not is_gray(shown(page, "after"), 1)
    with Repainted(page):
        page.get_by_label("Contrast").select_option("clahe")
    first = shown(page, "after")
    with Repainted(page):
        page.get_by_label("Saturation").press("ArrowRight")
    assert (shown(page, "after") != first).any()
    gray = shown(page, "before").ravel()
    for turn, sign in (("check", -1), ("uncheck", 1)):
        with Repainted(page):
            getattr(page.get_by_label("Negative of a film"), turn)()
        assert sign * np.corrcoef(gray, shown(page, "before").ravel())[0, 1] > 0.9
    divider = page.get_by_role("slider", name="Divider between before and after")
    for key, value in [("Home", "0"), ("ArrowRight", "2"), ("PageUp", "12"), ("End", "100")]:
        divider.press(key)
        expect(divider).to_have_attribute("aria-valuenow", value)
    box = page.locator(".ck-frame").bounding_box()
    page.locator(".ck-knob").hover()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "25")
    expect(page.locator(".ck-hints button")).to_have_count(0)


def hint(page: Page) -> None:
    """Place hints by mouse and keys, move, color and remove them."""
    page.get_by_label("Model").select_option(HINTED)
    marks = page.locator(".ck-hints button")
    page.get_by_role("button", name="red").click()
    plain = shown(page, "after").astype(int)
    with Repainted(page):
        box = page.locator(".ck-frame").bounding_box()
        place = {"x": box["width"] / 2, "y": box["height"] / 4}
        page.locator(".ck-frame").click(position=place)
    expect(marks).to_have_count(1)
    expect(marks).to_be_focused()
    expect(marks).to_have_accessible_name(re.compile("Hint 1, color #c23a34, 50 percent .*, 25 "))
    changed = np.abs(shown(page, "after").astype(int) - plain).sum(axis=2)
    assert changed.max() > 10
    with Repainted(page):
        marks.press("ArrowRight")
    expect(marks).to_have_accessible_name(re.compile("51 percent from the left"))
    with Repainted(page):
        marks.hover()
        page.mouse.down()
        box = page.locator(".ck-frame").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 5, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
    expect(marks).to_have_accessible_name(re.compile("20 percent from the left, 50 from the top"))
    with Repainted(page):
        page.get_by_label("Color of hint 1").fill("#00ff00")
    expect(marks).to_have_accessible_name(re.compile("color #00ff00"))
    marks.press("Escape")
    expect(page.get_by_label("Color of the next hint")).to_be_visible()
    with Repainted(page):
        page.keyboard.press("h")
    expect(marks).to_have_count(2)
    expect(marks.last).to_be_focused()
    with Repainted(page):
        marks.last.press("Delete")
    expect(marks).to_have_count(1)
    expect(marks).to_be_focused()


def download(page: Page, size: tuple[int, int]) -> None:
    with page.expect_download() as loading:
        page.get_by_role("button", name="Download full size").click()
    assert loading.value.suggested_filename == "grandmother-colorized.jpg"
    image = Image.open(loading.value.path())
    assert image.size == size
    assert not is_gray(np.asarray(image), 1)


def test_in_jupyterlab(lab, page, photograph):
    page.goto(lab)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeCell .cm-content").click()
    page.keyboard.press("Shift+Enter")
    use(page, photograph)
    expect(page.get_by_label("Vividness")).to_be_hidden()  # no model of this box has one
    hint(page)
    download(page, photograph[2])
    assert page.locator(".jp-Notebook .jp-Cell").count() <= 2  # no key went to JupyterLab


def test_as_a_web_page(served, page, photograph):
    process, address = served
    page.goto(address, wait_until="commit")
    expect(page.get_by_role("status").first).to_contain_text("Starting")
    use(page, photograph)
    offered = page.locator("input[type=file]").get_attribute("accept").split(",")
    assert {"image/*", ".heic", ".jxl", ".jfif", ".pam"} <= set(offered)
    if VIVID in models():
        page.get_by_label("Model").select_option(VIVID)
        with Repainted(page):
            page.get_by_label("Vividness").press("ArrowLeft")
    if HINTED in models():
        hint(page)
    else:
        expect(page.get_by_text("takes no color hints; nor does any other here")).to_be_visible()
    download(page, photograph[2])
    # Another visitor at the same time sees none of it.
    mine = children(process)
    other = page.context.new_page()
    other.goto(address.partition("?")[0], wait_until="commit")
    expect(other.get_by_text("Drop a photograph here")).to_be_visible()
    theirs = children(process) - mine
    assert len(theirs) == 1
    assert other.locator(".ck-name").is_hidden()
    os.kill(theirs.pop(), signal.SIGKILL)
    expect(other.get_by_role("alert")).to_contain_text("has stopped")
    with Repainted(page):  # the first one's goes on
        page.get_by_label("Contrast").select_option("none")
    other.close()
    page.goto("about:blank")
    wait_until(lambda: not mine & children(process), "a process outlives its page")


def test_the_page_brings_the_cookie_without_which_no_browser_may_end_its_process(served):
    _, address = served
    found = urllib.request.urlopen(address, timeout=30).headers.get_all("Set-Cookie")
    (cookie,) = (each for each in found if each.startswith("_xsrf="))
    assert "httponly" not in cookie.lower()  # the page's script reads it


def test_only_those_with_the_token_get_in(served):
    process, address = served
    before, bare = children(process), address.partition("?")[0]
    for url, host in [(bare, None), (f"{bare}?token=wrong", None), (address, "elsewhere.example")]:
        request = urllib.request.Request(url, headers={"Host": host} if host else {})
        try:
            body = urllib.request.urlopen(request, timeout=10).read().decode()
        except urllib.error.HTTPError as error:
            assert error.code in (401, 403)
        else:
            assert "Starting" not in body and "token" in body.lower()
    assert children(process) == before
