"""Patterns: what a poster shows behind its emblem, by decade.

Each is SVG around the origin, 200 wide and 340 high.
"""

import hashlib
import math
from collections.abc import Callable

from .inks import Inks


class Dice:
    """Small numbers drawn from a text: the same text gives the same numbers."""

    def __init__(self, text: str) -> None:
        self._left = int.from_bytes(hashlib.sha256(text.encode()).digest())

    def roll(self, sides: int) -> int:
        """A number from 0 to one less than `sides`."""
        self._left, rolled = divmod(self._left, sides)
        return rolled


def _rays(inks: Inks, dice: Dice) -> str:
    """The silent years: a sunburst."""
    count = 10 + 2 * dice.roll(3)
    turn = math.pi / count
    wedges = "".join(
        f"M0 60L{260 * math.cos(2 * wedge * turn):.0f} {60 + 260 * math.sin(2 * wedge * turn):.0f} "
        f"{260 * math.cos((2 * wedge + 1) * turn):.0f} "
        f"{60 + 260 * math.sin((2 * wedge + 1) * turn):.0f}z"
        for wedge in range(count)
    )
    return f'<path d="{wedges}" fill="{inks.shade}" opacity=".5"/>'


def _arches(inks: Inks, dice: Dice) -> str:
    """The 1930s: arches of a picture palace."""
    base, step = 120, 17 + dice.roll(5)
    arches = "".join(
        f"M{-radius} 170V{base - 130}a{radius} {radius} 0 0 1 {2 * radius} 0V170"
        for radius in range(96, 16, -step)
    )
    return f'<path d="{arches}" fill="none" stroke="{inks.shade}" stroke-width="5"/>'


def _beams(inks: Inks, dice: Dice) -> str:
    """The 1940s: light from a window."""
    lean = 40 + 20 * dice.roll(4)
    beams = "".join(
        f"M{x + lean} -180h18l{-2 * lean} 360h-18z" for x in range(-230, 240, 36 + 4 * dice.roll(3))
    )
    return f'<path d="{beams}" fill="{inks.shade}" opacity=".55"/>'


def _atoms(inks: Inks, dice: Dice) -> str:
    """The 1950s: boomerangs and starbursts."""
    turn = dice.roll(12) * 30
    return (
        f'<g fill="{inks.shade}" transform="rotate({turn})">'
        '<path d="M-96-70C-40-120 60-110 92-40 40-74-30-70-96-70z" opacity=".8"/>'
        '<path d="M96 66C30 116-50 116-94 50-40 80 40 76 96 66z" opacity=".6"/></g>'
        f'<path d="M-70 40v44M-92 62h44M-86 46l32 32M-54 46l-32 32M66-104v36M48-86h36" '
        f'stroke="{inks.body}" stroke-width="2.5" opacity=".7"/>'
    )


def _papers(inks: Inks, dice: Dice) -> str:
    """The 1960s: cut paper."""
    a, b, c = (dice.roll(24) for _ in range(3))
    return (
        f'<path d="M{-104 + a}-174 {-20 + b}-170 {-34 + c}-8-110 {4 + a}z'
        f'M{10 + b}-20 108 {-34 + c} 104 172 {-4 + a} 176z" fill="{inks.shade}"/>'
        f'<path d="M{-6 + c}-176 110-180 106 {-52 + a} {4 + b}-40z" fill="{inks.shade}" '
        'opacity=".45"/>'
    )


def _bands(inks: Inks, dice: Dice) -> str:
    """The 1970s: stripes that turn a corner."""
    x, y = -100 + 10 * dice.roll(3), 150 - 15 * dice.roll(4)
    return "".join(
        f'<path d="M{x + 22 * band} 180V{y - 100}a{150 - 22 * band} {150 - 22 * band} 0 0 1 '
        f'{150 - 22 * band} {22 * band - 150}H120" fill="none" stroke="{ink}" '
        f'stroke-width="22" opacity="{opacity}"/>'
        for band, (ink, opacity) in enumerate(
            ((inks.shade, 0.9), (inks.body, 0.4), (inks.shade, 0.5), (inks.body, 0.2))
        )
    )


def _sunset(inks: Inks, dice: Dice) -> str:
    """The 1980s: a sun with slits over a grid."""
    horizon = 40 + 6 * dice.roll(5)
    slits = "".join(f"M-80 {horizon - 8 - 13 * slit}h160v{5 - slit}h-160z" for slit in range(4))
    lines = "".join(f"M0 {horizon}L{x} 180" for x in range(-220, 221, 55))
    rows = "".join(f"M-110 {horizon + 4 * row * row + 6}h220" for row in range(6))
    return (
        f'<circle cy="{horizon - 40}" r="72" fill="{inks.shade}"/>'
        f'<path d="{slits}M-110 {horizon}h220v140h-220z" fill="{inks.paper}"/>'
        f'<path d="{lines}{rows}" stroke="{inks.shade}" stroke-width="1.6"/>'
    )


def _discs(inks: Inks, dice: Dice) -> str:
    """The 1990s: discs that overlap."""
    return "".join(
        f'<circle cx="{dice.roll(13) * 12 - 72}" cy="{dice.roll(13) * 14 - 84}" '
        f'r="{44 + 8 * dice.roll(5)}" fill="{ink}" opacity="{opacity}"/>'
        for ink, opacity in ((inks.shade, 0.75), (inks.body, 0.18), (inks.shade, 0.5))
    )


def _horizon(inks: Inks, dice: Dice) -> str:
    """The 2000s: bands of sky."""
    start, step = -130 + 10 * dice.roll(6), 30 + 4 * dice.roll(5)
    return "".join(
        f'<path d="M-100 {start + step * band}h200V180h-200z" fill="{inks.shade}" opacity=".24"/>'
        for band in range(5)
    )


def _moon(inks: Inks, dice: Dice) -> str:
    """The 2010s: one large disc, and room."""
    x, y = dice.roll(9) * 16 - 64, dice.roll(7) * 16 - 60
    return f'<circle cx="{x}" cy="{y}" r="{84 + 8 * dice.roll(5)}" fill="{inks.shade}"/>'


def _waves(inks: Inks, dice: Dice) -> str:
    """The 2020s: layered waves."""
    rise = 14 + 6 * dice.roll(5)
    return "".join(
        f'<path d="M-100 {y}c40-{rise} 70-{rise} 100 0s60 {rise} 100 0V180h-200z" '
        f'fill="{ink}" opacity="{opacity}"/>'
        for y, ink, opacity in (
            (-70, inks.shade, 0.35),
            (-25, inks.shade, 0.55),
            (25, inks.shade, 0.9),
            (74, inks.body, 0.3),
        )
    )


PATTERNS = {
    1930: _arches,
    1940: _beams,
    1950: _atoms,
    1960: _papers,
    1970: _bands,
    1980: _sunset,
    1990: _discs,
    2000: _horizon,
    2010: _moon,
    2020: _waves,
}


def pattern_of(year: int) -> Callable[[Inks, Dice], str]:
    """What draws the pattern of a year's decade."""
    decade = year // 10 * 10
    return _rays if decade < 1930 else PATTERNS.get(decade, _waves)
