"""From raw samples to a file: level, peak, 16 bits, tags, and the same bytes every time."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from .noise import RATE, Samples
from .registry import Sound

LICENCE = "CC0-1.0"
AUTHOR = "sonify contributors"
EFFECT_LUFS, BED_LUFS = -18.0, -23.0
CEILING_FLAC, CEILING_OGG = 0.86, 0.78  # Vorbis overshoots
CEILING_DECODED = 0.885  # just under -1 dBFS


def k_weight(x: Samples) -> Samples:
    """K-weighting of ITU-R BS.1770-4 by its magnitude: a +4 dB shelf over 1.7 kHz and a 38 Hz high-pass."""
    f = np.fft.rfftfreq(len(x), 1 / RATE)
    s = 1j * np.maximum(f, 1e-6)
    shelf = (10 ** (4.0 / 20) * s**2 + 10 ** (2.0 / 20) * s * 1681.97 / 0.7072 + 1681.97**2) / (
        s**2 + s * 1681.97 / 0.7072 + 1681.97**2
    )
    high = s**2 / (s**2 + s * 38.135 / 0.5003 + 38.135**2)
    return np.asarray(np.fft.irfft(np.fft.rfft(x, axis=0).T * shelf * high, len(x))).T


def loudest_lufs(x: Samples) -> float:
    """Greatest momentary loudness (400 ms windows, 100 ms hop), in LUFS; short sounds are taken as 400 ms."""
    tracks = np.atleast_2d(x.T)
    size, hop = int(0.4 * RATE), int(0.1 * RATE)
    power = sum(k_weight(np.pad(c, (0, max(0, size - len(c))))) ** 2 for c in tracks)
    total = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(total) - size, hop)
    best = float(np.max((total[starts + size] - total[starts]) / size))
    return -0.691 + 10 * np.log10(max(best, 1e-12))


def soft_limit(x: Samples, ceiling: float) -> Samples:
    """Leaves everything under 70 % of the ceiling alone and bends the rest towards it."""
    knee = 0.7 * ceiling
    over = np.abs(x) - knee
    return np.where(over > 0, np.sign(x) * (knee + (ceiling - knee) * np.tanh(over / (ceiling - knee))), x)


def master(spec: Sound, raw: Samples) -> NDArray[np.int16]:
    """Level to the kind's loudness, hold the peak, remove DC, 16 bits: shape [samples] or [samples, 2]."""
    if not np.isfinite(raw).all():
        raise ValueError(f"{spec.name}: the synthesis gave NaN or infinity")
    x = raw - raw.mean(axis=0)
    ceiling = CEILING_OGG if spec.packed else CEILING_FLAC
    target = BED_LUFS if spec.kind == "ambience" else EFFECT_LUFS
    gain = 10 ** ((target - loudest_lufs(x)) / 20)
    top = float(np.abs(x).max())
    gain = min(gain, 2.0 * ceiling / top)  # at most 6 dB into the limiter: a hit stays a hit
    y = soft_limit(x * gain, ceiling)
    return np.round((y - y.mean(axis=0)) * 32767).astype(np.int16)


def samples(spec: Sound) -> NDArray[np.int16]:
    """The finished sound, before encoding."""
    return master(spec, spec.make(spec.rng()))


def write(spec: Sound, folder: Path) -> Path:
    """Encode into `folder`; raises OSError when the folder can't be written."""
    path = folder / spec.file
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = samples(spec)
    data = encode(spec, pcm)
    while spec.packed and (top := float(np.abs(soundfile.read(io.BytesIO(data))[0]).max())) > CEILING_DECODED:
        # sharp crackles come back from Vorbis up to 3 dB higher than they went in
        pcm = np.round(pcm * (0.98 * CEILING_DECODED / top)).astype(np.int16)
        data = encode(spec, pcm)
    path.write_bytes(data)
    return path


def encode(spec: Sound, pcm: NDArray[np.int16]) -> bytes:
    """FLAC or Ogg Vorbis with tags; the same samples give the same bytes."""
    buffer = io.BytesIO()
    kind = {"format": "OGG", "subtype": "VORBIS"} if spec.packed else {"format": "FLAC", "subtype": "PCM_16"}
    channels = 1 if pcm.ndim == 1 else pcm.shape[1]
    with soundfile.SoundFile(
        buffer, "w", RATE, channels, **kind, compression_level=0.6 if spec.packed else 1.0
    ) as out:
        out.title, out.artist, out.license = spec.label, AUTHOR, LICENCE
        for start in range(0, len(pcm), RATE // 4):  # libsndfile's Vorbis writer overflows its stack on long blocks
            out.write(pcm[start : start + RATE // 4])
    data = buffer.getvalue()
    return steady_serial(data, zlib.crc32(spec.name.encode())) if spec.packed else data


def ogg_crc(page: bytes) -> int:
    """Checksum of an Ogg page (RFC 3533: polynomial 0x04c11db7, not reflected)."""
    crc = 0
    for byte in page:
        crc = ((crc << 8) & 0xFFFFFFFF) ^ OGG_TABLE[(crc >> 24) ^ byte]
    return crc


def _crc_row(index: int) -> int:
    value = index << 24
    for _ in range(8):
        value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


OGG_TABLE = tuple(_crc_row(i) for i in range(256))


def steady_serial(data: bytes, serial: int) -> bytes:
    """The same Ogg file with a given stream number: libsndfile draws one from the clock."""
    out, at = bytearray(), 0
    while at < len(data):
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        page = bytearray(data[at : at + size])
        page[14:18] = struct.pack("<I", serial)
        page[22:26] = b"\0\0\0\0"
        page[22:26] = struct.pack("<I", ogg_crc(bytes(page)))
        out += page
        at += size
    return bytes(out)
