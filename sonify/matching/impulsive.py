"""Which labels are of single events, and what such an event looks like: the one place where they are named.

To teach it a new one, add its words to a line of TABLE. docs/timing.md says what the kinds are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sonify.library.labels.words import singular, words

Kind = Literal["strike", "step", "burst", "flash", "voice"]
"""strike, step: something moves fast and stops or turns back. burst: something flies apart, kicks or smokes.
flash: it gets light at once. voice: a beast or a person opens the mouth and jerks."""


@dataclass(frozen=True)
class Impulse:
    """How the events of a label are seen and heard.

    delay_s: how much later than seen it is heard, from the nearest to the farthest. steady: it goes on in a rhythm
    (typing, walking), so that the rate of a longer sound may be matched where single events can't be seen.
    """

    kind: Kind
    delay_s: tuple[float, float] = (0.0, 0.0)
    steady: bool = False


STRIKE = Impulse("strike")
RHYTHM = Impulse("strike", steady=True)
STEP = Impulse("step", steady=True)
BURST = Impulse("burst")
FLASH = Impulse("flash")
VOICE = Impulse("voice")
# Sound takes 2.9 s for a kilometre. Lightning near enough to be heard as a crack is filmed from some hundred metres
# and more; public fireworks are watched from 60 to 150 m.
THUNDER = Impulse("flash", (1.0, 3.0))
FIREWORK = Impulse("flash", (0.15, 0.4))

# What is never a single event, whatever else its label says: too dense, or nothing of it is seen.
NEVER = (
    "applause;ambience;crowd;rain;machine gun;jackhammer;pneumatic drill;hammer drill;music;loop;hum;buzz;engine;"
    "horn;siren;alarm;ring;ringing;ringtone;creak;squeak;whoosh;whistle;glassware;rolling thunder;drum roll;"
    "thunderstorm;scrape;friction;rub;drag;rattle;rustle;debris;handling;movement;water drop;clapper;clock chime;"
    "reload;machine;fan;blender;trimmer;roller coaster;running water;tap water;sharpen;beat boxing;popcorn;bass drop;"
    "cinematic;ui;user interface"
)

# Kinds in order of trust, each with the words that name it: all words of an entry must be in the label, in any form
# ("chop" finds chopping and chopped). The first line that fits counts.
TABLE: tuple[tuple[Impulse, str], ...] = (
    (THUNDER, "thunder;thunderclap;lightning;lightning strike"),
    (FIREWORK, "firework;firecracker;skyrocket;pyrotechnic"),
    (FLASH, "camera shutter;camera flash;photo flash;flashbulb;flash;paparazzi;electric spark;short circuit"),
    (
        BURST,
        "gunshot;gunfire;shot;shoot;shotgun;rifle;pistol;revolver;musket;gun;cannon;artillery;explosion;explode;blast;"
        "bomb;grenade;detonation;mortar;glass break;glass smash;glass shatter;plate break;window break;shatter;smash;"
        "splash;balloon pop;balloon burst;champagne;cork pop;pop;burst;crash;collision;splat",
    ),
    (
        STEP,
        "footstep;step;walk;run;jog;march;stomp;tread;tap dance;stair;stairs;gallop;trot;canter;hoof;hooves;"
        "skip rope;jump rope",
    ),
    (
        RHYTHM,
        "typing;type;keyboard;typewriter;hammer;chop;knife;knock;table tennis;ping pong;tick;dribble;basketball;"
        "cut vegetable;drum;bongo;conga;djembe;tabla;percussion;xylophone;marimba;castanets;castanet;tambourine;clap",
    ),
    (
        STRIKE,
        "axe;hit;strike;slap;punch;kick;bounce;impact;thud;thump;slam;clink;clang;clank;clash;sword;tennis;baseball;"
        "golf;badminton;volleyball;cricket bat;bowling;billiard;snooker;pool ball;dart;gong;cymbal;anvil;gavel;"
        "mallet;whip;finger snap;snap;stab;body fall;bodyfall;fall;drop;ship bell;hand bell;cowbell;dumbbell;weight;"
        "barbell;door close;door shut;drawer close;switch;click;stamp;stapler;staple;bang;tap;swat;spank;high five;"
        "racket;boxing;karate;arrow;split wood",
    ),
    (VOICE, "bark;woof;yap;cough;sneeze;hiccup"),
)


@lru_cache(maxsize=65_536)
def impulse(label: str) -> Impulse | None:
    """How the events of a label are seen, None for what is no single event.

    `impulse("dog barking").kind` is "voice".
    """
    said = frozenset(form for word in words(label) for form in _forms(word))
    if any(entry <= said for entry in _NEVER):
        return None
    return next((kind for entry, kind in _ENTRIES if entry <= said), None)


def _forms(word: str) -> frozenset[str]:
    """A word as it stands and without its endings: "chopping" also as "chop" and "chopp"."""
    one = singular(word.removesuffix("'s").removesuffix("’s"))
    forms = {word, one}
    for ending in ("ing", "ed", "er"):
        stem = one.removesuffix(ending)
        if stem != one and len(stem) >= 3:
            forms |= {stem, stem + "e"}
            if stem[-1] == stem[-2]:
                forms.add(stem[:-1])
    return frozenset(forms)


def _entries(text: str) -> list[frozenset[str]]:
    return [frozenset(entry.split()) for entry in text.split(";")]


_NEVER = _entries(NEVER)
_ENTRIES = [(entry, kind) for kind, text in TABLE for entry in _entries(text)]
