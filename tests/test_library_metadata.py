"""What a sound is, from sidecars, UCS names, folders and free names."""

from __future__ import annotations

import csv
import json
from pathlib import Path, PurePosixPath

import pytest

from sonify.library.labels import ucs
from sonify.library.labels.names import clean
from sonify.library.labels.phrases import look
from sonify.library.metadata.describe import Described, Sidecars
from sonify.library.metadata.describe import describe as described
from sonify.library.metadata.sidecar import read_sidecar
from sonify.library.records import SoundLabel


def describe(folder: Path, path: str) -> Described:
    return described(path, told=Sidecars(folder).told(path))


FREE_NAMES = {
    "dog_bark_05.wav": "dog bark",
    "DogBark03.wav": "dog bark",
    "dog-bark-5.ogg": "dog bark",
    "DOG BARK 12.WAV": "dog bark",
    "SmallDogBarking_02_mono.wav": "small dog barking",
    "12345__john_doe__heavy-rain-on-tin-roof.wav": "heavy rain on tin roof",
    "freesound_community-church-bells-6012.mp3": "church bells",
    "zapsplat_animals_cow_moo_close_001_12345.mp3": "animals cow moo",
    "Car Horn (1).mp3": "car horn",
    "carHorn2.wav": "car horn",
    "1-100032-A-0.wav": "",
    "4-161099-A-47.ogg": "",
    "Footsteps_Gravel_Walk_Slow_Take3.wav": "footsteps gravel walk",
    "FS_wood_door_slam_01_XY.wav": "wood door slam",
    "SFX_GlassBreak_Heavy_L.wav": "glass break",
    "thunder clap 44100Hz 16bit.aif": "thunder clap",
    "RAIN HEAVY 96kHz 24bit stereo.flac": "rain",
    "wind-howling-through-trees-loop.ogg": "wind howling through trees",
    "Amb_Forest_Birds_Morning_01.wav": "forest birds morning",
    "helicopter-10.ogg": "helicopter",
    "HELICOPTER_FLYBY_ST_02.wav": "helicopter flyby",
    "keyboard-mac.ogg": "keyboard mac",
    "Police Siren Wail 02.wav": "police siren wail",
    "phone-ring.wav": "phone ring",
    "gunshot_9mm_pistol_03.wav": "gunshot pistol",
    "explosion-medium-01.wav": "explosion",
    "sea waves on beach (loop).flac": "sea waves on beach",
    "crackling-fire-1.wav": "crackling fire",
    "cat_meow!!.wav": "cat meow",
    "baby crying 02 edit.wav": "baby crying",
    "ROOSTER CROWING.wav": "rooster crowing",
    "cow1.wav": "cow",
    "horse_gallop_fast.wav": "horse gallop",
    "frogs-pond-night.wav": "frogs pond night",
    "bees_swarm_03.wav": "bees swarm",
    "lawnmower_loop_02.wav": "lawnmower",
    "toilet_flush_03.wav": "toilet flush",
    "water-drip-cave.wav": "water drip cave",
    "river_stream_close_ORTF_96k.wav": "river stream",
    "waterfall_big_02.wav": "waterfall",
    "laughing woman 2.wav": "laughing woman",
    "CameraShutter_Canon5D.wav": "camera shutter canon",
    "clock_ticking.wav": "clock ticking",
    "WHOOSH_FAST_07.wav": "whoosh",
    "UI_Click_03.wav": "ui click",
    "basketball_dribble_gym.wav": "basketball dribble gym",
    "guitar_strum_Am.wav": "guitar strum",
    "piano C4.wav": "piano",
    "drumkit_fill_120bpm.wav": "drumkit fill",
    "airplane takeoff.wav": "airplane takeoff",
    "bicycle bell.wav": "bicycle bell",
    "truck_reverse_beep.wav": "truck reverse beep",
    "sword_clash_01.wav": "sword clash",
    "frying pan sizzle.wav": "frying pan sizzle",
    "pouring water into glass.wav": "pouring water into glass",
    "beer can open.wav": "beer can open",
    "door knock x3.wav": "door knock",
    "old wooden door creak.wav": "old wooden door creak",
    "DR0000_0123.wav": "",
    "ZOOM0001.WAV": "",
    "VOC_220501-1423.wav": "",
    "track 01.mp3": "",
    "Untitled.wav": "",
    "a3f9c2e1b7.wav": "",
    "baker's oven.wav": "baker's oven",
    "собака лает.wav": "собака лает",
    "ambiance_café.wav": "café",
    "one two three four five six seven eight.wav": "one two three four five six",
}


