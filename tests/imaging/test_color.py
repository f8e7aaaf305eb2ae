"""Color conversion against scikit-image, its gradients, and the decolorizations."""

import numpy as np
import pytest
import torch
from skimage import color as sk

from colorkit.imaging import color
from colorkit.imaging.color import (
    AB_RANGE,
    D65_WHITE,
    DECOLORIZATIONS,
    RGB_TO_XYZ,
    decolorize,
    lab_to_rgb,
    rgb_to_lab,
    scale_ab,
    scale_L,
    unscale_ab,
    unscale_L,
)


def to_numpy(x: torch.Tensor) -> np.ndarray:
    """(B, 3, H, W) to (B, H, W, 3)."""
    return x.movedim(1, -1).numpy()


def to_tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x)).movedim(-1, 1)


@pytest.fixture(scope="module")
def gamut() -> torch.Tensor:
    """Build all colors of a 33³ grid, every gray level, and 20,000 random ones as one image."""
    axis = np.linspace(0, 1, 33)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    gray = np.repeat(np.arange(256)[:, None] / 255, 3, axis=1)
    some = np.random.default_rng(0).random((20_000, 3))
    colors = np.concatenate((grid, gray, some)).astype(np.float32)
    return to_tensor(colors[None, None])  # (1, 3, 1, N)


def test_lab_equals_scikit_image_over_the_whole_gamut(gamut):
    expected = sk.rgb2lab(to_numpy(gamut).astype(np.float64))
    assert np.abs(to_numpy(rgb_to_lab(gamut)) - expected).max() < 1e-3


def test_lab_equals_scikit_image_on_a_batch_of_images():
    rgb = torch.rand(3, 3, 7, 5, generator=torch.Generator().manual_seed(1))
    lab = rgb_to_lab(rgb)
    assert lab.shape == rgb.shape
    for image, expected in zip(to_numpy(lab), to_numpy(rgb), strict=True):
        assert np.abs(image - sk.rgb2lab(expected)).max() < 1e-3


def test_rgb_equals_scikit_image_inside_the_gamut(gamut):
    lab = sk.rgb2lab(to_numpy(gamut).astype(np.float64))
    ours = to_numpy(lab_to_rgb(to_tensor(lab.astype(np.float32))))
    assert np.abs(ours - sk.lab2rgb(lab)).max() < 1e-4


def test_rgb_is_clipped_as_scikit_image_clips_it_outside_the_gamut():
    rng = np.random.default_rng(2)
    lab = rng.uniform((20, -60, -60), (80, 60, 60), (1, 40, 40, 3))
    ours = to_numpy(lab_to_rgb(to_tensor(lab)))
    assert np.abs(ours - sk.lab2rgb(lab)).max() < 1e-6
    free = lab_to_rgb(to_tensor(lab), clip=False)
    assert free.min() < 0 < 1 < free.max()
    assert torch.equal(free.clamp(0, 1), lab_to_rgb(to_tensor(lab)))


def test_round_trip_is_within_a_tenth_of_an_8_bit_level(gamut):
    back = lab_to_rgb(rgb_to_lab(gamut))
    assert (back - gamut).abs().max() < 0.1 / 255


def test_every_8_bit_color_of_a_grid_survives_the_round_trip(gamut):
    pixels = (gamut * 255).round()
    back = lab_to_rgb(rgb_to_lab(pixels / 255))
    assert torch.equal((back * 255).round(), pixels)


def test_double_precision_stays_double_and_is_exact(gamut):
    rgb = gamut.double()
    lab = rgb_to_lab(rgb)
    assert lab.dtype == torch.float64
    # scikit-image rounds CIELAB's constants (0.008856, 7.787); the standard's own are used here
    assert np.abs(to_numpy(lab) - sk.rgb2lab(to_numpy(rgb))).max() < 3e-4
    assert (lab_to_rgb(lab) - rgb).abs().max() < 1e-8


def test_double_precision_equals_the_formulas_of_the_standards(gamut):
    rgb = to_numpy(gamut.double())
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    t = linear @ np.array(RGB_TO_XYZ).T / D65_WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    expected = np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)
    assert np.abs(to_numpy(rgb_to_lab(gamut.double())) - expected).max() < 1e-4


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (53.24, 80.09, 67.20)),
        ((0.0, 1.0, 0.0), (87.73, -86.18, 83.18)),
        ((0.0, 0.0, 1.0), (32.30, 79.19, -107.86)),
    ],
)
def test_published_values_of_known_colors(rgb, lab):
    ours = rgb_to_lab(torch.tensor(rgb).view(1, 3, 1, 1)).flatten()
    assert ours.tolist() == pytest.approx(lab, abs=0.02)


@pytest.mark.parametrize("level", [0.0, 1.0, 0.5, 0.04045, 10 / 255, 1e-8, -0.1, 1.1])
def test_gradients_are_finite_for_black_white_and_gray(level):
    rgb = torch.full((2, 3, 2, 2), level, requires_grad=True)
    for channel in range(3):
        (gradient,) = torch.autograd.grad(rgb_to_lab(rgb)[:, channel].sum(), rgb)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0
    lab = rgb_to_lab(rgb.detach()).requires_grad_()
    for channel in range(3):
        (gradient,) = torch.autograd.grad(lab_to_rgb(lab, clip=False)[:, channel].sum(), lab)
        assert gradient.isfinite().all()


