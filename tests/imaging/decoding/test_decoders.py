"""A limit to sizes, and readers that are loaded when a file wants them."""

from types import SimpleNamespace

import pytest

from colorkit.imaging.decoding import decoders
from colorkit.imaging.decoding.decoders import check_size, load_reader
from colorkit.system.errors import ColorkitError


def test_a_size_is_between_one_pixel_and_the_limit():
    for size in ((1, 1), (40, 25), (1000, 1)):
        check_size("a.png", size, 1000)
    with pytest.raises(
        ColorkitError, match=r"a\.png: 143×7 pixels are more than the 1,000 allowed"
    ):
        check_size("a.png", (143, 7), 1000)
    for size in ((0, 5), (5, 0), (-1, 5)):
        with pytest.raises(ColorkitError, match=f"has no pixels \\({size[0]}×{size[1]}\\)"):
            check_size("a.png", size, 1000)


HEIF, JXL = b"\0\0\0\x18ftypheic", b"\0\0\0\x0cJXL \r\n\x87\n"


@pytest.mark.parametrize(
    ("head", "package"),
    [(HEIF, "pillow_heif"), (JXL, "pillow_jxl"), (b"\xff\x0a", "pillow_jxl")]
    + [(head, None) for head in (HEIF + b"avif", b"\xff\xd8\xff", b"xxxxftypavif", b"")],
)
def test_a_reader_is_loaded_once_for_its_kind_of_file(monkeypatch, head, package):
    told = []
    module = SimpleNamespace(register_heif_opener=lambda: told.append("opener"))
    monkeypatch.setattr(decoders, "_loaded", set())
    monkeypatch.setattr(decoders, "import_module", lambda name: told.append(name) or module)
    for _ in range(2):
        load_reader(head, "a")
    heif = package == "pillow_heif"
    assert told == ([package] if package else []) + ["opener"] * heif


def test_a_reader_that_is_not_installed_is_said(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(decoders, "_loaded", set())
    monkeypatch.setattr(decoders, "import_module", absent)
    with pytest.raises(
        ColorkitError, match=r"this is a JPEG XL file.*install 'colorkit\[formats\]'"
    ):
        load_reader(JXL, "a.jxl")
    assert decoders._loaded == set()
