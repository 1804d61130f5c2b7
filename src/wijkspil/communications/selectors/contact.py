"""How does a person want to be reached?"""

from wijkspil.communications.models import ContactChoice


def get_contact_choice(user_id: int) -> ContactChoice:
    """Return the choice, or what holds for who chose nothing (one query)."""
    return ContactChoice.objects.filter(user_id=user_id).first() or ContactChoice(
        user_id=user_id
    )
