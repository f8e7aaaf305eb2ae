"""Time from a click on the page to the picture that shows it, in headless Chromium.

`python -m benchmarks.page [PHOTOGRAPH]` starts `colorkit app`, drops a photograph (scikit-image's
coffee, enlarged to 12 megapixels), clicks hints into it one after the other, and moves the
saturation. The page itself takes the time, until the new preview is decoded. Threads:
OMP_NUM_THREADS.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

from benchmarks.colorize import SIZES, photograph
from colorkit.inference.hints import HINTED

CLICKS = 12
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120  # seconds


def main(path: str | None = None) -> None:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        if path is None:
            path = Path(folder, "coffee.jpg")
            photograph(path, SIZES["12 megapixels"])
        command = [str(Path(sys.executable).with_name("colorkit")), "app", "--port", "0"]
        app = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            # Root has no sandbox.
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(1000 * PATIENCE)
            _open(page, app.stdout.readline().strip())
            for what, times in measure(page, path).items():
                least, middle, most = min(times), statistics.median(times), max(times)
                print(f"{what:12} {middle:5.2f} s ({least:.2f} to {most:.2f}, {len(times)} times)")
            chromium.close()
        finally:
            app.terminate()
            app.wait()


def _open(page: Page, address: str) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            page.goto(address)
            return
        except Error:  # it does not answer yet
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def measure(page: Page, path: str | Path) -> dict[str, list[float]]:
    """Give the seconds that each answer took: a photograph, another model, hints, saturations."""
    times = {"photograph": [_time(page, lambda: page.set_input_files("input[type=file]", path))]}
    choice = page.get_by_label("Model")
    times["model"] = [_time(page, lambda: choice.select_option(HINTED))]
    frame, saturation = page.locator(".ck-frame"), page.get_by_label("Saturation")
    box = frame.bounding_box()
    for k in range(CLICKS):
        # Places that leave no large gap, and never a hint on a hint.
        place = {
            name: box[side] * (0.1 + 0.8 * (k * step % 1))
            for name, side, step in (("x", "width", 0.755), ("y", "height", 0.57))
        }
        click = _time(page, lambda place=place: frame.click(position=place))
        times.setdefault("hint", []).append(click)
    for _ in range(CLICKS):
        move = _time(page, lambda: saturation.press("ArrowRight"))
        times.setdefault("saturation", []).append(move)
    return times


def _time(page: Page, act: Callable[[], object]) -> float:
    """Do something, wait until the picture shows it, and read what the page measured."""
    widget = page.locator(".ck")
    widget.wait_for()
    before = widget.get_attribute("data-painted")
    act()
    page.wait_for_function(
        "before => (d => d.seconds && d.painted !== before)(document.querySelector('.ck').dataset)",
        arg=before,
    )
    return float(widget.get_attribute("data-seconds"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
