"""Weights and archives from elsewhere: pickles, damage, swapped files, absurd claims, bombs."""

import hashlib
import io
import json
import pickle
import random
import struct
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from made_box import make_box
from PIL import Image
from safetensors.torch import save
from sandbox import LOST, REFUSED, SURVIVED, Sandbox, Verdict, typed

from colorkit.data.download import archives
from colorkit.data.download.archives import unpack
from colorkit.models import pretrained
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import load_weights, read_card, save_weights, transfer
from colorkit.system.errors import ColorkitError
from colorkit.training.callbacks import AtomicCheckpoints
from colorkit.training.imagenet import imagenet_weights

SECONDS, MEMORY = 10, 1 << 30


def network(**settings) -> ColorNet:
    torch.manual_seed(0)
    return ColorNet(**({"width": 0.03, "global_size": 32} | settings))


@pytest.fixture
def whole(tmp_path) -> Path:
    return save_weights(tmp_path / "whole.safetensors", network(), gray="weighted", size=32)


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(np.arange(24 * 40 * 3, dtype=np.uint8).reshape(24, 40, 3)).save(path)
    return path


@pytest.fixture
def box(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("box")
    make_box(folder)
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    return folder


READERS: dict[str, Callable[[Path], object]] = {
    "card": read_card,
    "load": load_weights,
    "model": pretrained.load,
    "start of a training": lambda path: transfer(network(), path),
}


def refused(read: Callable, path: Path) -> str:
    """Say the one sentence with which a file is refused; empty if it is not."""
    try:
        read(path)
    except ColorkitError as error:
        assert "\n" not in str(error) and str(path) in str(error), error
        return str(error)
    return ""


# Pickles


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, sentinel: Path):
        self.sentinel = sentinel

    def __reduce__(self):
        return Path.touch, (self.sentinel,)


def pickles(sentinel: Path) -> dict[str, bytes]:
    """Give a trap in every kind of file that is unpickled somewhere."""
    trap, kinds = Trap(sentinel), {}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        kinds[f"protocol {protocol}"] = pickle.dumps({"state_dict": trap}, protocol)
    for new in (True, False):
        stream = io.BytesIO()
        torch.save({"w": torch.zeros(3), "t": trap}, stream, _use_new_zipfile_serialization=new)
        kinds[f"torch, zip {new}"] = stream.getvalue()
    stream = io.BytesIO()
    np.save(stream, np.array([trap], object), allow_pickle=True)
    kinds["numpy"] = stream.getvalue()
    # A safetensors header with the pickle where the tensors should be, and in front.
    header = b'{"__metadata__":{}}'
    kinds["behind a header"] = struct.pack("<Q", len(header)) + header + kinds["protocol 2"]
    return kinds


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.ckpt", "a.safetensors", "a.json", "a"])
def test_pickles_are_refused_under_any_name(name, tmp_path, photo, command, tally):
    path, sentinel = tmp_path / name, tmp_path / "executed"
    count = 0
    for data in pickles(sentinel).values():
        path.write_bytes(data)
        for read in READERS.values():
            told = refused(read, path)
            assert "pickle can run programs" in told
            count += 1
        for words in (
            ("colorize", photo, "-o", tmp_path / "out", "--model", path),
            ("models", path),
            ("export", path, tmp_path / "out.onnx"),
        ):
            status, _, errors = command(*words)
            assert (status, errors.count("\n")) == (2, 1) and name in errors
            count += 1
    assert {entry.name for entry in tmp_path.iterdir()} == {name, "photo.png"}  # and no sentinel
    pickle.loads(pickles(sentinel)["protocol 2"])
    assert sentinel.exists()  # the trap works
    tally("pickles given as weights", refused=count)


def test_a_checkpoint_is_not_executed_either(tmp_path, tally):
    path, sentinel = tmp_path / "last.ckpt", tmp_path / "executed"
    for kind in ("protocol 2", "torch, zip True", "torch, zip False"):
        path.write_bytes(pickles(sentinel)[kind])
        with pytest.raises(pickle.UnpicklingError):
            AtomicCheckpoints().load_checkpoint(path, weights_only=True)
        assert not sentinel.exists()
        tally("pickles given as weights", refused=1)


