"""Listening: vectors of sound files and of sentences, each made once and kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonify.errors import LibraryError
from sonify.models.cache import cache_folder
from sonify.models.clap.interface import Array, AudioTextModel
from sonify.models.clap.windows import MAX_WINDOWS, WINDOW, starts
from sonify.progress import Event, Progress, silent
from sonify.vectortable import VectorTable, key_of

SENTENCE = "This is a sound of {}"
"""What LAION's own README puts around the name of a class, for zero-shot classification."""
STAGE = "listen"
_RULE = "windows 1"
"""Changes whenever the same file would give another vector: other windows, another resampler."""
_WINDOW_S = 10
_KEPT_AT_ONCE = 16
_TEXTS_AT_ONCE = 256
_LOWEST_HZ, _HIGHEST_HZ = 1_000, 1_000_000


class Ear:
    """An AudioTextModel with a memory: nothing is heard or read twice, not even by the next process."""

    def __init__(self, model: AudioTextModel, *, folder: Path | None = None, progress: Progress = silent) -> None:
        """folder: where the vectors are kept; sonify's own cache where none is given."""
        self.model = model
        self.progress = progress
        self._folder = folder or cache_folder() / "clap"
        scope = f"{getattr(model, 'engine', '')}\0{_RULE}"
        self._sounds = VectorTable(self._folder, "sounds", model.name, model.weights, scope=scope)
        self._texts = VectorTable(self._folder, "texts", model.name, model.weights, scope=scope)

    def hear(self, files: Sequence[Path]) -> tuple[Array, dict[int, str]]:
        """Unit vectors float32 [len(files), D], and for each file that can't be heard its number and the reason.

        The vector of such a file is all zeros. Vectors are kept by path, size and time of change, every few sounds,
        so that an interruption costs little.
        """
        problems: dict[int, str] = {}
        keys = [_key(file) for file in files]
        rows = self._sounds.find(keys)
        vectors = np.zeros((len(files), self.model.dimensions), dtype=np.float32)
        if (rows >= 0).any():
            vectors[rows >= 0] = self._sounds.rows(rows[rows >= 0])
        missing = [int(n) for n in np.flatnonzero(rows < 0)]
        for start in range(0, len(missing), _KEPT_AT_ONCE):
            made = []
            for done, n in enumerate(missing[start : start + _KEPT_AT_ONCE], start + 1):
                try:
                    vectors[n] = self.model.embed_audio([read_sound(files[n], self.model.sample_rate_hz)])[0]
                    made.append(n)
                except LibraryError as error:
                    problems[n] = str(error)
                self.progress(Event(STAGE, done, len(missing), "sounds"))
            if made:
                self._sounds.add([keys[n] for n in made], vectors[made])
        return vectors, problems

    def read(self, texts: Sequence[str]) -> Array:
        """Unit vectors float32 [len(texts), D] of texts, each in SENTENCE."""
        keys = [key_of(text) for text in texts]
        rows = self._texts.find(keys)
        vectors = np.empty((len(texts), self.model.dimensions), dtype=np.float32)
        if (rows >= 0).any():
            vectors[rows >= 0] = self._texts.rows(rows[rows >= 0])
        missing = np.flatnonzero(rows < 0)
        for start in range(0, len(missing), _TEXTS_AT_ONCE):
            part = missing[start : start + _TEXTS_AT_ONCE]
            vectors[part] = self.model.embed_text([SENTENCE.format(texts[n]) for n in part])
            self._texts.add([keys[n] for n in part], vectors[part])
        return vectors


def read_sound(file: Path, rate_hz: int) -> Array:
    """A sound as CLAP takes it: mono float32 [T] at `rate_hz`, T up to a minute.

    Of a longer sound only the stretches that CLAP hears are read (sonify.models.clap.windows) and joined, so a file
    of twelve hours costs no more than one of a minute. Channels are averaged; samples that are no numbers become
    silence. Raises LibraryError, which names the file, when it can't be read or holds nothing.
    """
    import soundfile

    try:
        with soundfile.SoundFile(str(file)) as sound:
            rate = int(sound.samplerate)
            if not _LOWEST_HZ <= rate <= _HIGHEST_HZ:
                raise LibraryError(f"the sound {file} claims {rate} samples a second", hint="convert it first")
            window = _WINDOW_S * rate
            if sound.frames <= MAX_WINDOWS * window:
                return _at(rate_hz, rate, _mono(sound, sound.frames, rate), file)
            parts = []
            for start in starts(sound.frames, window):
                sound.seek(start)
                part = _at(rate_hz, rate, _mono(sound, window, rate), file)
                parts.append(np.resize(np.pad(part, (0, max(0, WINDOW - len(part)))), WINDOW))
            return np.concatenate(parts)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise LibraryError(f"can't read the sound {file} ({reason})", hint="mend or replace it") from None


def _mono(sound: Any, frames: int, block: int) -> Array:
    """The next `frames` of an open soundfile.SoundFile, read a second at a time, mixed to one channel."""
    parts: list[Array] = []
    left = frames
    while left > 0:
        read: NDArray[np.float32] = sound.read(min(block, left), dtype="float32", always_2d=True)
        if not len(read):
            break  # a header that promises more than there is
        parts.append(np.nan_to_num(read, nan=0.0, posinf=0.0, neginf=0.0).mean(axis=1, dtype=np.float32))
        left -= len(read)
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _at(rate_hz: int, rate: int, samples: Array, file: Path) -> Array:
    import soxr

    if len(samples) and rate != rate_hz:
        samples = np.asarray(soxr.resample(samples, rate, rate_hz), dtype=np.float32)
    if not len(samples):
        raise LibraryError(f"the sound {file} is empty", hint="replace it")
    return samples


def _key(file: Path) -> bytes:
    try:
        stat = file.stat()
        return key_of(f"{file.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}")
    except OSError:
        return key_of(f"{file.absolute()}\0")
