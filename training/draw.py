"""Pictures drawn by code: sounding things without photographs, and frames of nothing in particular.

Every function takes a random generator and a backdrop (a photograph, float32 [S, S, 3] in 0..1) and returns a
picture of the same kind. The drawings need only be good enough that what real ones share is in them: the burst,
the branching bolt, the flame's colours, falling streaks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.concepts import NOTHING
from training.data import SIDE_PX as S

Picture = np.ndarray
Rng = np.random.Generator


def noise(rng: Rng, cells_y: int, cells_x: int, octaves: int = 3) -> np.ndarray:
    """Smooth noise float32 [S, S] in 0..1, coarsest grid cells_y by cells_x, each octave twice as fine."""
    total = np.zeros((S, S), np.float32)
    weight_sum = 0.0
    for octave in range(octaves):
        grid = rng.random((min(cells_y << octave, S) + 1, min(cells_x << octave, S) + 1)).astype(np.float32)
        layer = Image.fromarray(grid).resize((S, S), Image.Resampling.BICUBIC)
        total += np.asarray(layer) * 0.5**octave
        weight_sum += 0.5**octave
    return np.clip(total / weight_sum, 0, 1)


def blur(picture: Picture, radius: float) -> Picture:
    """Gaussian blur of a picture [S, S, 3]."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def _gradient(rng: Rng, top: np.ndarray, bottom: np.ndarray) -> Picture:
    t = np.linspace(0, 1, S, dtype=np.float32)[:, None, None] ** rng.uniform(0.6, 1.6)
    return np.broadcast_to(top * (1 - t) + bottom * t, (S, S, 3)).astype(np.float32)


def _layer(draw: Callable[[ImageDraw.ImageDraw], None], scale: int = 2) -> Picture:
    """What `draw` paints on black, smoothed: drawn `scale` times larger (coordinates 0..S*scale)."""
    image = Image.new("RGB", (S * scale, S * scale))
    draw(ImageDraw.Draw(image))
    return np.asarray(image.resize((S, S), Image.Resampling.BOX), np.float32) / 255


def _screen(under: Picture, over: Picture) -> Picture:
    """Light added to light."""
    return 1 - (1 - np.clip(under, 0, 1)) * (1 - np.clip(over, 0, 1))


def _night(rng: Rng, backdrop: Picture) -> Picture:
    """A dark sky, sometimes over a skyline with lit windows, sometimes over a darkened photograph."""
    sky = _gradient(rng, rng.uniform(0, 0.1, 3), rng.uniform(0.0, 0.25, 3) * [1, 0.8, 1.1])
    kind = rng.random()
    if kind < 0.35:
        picture = sky.copy()
        x = 0
        while x < S:
            width, height = int(rng.integers(5, 18)), int(rng.integers(5, 40))
            picture[S - height :, x : x + width] = rng.uniform(0, 0.05)
            lit = rng.random((height, min(width, S - x))) < rng.uniform(0, 0.12)
            picture[S - height :, x : x + width][lit] = rng.uniform(0.4, 0.9, 3) * [1, 0.85, 0.5]
            x += width
        return picture
    if kind < 0.6:
        horizon = int(rng.uniform(0.55, 0.9) * S)
        picture = sky.copy()
        picture[horizon:] = backdrop[horizon:] * rng.uniform(0.05, 0.3)
        return picture
    return sky


def _hue(rng: Rng, saturation: float = 0.8) -> np.ndarray:
    """A bright random colour, float [3]."""
    colour = rng.random(3)
    colour = (colour - colour.min()) / max(float(np.ptp(colour)), 1e-3)
    return 1 - saturation * (1 - colour)


