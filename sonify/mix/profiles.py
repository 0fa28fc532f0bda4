"""How loud a finished programme is, by where it is heard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Integrated loudness of the programme (None: as it comes) and its highest true peak."""

    loudness_lufs: float | None
    peak_dbtp: float


PROFILES = {
    "web": Profile(-14.0, -1.0),
    "podcast": Profile(-16.0, -1.0),
    "ebu": Profile(-23.0, -1.0),
    "atsc": Profile(-24.0, -2.0),
    "film": Profile(None, -1.0),
    "stems": Profile(None, 0.0),
}
"""web and podcast: what the platforms play back at; ebu: EBU R 128; atsc: ATSC A/85; stems: for mixing further."""
