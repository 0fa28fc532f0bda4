"""The overview: frames, cues and sound of a scored video, over one time axis, as a PNG."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet
from sonify.demo import lanes
from sonify.demo.reading import Sound, picture_at, read_sound
from sonify.errors import RenderError
from sonify.files import replacing

if TYPE_CHECKING:
    from PIL import Image, ImageFont

Rgb = tuple[int, int, int]

# Everything is laid out in points and drawn at twice the size, then halved: smooth edges without a drawing library.
SCALE = 2
WIDTH = 1600
MARGIN = 28
GUTTER = 96
LEFT, RIGHT = MARGIN + GUTTER, WIDTH - MARGIN
STRIP = 104
BAR, BAR_GAP = 30, 6
LANE_GAP = 20
WAVE, SPECTRUM = 64, 170
LOW_HZ, HIGH_HZ = 50.0, 18_000.0
RANGE_DB = 70.0

BACKGROUND: Rgb = (18, 20, 25)
TROUGH: Rgb = (27, 30, 37)
LINE: Rgb = (52, 57, 68)
FAINT: Rgb = (128, 136, 150)
TEXT: Rgb = (229, 232, 238)
EFFECTS: tuple[Rgb, ...] = (
    (240, 152, 92), (92, 170, 240), (236, 108, 128), (126, 200, 122), (190, 140, 240),
    (240, 196, 92), (88, 200, 196), (230, 130, 200), (170, 190, 110), (140, 156, 240),
)  # fmt: skip
AMBIENCES: tuple[Rgb, ...] = ((78, 112, 134), (96, 122, 96), (128, 104, 88), (108, 98, 138), (88, 124, 124))
# Dark to light through violet and orange, like the maps that read well for spectrograms.
HEAT: tuple[Rgb, ...] = (
    (18, 20, 25), (40, 24, 72), (98, 28, 110), (164, 48, 98), (222, 88, 66), (248, 152, 50), (252, 226, 150),
)  # fmt: skip


def draw_overview(sheet: CueSheet, video: Path, out: Path, *, audio: Path | None = None) -> None:
    """Draws what a cue sheet decided, and writes it to `out` as PNG, 1600 points wide.

    From the top: a strip of the video's frames with the scene boundaries; the effects and the ambiences as bars,
    with their fades and, where it moves, their pan as a line (up is left); and, when `audio` is given (a sound
    file, or the scored video), the sound of `video` before and of `audio` after, with its spectrogram.
    Raises RenderError when a sound can't be read or the picture can't be written.
    """
    before = after = None
    columns = (RIGHT - LEFT) * SCALE
    if audio is not None:
        seconds = sheet.video.duration_s
        before = read_sound(video, seconds, columns, 1, LOW_HZ, HIGH_HZ)
        after = read_sound(audio, seconds, columns, SPECTRUM * SCALE, LOW_HZ, HIGH_HZ)
        if after is None:
            raise RenderError(f"{audio} has no sound to draw", hint="give the scored video or a sound file")
    board = _Board(sheet.video.duration_s, _height(sheet, with_sound=after is not None))
    _title(board, sheet)
    _strip(board, sheet, video)
    for name, kind, colours in (("effects", "effect", EFFECTS), ("ambience", "ambience", AMBIENCES)):
        _bars(board, name, sheet, [cue for cue in sheet.cues if cue.kind == kind], colours)
    if after is not None:
        _wave(board, "before", before)
        _wave(board, "after", after)
        _spectrum(board, after)
    try:
        with replacing(out) as beside:
            board.finish().save(beside, format="PNG", optimize=True)
    except OSError as error:
        raise RenderError(f"can't write {out}: {error.strerror or error}", hint="choose another place") from None


@dataclass
class _Board:
    """The picture in the making: places in points, times in seconds, and how far down we are."""

    duration_s: float
    height: int
    y: int = MARGIN
    strip_y: int = 0
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        from PIL import Image, ImageDraw

        self.image = Image.new("RGB", (WIDTH * SCALE, self.height * SCALE), BACKGROUND)
        self.pen = ImageDraw.Draw(self.image)

    def x(self, time_s: float) -> float:
        part = min(max(time_s / self.duration_s, 0.0), 1.0)
        return LEFT + part * (RIGHT - LEFT)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Rgb, radius: float = 0) -> None:
        corners = tuple(round(v * SCALE) for v in (left, top, right, bottom))
        place = (corners[0], corners[1], max(corners[0], corners[2] - 1), max(corners[1], corners[3] - 1))
        wide = min(radius * SCALE, (place[2] - place[0]) / 2)
        self.pen.rounded_rectangle(place, radius=max(wide, 0), fill=fill)

    def line(self, points: list[tuple[float, float]], fill: Rgb, width: float = 1) -> None:
        self.pen.line([(x * SCALE, y * SCALE) for x, y in points], fill=fill, width=round(width * SCALE))

    def text(self, x: float, y: float, words: str, fill: Rgb = TEXT, size: int = 13, anchor: str = "lm") -> None:
        self.pen.text((x * SCALE, y * SCALE), _plain(words), fill=fill, font=_font(size * SCALE), anchor=anchor)

    def width_of(self, words: str, size: int) -> float:
        return float(self.pen.textlength(_plain(words), font=_font(size * SCALE))) / SCALE

    def paste(self, pixels: NDArray[np.uint8], left: float, top: float) -> None:
        from PIL import Image

        self.image.paste(Image.fromarray(np.ascontiguousarray(pixels)), (round(left * SCALE), round(top * SCALE)))

    def name(self, words: str, height: float) -> None:
        self.text(LEFT - 14, self.y + height / 2, words, FAINT, 13, "rm")

    def finish(self) -> Image.Image:
        from PIL import Image

        return self.image.resize((WIDTH, self.height), Image.Resampling.LANCZOS)


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size_px)


def _plain(words: str) -> str:
    """Letters that Pillow's own font has: accents off, anything else that it lacks as a question mark."""
    spread = unicodedata.normalize("NFKD", words)
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in bare)