def fireworks(rng: Rng, backdrop: Picture) -> Picture:
    """One to six bursts of sparks with trails over a night sky."""
    picture = _night(rng, backdrop)
    glow = np.zeros((S, S, 3), np.float32)
    for _ in range(int(rng.integers(1, 7))):
        centre = rng.uniform([0.1, 0.05], [0.9, 0.75]) * S * 2
        radius = rng.uniform(0.08, 0.5) * S * 2 * (0.6 if rng.random() < 0.5 else 1.0)
        inner = rng.uniform(0, 0.75)
        rays = int(rng.integers(14, 90))
        colour, second = _hue(rng), _hue(rng, 0.6)
        if rng.random() < 0.4:
            colour = np.array([1.0, rng.uniform(0.6, 0.9), rng.uniform(0.2, 0.6)])
        droop = rng.uniform(0, 0.35)
        dots = rng.random() < 0.3

        def paint(
            d: ImageDraw.ImageDraw, rays: int = rays, centre: np.ndarray = centre, radius: float = radius,
            inner: float = inner, droop: float = droop, dots: bool = dots, colour: np.ndarray = colour,
            second: np.ndarray = second,
        ) -> None:  # fmt: skip
            for angle in rng.uniform(0, 2 * np.pi, rays):
                length = radius * rng.uniform(0.55, 1.0) ** 0.5
                along = np.linspace(inner, 1, 7)[:, None]
                way = np.array([np.cos(angle), np.sin(angle)])
                points = centre + along * length * way + np.array([0, 1]) * droop * length * along**2
                tint = colour if rng.random() < 0.8 else second
                if dots:
                    for x, y in points[3:]:
                        d.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=_rgb(tint))
                    continue
                for k in range(6):
                    shade = tint * (0.25 + 0.75 * (k + 1) / 6)
                    d.line([tuple(points[k]), tuple(points[k + 1])], fill=_rgb(shade), width=int(rng.integers(1, 4)))

        burst = _layer(paint)
        glow = _screen(glow, burst)
        if rng.random() < 0.4:
            x, y = centre / 2
            tail = _layer(lambda d, x=x, y=y: d.line([(2 * x, 2 * y), (2 * x + rng.normal(0, 8), 2 * S)],
                                                     fill=(120, 90, 50), width=2))  # fmt: skip
            glow = _screen(glow, tail)
    smoke = noise(rng, 3, 3)[..., None] * blur(glow, 8) * rng.uniform(0, 2.0)
    picture = _screen(_screen(picture, smoke), _screen(glow, blur(glow, rng.uniform(1, 3)) * rng.uniform(0.5, 1.8)))
    return blur(picture, rng.uniform(0.2, 0.9)) if rng.random() < 0.5 else picture


def _rgb(colour: np.ndarray) -> tuple[int, int, int]:
    r, g, b = (np.clip(colour, 0, 1) * 255).astype(int)
    return int(r), int(g), int(b)


def lightning(rng: Rng, backdrop: Picture) -> Picture:
    """A branching bolt under clouds that it lights up."""
    tint = rng.uniform(0.5, 1.0, 3) * [0.8, 0.75, 1.1]
    clouds = noise(rng, int(rng.integers(2, 5)), int(rng.integers(1, 4)), 4)[..., None]
    sky = clouds * tint * rng.uniform(0.15, 0.6) + _gradient(rng, np.zeros(3), tint * rng.uniform(0, 0.3))
    horizon = int(rng.uniform(0.65, 1.0) * S)
    dark = _night(rng, backdrop)
    sky[horizon:] = dark[horizon:] * rng.uniform(0.4, 1.0)
    thick = rng.uniform(1.5, 4.5)

    def bolt(d: ImageDraw.ImageDraw, start: np.ndarray, lean: float, width: float, floor: float) -> None:
        here = start
        while here[1] < floor and width > 0.6:
            there = here + np.array([rng.normal(lean, 7), rng.uniform(4, 13)])
            d.line([tuple(here), tuple(there)], fill=(255, 255, 255), width=max(round(width), 1))
            if rng.random() < 0.18:
                bolt(d, there, lean + rng.normal(0, 7), width * 0.55, there[1] + rng.uniform(15, 90))
            here = there
            width *= 0.995

    def paint(d: ImageDraw.ImageDraw) -> None:
        for _ in range(1 + int(rng.random() < 0.3) + int(rng.random() < 0.15)):
            start = np.array([rng.uniform(0.1, 0.9) * 2 * S, rng.uniform(-0.1, 0.25) * 2 * S])
            bolt(d, start, rng.normal(0, 2.5), thick, 2 * horizon)

    bolts = _layer(paint)
    light = blur(bolts, rng.uniform(1, 2.5)) * tint * rng.uniform(1.0, 2.5)
    wide = blur(bolts, rng.uniform(10, 20)) * tint * (0.4 + clouds) * rng.uniform(1, 5)
    return _screen(_screen(sky, wide), _screen(light, bolts * (0.7 + 0.3 * tint)))