@pytest.mark.parametrize(("name", "label"), FREE_NAMES.items())
def test_free_names(name: str, label: str) -> None:
    assert clean(PurePosixPath(name).stem) == label


UCS_NAMES = {
    "ANMLDog_Small Terrier Bark Angry_JSmith_SFXKit": ("dog", "effect", "a dog"),
    "ANMLDog_Growl Mean_JSmith_SFXKit": ("dog growl", "effect", "an angry dog"),
    "ANMLCat_Miaow Begging 03_ABC_House": ("cat", "effect", "a cat"),
    "AMBForst_Birds Morning_JS_Woods": ("forest", "ambience", "a forest"),
    "AMBUrbn-EXT_Night Traffic Hum_JS_NYC_MKH8040": ("city", "ambience", "a city street"),
    "RAINMetl_Heavy On Tin Roof_XY_Storms": ("rain on metal", "ambience", "rain falling"),
    "WIND_Howl_JS_Alps": ("wind", "ambience", "trees in the wind"),
    "THUN_Close Crack_JS_Storm": ("thunder", "effect", "lightning"),
    "WATRFall_Big_JS_Iceland": ("waterfall", "effect", "a waterfall"),
    "DOORWood_Slam Old Oak_JS_House": ("wooden door", "effect", "a door"),
    "DOORKnck_Three Knocks_JS_House": ("door knock", "effect", "a person knocking on a door"),
    "VEHCar_Audi A4-Pass By Fast_JS_Cars": ("car", "effect", "a car"),
    "VEHMoto_Honda Idle_JS_Bikes": ("motorcycle", "effect", "a motorcycle"),
    "AEROHeli_Rescue Land_JS_Air": ("helicopter", "effect", "a helicopter"),
    "TRNSteam_Depart_JS_Rail": ("steam train", "effect", "a steam train"),
    "BELLLrg_Sunday Toll_JS_Towns": ("church bell", "effect", "a church tower"),
    "GLASBrk_Bottle_JS_Breaks": ("glass breaking", "effect", "broken glass"),
    "GUNPis_9mm Single_JS_Guns": ("pistol", "effect", "a gun"),
    "FRWKComr_Finale_JS_NewYear": ("fireworks", "effect", "fireworks"),
    "CRWDApls_Theatre Big_JS_Show": ("applause", "effect", "applause"),
    "FEETHmn_Boots Gravel Walk_JS_Foley": ("footsteps", "effect", "a person walking"),
    "CMPTKey_Typing Fast_JS_Office": ("computer keyboard", "effect", "a laptop"),
    "COMTelph_Rotary Ring_JS_Retro": ("telephone", "effect", "a telephone"),
    "MUSCPluck_Harp Gliss_JS_Orch": ("harp", "music", "a harp"),
    "BIRDSea_Herring Gull Calls_JS_Coast": ("seabird", "effect", "a seagull"),
    "WHSH_Fast Airy_JS_Design": ("whoosh", "effect", None),
    "DSGNRise_Long Tension_JS_Trailer": ("riser", "effect", None),
    "UIClick_Soft_JS_App": ("ui click", "effect", None),
    "AMBMisc_Something_JS_X": ("ambience", "ambience", None),
    "RAINConc_Pluie d ete sur terrasse (ID 1019)_LS": ("rain on concrete", "ambience", "rain falling"),
    "AMBForst_conif forest morning birds croak_QP11": ("forest", "ambience", "a forest"),
    "DOORMetl_Woodstove, Door, Iron, Close_UD_WS": ("metal door", "effect", "a door"),
    "ANMLWild_Elephant Trumpet_JS_Zoo": ("elephant", "effect", "an elephant"),
}


@pytest.mark.parametrize("stem", UCS_NAMES)
def test_ucs_names(tmp_path: Path, stem: str) -> None:
    label, kind, phrase = UCS_NAMES[stem]
    meaning = describe(tmp_path, f"any folder/{stem}.wav")
    assert (meaning.label, meaning.kind) == (label, kind)
    assert meaning.phrases == () if phrase is None else phrase in meaning.phrases
    assert meaning.author == stem.split("_")[2]


def test_names_that_only_look_like_ucs(tmp_path: Path) -> None:
    assert ucs.parse("RAIN") is None
    assert ucs.parse("Dog_Bark_01") is None
    assert ucs.parse("anmldog_Bark_A_B") is None
    assert describe(tmp_path, "RAIN.wav").label == "rain"


