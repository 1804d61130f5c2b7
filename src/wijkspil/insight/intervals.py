"""How sure a share or a mean is: intervals that hold for small numbers as well."""

from math import sqrt

from scipy.stats import t as student

#: Half the width of a normal interval, in standard deviations.
NORMAL_80, NORMAL_95 = 1.2815515655446004, 1.959963984540054


def wilson(number: float, of: float, *, z: float = NORMAL_95) -> tuple[float, float]:
    """Return the bounds (0..1) of a share, by Wilson (1927).

    Brown, Cai and DasGupta, Statistical Science 16 (2001), doi:10.1214/ss/1009213286:
    near to its promise also for few people and for shares near 0 and 1.
    """
    share = number / of
    middle = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def student_interval(
    mean: float, deviation: float, count: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the bounds of a mean of ``count`` (2 or more) answers, by Student's t."""
    half = student.ppf(0.5 + level / 2, count - 1) * deviation / sqrt(count)
    return mean - float(half), mean + float(half)