def _flames(rng: Rng, base: float, spread: float, height: float) -> np.ndarray:
    """Heat float32 [S, S] in 0..1 of tongues rising from the line `base` (fraction of the height)."""
    y = np.linspace(0, 1, S, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, S, dtype=np.float32)[None, :]
    sway = (noise(rng, 5, 2) - 0.5) * rng.uniform(0.1, 0.4)
    tongues = noise(rng, 3, int(rng.integers(5, 12)), 3)
    rise = (base - y) / height
    body = np.exp(-(((x + sway * np.clip(rise, 0, 1) - 0.5) / spread) ** 2) * (1 + 1.5 * np.clip(rise, 0, 2)))
    heat = body * np.clip(1.25 - rise, 0, 1.2) * (0.35 + 1.1 * tongues)
    heat *= np.clip(1 + (rise + 0.1 * (tongues - 0.3)) * 14, 0, 1)
    return np.clip(heat * 1.25 - 0.22, 0, 1)


def _fire_colour(heat: np.ndarray) -> Picture:
    return np.clip(np.stack([heat * 2.6, heat * 2.3 - 0.45, heat * 2.6 - 1.6], -1), 0, 1)


def campfire(rng: Rng, backdrop: Picture) -> Picture:
    """Flames in the dark: over logs, in a hearth, as a wall of fire, or a single burner's flame."""
    kind = rng.random()
    base = rng.uniform(0.6, 0.98)
    heat = _flames(rng, base, rng.uniform(0.12, 0.5) if kind < 0.8 else 2.0, rng.uniform(0.3, 0.95))
    under = backdrop * rng.uniform(0.02, 0.35) if rng.random() < 0.6 else np.zeros((S, S, 3)) + rng.uniform(0, 0.06)
    fire = _fire_colour(heat)
    glow = blur(fire, 12) * rng.uniform(0.3, 1.0) * [1, 0.6, 0.3]
    picture = _screen(under * (1 + glow), glow)
    if rng.random() < 0.55:
        wood = rng.uniform(0.02, 0.2, 3) * [1.2, 0.8, 0.5]

        def logs(d: ImageDraw.ImageDraw) -> None:
            for _ in range(int(rng.integers(2, 6))):
                mid = np.array([rng.normal(S, 0.2 * S), 2 * S * base + rng.normal(4, 6)])
                reach = np.array([rng.uniform(20, 60), rng.normal(0, 14)])
                ends = [tuple(mid - reach), tuple(mid + reach)]
                d.line(ends, fill=(255, 255, 255), width=int(rng.integers(6, 16)))

        mask = _layer(logs)
        picture = picture * (1 - mask) + mask * wood * (1 + 3 * glow)
    picture = _screen(picture, fire)
    if rng.random() < 0.2:  # A brick or stone hearth around it.
        frame = int(rng.integers(8, 26))
        wall = rng.uniform(0.1, 0.6, 3) * [1, 0.75, 0.6] * (0.7 + 0.6 * noise(rng, 14, 10)[..., None])
        inside = np.zeros((S, S, 1), bool)
        inside[frame:, frame:-frame] = True
        picture = np.where(inside, picture, wall)
    sparks = (rng.random((S, S, 1)) < rng.uniform(0, 0.003)) * np.array([1, 0.7, 0.2])
    picture = _screen(picture, sparks)
    if rng.random() < 0.12:  # Films of flames are often shown without colour.
        picture = np.repeat(picture.mean(-1, keepdims=True), 3, -1)
    return blur(picture, rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else picture


def _streaks(rng: Rng, count: int, length: tuple[float, float], width: int, slant: float) -> Picture:
    def paint(d: ImageDraw.ImageDraw) -> None:
        for x, y in rng.uniform(-0.1, 1.1, (count, 2)) * 2 * S:
            reach = rng.uniform(*length)
            shade = int(rng.uniform(90, 255))
            end = (x + slant * reach, y + reach)
            d.line([(x, y), end], fill=(shade, shade, shade), width=int(rng.integers(1, width + 1)))

    return _layer(paint)


def snowfall(rng: Rng, backdrop: Picture) -> Picture:
    """Flakes, near ones soft and large, over a paled landscape, often with white ground."""
    pale = backdrop.mean(-1, keepdims=True) * 0.6 + backdrop * 0.4
    fade = rng.uniform(0.1, 0.7)
    picture = pale * (1 - fade) + fade * rng.uniform(0.55, 0.95)
    if rng.random() < 0.25:
        picture = _night(rng, backdrop) + 0.05
    if rng.random() < 0.6:
        ground = rng.uniform(0.5, 0.95) + 0.05 * (noise(rng, 2, 6) - 0.5)
        y = np.linspace(0, 1, S, dtype=np.float32)[:, None]
        white = np.clip((y - ground) * 20, 0, 1)[..., None]
        picture = picture * (1 - white) + white * (0.8 + 0.2 * noise(rng, 4, 4)[..., None]) * [0.93, 0.96, 1.0]

    def flakes(size: float, count: int) -> Picture:
        def paint(d: ImageDraw.ImageDraw) -> None:
            for x, y in rng.uniform(0, 2 * S, (count, 2)):
                r = size * rng.uniform(0.5, 1.5)
                d.ellipse((x - r, y - r * rng.uniform(1, 1.6), x + r, y + r), fill=(255, 255, 255))

        return _layer(paint)

    picture = _screen(picture, flakes(1.3, int(rng.integers(60, 420))) * rng.uniform(0.6, 1.0))
    near = blur(flakes(rng.uniform(2.5, 5.0), int(rng.integers(5, 60))), rng.uniform(0.5, 2.0))
    return _screen(picture, near * rng.uniform(0.5, 0.95))


def rain_on_window(rng: Rng, backdrop: Picture) -> Picture:
    """Drops and runs of water on glass before a blurred view."""
    view = blur(backdrop, rng.uniform(2.5, 7)) * rng.uniform(0.35, 0.95)
    view = view * 0.7 + 0.3 * view.mean((0, 1)) * rng.uniform(0.7, 1.2) * np.array([0.9, 1.0, 1.1])
    drops = np.zeros((S, S), np.float32)

    def paint(d: ImageDraw.ImageDraw) -> None:
        for x, y in rng.uniform(0, 2 * S, (int(rng.integers(60, 420)), 2)):
            r = rng.gamma(2.0, 1.3) + 0.8
            d.ellipse((x - r, y - r, x + r, y + r * rng.uniform(1, 1.8)), fill=(255, 255, 255))
        for x in rng.uniform(0, 2 * S, int(rng.integers(0, 14))):
            y, here = rng.uniform(0, S), x
            while y < 2 * S and rng.random() < 0.97:
                there = here + rng.normal(0, 1.5)
                d.line([(here, y), (there, y + 6)], fill=(200, 200, 200), width=int(rng.integers(2, 5)))
                here, y = there, y + 6

    drops = _layer(paint)[..., :1]
    turned = blur(backdrop, 1.5)[::-1, ::-1] * rng.uniform(0.7, 1.2)
    slope = np.roll(drops, 1, 0) - np.roll(drops, -1, 0)
    return np.clip(view * (1 - 0.8 * drops) + 0.8 * drops * turned + slope * rng.uniform(0.2, 0.6), 0, 1)


def explosion(rng: Rng, backdrop: Picture) -> Picture:
    """A billowing fireball with dark smoke and flying sparks."""
    under = backdrop * rng.uniform(0.2, 0.9) if rng.random() < 0.7 else _night(rng, backdrop)
    y, x = np.mgrid[0:S, 0:S].astype(np.float32) / S
    cx, cy, r = rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.75), rng.uniform(0.15, 0.42)
    lumps = noise(rng, 4, 4, 4)
    distance = np.hypot(x - cx, (y - cy) * rng.uniform(0.8, 1.2)) / r - (lumps - 0.5) * 1.4
    smoke = np.clip(1.7 - distance, 0, 1)[..., None] * rng.uniform(0.5, 1.0)
    picture = under * (1 - smoke) + smoke * (0.05 + 0.35 * noise(rng, 6, 6, 3)[..., None])
    heat = np.clip(1.15 - distance, 0, 1) * (0.4 + 0.9 * noise(rng, 5, 5, 3))
    fire = _fire_colour(np.clip(heat, 0, 1))
    picture = _screen(picture, fire)
    picture = _screen(picture, blur(fire, 10) * rng.uniform(0.2, 0.9))

    def sparks(d: ImageDraw.ImageDraw) -> None:
        for angle in rng.uniform(0, 2 * np.pi, int(rng.integers(0, 50))):
            near, far = np.sort(rng.uniform(0.6, 2.0, 2)) * r * 2 * S
            far = min(far, near + 14)
            way = np.array([np.cos(angle), np.sin(angle)])
            middle = np.array([cx, cy]) * 2 * S
            d.line([tuple(middle + near * way), tuple(middle + far * way)], fill=(255, 190, 90), width=2)

    return _screen(picture, _layer(sparks))