def test_all_ucs_categories(shared: Path) -> None:
    given = json.loads((shared / "media" / "labels" / "ucs_v8.2.1_en.json").read_text("utf-8"))
    assert list(ucs.categories()) == [entry["CatID"] for entry in given]
    for entry in given:
        category = ucs.categories()[entry["CatID"]]
        assert (category.kind == "ambience") == (entry["Category"] == "AMBIENCE" or entry["CatID"] == "WINDDsgn")
        if entry["Category"] in ("SWOOSHES", "USER INTERFACE", "DESIGNED", "CARTOON", "LASERS"):
            assert category.blind, entry


def test_categories_without_a_mark_have_something_to_see() -> None:
    seen = {catid: look(category.label) for catid, category in ucs.categories().items() if not category.blind}
    assert len(seen) > 500
    wrong = [catid for catid, found in seen.items() if not (found.phrases and found.key)]
    # A few material noises have a label, but nothing to look for.
    allowed = ("PLAS", "RUBR", "OBJFash", "VOXAlien")
    assert [catid for catid in wrong if not catid.startswith(allowed)] == []


FOLDERS = {
    "dog bark/take1.wav": ("dog bark", "effect"),
    "Animals/Dogs/Rex angry 03.wav": ("dogs", "effect"),
    "Animals/Dogs/dog_growl_03.wav": ("dog growl", "effect"),
    "esc50/airplane/4-161099-A-47.ogg": ("airplane", "effect"),
    "ambience/boat.ogg": ("boat", "ambience"),
    "Room Tones/Kitchen fridge 2.wav": ("kitchen fridge", "ambience"),
    "SFX/rain.wav": ("rain", "effect"),
    "amb_harbour_gulls.wav": ("harbour gulls", "ambience"),
    "0001/0002.wav": ("unnamed", "effect"),
    "sfx_weapon_pistol_shot_03.wav": ("weapon pistol shot", "effect"),
    "amb_cave_drip_loop.wav": ("cave drip", "ambience"),
    "180335__jo__snoring-3.wav": ("snoring", "effect"),
    "Forest Wind, Windy, Strong, Leaves, Real, Canada, LOOP.mp3": (
        "forest wind windy strong leaves real",
        "ambience",
    ),
    "sounds/000123.wav": ("unnamed", "effect"),
    "gizmo/0002.wav": ("gizmo", "effect"),
}


@pytest.mark.parametrize("path", FOLDERS)
def test_folders_and_file_names(tmp_path: Path, path: str) -> None:
    meaning = describe(tmp_path, path)
    assert (meaning.label, meaning.kind) == FOLDERS[path]


def test_a_sound_without_a_name_is_never_looked_for(tmp_path: Path) -> None:
    assert describe(tmp_path, "0001.wav") == Described((SoundLabel("unnamed", "name", 0.0),), (), "effect")


