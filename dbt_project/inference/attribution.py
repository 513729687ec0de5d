"""Credit of marketing channels from paths: removal effects of a Markov chain, and Shapley values.

Belongs here: the arithmetic over distinct paths with their counts. Not here: making paths of touches (SQL), models of
fixed rules such as first or linear (SQL, `int_attribution__weights`).

A path is a tuple of channels in the order of the touches, with how many journeys along it converted and how many did
not. Formulas: Anderl, Becker, von Wangenheim and Schumann (2016), "Mapping the customer journey", for the chain and
its removal effect; Shapley (1953), "A value for n-person games"; the worth of a coalition as the conversions of paths
that need no other channel is that of Zhao, Mahboobi and Bagheri (2018), "Shapley value methods for attribution
modeling in online advertising".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Path = tuple[str, ...]

#: Between the channels of a path, as SQL writes it.
SEPARATOR = " > "
#: What stands for a journey without a channel: it is no state of the chain and no player.
NO_CHANNEL = "(none)"
EFFECTS = pa.schema(
    [
        ("attribution_model", pa.string()),
        ("path_set", pa.string()),
        ("marketing_channel", pa.string()),
        ("effect", pa.float64()),
        ("credit", pa.float64()),
        ("standard_error", pa.float64()),
        ("is_exact", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Journeys:
    """Distinct paths and how many journeys along each converted and did not; one value per path."""

    paths: tuple[Path, ...]
    converted: Floats
    lost: Floats

    @classmethod
    def of(cls, rows: Iterable[tuple[Sequence[str], float, float]]) -> Journeys:
        """From rows of path, conversions, journeys that did not convert."""
        kept = [(tuple(path), float(won), float(lost)) for path, won, lost in rows if len(path)]
        return cls(
            tuple(row[0] for row in kept), np.array([row[1] for row in kept]), np.array([row[2] for row in kept])
        )

    @property
    def channels(self) -> tuple[str, ...]:
        """All channels of all paths, in alphabetical order."""
        return tuple(sorted({channel for path in self.paths for channel in path}))


def removal_effects(journeys: Journeys, order: int = 1) -> dict[str, float]:
    """Share of all conversions that would be lost without a channel: 1 - P(conversion without it) / P(conversion).

    The chain's states are the last `order` channels; start, conversion and loss are absorbing ends. Without a channel
    every step onto it ends in loss. Probabilities are exact: the solution of (I - Q) p = r. All are zero where nothing
    converted.
    """
    if order < 1:
        raise ValueError("the order of the chain is at least 1")
    states: dict[Path, int] = {(): 0}
    sources: list[int] = []
    targets: list[int] = []  # -1: converted, -2: lost
    counts: list[float] = []
    for path, won, lost in zip(journeys.paths, journeys.converted, journeys.lost, strict=True):
        here = 0
        for step in range(len(path)):
            state = path[max(0, step + 1 - order) : step + 1]
            there = states.setdefault(state, len(states))
            sources.append(here)
            targets.append(there)
            counts.append(won + lost)
            here = there
        sources += [here, here]
        targets += [-1, -2]
        counts += [won, lost]
    origin, target, count = np.array(sources, np.int64), np.array(targets, np.int64), np.array(counts, np.float64)
    total = np.bincount(origin, weights=count, minlength=len(states))
    probability = np.divide(count, total[origin], out=np.zeros_like(count), where=total[origin] > 0)
    newest = np.array([""] + [state[-1] for state in states if state])
    base = _conversion_probability(origin, target, probability, np.ones(len(states), bool))
    if base <= 0:
        return dict.fromkeys(journeys.channels, 0.0)
    return {
        channel: 1.0 - _conversion_probability(origin, target, probability, newest != channel) / base
        for channel in journeys.channels
    }


def _conversion_probability(origin: Ints, target: Ints, probability: Floats, is_kept: NDArray[np.bool_]) -> float:
    """Probability of ending in conversion from the start, with steps onto states that are not kept ending in loss."""
    number = np.cumsum(is_kept) - 1
    size = int(is_kept.sum())
    into_conversion = is_kept[origin] & (target == -1)
    reward = np.bincount(number[origin[into_conversion]], weights=probability[into_conversion], minlength=size)
    between = is_kept[origin] & (target >= 0)
    between[between] = is_kept[target[between]]
    steps = sparse.csc_matrix(
        (probability[between], (number[origin[between]], number[target[between]])), shape=(size, size)
    )
    return float(np.atleast_1d(spsolve(sparse.identity(size, format="csc") - steps, reward))[0])


def shapley_exact(worth: Floats) -> Floats:
    """Shapley values of a game whose worth is given for every coalition: index = bits of its players, worth[0] = 0.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)).
    """
    players = int(worth.size).bit_length() - 1
    if worth.size != 1 << players:
        raise ValueError("a worth for each of the 2^n coalitions is needed")
    coalitions = np.arange(worth.size)
    sizes = np.array([int(c).bit_count() for c in coalitions])
    weights = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    values = np.zeros(players)
    for player in range(players):
        without = coalitions[(coalitions >> player) & 1 == 0]
        values[player] = np.sum(weights[sizes[without]] * (worth[without | (1 << player)] - worth[without]))
    return values


def shapley_sampled(players: int, worth: Callable[[int], float], samples: int, seed: int) -> tuple[Floats, Floats]:
    """Shapley values as means of marginal worths over random orders of joining, and their standard errors.

    Each order is taken forwards and backwards (antithetic); the error is that of the means of such pairs. The values
    sum to the worth of all players, as each order's do.
    """
    if samples < 2:
        raise ValueError("at least two pairs of orders are needed for an error")
    rng = np.random.default_rng(seed)
    pairs = np.zeros((samples, players))
    for row in range(samples):
        order = rng.permutation(players)
        for one in (order, order[::-1]):
            coalition, before = 0, 0.0
            for player in one:
                coalition |= 1 << int(player)
                after = worth(coalition)
                pairs[row, player] += (after - before) / 2.0
                before = after
    return pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(samples)


class CoalitionWorth:
    """Worth of coalitions of channels.

    `conversions`: the conversions of all paths that need no channel outside the coalition. `rate`: the best conversion
    rate of journeys over exactly some of the coalition's channels (never falls when a channel joins).
    """

    def __init__(self, journeys: Journeys, channels: Sequence[str], kind: str = "conversions") -> None:
        if kind not in ("conversions", "rate"):
            raise ValueError("the worth of a coalition is conversions or rate")
        bit = {channel: 1 << number for number, channel in enumerate(channels)}
        won: dict[int, float] = {}
        met: dict[int, float] = {}
        for path, converted, lost in zip(journeys.paths, journeys.converted, journeys.lost, strict=True):
            if all(channel in bit for channel in path):
                key = sum(bit[channel] for channel in set(path))
                won[key] = won.get(key, 0.0) + converted
                met[key] = met.get(key, 0.0) + converted + lost
        self.players = len(channels)
        self.kind = kind
        self.own = {key: won[key] if kind == "conversions" else won[key] / met[key] for key in won if won[key] > 0}
        self._known: dict[int, float] = {}

    def __call__(self, coalition: int) -> float:
        """Worth of one coalition, bits of its channels."""
        if coalition not in self._known:
            inside = [value for key, value in self.own.items() if key & coalition == key]
            self._known[coalition] = (sum(inside) if self.kind == "conversions" else max(inside)) if inside else 0.0
        return self._known[coalition]

    def table(self) -> Floats:
        """Worth of every coalition, by its bits."""
        worth = np.zeros(1 << self.players)
        for key, value in self.own.items():
            worth[key] = value
        coalitions = np.arange(worth.size)
        combine = np.add if self.kind == "conversions" else np.maximum
        for player in range(self.players):  # over subsets, one channel after the other
            having = coalitions[(coalitions >> player) & 1 == 1]
            worth[having] = combine(worth[having], worth[having ^ (1 << player)])
        return worth


def shapley_values(
    journeys: Journeys, channels: Sequence[str], kind: str, exact_channels: int, samples: int, seed: int
) -> tuple[Floats, Floats, bool]:
    """Values of the channels, their standard errors (zero where exact), and whether they are exact."""
    worth = CoalitionWorth(journeys, channels, kind)
    if len(channels) <= exact_channels:
        values = shapley_exact(worth.table())
        return values, np.zeros(len(channels)), True
    values, errors = shapley_sampled(len(channels), worth, samples, seed)
    return values, errors, False


def attribution_effects(
    paths: pa.Table,
    markov_order: int = 1,
    shapley_worth: str = "conversions",
    shapley_exact_channels: int = 12,
    shapley_samples: int = 2000,
    seed: int = 7,
) -> pa.Table:
    """Effects and credits of channels from a table of `path`, `path_set`, `conversions`, `non_conversions`.

    Rows of `markov`: effect = removal effect, credit = its share among all channels, path_set empty. Rows of `shapley`
    with an empty path_set: the value over all journeys and its share; with a path_set (the channels of a converted
    journey in alphabetical order): the channel's share of one such conversion. By `conversions` these come from the
    value's linearity, so that their sum over all conversions is the value over all journeys; by `rate` they are the
    values of the game that the set's own channels play.
    """
    columns = [paths.column(name).to_pylist() for name in ("path", "path_set", "conversions", "non_conversions")]
    known = [row for row in zip(*columns, strict=True) if row[0] != NO_CHANNEL]
    chains = Journeys.of((path.split(SEPARATOR), won, lost) for path, _, won, lost in known)
    sets = Journeys.of((path_set.split(SEPARATOR), won, lost) for _, path_set, won, lost in known)
    rows: list[tuple[str, str, str, float, float, float, bool]] = []
    effects = removal_effects(chains, markov_order)
    whole = sum(effects.values())
    rows += [
        ("markov", "", channel, effect, effect / whole if whole > 0 else 0.0, 0.0, True)
        for channel, effect in effects.items()
    ]
    settings = (shapley_worth, shapley_exact_channels, shapley_samples, seed)
    if sets.paths:
        rows += _shapley_rows(sets, sets.channels, "", *settings)
    for names in sorted({path for path, won in zip(sets.paths, sets.converted, strict=True) if won > 0}):
        own = sets if shapley_worth == "rate" else Journeys((names,), np.ones(1), np.zeros(1))
        rows += _shapley_rows(own, names, SEPARATOR.join(names), *settings)
    return pa.Table.from_pylist([dict(zip(EFFECTS.names, row, strict=True)) for row in rows], schema=EFFECTS)


def _shapley_rows(
    journeys: Journeys, channels: Sequence[str], path_set: str, kind: str, exact_channels: int, samples: int, seed: int
) -> list[tuple[str, str, str, float, float, float, bool]]:
    values, errors, is_exact = shapley_values(journeys, channels, kind, exact_channels, samples, seed)
    whole = float(values.sum())
    return [
        ("shapley", path_set, channel, float(v), float(v) / whole if whole > 0 else 0.0, float(e), is_exact)
        for channel, v, e in zip(channels, values, errors, strict=True)
    ]
