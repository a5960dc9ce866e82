"""The smallest differences between methods that photos and seeds can show."""

import numpy as np
import pandas as pd

from .inference import Estimates


def smallest_differences(
    photos: list[int], deviations: list[float], *, methods: int, seeds: int = 1, between: float = 0.0
) -> pd.DataFrame:
    """Return the differences from the best method that tests find with a power of 80%.

    Parameters
    ----------
    photos
        Numbers of photos: the rows.
    deviations
        Standard deviations of the differences over photos: the columns.
    methods
        Number of methods that are compared, the best one included.
    seeds
        Number of seeds of either method.
    between
        Standard deviation between seeds of either method; it counts with two seeds or more.

    >>> float(smallest_differences([119], [1.0], methods=2).round(2).loc[119, 1.0])
    0.26
    """
    table = pd.DataFrame(index=pd.Index(photos, name="photos"), columns=deviations, dtype=float)
    for count in photos:
        variance = np.square(deviations) / count
        added = np.full(len(deviations), 2 * between**2 / seeds if seeds > 1 else 0.0)
        doubt = 2 * (between**2 / seeds) ** 2 / max(seeds - 1, 1) if seeds > 1 else 0.0
        freedom = (variance + added) ** 2 / (variance**2 / (count - 1) + doubt)
        error = np.sqrt(variance + added)
        found = Estimates(np.zeros_like(error), error, freedom, np.full(len(error), count))
        table.loc[count] = found.smallest(methods - 1)
    return table