def test_gradients_equal_finite_differences():
    generator = torch.Generator().manual_seed(3)
    rgb = torch.rand(1, 3, 3, 3, generator=generator, dtype=torch.float64) * 0.8 + 0.1
    assert torch.autograd.gradcheck(rgb_to_lab, rgb.requires_grad_())
    lab = rgb_to_lab(rgb.detach()).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: lab_to_rgb(x, clip=False), lab)


@pytest.mark.parametrize("convert", [rgb_to_lab, lab_to_rgb])
def test_memory_layout_does_not_change_the_result(convert):
    x = torch.rand(2, 3, 6, 8, generator=torch.Generator().manual_seed(4))
    expected = convert(x)
    assert torch.equal(convert(x.to(memory_format=torch.channels_last)), expected)
    wide = torch.zeros(2, 3, 12, 8)
    wide[:, :, ::2] = x
    assert not wide[:, :, ::2].is_contiguous()
    assert torch.equal(convert(wide[:, :, ::2]), expected)
    assert torch.equal(convert(x.transpose(2, 3)).transpose(2, 3), expected)


@pytest.mark.parametrize("convert", [rgb_to_lab, lab_to_rgb])
def test_conversion_leaves_its_input_alone_and_takes_empty_batches(convert):
    x = torch.rand(2, 3, 4, 4)
    before = x.clone()
    convert(x)
    assert torch.equal(x, before)
    assert convert(x[:0]).shape == (0, 3, 4, 4)


@pytest.mark.parametrize(
    ("x", "received"),
    [
        (torch.zeros(3, 4, 4), r"\(3, 4, 4\)"),
        (torch.zeros(1, 4, 4, 3), r"\(1, 4, 4, 3\)"),
        (torch.zeros(1, 1, 4, 4), r"\(1, 1, 4, 4\)"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), "uint8"),
    ],
)
def test_another_shape_or_type_is_refused_by_what_was_received(x, received):
    with pytest.raises(ValueError, match=f"lab must be a float tensor.*{received}"):
        lab_to_rgb(x)
    other = x.int() if x.dtype == torch.uint8 else x
    for function in (rgb_to_lab, decolorize):  # which take bytes as well
        with pytest.raises(ValueError, match=f"rgb must be a float or uint8 tensor.*{other.dtype}"):
            function(other)


def test_bytes_convert_as_the_floats_they_stand_for():
    pixels = torch.arange(256, dtype=torch.uint8).repeat(5)[:1200].view(1, 20, 20, 3)
    pixels = torch.cat((pixels, pixels.flip(2)))
    rgb = pixels.permute(0, 3, 1, 2)  # as a decoder lays them out
    expected = rgb_to_lab(rgb / 255)
    torch.testing.assert_close(rgb_to_lab(rgb), expected, atol=4e-4, rtol=0)
    assert torch.equal(rgb_to_lab(rgb), rgb_to_lab(rgb.contiguous()))
    assert rgb_to_lab(rgb).is_contiguous() and rgb_to_lab(rgb[:0]).shape == (0, 3, 20, 20)
    part = rgb[:, :, 3:9, 2:7]  # a crop is no copy
    torch.testing.assert_close(rgb_to_lab(part), expected[:, :, 3:9, 2:7], atol=4e-4, rtol=0)
    assert np.abs(to_numpy(rgb_to_lab(rgb)) - sk.rgb2lab(pixels.numpy())).max() < 1e-3


def test_bytes_of_every_lightness_and_hue_convert_exactly():
    levels = torch.tensor([*range(12), *range(12, 256, 9), 255], dtype=torch.uint8)
    rgb = torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, len(levels), -1)
    exact = rgb_to_lab(rgb.double() / 255)
    assert (rgb_to_lab(rgb) - exact).abs().max() < 3e-4


def test_bytes_are_read_where_they_lie():
    whole = np.random.default_rng(6).integers(0, 256, (9, 11, 4), dtype=np.uint8)
    whole.flags.writeable = False
    part = whole[2:8, 1:10][:, ::-1, :3]  # mirrored, of four channels, and not to be written
    copied = torch.tensor(part.copy()).permute(2, 0, 1)[None]
    assert torch.equal(color.bytes_to_lab([part, part]), rgb_to_lab(copied).repeat(2, 1, 1, 1))
    assert torch.equal(color.bytes_to_gray([part], "mean"), decolorize(copied, "mean"))
    with pytest.raises(ValueError, match="'luma'"):
        color.bytes_to_gray([part], "luma")


def test_other_devices_look_the_light_of_bytes_up_as_well():
    rgb = torch.arange(192, dtype=torch.uint8).view(1, 3, 8, 8)
    found = color._to_lab(color._light_of_bytes()[rgb.int()], None)
    torch.testing.assert_close(found, rgb_to_lab(rgb / 255), atol=4e-4, rtol=0)
    assert rgb_to_lab(rgb.to("meta")).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("method", DECOLORIZATIONS)
