"""One photograph: its lightness stays, strips leave no seam, and any input that is one works."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.color import rgb2lab

import colorkit
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.gamut import to_gamut
from colorkit.inference.paint import paint, scaled, scaled_to_each, to_gray
from colorkit.inference.photograph import predict_planes, working_size
from colorkit.inference.reading import as_rgb, near_infrared
from colorkit.models.colornet import ColorNet
from colorkit.models.nirnet import NirNet
from colorkit.models.unet import UNet
from colorkit.models.weights import save_weights
from colorkit.system.errors import ColorkitError

CARD = {"gray": "weighted", "size": 32}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """An untrained network that colors boldly: its last layer is scaled up."""
    torch.manual_seed(3)
    network = ColorNet(width=0.1, global_size=32)
    with torch.no_grad():
        network.color[-2].weight.mul_(3)
    return save_weights(tmp_path_factory.mktemp("w") / "bold.safetensors", network, **CARD)


def photograph(height=90, width=120, seed=0, color=True) -> np.ndarray:
    """Smooth shapes with edges and a little noise, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    rgb = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    rgb = np.clip(rgb.astype(int) + rng.integers(-8, 9, (height, width, 1)), 0, 255)
    rgb[: height // 3] = 255 - rgb[: height // 3]
    return (rgb if color else rgb[..., :1].repeat(3, axis=2)).astype(np.uint8)


def test_lightness_stays_whatever_the_colors(weights):
    for seed, saturation in ((0, 1), (1, 1), (2, 5)):
        rgb = photograph(seed=seed)
        rgb[:5], rgb[5:10] = 0, 255
        result = colorkit.colorize(rgb, weights, saturation)
        assert (result.shape, result.dtype) == (rgb.shape, np.uint8)
        change = np.abs(rgb2lab(result)[..., 0] - rgb2lab(rgb)[..., 0])
        # Half a gray level a channel is at most 0.14 L* near black and 0.27 in red and green.
        assert change.max() < 0.35
        assert (result[:5] == 0).all()
        assert (result[5:10] == 255).all()


def test_saturation_zero_is_gray_and_more_is_more(weights):
    rgb = photograph()
    chroma = []
    for saturation in (0, 0.5, 1):
        lab = rgb2lab(colorkit.colorize(rgb, weights, saturation))
        chroma.append(np.hypot(lab[..., 1], lab[..., 2]).mean())
    assert chroma[0] < 0.01
    assert chroma[0] < chroma[1] < chroma[2]
    np.testing.assert_array_equal(colorkit.colorize(rgb, weights, 0), to_gray(rgb))
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="saturation"):
            colorkit.colorize(rgb, weights, wrong)


def test_color_is_taken_away_first(weights):
    rgb = photograph(color=False)
    tinted = torch.tensor(rgb2lab(rgb)).permute(2, 0, 1)[None].float()
    tinted[:, 1:] = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1)
    tinted = (lab_to_rgb(tinted)[0].permute(1, 2, 0) * 255).round().byte().numpy()
    a, b = (colorkit.colorize(x, weights).astype(int) for x in (rgb, tinted))
    assert np.abs(a - b).mean() < 3
    np.testing.assert_array_equal(
        colorkit.colorize(rgb, weights), colorkit.colorize(rgb[..., 0], weights)
    )


def test_small_planes_come_back_as_lab_and_joined(weights):
    """Against the plain way: no strips, one bilinear enlargement where lightness is constant."""
    flat = np.full((40, 50, 3), 119, np.uint8)
    planes = torch.cat((torch.zeros(1, 1, 8, 10), 20 * torch.rand(1, 2, 8, 10)), dim=1)
    ab = F.interpolate(planes[:, 1:], (40, 50), mode="bilinear", align_corners=False)
    L = torch.full((1, 1, 40, 50), rgb2lab(flat)[0, 0, 0])
    expected = lab_to_rgb(torch.cat((L, ab), dim=1))[0].permute(1, 2, 0) * 255
    got = paint(flat, planes)
    # Above the ratio at which it is done in two steps, the kernel is another one.
    assert np.abs(got - expected.numpy()).max() < 1


