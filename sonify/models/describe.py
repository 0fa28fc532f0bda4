"""What there is to say of a model without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sonify.models import hub, registry
from sonify.models.cache import weights_hash
from sonify.models.checkpoints import Blueprint, check_model_config, check_weights, read_calibration, read_config
from sonify.models.registry import ModelEntry


def describe(name: str) -> dict[str, Any]:
    """Facts of the model that `name` means, in an order to read them in.

    For one on this machine: its file, its size, the hash of its weights, image size and dimensions; otherwise what
    the registry knows, and the command that gets it. Raises ModelError for an unknown name or damaged weights.
    """
    hears = {entry.name: entry for entry in registry.AUDIO_ENTRIES}.get(name)
    if hears:
        return _of_one_that_hears(hears)
    try:
        blueprint = registry.resolve(name)
    except registry.NotHereError as error:
        return {**_of_entry(error.entry), "present": False, "get_it_with": f"sonify models pull {error.entry.name}"}
    known = {entry.name: entry for entry in registry.ENTRIES}.get(blueprint.name)
    facts = _of_entry(known) if known else {"name": blueprint.name}
    return {**facts, "present": True, **_of_files(blueprint)}


def _of_one_that_hears(entry: ModelEntry) -> dict[str, Any]:
    facts = {**_of_entry(entry), "present": registry.is_present(entry)}
    if not facts["present"]:
        return {**facts, "get_it_with": f"sonify models pull {entry.name}"}
    file = hub.cached_weights(entry.repo, entry.filename)
    assert file is not None
    return {**facts, "file": str(file), "size_bytes": file.stat().st_size, "weights": weights_hash(file)}


def _of_entry(entry: ModelEntry) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": entry.name}
    for key, value in (("what", entry.note), ("licence", entry.licence), ("repository", entry.repo)):
        if value:
            facts[key] = value
    if entry.size_bytes:
        facts["size_bytes"] = entry.size_bytes
    return facts


def _of_files(blueprint: Blueprint) -> dict[str, Any]:
    check_weights(blueprint.weights)
    config = _config(blueprint)
    vision = config["vision_cfg"]
    facts: dict[str, Any] = {
        "file": str(blueprint.weights),
        "size_bytes": Path(blueprint.weights).stat().st_size,
        "weights": weights_hash(blueprint.weights),
        "architecture": blueprint.architecture or vision.get("timm_model_name") or "its own configuration",
        "image_size_px": vision.get("image_size", 224),
        "dimensions": config["embed_dim"],
    }
    if blueprint.folder:
        calibration = read_calibration(blueprint.folder)
        facts["calibration"] = f"scale {calibration.scale:g}, bias {calibration.bias:g}"
    return facts


def _config(blueprint: Blueprint) -> dict[str, Any]:
    if blueprint.folder:
        found: dict[str, Any] = read_config(blueprint.folder)["model_cfg"]
        return found
    import open_clip

    found = open_clip.get_model_config(blueprint.architecture)
    check_model_config(found, blueprint.architecture)
    return found