def test_bytes_decolorize_as_the_floats_they_stand_for(method):
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randint(256, (2, 33, 40, 3), generator=generator, dtype=torch.uint8)
    rgb = pixels.permute(0, 3, 1, 2)
    gray = decolorize(rgb, method)
    torch.testing.assert_close(gray, decolorize(rgb / 255, method), atol=2e-6, rtol=0)
    assert torch.equal(gray, decolorize(rgb.contiguous(), method))
    assert decolorize(rgb[:0], method).shape == (0, 1, 33, 40)


@pytest.mark.parametrize("fast", [True, False])
def test_both_ways_to_raise_to_a_power_equal_scikit_image(gamut, fast, monkeypatch):
    monkeypatch.setattr("colorkit.imaging.color._FAST_NUMPY", fast)
    expected = sk.rgb2lab(to_numpy(gamut).astype(np.float64))
    assert np.abs(to_numpy(rgb_to_lab(gamut)) - expected).max() < 1e-3
    assert (lab_to_rgb(rgb_to_lab(gamut)) - gamut).abs().max() < 0.1 / 255


def test_scaling_covers_the_unit_interval_and_nothing_of_the_gamut_leaves_it(gamut):
    lab = rgb_to_lab(gamut)
    assert scale_L(torch.tensor([0.0, 50.0, 100.0])).tolist() == [0.0, 0.5, 1.0]
    edges = scale_ab(torch.tensor([-AB_RANGE, 0.0, AB_RANGE]))
    assert edges.tolist() == [0.0, 0.5, 1.0]
    assert scale_ab(lab[:, 1:]).min() > 0 and scale_ab(lab[:, 1:]).max() < 1


def test_scaling_and_its_inverse_keep_chroma_to_rounding():
    ab = torch.linspace(-AB_RANGE, AB_RANGE, 2001, dtype=torch.float64)
    L = torch.linspace(0, 100, 2001, dtype=torch.float64)
    assert (unscale_ab(scale_ab(ab)) - ab).abs().max() < 1e-12
    assert (unscale_L(scale_L(L)) - L).abs().max() < 1e-12
    assert (unscale_ab(scale_ab(ab.float())) - ab.float()).abs().max() < 2e-5
    # no shrinking of chroma, however often it is encoded and decoded
    again = ab.float()
    for _ in range(50):
        again = unscale_ab(scale_ab(again))
    assert (again - ab).abs().max() < 1e-3


def test_neutral_chroma_is_exactly_one_half():
    assert scale_ab(torch.zeros(3)).tolist() == [0.5, 0.5, 0.5]
    assert unscale_ab(torch.full((3,), 0.5)).tolist() == [0.0, 0.0, 0.0]


REFERENCES = {
    "red": lambda rgb: rgb[..., 0],
    "green": lambda rgb: rgb[..., 1],
    "blue": lambda rgb: rgb[..., 2],
    "mean": lambda rgb: rgb.mean(axis=-1),
    "weighted": sk.rgb2gray,
    "lab": lambda rgb: sk.rgb2lab(rgb)[..., 0] / 100,
}


def test_every_decolorization_has_a_reference():
    assert set(REFERENCES) == set(DECOLORIZATIONS)


@pytest.mark.parametrize("method", DECOLORIZATIONS)
def test_decolorization_equals_its_reference(method, gamut):
    gray = decolorize(gamut, method)
    assert gray.shape == (1, 1, *gamut.shape[-2:])
    expected = REFERENCES[method](to_numpy(gamut).astype(np.float64))
    assert np.abs(gray[:, 0].numpy() - expected).max() < 1e-6 + 1e-5 * (method == "lab")
    assert float(gray.min()) >= -1e-6 and float(gray.max()) <= 1 + 1e-6


@pytest.mark.parametrize("method", DECOLORIZATIONS)
def test_decolorization_passes_gradients(method):
    rgb = torch.rand(1, 3, 2, 2).requires_grad_()
    decolorize(rgb, method).sum().backward()
    assert rgb.grad.isfinite().all() and rgb.grad.abs().sum() > 0


@pytest.mark.parametrize("method", ["mean", "weighted"])
def test_decolorizing_gray_changes_nothing(method):
    gray = torch.linspace(0, 1, 256).view(1, 1, 16, 16)
    assert torch.allclose(decolorize(gray.expand(1, 3, 16, 16), method), gray, atol=1e-6)


def test_weighted_is_the_default():
    rgb = torch.rand(1, 3, 4, 4)
    assert torch.equal(decolorize(rgb), decolorize(rgb, "weighted"))


def test_unknown_decolorization_names_the_known_ones():
    with pytest.raises(ValueError) as fault:
        decolorize(torch.zeros(1, 3, 2, 2), "luma")
    assert "'luma'" in str(fault.value)
    assert all(method in str(fault.value) for method in DECOLORIZATIONS)
