"""Random numbers by name: every part of the company draws from a stream of its own, so parts do not disturb another.

Belongs here: making streams and a few draws used everywhere. Not here: what is drawn.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def stream(seed: int, name: str, number: int = 0) -> np.random.Generator:
    """The generator of that name and number (a month, say); the same for the same arguments on every machine."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode()), number])))


def pick(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """`count` indexes drawn with replacement by weight."""
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right").clip(0, len(weights) - 1)


def split_total(total: int, weights: Floats) -> Ints:
    """Whole numbers that sum to `total`, proportional to the weights (largest remainders)."""
    exact = total * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    missing = total - int(parts.sum())
    parts[np.argsort(-(exact - parts), kind="stable")[:missing]] += 1
    return parts


def words(values: list[str] | tuple[str, ...], indexes: Ints) -> pa.Array:
    """The words at the indexes as one Arrow array."""
    return pa.array(values, pa.string()).take(pa.array(indexes))
