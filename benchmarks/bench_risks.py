"""Time a register of five hundred costed risks: its contingency, beside a Python loop, and its page.

Run with ``make bench`` or ``python benchmarks/bench_risks.py``. The loop draws one future at a time
and is timed on few; its mean is compared with the model's before either is timed.
"""

import random
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from measuring import REPEATS, best_seconds, seconds_of_views

from businesscase.calculations import exposure
from businesscase.calculations.uncertainty import DRAWS, SEED
from businesscase.study import Study, load_study

RISKS, LOOP_DRAWS = 500, 200
LIKELIHOODS, IMPACTS = 5, 5


def long_register() -> Study:
    """Return the Leicestershire case with a made-up register on a grid of five by five."""
    generator = np.random.default_rng(1)
    cited = {"status": "assumed", "source": "melton-2020", "paragraph": "", "note": "made up"}
    likelihood, impact = (generator.integers(1, size + 1, RISKS) for size in (LIKELIHOODS, IMPACTS))
    better = np.maximum(likelihood - generator.integers(0, 3, RISKS), 1)
    numbers = np.arange(1, RISKS + 1)
    risks = pd.DataFrame(
        {
            "risk": numbers,
            "description": [f"Something goes wrong in way {number}" for number in numbers],
            "likelihood": [f"likelihood {score}" for score in likelihood],
            "impact": [f"impact {score}" for score in impact],
            "mitigation": "What is done about it",
            "owner": generator.choice(["Board", "Head of ICT", ""], RISKS),
            "response": generator.choice(["treat", "tolerate", "transfer", "terminate"], RISKS),
            "residual_likelihood": [f"likelihood {score}" for score in better],
            "residual_impact": [f"impact {score}" for score in impact],
            "target_likelihood": "",
            "target_impact": "",
            "proximity": pd.NaT,
            "response_cost_gbp": generator.uniform(0, 20_000, RISKS),
            "realised_by": "",
            "cause": "",
            "correlation": 0.0,
            **cited,
        }
    )
    levels = pd.DataFrame(
        [("likelihood", score, f"likelihood {score}") for score in range(1, LIKELIHOODS + 1)]
        + [("impact", score, f"impact {score}") for score in range(1, IMPACTS + 1)],
        columns=["axis", "score", "level"],
    )
    bands = pd.DataFrame(
        {
            "band": ["Low", "Medium", "High", "Extreme"],
            "lowest_score": [1, 5, 10, 15],
            "highest_score": [4, 9, 14, 25],
            "within_appetite": [True, True, False, False],
        }
    )
    edges = np.linspace(0, 1, LIKELIHOODS + 1)
    probabilities = pd.DataFrame(
        {
            "level": levels["level"].iloc[:LIKELIHOODS],
            "lowest_probability": edges[:-1],
            "highest_probability": edges[1:],
        }
    )
    low = generator.uniform(0, 20_000, RISKS)
    costs = pd.DataFrame(
        {
            "risk": numbers,
            "position": "inherent",
            "partner": generator.choice(["shared", "Melton", "Blaby"], RISKS),
            "first_year": 2021,
            "last_year": generator.integers(2021, 2027, RISKS),
            "low_gbp": low,
            "most_likely_gbp": 2 * low,
            "high_gbp": 5 * low,
            "cost_line": generator.choice(["", "Backfill, legal and HR advice"], RISKS),
        }
    )
    made = {"risk_levels": levels, "risk_bands": bands, "risk_probabilities": probabilities}
    made |= {"risk_costs": costs}
    study = load_study("lictp-2020")
    tables = study.tables | {stem: table.assign(**cited) for stem, table in made.items()}
    return Study(replace(study.case, tables=tables | {"risks": risks}), "base", study.parameters)


def one_draw(rows: list[tuple], draw: random.Random) -> float:
    """Return what all risks cost in one future, one risk at a time [£]."""
    total = 0.0
    for low, most_likely, high, lowest, highest, years in rows:
        if draw.random() < draw.uniform(lowest, highest):
            total += draw.triangular(low, high, most_likely) * years
    return total


def drawn(costs: pd.DataFrame, worth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the risks cost in all draws, drawn anew [£]."""
    return exposure.simulated_costs(
        costs, worth, exposure.drawn_levels(costs, {}, DRAWS, SEED), DRAWS
    )


def main() -> None:
    """Compare and print."""
    study = long_register()
    costs = study.risks.costs
    worth = (
        exposure.borne(costs, study.risks.cost_shares) @ study.savings.discount_factors.to_numpy()
    )
    levels = exposure.drawn_levels(costs, {}, DRAWS, SEED)
    by_risk, _ = exposure.simulated_costs(costs, worth, levels, DRAWS)
    amounts = costs[[*exposure.ESTIMATES, *exposure.CHANCES]].to_numpy(float)
    rows = [(*row, years) for row, years in zip(amounts.tolist(), worth.sum(axis=1), strict=True)]
    draw = random.Random(SEED)
    started = time.perf_counter()
    looped = [one_draw(rows, draw) for _ in range(LOOP_DRAWS)]
    loop_seconds = (time.perf_counter() - started) * DRAWS / LOOP_DRAWS
    totals = by_risk.sum(axis=0)
    error = totals.std() / LOOP_DRAWS**0.5
    assert abs(np.mean(looped) - totals.mean()) < 5 * error, "the two ways disagree"
    seconds = best_seconds(lambda: drawn(costs, worth))
    print(f"{DRAWS:,} draws x {len(costs)} costed risks, best of {REPEATS} runs")
    print(f"  contingency           {1000 * seconds:8.1f} ms")
    print(
        f"  a Python loop         {1000 * loop_seconds:8.1f} ms  (from {LOOP_DRAWS:,} draws; "
        f"{loop_seconds / seconds:.0f} times as long)"
    )
    page = sum(seconds_of_views("04_risks.ipynb", long_register()).values())
    print(f"  every view of a page  {1000 * page:8.1f} ms")


if __name__ == "__main__":
    main()
