"""Licences by one name, what they ask, which of them may be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonify.cues import SoundRef
from sonify.errors import SettingsError
from sonify.library.metadata.freesound import read_pack
from sonify.library.rights import policy
from sonify.library.rights.known import Known
from sonify.library.rights.licences import (
    address,
    is_known,
    is_licence_file,
    needs_credit,
    normalise,
    of_folder,
    terms,
)
from sonify.library.scan import scan


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("CC0", "CC0-1.0"),
        ("cc-0", "CC0-1.0"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        ("Creative Commons 0", "CC0-1.0"),
        ("Creative Commons Zero", "CC0-1.0"),
        ("CC0-1.0", "CC0-1.0"),
        ("CC0 (clip); ESC-50 as a whole CC BY-NC 3.0", "CC0-1.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode", "CC-BY-NC-SA-4.0"),
        ("https://creativecommons.org/licenses/sampling+/1.0/", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "LicenseRef-public-domain"),
        ("CC BY", "CC-BY-4.0"),
        ("CC BY 3.0", "CC-BY-3.0"),
        ("cc-by-sa", "CC-BY-SA-4.0"),
        ("CC-BY-NC (clip); ESC-50 as a whole CC BY-NC 3.0", "CC-BY-NC-3.0"),
        ("CC-BY-NC-ND 2.5", "CC-BY-NC-ND-2.5"),
        ("Creative Commons Attribution 4.0", "CC-BY-4.0"),
        ("Creative Commons: Attribution NonCommercial ShareAlike 3.0", "CC-BY-NC-SA-3.0"),
        ("Attribution", "CC-BY-4.0"),
        ("Attribution Noncommercial", "CC-BY-NC-4.0"),
        ("Public Domain", "LicenseRef-public-domain"),
        ("MIT License", "MIT"),
        ("Apache-2.0", "Apache-2.0"),
        ("http://creativecommons.org/licenses/by-nc/3.0/us/", "CC-BY-NC-3.0"),
        ("//creativecommons.org/licences/by-nc-sa/3.0/", "CC-BY-NC-SA-3.0"),
        ("http://creativecommons.org/licenses/nc-sampling+/1.0/", "LicenseRef-CC-NC-Sampling-Plus-1.0"),
        ("https://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("https://creativecommons.org/licenses/by-everything/9.9/", ""),
        ("Sampling+", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("Sampling Plus 1.0", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("NonCommercial Sampling Plus", "LicenseRef-CC-NC-Sampling-Plus-1.0"),
        ("Attribution NonCommercial", "CC-BY-NC-4.0"),
        ("Attribution-NonCommercial-NoDerivatives 4.0 International", "CC-BY-NC-ND-4.0"),
        ("cc-by-nc 3.0", "CC-BY-NC-3.0"),
        ("CC_BY_SA_3.0", "CC-BY-SA-3.0"),
        ("CC-BY-3.0-US", "CC-BY-3.0"),
        ("by", "CC-BY-4.0"),
        ("by-nc 3.0", "CC-BY-NC-3.0"),
        ("pdm", "LicenseRef-public-domain"),
        ("Public Domain Mark 1.0", "LicenseRef-public-domain"),
        ("Public domain dedication (CC0)", "CC0-1.0"),
        ("mit", "MIT"),
        ("gpl-3.0-only", "GPL-3.0-only"),
        ("LICENSEREF-Studio.7", "LicenseRef-Studio.7"),
        ("OGA-BY 3.0", "LicenseRef-OGA-BY-3.0"),
        ("RemArc Licence", "LicenseRef-BBC-RemArc"),
        ("Royalty Free", "LicenseRef-royalty-free"),
        ("royalty-free, single user", "LicenseRef-royalty-free"),
        ("Copyright 2014 Some Library", "LicenseRef-all-rights-reserved"),
        ("© 2009 Jo", "LicenseRef-all-rights-reserved"),
        ("by appointment", ""),
        ("recorded by Jo 4.0", ""),
        ("cc " * 100_000, ""),
        ("no licence in repository (research use only)", ""),
        ("CC-Sampling+ (clip); ESC-50 as a whole CC BY-NC 3.0", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("all rights reserved", "LicenseRef-all-rights-reserved"),
        ("accept by mail", ""),
        ("", ""),
    ],
)
def test_licences(text: str, spdx: str) -> None:
    assert normalise(text) == spdx


@pytest.mark.parametrize("spdx", ["CC0-1.0", "CC-BY-NC-SA-3.0", "MIT", "LicenseRef-royalty-free", "GPL-2.0-or-later"])
def test_an_identifier_stays_itself(spdx: str) -> None:
    assert normalise(spdx) == normalise(spdx.lower()) == normalise(f" {spdx} ") == spdx
    assert is_known(spdx)


CC_BY_4 = """Attribution 4.0 International

