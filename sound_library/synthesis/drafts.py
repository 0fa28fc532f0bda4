"""Sounds that an independent listener does not hear as meant yet: made with `--only`, not part of the library."""

from __future__ import annotations

DRAFTS: frozenset[str] = frozenset(
    """
    accordion arrow_1 arrow_2 ball_kick_1 ball_kick_2 ball_kick_3 banjo bath_filling billiards blender bowling
    camera_shutter_1 camera_shutter_2 camera_shutter_3 cat_purring chainsaw children_playing church_interior
    cow_mooing crow_cawing didgeridoo doorbell eagle eating electric_fan electric_guitar elephant factory
    firework_rocket frying goose hair_dryer horse_neighing ice_skating kettle lawn_mower lion_roaring
    mouse_click_1 mouse_click_2 owl pig_grunting pigeon playground pouring printer punch_1 punch_2 punch_3
    racing_car rain_on_roof ratchet refrigerator restaurant rockfall roller_skating rooster saxophone scissors
    seagull sewing_machine shaker sheep_bleating_1 sheep_bleating_2 shower snoring stapler steam_train
    subway_station sweeping tennis_1 tennis_2 tennis_3 tractor train_horn tuba turkey tyres washing_machine
    water_drops wind_chimes xylophone
    """.split()
)
