"""The health insurers a request can name, by UZOVI code.

Fictional, as everything in this mode: codes nobody was given (Vektis), the same as the
generated providers have contracts with.
"""

#: UZOVI code -> name.
INSURERS = {
    "9981": "Klaverdal (fictief)",
    "9982": "Merelhof Zorgverzekering (fictief)",
    "9983": "Duinwilg (fictief)",
    "9984": "Zilverberk (fictief)",
    "9985": "Polderzicht Zorg (fictief)",
    "9986": "Vlindersteen (fictief)",
    "9987": "Beukenrode (fictief)",
    "9988": "Waterlelie Verzekerd (fictief)",
}
