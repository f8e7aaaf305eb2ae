"""The page: a photograph, its colors and a person's hints, in JupyterLab and as a web page.

`Page` is a widget of two halves. This one holds the photograph, in memory only, and colorizes; the
other, `page.js` beside it, shows it and takes clicks and keys. Files go between them in pieces,
each asked for by the side that receives it, so that nothing piles up and progress can be shown.
"""

import io
from collections.abc import Container
from contextlib import contextmanager
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from colorkit.data.folders import SUFFIXES
from colorkit.imaging.images import MAX_PIXELS, WRITTEN, encode_image, read_image
from colorkit.imaging.metadata.photograph import Metadata, read_metadata
from colorkit.imaging.negatives import invert
from colorkit.inference.colorize import ColorizeOptions, offered_options
from colorkit.inference.options import Option
from colorkit.inference.paint import to_gray
from colorkit.inference.preview import CONTRASTS, Preview, offered
from colorkit.inference.scans import Scan
from colorkit.system.errors import ColorkitError, lacks_memory, one_line

APP = Path(__file__).parent
MAX_BYTES = 50_000_000
PIECE = 1_000_000  # bytes; servers refuse messages of more than ten times that
SLID = {name: option for name, option in offered_options() if option.slider}


def _start(name: str, option: Option) -> float:
    """Say where a slider stands at first."""
    default = getattr(ColorizeOptions, name)
    return option.start if default is None else default


# A trait for each option that has a slider.
_Slid = type(traitlets.HasTraits)(
    "_Slid",
    (traitlets.HasTraits,),
    {
        name: traitlets.Float(_start(name, option), min=option.low, max=option.high).tag(sync=True)
        for name, option in SLID.items()
    },
)