=======================================================================

Creative Commons Corporation ("Creative Commons") is not a law firm and does not provide legal services.
[...]
Creative Commons Attribution 4.0 International Public License
[...] The text of the Creative Commons public licenses is dedicated to the public domain under the
CC0 Public Domain Dedication. All rights reserved."""
CC_BY_SA_3 = """Creative Commons Legal Code

Attribution-ShareAlike 3.0 Unported

    CREATIVE COMMONS CORPORATION IS NOT A LAW FIRM AND DOES NOT PROVIDE LEGAL SERVICES. [...]
    "Creative Commons Compatible License" means [...] Attribution 2.0"""
CC_NC_LATE = """CREATIVE COMMONS CORPORATION IS NOT A LAW FIRM [...]
Creative Commons Attribution-NonCommercial 4.0 International Public License [...] CC0"""
FREESOUND = """Sound pack downloaded from Freesound
----------------------------------------

This pack of sounds contains sounds by the following user:
 - someone ( https://freesound.org/people/someone/ )

Licenses in this pack (see below for individual sound licenses)
---------------------------------------------------------------

{licences}

Sounds in this pack
-------------------

  * 78955__someone__aspen-tree.wav
    * url: https://freesound.org/s/78955/
    * license: Attribution
"""
MIXED_PACK = """Pack downloaded from Freesound
----------------------------------------
"Trees"

This Pack of sounds contains sounds by the following users:
 - SomeOne ( https://freesound.org/people/SomeOne/ )
 - li ( https://freesound.org/people/li/ )

You can find this pack online at: https://freesound.org/people/SomeOne/packs/1/

Licenses in this Pack (see below for individual sound licenses)
---------------------------------------------------------------

Attribution: http://creativecommons.org/licenses/by/3.0/
Creative Commons 0: http://creativecommons.org/publicdomain/zero/1.0/

Sounds in this Pack
-------------------

  * 78955__someone__aspen-tree.wav
    * url: https://freesound.org/s/78955/
    * license: Attribution
  * 7__li__oak.wav
    * url: https://freesound.org/s/7/
    * license: Creative Commons 0
  * renamed.wav
"""
BY = "Attribution: https://creativecommons.org/licenses/by/4.0/"
ZERO = "Creative Commons 0: http://creativecommons.org/publicdomain/zero/1.0/"


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        (CC_BY_4, "CC-BY-4.0"),
        (CC_BY_SA_3, "CC-BY-SA-3.0"),
        (CC_NC_LATE, "CC-BY-NC-4.0"),
        (FREESOUND.format(licences=BY), "CC-BY-4.0"),
        (FREESOUND.format(licences=ZERO), "CC0-1.0"),
        (FREESOUND.format(licences=f"{BY}\n{ZERO}"), ""),
        ("All sounds here are CC0.", "CC0-1.0"),
        ("Recorded by Jo. Licensed under CC BY-NC 3.0, ask for more.", "CC-BY-NC-3.0"),
        ("Creative Commons Attribution licence (http://creativecommons.org/licenses/by/3.0/)", "CC-BY-3.0"),
        (
            "This work is licensed under a Creative Commons Attribution-ShareAlike 4.0 International License.",
            "CC-BY-SA-4.0",
        ),
        ("Creative Commons Sampling Plus 1.0 License.", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("The whole is CC BY-NC 3.0, a part of it CC BY 3.0.", ""),
        ("The code is under the Apache License, Version 2.0, the sounds are CC0.", ""),
        ("Permission is hereby granted, free of charge, to any person\nobtaining a copy of this", "MIT"),
        ("I release these into the public domain.", "LicenseRef-public-domain"),
        ("These recordings are not in the public domain.", ""),
        ("© Jo 2011. All rights reserved.", "LicenseRef-all-rights-reserved"),
        ("Royalty free. All rights reserved.", ""),
        (
            "Licensed under the [Creative Commons Attribution-NonCommercial 4.0 (CC BY-NC 4.0) License](x.md)",
            "CC-BY-NC-4.0",
        ),
        ("Creative Commons License Deed\nAttribution 3.0 Unported (CC BY 3.0)", "CC-BY-3.0"),
        (
            "[CC0 1.0 Universal Public Domain Dedication](http://creativecommons.org/publicdomain/zero/1.0/)",
            "CC0-1.0",
        ),
        ("SPDX-License-Identifier: CC-BY-4.0", "CC-BY-4.0"),
        ("Licensed under CC-BY 3.0 or CC-BY-SA 3.0", ""),
        ("Have fun!", ""),
        ("", ""),
    ],
)
def test_licence_files(text: str, spdx: str) -> None:
    assert of_folder(text) == spdx


def test_a_large_hostile_text_is_read_quickly() -> None:
    for part in ("creative commons ", "attribution ", "cc by ", "neither the name ", "share alike non commercial "):
        assert of_folder(part * 400_000) in ("", "CC-BY-4.0", "CC-BY-NC-SA-4.0")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("LICENSE", True),
        ("licence.txt", True),
        ("License - Sounds.md", True),
        ("LICENSE-CC-BY.txt", True),
        ("UNLICENSE", True),
        ("COPYING", True),
        ("_readme_and_license.txt", True),
        ("license_plate.wav", False),
        ("LICENSE.pdf", False),
        ("licensed.txt", False),
        ("readme.txt", False),
    ],
)
def test_names_of_licence_files(name: str, is_one: bool) -> None:
    assert is_licence_file(name) == is_one


@pytest.mark.parametrize(
    ("spdx", "credit", "known"),
    [
        ("CC0-1.0", False, True),
        ("LicenseRef-public-domain", False, True),
        ("CC-BY-3.0", True, True),
        ("CC-BY-NC-SA-4.0", True, True),
        ("LicenseRef-CC-Sampling-Plus-1.0", True, True),
        ("LicenseRef-royalty-free", False, True),
        ("LicenseRef-all-rights-reserved", True, False),
        ("MIT", True, True),
        ("", True, False),
        ("ask Jo", True, False),
    ],
)
def test_what_a_licence_asks(spdx: str, credit: bool, known: bool) -> None:
    assert needs_credit(spdx) == credit
    assert terms(spdx).known == known


def test_parts_of_creative_commons() -> None:
    asked = terms("CC-BY-NC-ND-4.0")
    assert asked.non_commercial and asked.no_adaptation and not asked.share_alike
    assert terms("CC-BY-SA-3.0").share_alike
    assert terms("LicenseRef-CC-NC-Sampling-Plus-1.0").non_commercial


def test_addresses_lead_back_to_their_licence() -> None:
    for spdx in ("CC0-1.0", "CC-BY-3.0", "CC-BY-NC-SA-4.0", "LicenseRef-CC-Sampling-Plus-1.0"):
        assert normalise(address(spdx)) == spdx
    assert address("MIT") == "https://spdx.org/licenses/MIT.html"
    assert address("LicenseRef-royalty-free") == address("ask Jo") == address("") == ""


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("cc0", "CC0-1.0", "CC-BY-4.0"),
        ("CC0, cc-by", "CC-BY-3.0", "CC-BY-NC-3.0"),
        ("cc-by", "CC-BY-4.0", "CC-BY-SA-4.0"),
        ("cc-by", "CC-BY-4.0", "CC0-1.0"),
        ("CC BY", "CC-BY-2.5", "CC-BY-ND-2.5"),
        ("by-nc", "CC-BY-NC-4.0", "CC-BY-4.0"),
        ("public domain", "LicenseRef-public-domain", "CC0-1.0"),
        ("pd", "CC-PDDC", "CC0-1.0"),
        ("CC-BY-4.0", "CC-BY-4.0", "CC-BY-3.0"),
        ("mit", "MIT", "Apache-2.0"),
        ("royalty-free", "LicenseRef-royalty-free", "LicenseRef-all-rights-reserved"),
        ("LicenseRef-Studio", "LicenseRef-Studio", "LicenseRef-Studio-2"),
    ],
)
def test_a_policy_allows_what_it_names(text: str, allowed: str, refused: str) -> None:
    allowance = policy.parse(text)
    assert allowance and allowance.allows(allowed) and not allowance.allows(refused)
    assert not allowance.allows("") and not allowance.allows("ask Jo")
    assert policy.parse(str(allowance)) == allowance


def test_no_policy_allows_everything() -> None:
    for text in ("", " , ", (), "any", " Any"):
        anything = policy.parse(text)
        assert not anything and anything.allows("") and anything.allows("CC-BY-NC-4.0") and str(anything) == ""


def test_terms_as_a_list() -> None:
    assert policy.parse(["cc-by", "cc0", "cc by"]) == policy.Policy(("cc-by", "cc0"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ccby", "did you mean cc-by"),
        ("cc-by-ncsa", "did you mean cc-by-nc-sa"),
        ("cc0,anything", "there is no licence 'anything'"),
        ("cc", "there is no licence 'cc'"),
        ("any,cc0", "there is no licence 'any'"),
        ("ask Jo", "there is no licence 'ask Jo'"),
    ],
)
def test_an_unknown_term_is_named_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        policy.parse(text)


def test_a_freesound_pack_says_it_of_each_sound() -> None:
    by, zero = "http://creativecommons.org/licenses/by/3.0/", "http://creativecommons.org/publicdomain/zero/1.0/"
    aspen = {"file": "78955__someone__aspen-tree.wav", "author": "SomeOne"}
    assert list(read_pack(MIXED_PACK)) == [
        aspen | {"source_url": "https://freesound.org/s/78955/", "licence": by},
        {"file": "7__li__oak.wav", "author": "li", "source_url": "https://freesound.org/s/7/", "licence": zero},
        {"file": "renamed.wav", "author": ""},
    ]
    (one,) = read_pack(FREESOUND.format(licences=BY))
    assert one["author"] == "someone" and normalise(one["licence"]) == "CC-BY-4.0"
    assert list(read_pack("  * a.wav\n    * license: Attribution")) == []


def test_a_scan_reads_the_text_of_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "packs" / "trees"
    folder.mkdir(parents=True)
    for name in ("78955__someone__aspen-tree.wav", "7__li__oak.wav", "renamed.wav"):
        soundfile.write(folder / name, np.full(4800, 0.1), 48_000)
    (folder / "_readme_and_license.txt").write_text(MIXED_PACK)
    found = {sound.path.split("/")[-1]: sound for sound in scan([tmp_path / "packs"]).sounds}
    aspen, oak = found["78955__someone__aspen-tree.wav"], found["7__li__oak.wav"]
    assert (aspen.licence, aspen.author) == ("CC-BY-3.0", "SomeOne")
    assert (oak.licence, oak.source_url) == ("CC0-1.0", "https://freesound.org/s/7/")
    assert found["renamed.wav"].licence == "", "the pack has two licences, and says not which"
    known = Known({"packs": tmp_path / "packs"})
    for sound in found.values():
        record = known(SoundRef("packs", sound.path))
        assert record and (record.licence, record.author, record.source_url) == (
            sound.licence,
            sound.author,
            sound.source_url,
        )
