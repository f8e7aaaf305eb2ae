"""Times of a recording that begin at 0 and only run forward.

A camera's or a broadcaster's clock stands anywhere when the recording begins, and begins anew where
two recordings were joined. Players hide both, but a file of another format keeps what it is given.
"""

from fractions import Fraction

import av
from av.format import Flags

_JUMP = 10  # seconds by which the time of a stream is ahead where its clock was set
_BACK = 0.1  # seconds by which it runs back there: less is a matter of the order of decoding
_PRIMING = 0.2  # seconds of sound that is never heard


class Clock:
    """Brings the times of a file's packets to a clock that begins at 0.

    What lies between the beginnings of sound and picture stays between them.

    Attributes:
        jumps: whether the format admits clocks that are set on the way, as those of broadcasting.
    """

    def __init__(self, container):
        self.jumps = bool(container.format.flags & Flags.ts_discont.value)
        begins, self.shift = container.start_time, Fraction(0)
        self._known = begins is not None
        if self._known:
            self._begin(Fraction(begins, av.time_base))
        self._due: dict[int, tuple[Fraction, Fraction]] = {}  # by stream: last time and next one

    def _begin(self, at: Fraction) -> None:
        """Let a time be 0, unless it lies where only what a sound's decoder begins with does."""
        self.shift = Fraction(0) if -_PRIMING <= at < 0 and not self.jumps else -at

    def set(self, packet: av.Packet) -> Fraction | None:
        """Set a packet's times; give the second at which it ends, or None where it has no time."""
        at = packet.pts if packet.dts is None else packet.dts
        if at is None or not packet.time_base:
            return None
        unit, index = packet.time_base, packet.stream.index
        if not self._known:  # a file too short for FFmpeg to tell
            self._begin((at if packet.pts is None else packet.pts) * unit)
            self._known = True
        time, lasts = at * unit + self.shift, (packet.duration or 0) * unit
        if self.jumps and packet.stream.type in ("audio", "video"):
            last, due = self._due.get(index, (time, time))
            if abs(time - due) > _JUMP or time < last - _BACK:
                self.shift += due - time
                time = due
            self._due[index] = time, time + lasts
        units = round(self.shift / unit)
        packet.pts = None if packet.pts is None else packet.pts + units
        packet.dts = None if packet.dts is None else packet.dts + units
        # AVI has times of decoding only.
        return (packet.dts if packet.pts is None else packet.pts) * unit + lasts