class Page(anywidget.AnyWidget, _Slid):
    """Colorize a photograph by hand and eye.

    Its traits can be read and set from Python as well, and the picture follows.

    Args:
        photograph: path of one to begin with.
        max_bytes, max_pixels: larger files and photographs are refused.

    Attributes:
        model: a name of `offered`.
        saturation: factor on the chroma; so is every option that has a slider an attribute, see
            `colorkit.inference.colorize.ColorizeOptions`.
        contrast: one of `CONTRASTS`.
        negative: the photograph is the negative of a film; its gray positive is colorized.
        hints: for each `x` and `y`, shares of width and height, and `color`, "#rrggbb".
        fault: why there is no new picture, in one sentence; empty otherwise.
    """

    _esm = APP / "page.js"
    _css = APP / "page.css"

    model = traitlets.Unicode().tag(sync=True)
    negative = traitlets.Bool(False).tag(sync=True)
    contrast = traitlets.Enum(list(CONTRASTS), "none").tag(sync=True)
    hints = traitlets.List(traitlets.Dict()).tag(sync=True)

    # What the browser is told.
    models = traitlets.List(traitlets.Dict()).tag(sync=True)
    contrasts = traitlets.Dict(CONTRASTS).tag(sync=True)
    sliders = traitlets.List(traitlets.Dict()).tag(sync=True)  # of the options that have one
    endings = traitlets.List(traitlets.Unicode(), sorted(SUFFIXES)).tag(sync=True)  # of files read
    max_bytes = traitlets.Int(MAX_BYTES).tag(sync=True)
    photo = traitlets.Dict().tag(sync=True)  # name, width, height, notes
    before = traitlets.Bytes().tag(sync=True)  # JPEG
    after = traitlets.Bytes().tag(sync=True)
    painted = traitlets.Int().tag(sync=True)  # grows with every picture, be it an equal one
    fault = traitlets.Unicode().tag(sync=True)

    def __init__(self, photograph: str | Path = "", max_pixels: int = MAX_PIXELS, **traits):
        super().__init__(models=offered(), sliders=_sliders(), **traits)
        self.model = self.model or self.models[0]["name"]
        self._choose_own(given=traits)
        self.max_pixels = max_pixels
        self._read: np.ndarray | None = None
        self._picture: Preview | None = None
        self._kept, self._shown = Metadata(), None
        self._name, self._file, self._expected = "", 0, 0
        self._incoming, self._outgoing = bytearray(), b""
        self.observe(self._turned, "negative")
        self.observe(self._choose_own, "model")
        self.observe(self._changed, ["model", "contrast", "hints", *SLID])
        self.on_msg(self._receive)
        if photograph:
            path = Path(photograph)
            self.load(path.read_bytes(), path.name)

    @traitlets.validate("model")
    def _offered(self, proposal: dict) -> str:
        if proposal["value"] not in (names := [each["name"] for each in self.models]):
            raise traitlets.TraitError(f"no model {proposal['value']!r}; choose {', '.join(names)}")
        return proposal["value"]

    def load(self, data: bytes, name: str) -> None:
        """Show another photograph and forget the last one and its hints.

        Raises:
            ColorkitError: no photograph; the last one stays.
        """
        stream = io.BytesIO(data)
        stream.name = name
        rgb = read_image(stream, max_pixels=self.max_pixels)
        stream.seek(0)
        self._kept, self._read = read_metadata(stream, rgb), rgb
        height, width = rgb.shape[:2]
        with self.hold_sync():
            notes = [*Scan(rgb).describe(), *self._kept.notes]
            self.photo = {"name": name, "width": width, "height": height, "notes": notes}
            self._picture = None  # that of before is not painted with what holds for the new one
            self.hints, self.negative = [], False
            self._develop()

    def _develop(self) -> None:
        """Show the photograph that was read, or the positive of it, and colorize that."""
        positive = invert(self._read) if self.negative else self._read
        self._picture, self._shown = Preview(positive), None
        self.before = encode_image("before.jpg", to_gray(self._picture.small))
        self._repaint()

    def result(self) -> np.ndarray:
        """Colorize the photograph at its own size, as the preview shows it.

        Returns:
            uint8 (H, W, 3), sRGB.

        Raises:
            ColorkitError: there is no photograph yet.
        """
        if self._picture is None:
            raise ColorkitError("there is no photograph yet; choose one first")
        return self._picture.colorize(*self._settings(), whole=True)

    def _settings(self) -> tuple[ColorizeOptions, str]:
        hints = ((hint.get("x"), hint.get("y"), hint.get("color")) for hint in self.hints)
        able = self._offer_of_model()
        slid = {n: getattr(self, n) for n, o in SLID.items() if not o.asks or able[o.asks]}
        return ColorizeOptions(self.model, hints=hints, **slid), self.contrast

    def _offer_of_model(self) -> dict:
        return next(each for each in self.models if each["name"] == self.model)

    def _choose_own(self, _=None, given: Container[str] = ()) -> None:
        """Let sliders stand where the model stands by itself, but those that were given."""
        with self.hold_sync():
            for name, value in self._offer_of_model()["own"].items():
                if name not in given:
                    setattr(self, name, value)

    def _turned(self, _) -> None:
        if self._picture is not None:
            with self._telling(), self.hold_sync():
                self._develop()

    def _changed(self, _) -> None:
        with self._telling():
            self._repaint()

    def _repaint(self) -> None:
        """Colorize the preview, unless it shows these settings already."""
        settings = self._settings()
        if self._picture is None or self._shown == settings:
            return
        rgb = self._picture.colorize(*settings)
        self._shown = settings
        with self.hold_sync():
            self.after = encode_image("after.jpg", rgb, quality=90)
            self.painted += 1
            self.fault = ""

    @contextmanager
    def _telling(self):
        """Turn what goes wrong into a sentence for the person in front of the page."""
        try:
            yield
        except ColorkitError as error:
            self.fault = f"{one_line(error)}."
        except Exception as error:
            if lacks_memory(error):
                self.fault = "The photograph does not fit in memory; scale it down first."
                return
            self.log.exception("the page")
            self.fault = f"This is a fault of the page ({type(error).__name__}: {one_line(error)})."

    def _receive(self, _, content: dict, buffers: list) -> None:
        """Answer a message of the browser."""
        answers = {
            "ready": self._warm_up,
            "alive": lambda *_: self.send({"kind": "alive"}),
            "begin": self._begin,
            "piece": self._take,
            "download": self._offer,
            "fetch": self._give,
        }
        with self._telling():
            answers[content["kind"]](content, buffers)

    def _warm_up(self, *_) -> None:
        """Load the network while the person looks for a photograph."""
        Preview(np.zeros((64, 64, 3), np.uint8)).colorize(ColorizeOptions(self.model))

    def _begin(self, content: dict, _) -> None:
        name, size = Path(str(content["name"])).name, int(content["bytes"])
        self.fault, self._incoming = "", bytearray()
        if size > self.max_bytes:
            raise ColorkitError(
                f"{name}: its {size / 1e6:.0f} MB are more than the {self.max_bytes / 1e6:g} MB "
                "this page takes; scale it down, or use the command colorkit colorize"
            )
        self._name, self._expected, self._file = name, size, content["file"]
        self._take(content, [])

    def _take(self, content: dict, buffers: list) -> None:
        """Add a piece; ask for the next one, or load the file once it is whole."""
        if content["file"] != self._file:
            return  # of a file that another has taken the place of
        for buffer in buffers:
            self._incoming += buffer
        if len(self._incoming) < self._expected:
            self.send({"kind": "next", "file": self._file, "start": len(self._incoming)})
            return
        data, self._incoming = bytes(self._incoming[: self._expected]), bytearray()
        self.load(data, self._name)

    def _offer(self, *_) -> None:
        """Make the file of the result, and say how large it is."""
        source = Path(self.photo.get("name", ""))
        suffix = source.suffix.lower() if source.suffix.lower() in WRITTEN else ".png"
        name = f"{source.stem}-colorized{suffix}"
        self._outgoing = encode_image(name, self.result(), kept=self._kept)
        self.send({"kind": "result", "name": name, "bytes": len(self._outgoing)})

    def _give(self, content: dict, _) -> None:
        start = int(content["start"])
        piece = self._outgoing[start : start + PIECE]
        if start + PIECE >= len(self._outgoing):
            self._outgoing = b""
        self.send({"kind": "piece", "start": start}, [piece])


def _sliders() -> list[dict]:
    """Say what the browser needs to draw the sliders."""
    return [
        {"name": name, "label": name.replace("_", " ").capitalize(), "sign": option.sign}
        | {"asks": option.asks}
        | dict(zip(("min", "max", "step"), option.slider, strict=True))
        for name, option in SLID.items()
    ]
