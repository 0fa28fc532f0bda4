"""What a video already sounds like: silence, speech, or something else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.cues import OriginalSpan, Sounding
from sonify.progress import Event, Progress, note, silent
from sonify.video.frames import VideoInfo
from sonify.video.process import ChildProcess, StalledError, safe_name

STAGE = "listen"
RATE_HZ = 16_000
STEP = 512
"""Samples that the detector takes at a time: 32 ms."""

SPEECH_FROM, SPEECH_UNTIL = 0.5, 0.35
SHORTEST_SPEECH_S = Fraction(1, 4)
LONGEST_PAUSE_S = Fraction(3, 10)
"""The detector's own defaults (silero-vad: threshold, neg_threshold = threshold - 0.15, min_speech_duration_ms), but
pauses within a sentence are bridged for longer, since a gain that goes up and down between words is heard."""

SILENT_DBFS = -60.0
SHORTEST_SILENCE_S = Fraction(1, 2)
_READ_S = 10

Detector = Callable[[NDArray[np.float32]], float]


def listen(info: VideoInfo, *, stall_timeout_s: float, progress: Progress = silent) -> tuple[OriginalSpan, ...]:
    """The first audio track as spans of silence, speech and other sound, from the first frame on, without gaps.

    Empty where there is no audio, or none that can be decoded. Speech is found by silero-vad (MIT), which comes with
    its weights and runs on the processor.
    """
    if not info.has_audio:
        return ()
    detector: Detector | None = None
    speech: list[float] = []
    levels: list[float] = []
    skip, lead = _offset(info.path)
    try:
        for block in _audio(info.path, stall_timeout_s, skip):
            if detector is None:
                detector = _detector()
            for step in block.reshape(-1, STEP):
                levels.append(float(np.sqrt(np.mean(np.square(step)))))
                speech.append(detector(step))
            done_s = len(levels) * STEP / RATE_HZ
            progress(Event(STAGE, done_s, float(info.duration_s), "s"))
    except StalledError:
        note(progress, STAGE, f"the audio of {info.path.name} can't be read to its end")
    if not levels:
        return ()
    wait = [0.0] * lead
    return spans(np.array(wait + speech), np.array(wait + levels), info.duration_s)


def spans(speech: NDArray[np.float64], levels: NDArray[np.float64], duration_s: Fraction) -> tuple[OriginalSpan, ...]:
    """From the probability of speech and the RMS level of each step of 32 ms to spans that cover the whole time."""
    step_s = Fraction(STEP, RATE_HZ)
    count = min(len(speech), -(-duration_s // step_s))
    what: NDArray[np.object_] = np.full(count, "sound", object)
    quiet = levels[:count] < 10 ** (SILENT_DBFS / 20)
    for first, past in _runs(quiet):
        if (past - first) * step_s >= SHORTEST_SILENCE_S:
            what[first:past] = "silence"
    for first, past in _spoken(speech[:count], step_s):
        what[first:past] = "speech"
    found: list[tuple[Fraction, Fraction, Sounding]] = []
    edges = [0, *(i for i in range(1, count) if what[i] != what[i - 1]), count]
    for first, past in pairwise(edges):
        found.append((first * step_s, min(past * step_s, duration_s), what[first]))
    end_s = found[-1][1] if found else Fraction(0)
    if duration_s - end_s > step_s:
        found.append((end_s, duration_s, "silence"))
    merged: list[tuple[Fraction, Fraction, Sounding]] = []
    for span in found:
        if merged and merged[-1][2] == span[2]:
            merged[-1] = (merged[-1][0], span[1], span[2])
        elif span[1] > span[0]:
            merged.append(span)
    return tuple(OriginalSpan(float(start_s), float(past_s), sounds) for start_s, past_s, sounds in merged)


def _spoken(speech: NDArray[np.float64], step_s: Fraction) -> list[tuple[int, int]]:
    """Spans of speech in steps: hysteresis, pauses bridged, what is too short left out."""
    on, marked = False, np.zeros(len(speech), bool)
    for at, probability in enumerate(speech):
        on = probability >= (SPEECH_UNTIL if on else SPEECH_FROM)
        marked[at] = on
    joined: list[tuple[int, int]] = []
    for first, past in _runs(marked):
        if joined and (first - joined[-1][1]) * step_s < LONGEST_PAUSE_S:
            joined[-1] = (joined[-1][0], past)
        else:
            joined.append((first, past))
    return [(first, past) for first, past in joined if (past - first) * step_s >= SHORTEST_SPEECH_S]


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [(int(first), int(past)) for first, past in edges.reshape(-1, 2)]


def _detector() -> Detector:
    import torch

    threads = torch.get_num_threads()
    with warnings.catch_warnings():
        # It loads TorchScript, which torch calls deprecated, and leaves torch with one thread.
        warnings.simplefilter("ignore")
        from silero_vad import load_silero_vad

        model = load_silero_vad()
    torch.set_num_threads(threads)

    def detect(step: NDArray[np.float32]) -> float:
        with torch.inference_mode():
            return float(model(torch.from_numpy(step), RATE_HZ))

    return detect


def _offset(path: Path) -> tuple[int, int]:
    """Samples of audio before the first frame, to be left out; steps between it and audio that begins later."""
    import av

    with av.open(f"file:{safe_name(path)}", options={"protocol_whitelist": "file"}, metadata_errors="ignore") as file:
        picture, sound = file.streams.best("video"), file.streams.best("audio")
        if picture is None or sound is None or picture.start_time is None or sound.start_time is None:
            return 0, 0
        late_s = sound.start_time * Fraction(sound.time_base or 0) - picture.start_time * Fraction(
            picture.time_base or 0
        )
    if abs(late_s) > 60:  # a damaged time stamp
        return 0, 0
    none = Fraction(0)
    return round(max(-late_s, none) * RATE_HZ), round(max(late_s, none) * RATE_HZ / STEP)


def _audio(path: Path, stall_timeout_s: float, skip: int) -> Iterator[NDArray[np.float32]]:
    """Mono samples at 16 kHz in blocks of whole steps, the last one filled up with silence."""
    import imageio_ffmpeg

    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"),
        *("-vn", "-sn", "-dn", "-i", "file:" + safe_name(path), "-map", "0:a:0"),
        *("-af", f"aresample={RATE_HZ}:async=1", "-ac", "1", "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1"),
    ]
    size = _READ_S * RATE_HZ // STEP * STEP
    with ChildProcess(command, stall_timeout_s=stall_timeout_s) as child:
        while skip:
            gone = len(child.read(min(skip, size) * 4)) // 4
            skip = skip - gone if gone else 0
        while raw := child.read(size * 4):
            samples = np.nan_to_num(np.frombuffer(bytes(raw[: len(raw) // 4 * 4]), "<f4"))
            missing = -len(samples) % STEP
            yield np.concatenate([samples, np.zeros(missing, np.float32)])
            if missing:
                return