def table(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def test_a_sidecar_is_believed(tmp_path: Path) -> None:
    table(
        tmp_path,
        "file,label,kind,phrases,licence,author,description,source_url\n"
        'a/0001.wav,Wet Dog!,ambience,"a wet dog; a dog in the rain",CC BY 4.0,Jo,,https://example.org\n',
    )
    found = describe(tmp_path, "a/0001.wav")
    assert (found.label, found.kind, found.labels[0].source) == ("wet dog", "ambience", "sidecar")
    assert found.phrases == ("a wet dog", "a dog in the rain")
    assert (found.licence, found.author, found.source_url) == ("CC-BY-4.0", "Jo", "https://example.org")


def test_what_a_sidecar_leaves_open_comes_from_elsewhere(tmp_path: Path) -> None:
    table(tmp_path, "author,file\nJo,dog_bark_05.wav\n")
    found = describe(tmp_path, "dog_bark_05.wav")
    assert (found.label, found.kind, found.author) == ("dog bark", "effect", "Jo")
    assert found.phrases == ("a dog", "a dog barking")
    table(tmp_path, "file,description\n0001.wav,The old church bells of Ulm\n")
    assert describe(tmp_path, "0001.wav").label == "church bell"
    table(tmp_path, "file,label\nANMLDog_Bark_JS_Kit.wav,cat\n")
    meaning = describe(tmp_path, "ANMLDog_Bark_JS_Kit.wav")
    assert (meaning.label, meaning.phrases, meaning.author) == ("cat", ("a cat",), "JS")


def test_nothing_to_see_can_be_said(tmp_path: Path) -> None:
    table(tmp_path, "file,label,phrases\na.wav,dog,-\nb.wav,dog,\n")
    assert describe(tmp_path, "a.wav").phrases == ()
    assert describe(tmp_path, "b.wav").phrases == ("a dog", "a dog barking")


def test_the_nearer_sidecar_and_labels_csv_win(tmp_path: Path) -> None:
    table(tmp_path, "file,label,author\na/x.wav,far,Far\n")
    table(tmp_path, "file,licence\na/x.wav,CC0\n", "manifest.csv")
    table(tmp_path / "a", "file,label\nx.wav,near\n")
    table(tmp_path / "a", "file,label,kind\nx.wav,nearly,ambience\n", "manifest.csv")
    meaning = describe(tmp_path, "a/x.wav")
    assert (meaning.label, meaning.kind, meaning.author, meaning.licence) == ("near", "ambience", "Far", "CC0-1.0")


@pytest.mark.parametrize(
    "text",
    [
        "\ufefffile,label\nx.wav,wet dog\n",
        "FILE , Label\r\nx.wav,wet dog\r\n",
        "file;label\nx.wav;wet dog\n",
        "file\tlabel\nx.wav\twet dog\n",
        "label,nonsense,filename\nwet dog,1,./x.wav\n",
        "file,label\n.\\x.wav,wet dog\nx.wav,later\n",
        "file,label\n\n\nx.wav,wet dog",
        "file,label\nmissing.wav,cat\nx.wav,wet dog,too,many,cells\n",
        "file,label\nx.wav,wet dog\n".encode("utf-16"),
        "file,label,author\nx.wav,wet dog,Jörg\n".encode("latin-1"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, text: str | bytes) -> None:
    table(tmp_path, text)
    tables = Sidecars(tmp_path)
    assert tables.told("x.wav")["label"] == "wet dog"
    assert tables.problems == []


@pytest.mark.parametrize(
    "path", ["../out.wav", "a/../../out.wav", "/etc/out.wav", "C:\\out.wav", "..\\out.wav", ".."]
)
def test_a_sidecar_says_nothing_about_files_elsewhere(tmp_path: Path, path: str) -> None:
    file = table(tmp_path, f"file,label\n{path},dog\nin.wav,cat\n")
    found = read_sidecar(file, "")
    assert set(found.rows) == {"in.wav"}
    assert "line 2" in found.problems[0] and "not inside" in found.problems[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "no column 'file'"),
        (b"name,label\nx.wav,dog\n", "no column 'file'"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "no column 'file'"),
        (b"file,label\nx.wav," + b"a" * 200_000 + b"\n", "field larger than"),
    ],
)
def test_a_useless_sidecar_is_named(tmp_path: Path, text: bytes, problem: str) -> None:
    file = table(tmp_path, text)
    tables = Sidecars(tmp_path)
    assert described("cow.wav", told=tables.told("cow.wav")).label == "cow"
    assert problem in tables.problems[0]
    assert str(file) in tables.problems[0]


def test_a_sidecar_that_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    secret = table(tmp_path / "secret", "file,label\ncow.wav,password\n", "real.csv")
    (tmp_path / "sfx").mkdir()
    try:
        (tmp_path / "sfx" / "labels.csv").symlink_to(secret)
    except OSError:
        pytest.skip("no links on this system")
    assert describe(tmp_path / "sfx", "cow.wav").label == "cow"


def test_long_cells_are_cut(tmp_path: Path) -> None:
    phrases = ";".join(f"phrase {index} " + "x" * 300 for index in range(50))
    table(tmp_path, f"file,label,phrases,author\nx.wav,{'very ' * 100}long,{phrases},{'J' * 1000}\n")
    meaning = describe(tmp_path, "x.wav")
    assert len(meaning.label) <= 80
    assert 1 <= len(meaning.phrases) <= 12
    assert max(map(len, meaning.phrases)) <= 120
    assert len(meaning.author) <= 200


def test_unknown_licences_stay_as_they_are_written(tmp_path: Path) -> None:
    table(tmp_path, "file,licence\nx.wav,ask  Jo\n")
    assert describe(tmp_path, "x.wav").licence == "ask Jo"


def test_accents_composed_or_not_are_the_same_file(tmp_path: Path) -> None:
    table(tmp_path, "file,label\ncafe\u0301.wav,espresso\n")
    assert describe(tmp_path, "caf\u00e9.wav").label == "espresso"
    assert describe(tmp_path, "cafe\u0301.wav").label == "espresso"


def test_data_files_are_tidy(root: Path) -> None:
    for name, columns in (("phrases.csv", 3), ("ucs.csv", 7)):
        with (root / "sonify" / "library" / "labels" / name).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        assert {len(row) for row in rows} == {columns}
        assert all(cell == cell.strip() for row in rows for cell in row)
