"""The icons: our own drawings on a 24 x 24 grid, strokes of 2, always beside a word."""

from wijkspil.ui.errors import UnknownIcon

_CIRCLE = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z"

#: name -> the ``d`` of one path
ICONS: dict[str, str] = {
    "alert": "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16.5v.01",
    "arrow-left": "M20 12H4M10 6l-6 6l6 6",
    "arrow-right": "M4 12h16M14 6l6 6l-6 6",
    "calendar": "M4 6h16v14H4zM4 11h16M8 3v4M16 3v4",
    "car": "M4 16v-4l2-5h12l2 5v4zM4 16v3h3v-3M17 16v3h3v-3M4 12h16",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "chevron-down": "M6 9l6 6l6-6",
    "chevron-left": "M15 6l-6 6l6 6",
    "chevron-right": "M9 6l6 6l-6 6",
    "clock": f"{_CIRCLE}M12 7v5l3.5 2",
    "close": "M6 6l12 12M18 6L6 18",
    "download": "M12 4v11M7 10.5l5 5l5-5M4 20h16",
    "edit": "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
    "external": "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
    "eye": "M2.5 12S6 5.5 12 5.5S21.5 12 21.5 12S18 18.5 12 18.5S2.5 12 2.5 12z"
    "M12 9.25a2.75 2.75 0 1 0 0 5.5a2.75 2.75 0 1 0 0-5.5z",
    "filter": "M4 6h16M7 12h10M10 18h4",
    "full": f"{_CIRCLE}M7.5 12h9",
    "globe": f"{_CIRCLE}M3 12h18M12 3c3 2.5 4 5.5 4 9s-1 6.5-4 9"
    "c-3-2.5-4-5.5-4-9s1-6.5 4-9z",
    "heart": "M12 20S4 15 4 9.2C4 6.5 6 4.8 8.2 4.8C9.9 4.8 11.3 5.8 12 7.2"
    "C12.7 5.8 14.1 4.8 15.8 4.8C18 4.8 20 6.5 20 9.2C20 15 12 20 12 20z",
    "history": "M4 5v5h5M4.5 10A8 8 0 1 1 4 13.5M12 8v4.5l3 2",
    "home": "M4 11l8-7l8 7v9h-5.5v-6h-5v6H4z",
    "info": f"{_CIRCLE}M12 11v5.5M12 7.5v.01",
    "limited": f"{_CIRCLE}M12 3v18M12 8h5.6M12 12h9M12 16h5.6",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6v.01M4.5 12v.01M4.5 18v.01",
    "lock": "M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3",
    "mail": "M3 6h18v12H3zM3 7l9 6.5L21 7",
    "map": "M9 4L3 6.5V20l6-2.5l6 2.5l6-2.5V4l-6 2.5zM9 4v13.5M15 6.5V20",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "minus": "M5 12h14",
    "moon": "M19.5 14.5A8 8 0 1 1 9.5 4.5A6.5 6.5 0 0 0 19.5 14.5z",
    "pause": "M9 5v14M15 5v14",
    "people": "M9 5a3.25 3.25 0 1 0 0 6.5A3.25 3.25 0 1 0 9 5zM2.5 20"
    "c0-3.6 2.7-5.5 6.5-5.5s6.5 1.9 6.5 5.5M16 5.3a3.25 3.25 0 0 1 0 6"
    "M17.5 14.8c2.5.6 4 2.3 4 5.2",
    "person": "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM4 21c0-4.4 3.4-6.5 8-6.5s8 2.1 8 6.5",
    "phone": "M6.5 3.5h3l1.5 4.5l-2 1.5c1 2.3 2.9 4.2 5.5 5.5l1.5-2l4.5 1.5v3"
    "c0 1.4-1.1 2.5-2.5 2.5C10.5 20 4 13.5 4 6c0-1.4 1.1-2.5 2.5-2.5z",
    "pin": "M12 21S5 14.5 5 9.5a7 7 0 0 1 14 0C19 14.5 12 21 12 21z"
    "M12 7a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5z",
    "plus": "M12 5v14M5 12h14",
    "print": "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    "question": f"{_CIRCLE}M9.5 9.5a2.5 2.5 0 1 1 3.7 2.2"
    "c-.8.5-1.2 1-1.2 1.8M12 16.5v.01",
    "room": f"{_CIRCLE}M7.8 12.3l3 3l5.5-6",
    "search": "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM15.5 15.5L20 20",
    "send": "M4 12L20 4l-5 16l-4-6.5zM11 13.5L20 4",
    "sign-in": "M14 4h6v16h-6M4 12h11M11 8l4 4l-4 4",
    "sign-out": "M10 4H4v16h6M9 12h11M16 8l4 4l-4 4",
    "sort": "M8 9l4-4l4 4M8 15l4 4l4-4",
    "sort-down": "M12 5v14M6.5 13.5L12 19l5.5-5.5",
    "sort-up": "M12 19V5M6.5 10.5L12 5l5.5 5.5",
    "sun": "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2"
    "M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4"
    "M17.3 6.7l1.4-1.4",
    "undo": "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "unknown": f"{_CIRCLE}M9.5 9.5a2.5 2.5 0 1 1 3.7 2.2"
    "c-.8.5-1.2 1-1.2 1.8M12 16.5v.01",
    "warning": "M12 4l9.5 16h-19zM12 10v4.5M12 17v.01",
}


def find_icon(name: str) -> str:
    """Return the path of an icon.

    Raises
    ------
    UnknownIcon
        If it was not drawn.
    """
    try:
        return ICONS[name]
    except KeyError:
        raise UnknownIcon(name, list(ICONS)) from None