def test_the_one_pickle_that_is_read_makes_only_tensors(tmp_path, tally):
    """ImageNet's weights, exchanged for a trap whose checksum is right too."""
    sentinel = tmp_path / "executed"
    for kind in ("protocol 2", "torch, zip True", "torch, zip False"):
        data = pickles(sentinel)[kind]
        path = tmp_path / f"resnet18-{hashlib.sha256(data).hexdigest()[:8]}.pth"
        path.write_bytes(data)
        with pytest.raises(ColorkitError, match="holds no ResNet-18"):
            imagenet_weights(tmp_path, f"http://127.0.0.1:9/{path.name}")
        assert {entry.name for entry in tmp_path.iterdir()} == {path.name}
        path.unlink()
        tally("pickles given as weights", refused=1)


# Damage


def same(path: Path, original: bytes) -> bool:
    """Say whether a file gives the very network and card that the whole one does."""
    network, card = load_weights(path)
    other = path.with_name("same.safetensors")
    other.write_bytes(original)
    expected, known = load_weights(other)
    state = expected.state_dict()
    equal = all(torch.equal(t, state[name]) for name, t in network.state_dict().items())
    return equal and card == known


def test_damaged_weights_are_never_taken_for_whole(whole, tally, amount):
    data, dice = whole.read_bytes(), random.Random(0)
    (length,) = struct.unpack_from("<Q", data)
    damaged = [data[: len(data) * tenth // 10] for tenth in range(10)]
    damaged += [data + b"\0", data[:-1], data[1:]]
    for k in range(amount(120, 4000)):
        other = bytearray(data)
        end = 8 + length if k % 2 else len(data)  # half of them in the header
        for _ in range(dice.choice((1, 1, 4))):
            other[dice.randrange(end)] ^= 1 << dice.randrange(8)
        damaged.append(bytes(other))
    counts = {"survived": 0, "refused": 0, "lost": 0}
    for other in damaged:
        whole.write_bytes(other)
        if refused(load_weights, whole) and refused(READERS["start of a training"], whole):
            counts["refused"] += 1
        else:
            counts["survived" if same(whole, data) else "lost"] += 1
    assert counts["refused"] > 0.9 * len(damaged)
    tally("damaged weights", **counts)


def test_files_of_the_box_that_are_swapped_or_damaged(box, command, photo, tmp_path, tally):
    files = {path: path.read_bytes() for path in box.glob("*.safetensors")}
    count = 0
    for path, data in files.items():
        others = [other for each, other in files.items() if each != path]
        flipped = bytearray(data)
        flipped[-5] ^= 1
        for other in (*others, bytes(flipped), data[:-1], b""):
            path.write_bytes(other)
            words = ("colorize", photo, "-o", tmp_path / "out", "--model", path.stem)
            status, _, errors = command(*words)
            assert (status, "checksum differs" in errors, errors.count("\n")) == (2, True, 1)
            count += 1
        path.write_bytes(data)
    assert not (tmp_path / "out").exists()
    tally("damaged weights", refused=count)


def test_a_damaged_list_of_models(box, command, tally):
    path = box / "models.json"
    data = path.read_text()
    listed = json.loads(data)
    entry = listed["colornet"]
    wrong = [data[: len(data) * tenth // 10] for tenth in range(10)]
    wrong += ["[]", "null", '{"colornet": 3}', '{"colornet": {}}', "[" * 100_000, "\0"]
    for changes in ({"file": "../../../etc/passwd"}, {"file": "/etc/passwd"}, {"file": 7}):
        wrong.append(json.dumps(listed | {"colornet": entry | changes}))
    for text in wrong:
        path.write_text(text)
        status, out, errors = command("models")
        assert (status, out, errors.count("\n")) == (2, "", 1), text[:50]
        assert "install colorkit again" in errors
    tally("damaged weights", refused=len(wrong))


# Absurd claims


def prepare() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        Image.new("L", (40, 24), 99).save(Path(folder, "a.png"))
        model = save_weights(Path(folder, "w"), network(), gray="weighted", size=32)
        status, _, errors = typed("colorize", folder, "-o", folder + "/o", "--model", str(model))
        assert (status, errors) == (0, ""), errors


def colorized(photo: str, out: str, model: str) -> Verdict:
    """Colorize a photograph by weights that are not in order."""
    status, _, errors = typed("colorize", photo, "-o", out, "--model", model)
    if status == 0 and not errors and len([*Path(out).iterdir()]) == 1:
        return SURVIVED, ""
    sentence = errors.count("\n") == 1 and "Traceback" not in errors and Path(model).name in errors
    left = [*Path(out).iterdir()] if Path(out).exists() else []
    good = sentence and status in (1, 2) and not left
    return REFUSED if good else LOST, f"{status} {errors} {left}"


def absurd() -> dict[str, bytes]:
    """Give weights files whose header claims what it should not."""
    model = network()
    tensors = model.state_dict()
    card = {"format": "colorkit-1", "architecture": "ColorNet", "settings": model.settings()}
    card |= {"gray": "weighted", "size": 32}
    files = {}

    def keep(name: str, card: object, tensors: dict = tensors) -> None:
        text = card if isinstance(card, str) else json.dumps(card)
        files[name] = save(tensors, {"colorkit": text})

    large = (10**9, 10**30, -1, 0, 1e300, "1", None, [1], {}, True, float("nan"))
    for key in model.settings():
        for value in large:
            used = key != "classifier_hidden" and (key, value) != ("num_classes", None)
            if used and (key, value) not in (("dropout", 0), ("width", True)):
                keep(f"{key} {value}", card | {"settings": card["settings"] | {key: value}})
    others = {
        "UNet": {"width": 10**9, "depth": 10**9, "in_channels": 10**9, "skips": "no"},
        "ResNetUNet": {"num_classes": 10**15, "stages": 10**9, "encoder": ["resnet50"]},
        "HintUNet": {"num_classes": 5.5},
        "NirNet": {"luminance": [], "width": 4},
        "SceneClassifier": {"num_classes": 2**63},
        "object": {},
        "__class__": {},
    }
    for architecture, settings in others.items():
        for key, value in settings.items() or [("", "")]:
            named = {"architecture": architecture, "settings": {key: value} if key else {}}
            keep(f"{architecture} {key} {value}", card | named)
    for size in (10**9, -5, 0, "32", None, 3.5, float("nan")):
        keep(f"size {size}", card | {"size": size})
    for views in ([], [0], [-5], ["32"], [None], [3.5], [10**9], [32] * 1000, 32, "all", {}):
        keep(f"views {str(views)[:20]}", card | {"views": views})
    for saturation in ("2", None, float("nan"), float("inf"), 1e308, [1]):
        keep(f"saturation {saturation}", card | {"saturation": saturation})
    for gray in ("", "red-ish", None, ["nir"], 5):
        keep(f"gray {gray!r}", card | {"gray": gray})
    for key in ("format", "architecture", "settings"):
        keep(f"no {key}", {name: value for name, value in card.items() if name != key})
        keep(f"{key} a list", card | {key: [1]})
    keep("no JSON", "{")
    keep("deep JSON", "[" * 50_000)
    keep("a list", [card])
    first, *_ = tensors
    weight = tensors[first]
    for name, tensor in {
        "other shape": weight[..., :2].contiguous(),
        "transposed": weight.transpose(0, 1).contiguous(),
        "whole numbers": weight.long(),
        "complex": weight.to(torch.complex64),
        "not a number": weight * float("nan"),
        "infinite": weight * float("inf"),
        "empty": weight[:0],
    }.items():
        keep(name, card, tensors | {first: tensor})
    keep("one more", card, tensors | {"more": torch.zeros(1)})
    keep("one less", card, {name: tensor for name, tensor in tensors.items() if name != first})
    keep("a line break", card, tensors | {"a\nb" * 1000: torch.zeros(1)})
    return files | _headers()


def _headers() -> dict[str, bytes]:
    """Give files whose first bytes, which safetensors itself reads, are absurd."""

    def file(header: object, data: bytes = b"", length: int | None = None) -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text) if length is None else length) + text + data

    def tensor(shape: list[int], offsets: list[int], dtype: str = "F32") -> dict:
        return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}

    model = network()
    card = {"format": "colorkit-1", "architecture": "ColorNet", "settings": model.settings()}
    named = {"__metadata__": {"colorkit": json.dumps(card)}}
    kinds = "BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 I16 U16 F16 BF16 I32 C64 U64"
    return {
        kind: file(named | tensor([16], [0, 16 * int(bits) // 8], kind), bytes(128))
        for kind, bits in zip(kinds.split(), "84668888866612236", strict=False)
    } | {
        "header of 2^63 bytes": file({}, length=2**63),
        "header of 2^40 bytes": file({}, length=2**40),
        "header of 90 MB": file({}, b" " * 10, length=90_000_000),
        "deep header": file(b"[" * 1_000_000),
        "huge tensor": file(tensor([10**6, 10**6], [0, 4 * 10**12])),
        "huge tensor, little data": file(tensor([10**6, 10**6], [0, 8]), bytes(8)),
        "shape that overflows": file(tensor([2**62, 2**62], [0, 8]), bytes(8)),
        "offsets reversed": file(tensor([2], [8, 0]), bytes(8)),
        "offsets beyond": file(tensor([2], [2**60, 2**60 + 8]), bytes(8)),
        "negative shape": file(tensor([-2], [0, 8]), bytes(8)),
        "unknown type": file(tensor([2], [0, 8], "PICKLE"), bytes(8)),
        "no offsets": file({"w": {"dtype": "F32", "shape": [2]}}, bytes(8)),
        "not UTF-8": file(b"\xff\xfe{}"),
        "many tensors": file({f"w{k}": tensor([0], [0, 0])["w"] for k in range(50_000)}),
    }


def test_absurd_weights_are_refused_without_eating_memory(tmp_path, photo, tally, amount):
    with Sandbox(colorized, prepare, MEMORY, SECONDS) as sandbox:
        verdicts = {}
        for number, (name, data) in enumerate([*absurd().items()][:: amount(3, 1)]):
            path, out = tmp_path / f"{number}.safetensors", tmp_path / f"out {number}"
            path.write_bytes(data)
            verdicts[name] = sandbox.try_(str(photo), str(out), str(path))
            if verdicts[name][0] == SURVIVED:  # not one of these is what it says
                verdicts[name] = LOST, "used as if it were in order"
            path.unlink()
    lost = {name: why for name, (verdict, why) in verdicts.items() if verdict == LOST}
    print(*lost.items(), sep="\n")
    tally("weights with absurd claims", refused=len(verdicts) - len(lost), lost=len(lost))


# Archives


def zipped(members: list[tuple[str, bytes]], mode: int = 0) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        warnings.catch_warnings(action="ignore"),  # of names that are there twice
    ):
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def tarred(members: list[tuple[str, bytes]], kind=tarfile.REGTYPE, to: str = "", way="w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=way) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, to, len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


GOOD = [("set/1.txt", b"one"), ("set/2.txt", b"two" * 500), ("3.txt", b"three")]
OUTSIDE = ("/evil", "../evil", "a/../../evil", "..\\evil", "C:\\evil", "C:/evil", "//host/evil")
OUTSIDE += ("a/b/../../../evil", "\\\\host\\evil", "./../evil", "..", "a:evil")


def hostile() -> dict[str, bytes]:
    """Give archives that must be refused."""
    files = {}
    for name in OUTSIDE:
        for members in ([(name, b"evil")], [*GOOD, (name, b"evil")]):
            files[f"zip {len(members)} {name}"] = zipped(members)
            files[f"tar {len(members)} {name}"] = tarred(members)
    for to in ("/etc/passwd", "../../evil", "set/1.txt"):
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            files[f"tar link {kind} {to}"] = tarred([("link", b"")], kind, to)
        files[f"zip link {to}"] = zipped([("link", to.encode())], 0o120777)
        # A link first, then a file through it.
        files[f"tar through {to}"] = tarred([("link", b"")], tarfile.SYMTYPE, to)[:1024] + tarred(
            [("link/evil", b"evil")]
        )
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S"):
        files[f"tar type {kind}"] = tarred([("device", b"")], kind)
    for mode in (0o020666, 0o060666, 0o010666, 0o140777):
        files[f"zip mode {mode:o}"] = zipped([("device", b"")], mode)
    twice = [*GOOD, ("set/1.txt", b"other")]
    files |= {"zip twice": zipped(twice), "tar twice": tarred(twice)}
    clash = [("a", b"file"), ("a/b", b"below a file")]
    files |= {"zip clash": zipped(clash), "tar clash": tarred(clash)}
    clash = [("a/b", b"file"), ("a", b"a folder's name")]
    files |= {"zip clash 2": zipped(clash), "tar clash 2": tarred(clash)}
    files |= {"zip long name": zipped([("x" * 5000, b"1")]), "tar nul": tarred([("x" * 300, b"1")])}
    return files | _bombs() | _cut()


def _bombs() -> dict[str, bytes]:
    """Give archives of a few kilobytes that unpack to at least 10 MB."""
    zeros = bytes(20_000_000)
    lie = bytearray(zipped([("zeros", zeros)]))
    at = lie.rindex(b"PK\1\2")
    struct.pack_into("<I", lie, at + 24, 100)  # the size that the directory says
    name = tarfile.TarInfo("x")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, len(zeros)
    long_name = io.BytesIO()
    with tarfile.open(fileobj=long_name, mode="w:gz") as archive:
        archive.addfile(name, io.BytesIO(zeros))
    pax = tarfile.TarInfo("x")
    pax.type, pax.size = tarfile.XHDTYPE, len(zeros)
    headers = io.BytesIO()
    with tarfile.open(fileobj=headers, mode="w:gz") as archive:
        archive.addfile(pax, io.BytesIO(zeros))
    return {
        "zip bomb": zipped([("zeros", zeros)]),
        "zip bomb of many": zipped([(str(k), zeros[:100_000]) for k in range(100)]),
        "zip bomb that lies": bytes(lie),
        "tar.gz bomb": tarred([("zeros", zeros)], way="w:gz"),
        "tar.bz2 bomb": tarred([("zeros", zeros)], way="w:bz2"),
        "tar.xz bomb": tarred([("zeros", zeros)], way="w:xz"),
        "tar.gz of many empty files": tarred([(str(k), b"") for k in range(3_000)], way="w:gz"),
        "tar.gz long name": long_name.getvalue(),
        "tar.gz pax header": headers.getvalue(),
    }


def _cut() -> dict[str, bytes]:
    """Give archives that are cut off, at each tenth and between two members."""
    members = [(f"{k}.bin", random.Random(k).randbytes(2000)) for k in range(6)]
    files = {}
    wholes = {"zip": zipped(members)}
    wholes |= {f"tar {way}": tarred(members, way=way) for way in ("w", "w:gz", "w:bz2", "w:xz")}
    for name, data in wholes.items():
        for tenth in range(10):
            end = len(data) * tenth // 10
            if name == "tar w":
                end = min(end, 6 * 2560 - 1)  # behind it stand only zeros
            files[f"{name} cut {tenth}"] = data[:end]
    whole = wholes["tar w"]
    files |= {f"tar cut before {k}": whole[: k * 2560] for k in range(1, 7)}
    files["tar with a damaged header"] = whole[:5130] + b"\xff" * 9 + whole[5139:]
    return files


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_hostile_archives_write_nothing(tmp_path, tally, monkeypatch):
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr(archives, "FREE", 1_000_000)  # so that small bombs do
    count, outside = 0, Path("/evil").exists()
    for name, data in hostile().items():
        archive, folder = place / "archive", place / "out"
        archive.write_bytes(data)
        with pytest.raises(ColorkitError) as caught:
            unpack(archive, folder)
            print("unpacked:", name, below(folder))
        message = str(caught.value)
        assert "\n" not in message and str(place) in message, name
        assert below(tmp_path) == {"a", "a/b", "a/b/archive", "a/b/out"}, name
        count += 1
    assert Path("/evil").exists() == outside
    tally("hostile or damaged archives", refused=count)


def test_damaged_archives_give_all_or_nothing(tmp_path, tally, amount):
    """Whatever bytes are wrong: what is unpacked was in the archive, or nothing is unpacked."""
    members = [(f"set/{k}.bin", random.Random(k).randbytes(300 * k)) for k in range(5)]
    wholes = [zipped(members)] + [
        tarred(members, way=f"w:{way}") for way in ("", "gz", "bz2", "xz")
    ]
    dice, counts = random.Random(0), {"survived": 0, "refused": 0, "lost": 0}
    for k in range(amount(100, 3000)):
        data = bytearray(wholes[k % len(wholes)])
        for _ in range(dice.choice((1, 1, 3))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        archive = tmp_path / "archive"
        archive.write_bytes(data)
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            try:
                unpack(archive, folder)
            except ColorkitError as error:
                counts[
                    "refused" if "\n" not in str(error) and not below(Path(folder)) else "lost"
                ] += 1
                continue
            found = [path for path in Path(folder).rglob("*") if path.is_file()]
            # A flipped bit in a name or a date is nothing a checksum of a zip or tar shows.
            whole = len(found) == len(members)
            counts["survived" if whole else "lost"] += 1
        assert below(tmp_path) == {"archive"}
    tally("hostile or damaged archives", **counts)


def test_good_archives_are_unpacked(tmp_path, tally):
    for k, data in enumerate([zipped(GOOD), *(tarred(GOOD, way=w) for w in ("w", "w:gz", "w:xz"))]):
        (tmp_path / "archive").write_bytes(data)
        folder = unpack(tmp_path / "archive", tmp_path / str(k))
        assert {name: (folder / name).read_bytes() for name, _ in GOOD} == dict(GOOD)
        tally("hostile or damaged archives", survived=1)
