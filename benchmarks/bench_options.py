"""Time the ranking of options under many weightings, beside pymcdm, in one run.

``python benchmarks/bench_options.py`` prints the best of several runs for five options on six
factors. pymcdm ranks one weighting a call, so it is timed on fewer and scaled up.
"""

import numpy as np
import pandas as pd
from measuring import REPEATS, best_seconds
from pymcdm.methods import PROMETHEE_II, TOPSIS, WSM

from businesscase.calculations import robustness

OPTIONS, FACTORS = 5, 6
TIMED = 2_000  # weightings for pymcdm


def as_given(column: np.ndarray, cost: bool = False) -> np.ndarray:
    """Leave scores as they stand on their declared scale."""
    return column


def main() -> None:
    """Print a line for each way to rank."""
    draws, seed = robustness.DRAWS, robustness.SEED
    values = np.random.default_rng(seed).integers(0, 6, (OPTIONS, FACTORS)).astype(float)
    scores = pd.DataFrame(values)
    weights = pd.Series([20.0, 20.0, 15.0, 15.0, 15.0, 15.0])
    weightings = robustness.any_weights(FACTORS, draws, seed)
    print(f"{draws:,} weightings x {OPTIONS} options x {FACTORS} factors, best of {REPEATS} runs")
    ours = 1000 * best_seconds(lambda: robustness.ranks_by_draw(values, weightings))
    timed = {
        "ranks of given weightings": ours,
        "draw any weights and rank": 1000
        * best_seconds(
            lambda: robustness.rank_acceptability(
                scores, robustness.any_weights(FACTORS, draws, seed)
            )
        ),
        "draw ordered weights and rank": 1000
        * best_seconds(
            lambda: robustness.rank_acceptability(
                scores, robustness.ordered_weights(weights, draws, seed)
            )
        ),
        "draw weights near the stated and rank": 1000
        * best_seconds(
            lambda: robustness.rank_acceptability(
                scores, robustness.nearby_weights(weights, robustness.BAND, draws, seed)
            )
        ),
    }
    for name, taken in timed.items():
        print(f"  businesscase, {name:<38} {taken:>10.1f} ms")
    benefit = np.ones(FACTORS)
    methods = {
        "weighted sum": WSM(normalization_function=as_given),
        "TOPSIS": TOPSIS(normalization_function=as_given),
        "PROMETHEE II": PROMETHEE_II("usual"),
    }
    for name, method in methods.items():

        def rank_each(method=method):
            for share in weightings[:TIMED]:
                method.rank(method(values, share, benefit, validation=False))

        taken = 1000 * best_seconds(rank_each, 2) * draws / TIMED
        print(
            f"  pymcdm, {name:<44} {taken:>10.1f} ms, {TIMED:,} timed and scaled up "
            f"({taken / ours:,.0f} times as long)"
        )


if __name__ == "__main__":
    main()