def test_strips_leave_no_seam(monkeypatch):
    rgb = photograph(203, 150)
    for size in ((9, 7), (70, 50)):  # in two steps, and in one
        planes = torch.cat((8 * torch.randn(1, 1, *size), 40 * torch.randn(1, 2, *size)), dim=1)
        monkeypatch.setattr("colorkit.inference.paint._STRIP", 10**9)
        whole = paint(rgb, planes)
        for strip in (1, 150 * 7, 150 * 64):
            monkeypatch.setattr("colorkit.inference.paint._STRIP", strip)
            found = paint(rgb, planes)
            differ = np.abs(found.astype(int) - whole)
            assert differ.max() <= 1
            assert (differ > 0).mean() < 1e-3


def test_color_stops_at_the_edge():
    """A disc that is alone in its color and lightness keeps both to itself."""
    y, x = np.mgrid[:128, :128]
    disc = (y - 64) ** 2 + (x - 64) ** 2 < 40**2
    rgb = np.where(disc[..., None], 90, 200).astype(np.uint8).repeat(3, axis=2)
    true = torch.tensor(np.where(disc, 40.0, 0.0))[None, None].float()
    small = F.adaptive_avg_pool2d(true, (32, 32))
    planes = torch.cat((0 * small, small, 0 * small), dim=1)
    a = rgb2lab(paint(rgb, planes))[..., 1]
    bilinear = F.interpolate(small, (128, 128), mode="bilinear", align_corners=False)[0, 0].numpy()
    error, plain = (np.abs(v - true[0, 0].numpy()).mean() for v in (a, bilinear))
    assert error < 0.5 * plain


def test_gamut_is_entered_along_lightness_and_hue():
    generator = torch.Generator().manual_seed(0)
    L = 100 * torch.rand(2, 1, 20, 30, generator=generator)
    ab = 240 * torch.rand(2, 2, 20, 30, generator=generator) - 120
    rgb = to_gamut(L, ab)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    lab = rgb_to_lab(rgb)
    assert (lab[:, :1] - L).abs().max() < 0.3
    chroma, wanted = lab[:, 1:].norm(dim=1), ab.norm(dim=1)
    assert (chroma < wanted + 0.6).all()
    turned = (lab[:, 1] * ab[:, 1] - lab[:, 2] * ab[:, 0]).abs() / wanted
    assert turned.max() < 1.0  # Lab units off the ray
    # The most colorful: a hundredth more chroma would be outside.
    outside = lab_to_rgb(torch.cat((L, ab), dim=1), clip=False)
    outside = ((outside < -0.01) | (outside > 1.01)).any(dim=1)
    more = ab / wanted[:, None] * (chroma + 2)[:, None]
    beyond = lab_to_rgb(torch.cat((L, more), dim=1), clip=False)
    beyond = ((beyond < 0) | (beyond > 1)).any(dim=1)
    assert (beyond | ~outside).float().mean() > 0.99
    inside = 0.02 * ab
    plain = lab_to_rgb(torch.cat((L[:, :, 5:], inside[:, :, 5:]), dim=1), clip=False)
    kept = (plain.amin(dim=1) > 0) & (plain.amax(dim=1) < 1)
    same = (to_gamut(L[:, :, 5:], inside[:, :, 5:]) - plain).abs().amax(dim=1)
    assert same[kept].max() < 1e-6


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 2), (33, 31), (4, 500), (700, 3)])
def test_any_size(weights, shape):
    rgb = photograph(*shape)
    assert colorkit.colorize(rgb, weights).shape == rgb.shape


def test_working_size():
    assert working_size(300, 400, 96) == (96, 128)
    assert working_size(400, 300, 96) == (128, 96)
    assert working_size(300, 420, 96) == (96, 128)  # rounded from 134
    assert working_size(9, 9, 100) == (96, 96)
    assert working_size(1, 1, 96) == (96, 96)
    assert working_size(30000, 10, 96) == (768, 96)