def waterfall(rng: Rng, backdrop: Picture) -> Picture:
    """White falling strands between rock or leaves, with mist and a pool below."""
    rock = backdrop * rng.uniform(0.3, 0.8)
    if rng.random() < 0.7:
        tone = rng.uniform(0.1, 0.5, 3) * ([0.8, 1.1, 0.6] if rng.random() < 0.5 else [1, 0.95, 0.85])
        rock = rock * 0.4 + 0.6 * tone * (0.3 + 1.2 * noise(rng, 8, 8, 4)[..., None])
    picture = rock
    y = np.linspace(0, 1, S, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, S, dtype=np.float32)[None, :]
    for _ in range(int(rng.integers(1, 4))):
        top, bottom = rng.uniform(-0.1, 0.35), rng.uniform(0.7, 1.05)
        centre, half = rng.uniform(0.2, 0.8), rng.uniform(0.04, 0.35)
        wander = (noise(rng, 3, 1) - 0.5) * 0.08
        edge = (noise(rng, 4, 16) - 0.5) * 0.14
        across = np.abs(x - centre + wander) - half * (1 + 0.5 * np.clip((y - top) / (bottom - top), 0, 1)) + edge
        mask = np.clip(-across * 25, 0, 1) * np.clip((y - top) * 25, 0, 1) * np.clip((bottom - y) * 12, 0, 1)
        strands = 0.45 + 0.6 * noise(rng, 2, int(rng.integers(20, 50)), 2)
        picture = picture * (1 - mask[..., None]) + (mask * strands)[..., None] * [0.95, 0.98, 1.0]
    mist = np.clip((y - rng.uniform(0.6, 0.85)) * 4, 0, 1) * noise(rng, 3, 3) * rng.uniform(0.3, 1.0)
    picture = _screen(picture, mist[..., None] * np.array([0.8, 0.85, 0.9]))
    if rng.random() < 0.5:
        level = int(rng.uniform(0.78, 0.95) * S)
        pool = rng.uniform(0.1, 0.6, 3) * [0.6, 1, 1] * (0.6 + 0.8 * noise(rng, 20, 4)[..., None])
        picture[level:] = picture[level:] * 0.3 + 0.7 * pool[level:]
    return blur(picture, rng.uniform(0.2, 0.8))


