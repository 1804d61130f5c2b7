"""Our extensions, and the StructureDefinitions that describe them.

One table, ``EXTENSIONS``, says of each what it is about, where it may stand and what it
holds. A definition carries a full snapshot, so that a validator needs nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from wijkspil.fhir.mapping import codes
from wijkspil.fhir.mapping.described import describe
from wijkspil.fhir.mapping.wording import to_translated
from wijkspil.fhir.types import Resource

_BASE = "http://hl7.org/fhir/StructureDefinition"
_SYSTEM_TYPE = "http://hl7.org/fhirpath/System.String"


@dataclass(frozen=True)
class Part:
    """A value of an extension, by its url within it: FHIR type, how many, from what.

    ``code_system`` is one of ours; its value set is required.
    """

    url: str
    type: str
    about: str
    least: int = 0
    most: str = "1"
    code_system: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extension:
    """One extension: with ``parts``, or with one ``value``."""

    url: str
    title: str
    about: str
    contexts: tuple[str, ...]
    value: Part | None = None
    parts: tuple[Part, ...] = ()
    most: str = "1"

    @property
    def id(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[1]


def _value(type_: str, *, code_system: str = "", targets: tuple[str, ...] = ()) -> Part:
    return Part("", type_, "", 1, code_system=code_system, targets=targets)


EXTENSIONS: tuple[Extension, ...] = (
    Extension(
        codes.CAPACITY,
        gettext_noop("Room"),
        gettext_noop(
            "Room a service has for new clients, as its team reported, less what "
            "requests reserved since. From “valid-until” on it is unknown whether "
            "there is room: a reader compares that moment with its own clock."
        ),
        ("HealthcareService",),
        parts=(
            Part(
                "status",
                "code",
                gettext_noop("Whether there is room, as reported."),
                1,
                code_system=codes.CAPACITY_STATUS,
            ),
            Part("number", "unsignedInt", gettext_noop("How many can start."), 1),
            Part(
                "unit",
                "code",
                gettext_noop("What is counted."),
                1,
                code_system=codes.CAPACITY_UNIT,
            ),
            Part(
                "part-of-day",
                "code",
                gettext_noop("Part of the day there is room in; none: any."),
                0,
                "*",
                codes.PART_OF_DAY,
            ),
            Part(
                "size-band",
                "code",
                gettext_noop("Largest care a new client may need."),
                code_system=codes.SIZE_BAND,
            ),
            Part(
                "hours-per-week",
                "Quantity",
                gettext_noop(
                    "Free hours a week, where the planning system knows them."
                ),
            ),
            Part(
                "task-excluded",
                "code",
                gettext_noop("Nursing task it cannot take on now."),
                0,
                "*",
                codes.CARE_TASK,
            ),
            Part(
                "no-room-reason",
                "code",
                gettext_noop("Why there is no room."),
                code_system=codes.NO_ROOM_REASON,
            ),
            Part(
                "no-room-until",
                "date",
                gettext_noop("When there is expected to be room again."),
            ),
            Part("updated", "instant", gettext_noop("When it was reported."), 1),
            Part(
                "valid-until",
                "instant",
                gettext_noop("First moment it no longer counts."),
                1,
            ),
        ),
    ),
    Extension(
        codes.COVERAGE,
        gettext_noop("Part in an area"),
        gettext_noop(
            "The part a service plays in an area it covers. The reference it stands on "
            "names the area by its code."
        ),
        ("HealthcareService.coverageArea",),
        parts=(
            Part(
                "role",
                "code",
                gettext_noop("First contact, regular or back-up."),
                1,
                code_system=codes.COVERAGE_ROLE,
            ),
            Part(
                "care",
                "code",
                gettext_noop("Kind of care it holds for."),
                1,
                code_system=codes.CARE,
            ),
            Part(
                "rank",
                "positiveInt",
                gettext_noop("Order among services with the same part; 1 is first."),
                1,
            ),
            Part(
                "area-year",
                "integer",
                gettext_noop("Year of the division the area's code belongs to."),
            ),
            Part("period", "Period", gettext_noop("When it holds."), 1),
        ),
        most="*",
    ),
    Extension(
        codes.OPEN_ON_HOLIDAYS,
        gettext_noop("Open on public holidays"),
        gettext_noop(
            "Whether the available times hold on Dutch public holidays as well."
        ),
        ("HealthcareService",),
        _value("boolean"),
    ),
    Extension(
        codes.CONTACT_AUDIENCE,
        gettext_noop("For whom a contact is meant"),
        gettext_noop(
            "Whoever is not known to the server is shown contacts for residents only."
        ),
        ("ContactPoint",),
        _value("code", code_system=codes.AUDIENCE),
    ),
    Extension(
        codes.CONTACT_USE,
        gettext_noop("What a contact is for"),
        gettext_noop("General, complex questions, on duty, or between systems."),
        ("ContactPoint",),
        _value("code", code_system=codes.CONTACT_PURPOSE),
    ),
    Extension(
        codes.CONTACT_AREA,
        gettext_noop("Area a contact is for"),
        gettext_noop("Code of the only area for which the contact holds."),
        ("ContactPoint",),
        _value("Identifier"),
    ),
    Extension(
        codes.WORKING_AREA,
        gettext_noop("Area of a partnership"),
        gettext_noop("Code of the region in which a partnership works."),
        ("Organization",),
        _value("Identifier"),
    ),
    Extension(
        codes.TEAM_SERVICE,
        gettext_noop("Service of a team"),
        gettext_noop("The service that a team carries out."),
        ("CareTeam",),
        _value("Reference", targets=("HealthcareService",)),
    ),
    Extension(
        codes.TEAM_SIZE,
        gettext_noop("Number of participants"),
        gettext_noop("How many of this role are in a team; persons are not named."),
        ("CareTeam.participant",),
        _value("positiveInt"),
    ),
    Extension(
        codes.SIGNATURE_SECRET,
        gettext_noop("Secret of signatures"),
        gettext_noop(
            "With it notifications of a subscription are signed. Shown once, in the "
            "answer to creating it."
        ),
        ("Subscription",),
        _value("string"),
    ),
)


def to_structure_definition(extension: Extension) -> Resource:
    """Return the StructureDefinition of an extension, with snapshot."""
    elements = _elements(extension)
    return describe(
        "StructureDefinition",
        extension.id,
        url=extension.url,
        title=extension.title,
        about=extension.about,
        fhirVersion="4.0.1",
        kind="complex-type",
        abstract=False,
        context=[
            {"type": "element", "expression": expression}
            for expression in extension.contexts
        ],
        type="Extension",
        baseDefinition=f"{_BASE}/Extension",
        derivation="constraint",
        snapshot={"element": elements},
        differential={
            "element": [
                {name: value for name, value in element.items() if name != "base"}
                for element in elements
                if not element["id"].endswith(".id")
            ]
        },
    )


def _elements(extension: Extension) -> list[Resource]:
    root: Resource = {
        "id": "Extension",
        "path": "Extension",
        **to_translated("short", extension.title),
        **to_translated("definition", extension.about),
        "min": 0,
        "max": extension.most,
        "base": {"path": "Extension", "min": 0, "max": "*"},
        "isModifier": False,
    }
    made = [root, _id_element("Extension", "Extension")]
    if extension.parts:
        made.append(
            {
                **_extension_element("Extension", "Extension", "*"),
                "slicing": {
                    "discriminator": [{"type": "value", "path": "url"}],
                    "ordered": False,
                    "rules": "closed",
                },
                "min": sum(part.least for part in extension.parts),
            }
        )
        for part in extension.parts:
            made += _part_elements(part)
    else:
        made.append(_extension_element("Extension", "Extension", "0"))
    made.append(_url_element("Extension", "Extension", extension.url))
    made.append(
        _value_element("Extension", "Extension", extension.value)
        if extension.value
        else _no_value("Extension", "Extension")
    )
    return made


def _part_elements(part: Part) -> list[Resource]:
    id_, path = f"Extension.extension:{part.url}", "Extension.extension"
    return [
        {
            "id": id_,
            "path": path,
            "sliceName": part.url,
            **to_translated("short", part.about),
            **to_translated("definition", part.about),
            "min": part.least,
            "max": part.most,
            "base": {"path": path, "min": 0, "max": "*"},
            "type": [{"code": "Extension"}],
            "isModifier": False,
        },
        _id_element(id_, path),
        _extension_element(id_, path, "0"),
        _url_element(id_, path, part.url),
        _value_element(id_, path, part),
    ]


def _id_element(id_: str, path: str) -> Resource:
    return {
        "id": f"{id_}.id",
        "path": f"{path}.id",
        "representation": ["xmlAttr"],
        "short": "Unique id for inter-element referencing",
        "definition": "Unique id for the element within a resource.",
        "min": 0,
        "max": "1",
        "base": {"path": "Element.id", "min": 0, "max": "1"},
        "type": [
            {
                "extension": [
                    {
                        "url": f"{_BASE}/structuredefinition-fhir-type",
                        "valueUrl": "string",
                    }
                ],
                "code": _SYSTEM_TYPE,
            }
        ],
    }


def _extension_element(id_: str, path: str, most: str) -> Resource:
    return {
        "id": f"{id_}.extension",
        "path": f"{path}.extension",
        "short": "Extension",
        "definition": "An Extension",
        "min": 0,
        "max": most,
        "base": {"path": "Element.extension", "min": 0, "max": "*"},
        "type": [{"code": "Extension"}],
    }


def _url_element(id_: str, path: str, url: str) -> Resource:
    return {
        "id": f"{id_}.url",
        "path": f"{path}.url",
        "representation": ["xmlAttr"],
        "short": "Which extension it is",
        "definition": "Address of the definition of the extension.",
        "min": 1,
        "max": "1",
        "base": {"path": "Extension.url", "min": 1, "max": "1"},
        "type": [
            {
                "extension": [
                    {
                        "url": f"{_BASE}/structuredefinition-fhir-type",
                        "valueUrl": "uri",
                    }
                ],
                "code": _SYSTEM_TYPE,
            }
        ],
        "fixedUri": url,
    }


def _no_value(id_: str, path: str) -> Resource:
    return {
        "id": f"{id_}.value[x]",
        "path": f"{path}.value[x]",
        "short": "Value",
        "definition": "Its values are in the extensions within it.",
        "min": 0,
        "max": "0",
        "base": {"path": "Extension.value[x]", "min": 0, "max": "1"},
        "type": [{"code": "string"}],
    }


def _value_element(id_: str, path: str, part: Part) -> Resource:
    type_: Resource = {"code": part.type}
    if part.targets:
        type_["targetProfile"] = [f"{_BASE}/{target}" for target in part.targets]
    element: Resource = {
        "id": f"{id_}.value[x]",
        "path": f"{path}.value[x]",
        "short": "Value",
        "definition": "Its value.",
        "min": 1,
        "max": "1",
        "base": {"path": "Extension.value[x]", "min": 0, "max": "1"},
        "type": [type_],
    }
    if part.code_system:
        element["binding"] = {
            "strength": "required",
            "valueSet": value_set_of(part.code_system),
        }
    return element


def value_set_of(code_system: str) -> str:
    """Return the address of the value set of all codes of one of our code systems."""
    return code_system.replace("/CodeSystem/", "/ValueSet/")


@dataclass(frozen=True)
class Profile:
    """Which of our extensions a resource of ours may carry, and where."""

    id: str
    type: str
    base: str
    title: str
    about: str
    #: (element that carries it, name of the slice, extension)
    slices: tuple[tuple[str, str, str], ...]


PROFILES: tuple[Profile, ...] = (
    Profile(
        "directory-healthcareservice",
        "HealthcareService",
        f"{_BASE}/HealthcareService",
        gettext_noop("Service of this directory"),
        gettext_noop(
            "A service with its room, the areas it covers and for whom its contacts "
            "are meant. Goes with the Dutch profile, which has no element for them."
        ),
        (
            ("HealthcareService", "capacity", codes.CAPACITY),
            ("HealthcareService", "openOnHolidays", codes.OPEN_ON_HOLIDAYS),
            ("HealthcareService.telecom", "audience", codes.CONTACT_AUDIENCE),
            ("HealthcareService.telecom", "purpose", codes.CONTACT_USE),
            ("HealthcareService.telecom", "area", codes.CONTACT_AREA),
            ("HealthcareService.coverageArea", "coverage", codes.COVERAGE),
        ),
    ),
    Profile(
        "directory-partnership",
        "Organization",
        f"{_BASE}/Organization",
        gettext_noop("Alliance or regional partnership"),
        gettext_noop(
            "An organization that others take part in: a neighborhood alliance or a "
            "regional primary-care partnership."
        ),
        (("Organization", "workingArea", codes.WORKING_AREA),),
    ),
    Profile(
        "directory-careteam",
        "CareTeam",
        f"{_BASE}/CareTeam",
        gettext_noop("Team of this directory"),
        gettext_noop("A team with the service it carries out, without persons."),
        (
            ("CareTeam", "service", codes.TEAM_SERVICE),
            ("CareTeam.participant", "count", codes.TEAM_SIZE),
        ),
    ),
)


def to_profile(profile: Profile) -> Resource:
    """Return the StructureDefinition of a profile: what differs from FHIR's own."""
    return describe(
        "StructureDefinition",
        profile.id,
        title=profile.title,
        about=profile.about,
        fhirVersion="4.0.1",
        kind="resource",
        abstract=False,
        type=profile.type,
        baseDefinition=profile.base,
        derivation="constraint",
        differential={"element": _slices(profile)},
    )


def _slices(profile: Profile) -> list[Resource]:
    elements: list[Resource] = [{"id": profile.type, "path": profile.type}]
    by_url = {extension.url: extension for extension in EXTENSIONS}
    holders: Sequence[str] = list(
        dict.fromkeys(holder for holder, *_ in profile.slices)
    )
    for holder in holders:
        path = f"{holder}.extension"
        elements.append(
            {
                "id": path,
                "path": path,
                "slicing": {
                    "discriminator": [{"type": "value", "path": "url"}],
                    "ordered": False,
                    "rules": "open",
                },
            }
        )
        elements += [
            {
                "id": f"{path}:{name}",
                "path": path,
                "sliceName": name,
                "min": 0,
                "max": by_url[url].most,
                "type": [{"code": "Extension", "profile": [url]}],
            }
            for place, name, url in profile.slices
            if place == holder
        ]
    return elements