def test_every_kind_of_image_is_one_photograph(weights, tmp_path):
    rgb = photograph(48, 40, color=False)
    gray = rgb[..., 0]
    path = tmp_path / "a.png"
    Image.fromarray(rgb).save(path)
    expected = colorkit.colorize(rgb, weights)
    opaque = np.dstack([rgb, np.full_like(gray, 255)])
    kinds = [path, str(path), Image.open(path), Image.fromarray(gray), gray, gray[..., None], rgb]
    kinds += [opaque, gray.astype(np.uint16) * 257, (gray / 255).astype(np.float32), gray / 255]
    kinds += [Image.fromarray(opaque), Image.fromarray(gray).convert("P")]
    for kind in kinds:
        np.testing.assert_array_equal(colorkit.colorize(kind, weights), expected)
    mask = gray > 128
    np.testing.assert_array_equal(as_rgb(mask)[..., 0], mask * 255)
    np.testing.assert_array_equal(as_rgb(rgb[::-1, ::2])[..., 1], gray[::-1, ::2])


def test_a_turned_photograph_stands_upright(weights, tmp_path):
    rgb = photograph(30, 50)
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(rgb).save(tmp_path / "a.png", exif=exif)
    expected = colorkit.colorize(np.rot90(rgb, -1), weights)
    np.testing.assert_array_equal(colorkit.colorize(tmp_path / "a.png", weights), expected)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(colorkit.colorize(image, weights), expected)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4), np.int64),
        np.full((4, 4), 200.0),
        np.full((4, 4), np.nan),
        ["text"],
    ],
)
def test_other_arrays_are_refused(weights, array):
    with pytest.raises(ValueError, match="image"):
        colorkit.colorize(array, weights)


