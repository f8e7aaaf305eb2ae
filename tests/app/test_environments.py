"""Photographs are colorized without a home, in any locale, on an old processor, anywhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_box import make_box
from PIL import Image

PROGRAM = "import sys; sys.argv[0] = 'colorkit'; from colorkit.app.cli import main; main()"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
OLD = {
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ATEN_CPU_CAPABILITY": "default",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
}


LATIN1 = {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"}
CHARSET = "import sys; print(sys.stdout.encoding)"


def with_locale(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Make the locale ISO-8859-1, which few machines have, if an environment names it."""
    if environment is not LATIN1:
        return environment
    if not shutil.which("localedef"):
        pytest.skip("no localedef, which makes locales")
    (folder / "locales").mkdir()
    made = folder / "locales" / LATIN1["LC_ALL"]
    subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1", made], capture_output=True)
    environment = environment | {"LOCPATH": str(made.parent)}
    said = subprocess.run([sys.executable, "-c", CHARSET], env=environment, capture_output=True)
    if said.stdout.strip() != b"iso8859-1":
        pytest.skip("the sources of locales are not installed")
    return environment


@pytest.mark.parametrize(
    "environment",
    [ASCII, OLD | {"HOME": "/dev/null/none", "TZ": "Asia/Kathmandu"}, LATIN1],
    ids=["no home, C locale", "old processor, forbidden home, Kathmandu", "ISO-8859-1"],
)
def test_colorizing_in_odd_places(tmp_path, environment):
    environment = with_locale(tmp_path, environment)
    here = tmp_path / "pröj ü x"
    here.mkdir()
    make_box(here)
    names = ["ü ä.png", os.fsdecode(b"b\xe4.png"), "plain.png"]
    noise = Image.effect_noise((40, 30), 90)
    for name in names:
        noise.save(here / name)
    # Nothing of the caller's: no home, no temporary folder, no place for caches.
    bare = {"PATH": os.defpath, "OMP_NUM_THREADS": "1"} | environment
    words = [sys.executable, "-c", PROGRAM, "colorize", *names, "-o", "öut"]
    ran = subprocess.run(
        [*words, "--model", "colornet.safetensors"], cwd=here, env=bare, capture_output=True
    )
    assert (ran.returncode, ran.stderr) == (0, b"") and b"3 colorized into" in ran.stdout
    made = {path.name: np.asarray(Image.open(path)) for path in Path(here, "öut").iterdir()}
    assert made.keys() == set(names)
    assert len({image.tobytes() for image in made.values()}) == 1
    assert made["plain.png"].shape == (30, 40, 3)
