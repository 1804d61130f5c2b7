"""How long is it by car, where only the straight line is known? An estimate."""

#: A road is so many times as long as the straight line, and is driven so fast by day.
DETOUR = 1.3
DAY_SPEED_KMH = 32.0


def drive_minutes(km: float) -> float:
    """Return minutes by car for a distance in a straight line.

    Detour and speed are those that nights are simulated with, by day
    (``wijkspil_engines.dispatch.travel``): 1.3 times as far, at 32 km an hour.
    """
    return km * DETOUR / DAY_SPEED_KMH * 60.0
