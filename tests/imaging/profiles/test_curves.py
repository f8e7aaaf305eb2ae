"""Profiles of curves against the formulas of their standards."""

import struct

import numpy as np
import pytest

from colorkit.imaging.profiles import curves
from colorkit.imaging.profiles.curves import Curves

X = np.linspace(0, 1, 101)


def fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))


def curv(*points: int) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(points)}H", len(points), *points)


def para(kind: int, *values: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + fixed(*values)


def profile(space: bytes, tags: dict[bytes, bytes], connection=b"XYZ ") -> bytes:
    head, body = b"", b""
    for name, tag in tags.items():
        head += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(tag))
        body += tag
    begin = (bytes(16) + space + connection).ljust(128, b"\0")
    return begin + struct.pack(">I", len(tags)) + head + body


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        (curv(), X),
        (curv(461), X ** (461 / 256)),
        (curv(0, 65535, 0), 1 - abs(2 * X - 1)),
        (para(0, 2.25), X**2.25),
        (para(1, 2, 0.5, -0.25), np.maximum(0.5 * X - 0.25, 0) ** 2),
        (para(2, 2, 0.5, -0.25, 0.125), np.maximum(0.5 * X - 0.25, 0) ** 2 + 0.125),
        (para(3, 2, 0.5, 0.25, 0.125, 0.5), np.where(X >= 0.5, (0.5 * X + 0.25) ** 2, X / 8)),
        (
            para(4, 2, 0.5, 0.25, 0.125, 0.5, 0.0625, 0.25),
            np.where(X >= 0.5, (0.5 * X + 0.25) ** 2 + 0.0625, X / 8 + 0.25),
        ),
    ],
)
def test_curves_are_those_of_their_type(tag, wanted):
    np.testing.assert_allclose(curves._curve(tag, X), wanted, atol=2e-5)


def test_lightness_is_that_of_the_standard():
    lightness = np.linspace(0, 100, 1001)
    light = curves._of_lightness(lightness / 100).astype(float)
    exact = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / (29 / 3) ** 3)
    np.testing.assert_allclose(light, exact, atol=1e-7)


def columns(matrix: np.ndarray) -> dict[bytes, bytes]:
    return {
        name + b"XYZ": b"XYZ " + bytes(4) + fixed(*matrix[:, k])
        for k, name in enumerate((b"r", b"g", b"b"))
    }


def of_rgb(tag: bytes, matrix: np.ndarray = curves._SRGB) -> Curves:
    tags = {name + b"TRC": tag for name in (b"r", b"g", b"b")}
    return Curves(profile(b"RGB ", columns(matrix) | tags))


def encoded(light) -> np.ndarray:
    light = np.clip(light, 0, 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * code)


def test_pixels_go_through_curves_and_matrix(monkeypatch):
    monkeypatch.setattr(curves, "_STRIP", 40)  # two rows at a time
    values = np.random.default_rng(0).random((5, 20, 3))
    turned = curves._SRGB[:, [1, 2, 0]]
    found = of_rgb(para(0, 2.0), turned).to_srgb(values)
    assert np.abs(found - encoded(values[..., [2, 0, 1]] ** 2)).max() <= 1
    gray = Curves(profile(b"GRAY", {b"kTRC": para(0, 2.0)})).to_srgb(values[..., :1])
    assert np.abs(gray - encoded(values[..., :1] ** 2)).max() <= 1
    light = Curves(profile(b"GRAY", {b"kTRC": curv()}, b"Lab ")).to_srgb(values[..., :1])
    lightness = 100 * values[..., :1]
    exact = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / (29 / 3) ** 3)
    assert np.abs(light - encoded(exact)).max() <= 1


@pytest.mark.parametrize(("black", "taken"), [(0.1, 0.1), (0.3, 0.18)])
def test_the_darkest_color_becomes_black_unless_it_is_no_black(black, taken):
    values = np.linspace(0, 1, 30).reshape(1, 30, 1).repeat(3, axis=2)
    light = black + (1 - black) * values
    found = of_rgb(para(2, 1.0, 1 - black, 0, black)).to_srgb(values)
    assert np.abs(found - encoded((light - taken) / (1 - taken))).max() <= 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"short", "damaged"),
        (profile(b"GRAY", {}), "lacks curves"),
        (profile(b"GRAY", {b"kTRC": b"mAB "}), "another type"),
        (profile(b"RGB ", {b"A2B0": b""}), "no curves"),
        (profile(b"RGB ", columns(curves._SRGB), b"Lab "), "no curves"),
        (profile(b"RGB ", columns(curves._SRGB)), "lacks curves"),
    ],
)
def test_other_profiles_are_left_to_others(data, why):
    with pytest.raises(ValueError, match=why):
        Curves(data)
