"""The words of the directory: kinds of area, care, roles, contacts and room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AreaKind(models.TextChoices):
    """Levels of the CBS and postal geography, and regions made of them."""

    REGION = "region", _("Region")
    GEMEENTE = "gemeente", _("Municipality")
    WIJK = "wijk", _("District (wijk)")
    BUURT = "buurt", _("Neighborhood (buurt)")
    PC4 = "pc4", _("4-digit postcode")
    PC6 = "pc6", _("6-character postcode")


class RegionPurpose(models.TextChoices):
    """What a region is for. One gemeente lies in a region of each purpose."""

    ZORGKANTOOR = "zorgkantoor", _("Care office region (zorgkantoor)")
    RESV = "resv", _("Regional primary-care partnership (RESV)")
    GP_OUT_OF_HOURS = "gp-out-of-hours", _("GP out-of-hours / RHO")
    NIGHT_CARE = "night-care", _("Night care")
    ALLIANCE = "alliance", _("Neighborhood alliance")


class OrganizationType(models.TextChoices):
    """Kinds of organization in primary care."""

    HOME_CARE = "home-care", _("Home care provider")
    GP_PRACTICE = "gp-practice", _("GP practice")
    PHARMACY = "pharmacy", _("Pharmacy")
    SOCIAL_TEAM = "social-team", _("Social neighborhood team")
    PARAMEDICAL_PRACTICE = "paramedical-practice", _("Paramedical practice")
    HOSPITAL = "hospital", _("Hospital")
    GP_COOPERATIVE = "gp-cooperative", _("GP cooperative (out-of-hours)")
    CARE_HOME = "care-home", _("Care home")
    COORDINATION = "coordination", _("Coordinating mechanism")


class Care(models.TextChoices):
    """Kinds of care a service gives: the ``care`` of every question."""

    DISTRICT_NURSING = "district-nursing", _("District nursing")
    GP_CARE = "gp-care", _("GP care")
    PHARMACY = "pharmacy", _("Pharmacy")
    SOCIAL_SUPPORT = "social-support", _("Social support")
    PARAMEDICAL_CARE = "paramedical-care", _("Paramedical care")
    HOSPITAL_TRANSFER = "hospital-transfer", _("Hospital transfer")
    GP_OUT_OF_HOURS = "gp-out-of-hours", _("GP out-of-hours care")
    TEMPORARY_STAY = "temporary-stay", _("Temporary stay")
    COORDINATION = "coordination", _("Regional coordination")


class CareLaw(models.TextChoices):
    """Laws that pay for care."""

    ZVW = "zvw", _("Health Insurance Act (Zvw)")
    WLZ = "wlz", _("Long-term Care Act (Wlz)")
    WMO = "wmo", _("Social Support Act (Wmo)")


class CareTask(models.TextChoices):
    """What a district nursing team does, or cannot do now."""

    PERSONAL_CARE = "personal-care", _("Washing and dressing")
    STOCKINGS = "stockings", _("Compression stockings")
    MEDICATION = "medication", _("Medication")
    INSULIN = "insulin", _("Insulin")
    INJECTION = "injection", _("Other injections")
    WOUND = "wound", _("Wound care")
    COMPLEX_WOUND = "complex-wound", _("Complex wound care")
    CATHETER = "catheter", _("Catheter")
    STOMA = "stoma", _("Stoma")
    TUBE_FEEDING = "tube-feeding", _("Tube feeding")
    INFUSION = "infusion", _("Infusion")
    PALLIATIVE = "palliative", _("Palliative care")
    DEMENTIA = "dementia", _("Dementia support")
    GUIDANCE = "guidance", _("Coaching and guidance")


class CoverageRole(models.TextChoices):
    """Part a service plays in an area."""

    FIRST_CONTACT = "first-contact", _("First contact")
    REGULAR = "regular", _("Regular")
    BACK_UP = "back-up", _("Back-up")


class Audience(models.TextChoices):
    """For whom a contact is meant."""

    RESIDENT = "resident", _("Residents")
    REFERRER = "referrer", _("Referrers")
    PROFESSIONAL = "professional", _("Professionals, signed in")


class ContactPurpose(models.TextChoices):
    """What a contact is for."""

    GENERAL = "general", _("General")
    COMPLEX_CARE = "complex-care", _("Complex questions")
    DUTY = "duty", _("On duty")
    EXCHANGE = "exchange", _("System to system")


class ContactSystem(models.TextChoices):
    """How to reach it."""

    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    FHIR = "fhir", _("FHIR endpoint")
    WEB = "web", _("Website")


class PartOfDay(models.TextChoices):
    """Parts of the day a visit can fall in."""

    MORNING = "morning", _("Morning")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")
    NIGHT = "night", _("Night")


class SizeBand(models.TextChoices):
    """Largest care a new client may need, in hours per week."""

    TO_2 = "to-2", _("up to 2 hours a week")
    TO_5 = "to-5", _("up to 5 hours a week")
    TO_10 = "to-10", _("up to 10 hours a week")
    ANY = "any", _("any size")


class NoRoomReason(models.TextChoices):
    """Why a team has no room."""

    STAFF_SHORTAGE = "staff-shortage", _("Not enough staff")
    SICKNESS = "sickness", _("Illness in the team")
    HOLIDAYS = "holidays", _("Holiday period")
    FULL = "full", _("All places are taken")
    BUDGET = "budget", _("Contract ceiling reached")
    SKILLS = "skills", _("Skills not available")
    OTHER = "other", _("Other")


class Room(models.TextChoices):
    """The traffic light, always a word as well."""

    ROOM = "room", _("Room")
    LIMITED = "limited", _("Limited room")
    FULL = "full", _("Full")
    UNKNOWN = "unknown", _("Unknown")


class CapacitySource(models.TextChoices):
    """How a capacity report came in."""

    PAGE = "page", _("Entered on the page")
    CONFIRMED = "confirmed", _("Confirmed as still true")
    SYSTEM = "system", _("From the planning system")
    GENERATED = "generated", _("Generated (fictional)")
    DECLINE = "decline", _("Corrected after a declined request")


class AllianceRole(models.TextChoices):
    """Who a member is in a neighborhood alliance (hecht wijkverband)."""

    GP = "gp", _("GP")
    DISTRICT_NURSE = "district-nurse", _("District nurse")
    PHARMACIST = "pharmacist", _("Pharmacist")
    SOCIAL_DOMAIN = "social-domain", _("Social domain")
    PARAMEDIC = "paramedic", _("Paramedic")


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
