"""Region sets by purpose, from the list of gemeenten per care office.

Only the care office (zorgkantoor) regions are published. No public list exists of
RESV, of GP out-of-hours organizations or of night care by gemeente; a first division
is assumed here, says so in its ``source``, and an editor can change it.
"""

import re

from wijkspil.directory.importing.scope import slug
from wijkspil.directory.importing.staging import StagedArea
from wijkspil.directory.types import RegionPurpose

#: Regions whose source begins so are kept by the import.
SOURCE_PREFIX = "Zorginstituut/Vektis"

_BASE = f"{SOURCE_PREFIX}, AWBZ-regiotabel (gemeente_regios_2022.csv)"
_SOURCES = {
    RegionPurpose.ZORGKANTOOR: _BASE,
    RegionPurpose.RESV: f"{_BASE}; aanname: één RESV per zorgkantoorregio",
    RegionPurpose.GP_OUT_OF_HOURS: f"{_BASE}; aanname: spoedzorgregio = COROP-gebied",
    RegionPurpose.NIGHT_CARE: f"{_BASE}; aanname: nachtzorgregio = veiligheidsregio",
}

#: Safety regions by their official number (Wet veiligheidsregio's, bijlage).
SAFETY_REGIONS = {
    "VR01": "Groningen",
    "VR02": "Fryslân",
    "VR03": "Drenthe",
    "VR04": "IJsselland",
    "VR05": "Twente",
    "VR06": "Noord- en Oost-Gelderland",
    "VR07": "Gelderland-Midden",
    "VR08": "Gelderland-Zuid",
    "VR09": "Utrecht",
    "VR10": "Noord-Holland-Noord",
    "VR11": "Zaanstreek-Waterland",
    "VR12": "Kennemerland",
    "VR13": "Amsterdam-Amstelland",
    "VR14": "Gooi en Vechtstreek",
    "VR15": "Haaglanden",
    "VR16": "Hollands Midden",
    "VR17": "Rotterdam-Rijnmond",
    "VR18": "Zuid-Holland-Zuid",
    "VR19": "Zeeland",
    "VR20": "Midden- en West-Brabant",
    "VR21": "Brabant-Noord",
    "VR22": "Brabant-Zuidoost",
    "VR23": "Limburg-Noord",
    "VR24": "Zuid-Limburg",
    "VR25": "Flevoland",
}


def region_areas(
    *, zorgkantoor: str, corop: str, vr_code: str, year: int
) -> list[StagedArea]:
    """Return the four regions of a gemeente, one for each purpose."""
    office = readable_name(zorgkantoor)
    night = SAFETY_REGIONS[vr_code]
    names = {
        RegionPurpose.ZORGKANTOOR: (slug(zorgkantoor), office),
        RegionPurpose.RESV: (slug(zorgkantoor), f"RESV {office}"),
        RegionPurpose.GP_OUT_OF_HOURS: (slug(corop), f"Huisartsenspoedzorg {corop}"),
        RegionPurpose.NIGHT_CARE: (vr_code.lower(), f"Nachtzorg {night}"),
    }
    return [
        StagedArea(
            kind="region",
            code=code,
            year=year,
            name=name,
            source=_SOURCES[purpose],
            purpose=purpose.value,
        )
        for purpose, (code, name) in names.items()
    ]


def readable_name(name: str) -> str:
    """Write a name in capitals as people do: ``MIDDEN-IJSSEL`` is Midden-IJssel."""
    words = re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), name)
    words = re.sub(r"\bIj", "IJ", words)
    for published, written in (("'T ", "'t "), (" En De ", " en de ")):
        words = words.replace(published, written)
    return words.replace(" E.O.", " e.o.")