def test_faults_are_one_sentence(weights, tmp_path):
    (tmp_path / "zero.jpg").touch()
    Image.new("L", (300, 300)).save(tmp_path / "large.png")
    whole = (tmp_path / "large.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    network = UNet(3, 3, width=8, depth=1)
    other = save_weights(tmp_path / "o.safetensors", network, size=32, gray="weighted")
    cases = [
        ((tmp_path / "zero.jpg", weights), {}, "empty"),
        ((tmp_path / "none.jpg", weights), {}, "no such file"),
        ((tmp_path / "large.png", weights), {"max_pixels": 1000}, "max_pixels"),
        ((Image.new("L", (90, 90)), weights), {"max_pixels": 1000}, "max_pixels"),
        ((Image.open(tmp_path / "cut.png"), weights), {}, "cannot be read"),
        ((photograph(), "nonet"), {}, "it has "),
        ((photograph(), other), {}, "does not colorize"),
    ]
    for arguments, options, says in cases:
        with pytest.raises(ColorkitError, match=says) as caught:
            colorkit.colorize(*arguments, **options)
        assert "\n" not in str(caught.value)


NIR = {
    "unet": lambda: UNet(1, 3, width=8, depth=2),
    "half": lambda: NirNet(width=0.1, global_size=32),
    "full": lambda: NirNet(width=0.1, global_size=32, full=True),
    "head": lambda: NirNet(width=0.1, global_size=32, luminance="head"),
    "chroma": lambda: ColorNet(width=0.1, global_size=32),
}


@pytest.mark.parametrize("kind", NIR)
def test_near_infrared_gets_the_luminance_of_its_network(kind, tmp_path):
    torch.manual_seed(0)
    card = {"gray": "nir", "size": 32}
    path = save_weights(tmp_path / "n.safetensors", NIR[kind](), **card)
    nir = photograph(70, 90, color=False)
    result = colorkit.colorize(nir, path)
    assert result.shape == nir.shape
    L, before = (rgb2lab(x)[..., 0] for x in (result, nir))
    if kind == "chroma":  # near infrared stands for the luminance
        assert np.abs(L - before).max() < 0.35
        return
    network, card = colorkit.models.pretrained.load(path)
    planes = predict_planes(network, card, nir)
    shift = F.interpolate(planes[:, :1], (70, 90), mode="bilinear", align_corners=False)
    wanted = (torch.tensor(before) + shift[0, 0]).clamp(0, 100).numpy()
    assert planes[:, 0].abs().mean() > 1
    assert np.abs(L - wanted).mean() < 0.5 * np.abs(L - before).mean()


def test_a_shift_of_the_luminance_keeps_the_detail():
    nir = photograph(70, 90, color=False) // 2 + 60
    planes = torch.zeros(1, 3, 14, 18)
    planes[:, 0] = torch.linspace(-15, 10, 18)
    L, before = (rgb2lab(x)[..., 0] for x in (paint(nir, planes), nir))
    wanted = F.interpolate(planes[:, :1], (70, 90), mode="bilinear", align_corners=False)
    assert np.abs(L - before - wanted[0, 0].numpy()).max() < 1.0


def test_near_infrared_of_any_depth(tmp_path):
    gray = photograph(20, 30, color=False)[..., 0]
    for bits in (10, 12, 16):
        wide = np.rint(gray / 255 * (2**bits - 1)).astype(np.uint16)
        wide[0, 0] = 2**bits - 1
        expected = gray.copy()
        expected[0, 0] = 255
        Image.fromarray(wide).save(tmp_path / "n.png")
        Image.fromarray(wide).save(tmp_path / "n.tif")
        for image in (wide, wide[..., None], tmp_path / "n.png", str(tmp_path / "n.tif")):
            found = near_infrared(image)
            assert found.shape == (20, 30, 3)
            assert np.abs(found.astype(int) - expected[..., None]).max() <= 1
        assert np.abs(near_infrared(Image.open(tmp_path / "n.png")) - found.astype(int)).max() == 0
    np.testing.assert_array_equal(near_infrared(gray)[..., 2], gray)
    tinted = np.repeat(gray[..., None], 3, axis=2).astype(int) + np.array([3, 0, -3])
    np.testing.assert_allclose(
        near_infrared(np.clip(tinted, 0, 255).astype(np.uint8))[..., 0], gray, atol=2
    )
    with pytest.raises(ColorkitError, match="color picture"):
        near_infrared(photograph())


@pytest.mark.parametrize("shift", [0.0, 7.0])
def test_a_film_is_painted_as_a_photograph_is(shift, monkeypatch):
    """Strip by strip in threads, with a finish, to a byte or two."""
    monkeypatch.setattr("colorkit.inference.paint._STRIP", 3000)
    generator = torch.Generator().manual_seed(0)
    rgb = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    planes = 40 * torch.rand(1, 3, 12, 16, generator=generator) - 20
    planes[:, :1] = shift

    def finish(L, ab):
        return L, ab.mul_(1.5)

    wanted, found = (paint(rgb, planes, finish, film=film) for film in (False, True))
    apart = np.abs(found.astype(int) - wanted)
    assert apart.max() <= 2 and (apart > 0).mean() < 0.02


@pytest.mark.parametrize("shape", [(960, 1296), (961, 1301), (200, 150), (3000, 130)])
def test_several_sizes_are_scaled_from_one_that_was_averaged_once(shape):
    rgb = photograph(*shape)
    sizes = [(50, 70), (96, 128)]
    small, large = scaled_to_each(rgb, sizes)
    assert [small.shape[:2], large.shape[:2]] == sizes
    # In the same place, to the rounding of bytes and of the squares that are averaged first.
    for found, size in ((small, sizes[0]), (large, sizes[1])):
        assert np.abs(found.astype(int) - scaled(rgb, size)).mean() < 0.5
    (alone,) = scaled_to_each(rgb, sizes[1:])
    np.testing.assert_array_equal(alone, large)