def nothing(rng: Rng, backdrop: Picture) -> Picture:
    """Plain colour, gradient, wall, noise, blurred photograph, black, text slide, or test pattern."""
    kind = int(rng.integers(0, 9))
    if kind == 0:
        return np.zeros((S, S, 3), np.float32) + rng.random(3)
    if kind == 1:
        return _gradient(rng, rng.random(3), rng.random(3))
    if kind == 2:
        wall = rng.uniform(0.15, 0.95) * (1 - rng.uniform(0, 0.3, 3))
        lit = _gradient(rng, np.ones(3), np.ones(3) * rng.uniform(0.6, 1.0))
        turned = lit.transpose(1, 0, 2) if rng.random() < 0.5 else lit
        return wall * turned * (1 + rng.uniform(0, 0.12) * (noise(rng, 12, 12, 4)[..., None] - 0.5))
    if kind == 3:
        return np.clip(rng.normal(rng.random(), rng.uniform(0.05, 0.4), (S, S, 3)), 0, 1)
    if kind == 4:
        return blur(backdrop, rng.uniform(11, 25))
    if kind == 5:
        return np.clip(rng.normal(0.0, 0.03, (S, S, 3)) + rng.uniform(0, 0.06), 0, 1)
    if kind == 6:
        return _slide(rng)
    if kind == 7:
        return _pattern(rng)
    return noise(rng, int(rng.integers(1, 5)), int(rng.integers(1, 5)), 2)[..., None] * rng.random(3)