def _lane(cues: list[Cue], duration_s: float) -> tuple[tuple[Cue, ...], ...]:
    return lanes.rows(cues, gap_s=duration_s * 3 / (RIGHT - LEFT))


def _lane_height(cues: list[Cue], duration_s: float) -> int:
    count = min(max(1, len(_lane(cues, duration_s))), lanes.MAX_ROWS)
    return count * (BAR + BAR_GAP) - BAR_GAP + 12


def _height(sheet: CueSheet, *, with_sound: bool) -> int:
    total = MARGIN + 44 + 26 + STRIP + LANE_GAP
    for kind in ("effect", "ambience"):
        cues = [cue for cue in sheet.cues if cue.kind == kind]
        total += _lane_height(cues, sheet.video.duration_s) + LANE_GAP
    if with_sound:
        total += 2 * (WAVE + LANE_GAP // 2) + SPECTRUM + LANE_GAP
    return total + MARGIN - LANE_GAP


def _title(board: _Board, sheet: CueSheet) -> None:
    video = sheet.video
    name = Path(video.path).name
    board.text(MARGIN, board.y + 10, name if len(name) < 60 else name[:57] + "...", TEXT, 20)
    sounds = len(sheet.cues)
    facts = f"{video.duration_s:.2f} s   {video.width} x {video.height}   {sheet.model.name}"
    facts += f"   {len(sheet.scenes)} scenes   {sounds} cue{'' if sounds == 1 else 's'}"
    board.text(RIGHT, board.y + 11, facts, FAINT, 14, "rm")
    board.y += 44


def _strip(board: _Board, sheet: CueSheet, video: Path) -> None:
    step = lanes.tick_step_s(board.duration_s, 24)
    for i in range(int(board.duration_s / step + 1e-6) + 1):
        x = board.x(i * step)
        board.line([(x, board.y + 18), (x, board.y + 23)], LINE)
        board.text(x, board.y + 8, lanes.clock(i * step, step), FAINT, 11, "mm")
    board.y += 26
    board.strip_y = board.y
    board.name("picture", STRIP)
    board.box(LEFT, board.y, RIGHT, board.y + STRIP, TROUGH)
    high = STRIP * SCALE
    shape = sheet.video.width / sheet.video.height
    for cell in lanes.cells(sheet, round((RIGHT - LEFT) / (STRIP * min(shape, 4)))):
        left, right = round(board.x(cell.start_s) * SCALE), round(board.x(cell.end_s) * SCALE)
        room = max(right - left, 1)
        # The frame covers its cell: what stands out at the sides, or above and below, is cut off.
        wide = min(max(round(high * shape), room), 8 * high)
        tall = max(round(wide / shape), high)
        pixels = picture_at(video, cell.shows_s, wide, tall)
        if pixels is not None:
            top, side = (tall - high) // 2, max(wide - room, 0) // 2
            board.paste(pixels[top : top + high, side : side + room], left / SCALE, board.y)
    _boundaries(board, sheet, board.y - 4, board.y + STRIP)
    board.y += STRIP + LANE_GAP


def _bars(board: _Board, name: str, sheet: CueSheet, cues: list[Cue], colours: tuple[Rgb, ...]) -> None:
    height = _lane_height(cues, board.duration_s)
    board.name(name, height)
    board.box(LEFT, board.y, RIGHT, board.y + height, TROUGH, 4)
    _boundaries(board, sheet, board.y, board.y + height)
    order = {label: i for i, label in enumerate(dict.fromkeys(cue.label for cue in cues))}
    packed = _lane(cues, board.duration_s)
    for r, row in enumerate(packed[: lanes.MAX_ROWS]):
        for cue in row:
            _bar(board, cue, board.y + 6 + r * (BAR + BAR_GAP), colours[order[cue.label] % len(colours)])
    if not cues:
        board.text(LEFT + 14, board.y + height / 2, "none", FAINT, 12)
    left_out = sum(len(row) for row in packed[lanes.MAX_ROWS :])
    if left_out:
        board.text(LEFT - 14, board.y + height - 8, f"and {left_out} more", FAINT, 11, "rm")
    board.y += height + LANE_GAP


def _bar(board: _Board, cue: Cue, top: float, colour: Rgb) -> None:
    left, right = board.x(cue.start_s), max(board.x(cue.end_s), board.x(cue.start_s) + 2)
    board.box(left, top, right, top + BAR, colour, 5)
    dim = _blend(colour, TROUGH, 0.6)
    fade_in, fade_out = board.x(cue.start_s + cue.fade_in_s), board.x(cue.end_s - cue.fade_out_s)
    for corner, end in ((left, fade_in), (right, fade_out)):
        if abs(end - corner) >= 1.5:
            wedge = [(corner, top), (min(max(end, left), right), top), (corner, top + BAR)]
            board.pen.polygon([(x * SCALE, y * SCALE) for x, y in wedge], fill=dim)
    pans = [pan for _, pan in cue.pan_curve]
    if pans and max(pans) - min(pans) > 0.05:
        times = np.linspace(cue.start_s, min(cue.end_s, board.duration_s), 40)
        middle, reach = top + BAR / 2, BAR / 2 - 3
        line = [(board.x(float(t)), middle + lanes.value_at(cue.pan_curve, float(t)) * reach) for t in times]
        board.line(line, _blend(colour, (255, 255, 255), 0.75), 1.5)
    ink: Rgb = (16, 18, 22) if sum(colour) > 380 else TEXT
    start = max(left + 8, min(fade_in + 5, right))
    room = right - start - 6
    for words in (f"{cue.label}  {cue.score:.2f}", cue.label):
        if board.width_of(words, 13) <= room:
            board.text(start, top + BAR / 2, words, ink, 13)
            return
    label = cue.label
    while len(label) > 2 and board.width_of(label + "..", 12) > room:
        label = label[:-1]
    if len(label) > 2:
        board.text(start, top + BAR / 2, label + "..", ink, 12)


def _blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _wave(board: _Board, name: str, sound: Sound | None) -> None:
    """Left above the middle line, right below it; amplitudes to the power 0.6, so that quiet parts show."""
    board.name(name, WAVE)
    board.box(LEFT, board.y, RIGHT, board.y + WAVE, TROUGH, 4)
    middle = board.y + WAVE / 2
    board.line([(LEFT, middle), (RIGHT, middle)], LINE)
    if sound is None or sound.silent:
        board.text(LEFT + 14, middle - 12, "silent", FAINT, 12)
    else:
        reach = (WAVE / 2 - 3) * SCALE
        loud = sound.peaks**0.6 * reach
        for column, (up, down) in enumerate(loud):
            x = LEFT * SCALE + column
            centre = middle * SCALE
            board.pen.line([(x, centre - float(up)), (x, centre + float(down))], fill=(120, 190, 214))
        for words, y in (("L", board.y + 9), ("R", board.y + WAVE - 9)):
            board.text(RIGHT + 5, y, words, FAINT, 10)
    board.y += WAVE + LANE_GAP // 2


def _spectrum(board: _Board, sound: Sound) -> None:
    board.name("spectrum", SPECTRUM)
    level = 10 * np.log10(np.maximum(sound.power, 1e-20))
    top = max(float(np.percentile(level, 99.8)), -60.0)
    part = np.clip((level - (top - RANGE_DB)) / RANGE_DB, 0, 1).T[::-1]
    stops = np.linspace(0, 1, len(HEAT))
    heat = np.array(HEAT, np.float32)
    pixels = np.stack([np.interp(part, stops, heat[:, c]) for c in range(3)], axis=-1)
    board.paste(pixels.astype(np.uint8), LEFT, board.y)
    for hertz, words in ((100, "100 Hz"), (1000, "1 kHz"), (10_000, "10 kHz")):
        down = 1 - np.log(hertz / LOW_HZ) / np.log(HIGH_HZ / LOW_HZ)
        y = board.y + float(down) * SPECTRUM
        board.line([(LEFT, y), (LEFT + 6, y)], TEXT)
        board.text(LEFT + 10, y, words, TEXT, 11)
    board.y += SPECTRUM + LANE_GAP


def _boundaries(board: _Board, sheet: CueSheet, top: float, bottom: float) -> None:
    """A thin line down wherever a scene begins."""
    for scene in sheet.scenes[1:]:
        x = board.x(scene.start_s)
        board.line([(x, top), (x, bottom)], BACKGROUND, 2.5)
        board.line([(x, top), (x, bottom)], (110, 118, 132), 0.5)
