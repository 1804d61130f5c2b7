"""Self-made open data in the publishers' formats: a country of a few gemeenten."""

import gzip
from pathlib import Path

AGE_COLUMNS = (*(f"{low}_{low + 4}" for low in range(0, 95, 5)), "95plus")
_USE = (
    "Gemeente,Zvw - Wijkverpleging - Zorggebruikers [aantal] [2015],"
    "Zvw - Wijkverpleging - Kosten totaal [euro] [2015]"
)
_CAPACITY = (
    "Categorie1;Variabele;raming_2022;raming_2025\n"
    "Jaar;basisjaar;2022;2025\n"
    "Zorgaanbod;aanbod_personen;13492;14347\n"
    "Zorgaanbod;fte_totaal_basis;0,7568;0,7506\n"
    "Zorgvraag;onv_vraag_laag;0,07;0,05\n"
    "Zorgvraag;onv_vraag_midden;0,08;0,06\n"
    "Zorgvraag;onv_vraag_hoog;0,09;0,06\n"
)


def people_of_age(age: int) -> int:
    """Return people of a sex in a band that starts at an age; older are fewer."""
    return 200 if age < 60 else max(5, 200 - 5 * (age - 60))


def write_open_data(folder: Path, *, gemeenten: int = 3) -> Path:
    """Write the files of a country of gemeenten with two postcodes each; return it.

    Gemeente n is ``GM900n`` with postcodes ``9n10`` and ``9n20`` (n from 1); odd ones
    lie in zorgkantoor WESTLAND, even ones in OOSTLAND. In ``GM9001`` most care is
    used, and people's health is worst in its first wijk.
    """
    numbers = range(1, gemeenten + 1)
    _write(
        folder / "regions/gemeente_regios_2022.csv",
        "code,gemeente,provincie,corop,ggdregio,zorgkantoor,rechtspersoon,vr_code",
        (
            f"GM{9000 + n},Stad {n},Nergens,Nergens-{n % 2},GGD Nergens,"
            f"{'WESTLAND' if n % 2 else 'OOSTLAND'},Geen,VR19"
            for n in numbers
        ),
    )
    postcodes = [(n, k) for n in numbers for k in (1, 2)]
    _write(
        folder / "pc4/pc4_2021.csv",
        "pc4,inwoners,plaats,gemeente,lon,lat,opp_km2",
        (
            *(
                f"{_pc4(n, k)},6000.0,Plaats {n},Stad {n},"
                f"{5 + 0.05 * n:.2f},{52 + 0.05 * k:.2f},4.0"
                for n, k in postcodes
            ),
            "9999,,,,,,",
        ),
    )
    bands = ",".join(f"{sex}_{column}" for sex in "mv" for column in AGE_COLUMNS)
    counts = ",".join(f"{people_of_age(age)}" for age in range(0, 100, 5))
    _write(
        folder / "pc4/pc4_leeftijd_geslacht_2021.csv",
        f"pc4,{bands}",
        (
            *(f"{_pc4(n, k)},{counts},{counts}" for n, k in postcodes),
            f"9999{',' * 40}",
        ),
    )
    _write(
        folder / "pc4/pc4_wijk_overlay_2020_2022.csv",
        "pc4,wk_code_2022,aandeel_van_pc4,aandeel_van_wijk,gm_code",
        (f"{_pc4(n, k)},{_wijk(n, k)},1.0,1.0,GM{9000 + n}" for n, k in postcodes),
    )
    _write(
        folder / "cbs_areas/wijken_2022.csv",
        "code,name,gm_code,area,population,pop_0_14,pop_15_24,pop_25_44,pop_45_64,"
        "pop_65plus,income_low,lon,lat",
        (
            f"{_wijk(n, k)},Wijk {n}{k},GM{9000 + n},4.0,7000,15.0,12.0,25.0,28.0,"
            f"20.0,{30 + n}.5,{5 + 0.05 * n:.2f},{52 + 0.05 * k:.2f}"
            for n, k in postcodes
        ),
    )
    _write(
        folder / "providers/huisartsenpraktijken_locaties_2026.csv",
        "id,soort,pc6,pc4,plaats,gemeente,provincie,lat,lon,coord",
        (
            *(
                f"HAP{n:04d}{k},praktijk,{_pc4(n, k)}AA,{_pc4(n, k)},Plaats {n},"
                f"Stad {n},Nergens,{52 + 0.05 * k:.2f},{5 + 0.05 * n:.2f},pc4"
                for n, k in postcodes
            ),
            "HAPPOST,mogelijk_huisartsenpost,9110AB,9110,Plaats 1,Stad 1,Nergens,"
            "52.05,5.10,pc4",
        ),
    )
    _write(
        folder / "zorgkosten/cbs_kosten_gebruik_zorg_naar_wet_gemeente_2014_2015.csv",
        _USE,
        (
            *(
                f"Stad {n},{_users(n):.0f},{6000 * _users(n):.0f}" for n in numbers
            ),
            "Verdeelde Gemeente,40,200000",
        ),
    )  # fmt: skip
    _write(
        folder / "zorgkosten/cpb_uitgaven_per_leeftijd_2022.csv",
        "leeftijd,zvw,wlz,wmo,jeugd",
        (
            f"{age},{1000 + 100 * age},{10 * age if age < 65 else age**2},20,0"
            for age in range(100)
        ),
    )
    health = [
        "code,gemeente,BeperktVanwegeGezondheid_17",
        "NL01,Nederland,48.0",
        *(f"GM{9000 + n},Stad {n},{_limited(n):.1f}" for n in numbers),
        *(
            f"{_wijk(n, k)},Stad {n},{_limited(n) + 12 * ((n, k) == (1, 1)):.1f}"
            for n, k in postcodes
        ),
    ]
    place = folder / "rivm_health/rivm_gezondheid_65plus_buurt_2020.csv.gz"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress("\n".join(health).encode()))
    capacity = (
        folder
        / "gp_capacity/capaciteitsorgaan_parameterwaarden_huisartsen_2010_2025.csv"
    )
    capacity.parent.mkdir(parents=True, exist_ok=True)
    capacity.write_text(f"\ufeff{_CAPACITY}", encoding="utf-8")
    return folder


def _limited(n: int) -> float:
    """Return % of people of 65 and over limited by their health in a gemeente."""
    return 40 + 0.5 * n


def _users(n: int) -> float:
    return 300 * _limited(n) / 48 + (200 if n == 1 else 0)


def _pc4(n: int, k: int) -> str:
    return f"9{n % 10}{k}{n // 10}"


def _wijk(n: int, k: int) -> str:
    return f"WK{9000 + n}0{k}"


def _write(path: Path, header: str, rows: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [header, *rows]  # type: ignore[misc]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
