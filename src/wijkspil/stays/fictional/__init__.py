"""Invented beds and stays for a demo, through the same services as the pages."""

from wijkspil.stays.fictional.course import BedsMade, make_beds

__all__ = ["BedsMade", "make_beds"]