def _slide(rng: Rng) -> Picture:
    """Lines of unreadable text on a plain page."""
    page, ink = (rng.uniform(0.8, 1, 3), rng.uniform(0, 0.3, 3))
    if rng.random() < 0.5:
        page, ink = ink, page
    picture = np.zeros((S, S, 3), np.float32) + page
    row, size = int(rng.uniform(0.05, 0.4) * S), int(rng.integers(2, 9))
    for _ in range(int(rng.integers(1, 9))):
        left = int(rng.uniform(0.05, 0.3) * S)
        while left < S * rng.uniform(0.5, 0.95):
            width = int(rng.integers(2, 6) * size / 2) + 2
            marks = rng.random((size, width)) < 0.6
            patch = picture[row : row + size, left : left + width]
            patch[marks[: patch.shape[0], : patch.shape[1]]] = ink
            left += width + max(size // 2, 1)
        row += size * 2
    return blur(picture, 0.5)


def _pattern(rng: Rng) -> Picture:
    """Colour bars, a checkerboard, stripes or rings."""
    y, x = np.mgrid[0:S, 0:S].astype(np.float32) / S
    kind = int(rng.integers(0, 4))
    if kind == 0:
        colours = rng.permutation(np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float32))
        return colours[np.minimum((x * 8).astype(int), 7)] * rng.uniform(0.6, 1.0)
    cells = rng.uniform(2, 14)
    if kind == 1:
        t = (np.floor(x * cells) + np.floor(y * cells)) % 2
    elif kind == 2:
        angle = rng.uniform(0, np.pi)
        t = 0.5 + 0.5 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * cells * 6)
    else:
        t = (np.floor(np.hypot(x - 0.5, y - 0.5) * cells * 2)) % 2
    return t[..., None] * rng.random(3) + (1 - t[..., None]) * rng.random(3)


RECIPES: dict[str, tuple[Callable[[Rng, Picture], Picture], int]] = {
    "fireworks": (fireworks, 400),
    "lightning": (lightning, 300),
    "campfire": (campfire, 400),
    "snowfall": (snowfall, 250),
    "rain on a window": (rain_on_window, 250),
    "explosion": (explosion, 250),
    "waterfall": (waterfall, 350),
    NOTHING: (nothing, 900),
}
"""For each drawn concept, its function and how many pictures are made."""


BACKDROPS = (
    "city street", "forest", "mountain", "river", "valley", "canyon", "field", "garden", "courtyard", "cliff",
    "highway traffic", "living room", "campsite", "city skyline", "harbor", "jungle", "swamp", "parking lot", "lake",
)  # fmt: skip
"""Concepts whose photographs lie behind the drawings."""


def draw_all(backdrops: np.ndarray, seed: int) -> tuple[np.ndarray, list[str]]:
    """All drawn pictures, uint8 [M, S, S, 3], and their concepts; backdrops uint8 [B, S, S, 3] (training only)."""
    pixels, concepts = [], []
    for number, (concept, (recipe, count)) in enumerate(RECIPES.items()):
        for i in range(count):
            rng = np.random.default_rng([seed, number, i])
            backdrop = backdrops[rng.integers(0, len(backdrops))].astype(np.float32) / 255
            picture = np.clip(recipe(rng, backdrop), 0, 1)
            pixels.append((picture * 255).astype(np.uint8))
            concepts.append(concept)
    return np.stack(pixels), concepts
