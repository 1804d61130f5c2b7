"""Say in words why something did not arrive."""

from django.utils.translation import gettext as _


def say_error(code: str) -> str:
    """Say why a try failed; an unknown code is shown as it is."""
    if code.startswith("http-"):
        return _("the system answered with status %(status)s") % {
            "status": code.removeprefix("http-")
        }
    words = {
        "": "",
        "timeout": _("the system did not answer within ten seconds"),
        "no-connection": _("there was no connection"),
        "no-address": _("the name of the system is not known on the internet"),
        "private-address": _("the name leads to an address that is not public"),
        "unreadable-secret": _("the secret can no longer be read: add the system anew"),
        "mail-refused": _("the mail server does not know the receiver"),
        "mail-server": _("the mail server refused"),
        "text-gateway": _("the text message was not taken"),
        "interrupted": _("each try was interrupted"),
    }
    return words.get(code, code)
