"""Time the savings model over many draws, beside hand-written numpy and a Python call a draw.

Run with ``make bench`` or ``python benchmarks/bench_savings.py``. All three compute the same net
flows of every draw, partner and year and their net present values; the figures are compared before
they are timed.
"""

import time
import tracemalloc
from dataclasses import replace

import numpy as np
from measuring import best_seconds

from businesscase.calculations import savings
from businesscase.study import Study, load_study

DRAWS, LOOP_DRAWS, SEED = 100_000, 2_000, 1


def drawn_levers(draws: int) -> dict[str, np.ndarray]:
    """Return draws of the four levers of the savings model."""
    generator = np.random.default_rng(SEED)
    return {
        "realisation": generator.uniform(0.3, 1.0, draws),
        "delay_years": generator.uniform(0.0, 2.0, draws),
        "overrun": generator.uniform(0.0, 1.2, draws),
        "running_cost_change": generator.uniform(-0.05, 0.05, draws),
    }


def hand_written(saving, one_off, factors, levers):
    """Return net flows and net present values in bare numpy, for delays of up to two years."""
    late = [np.pad(saving, ((0, 0), (lag, 0)))[:, : saving.shape[1]] for lag in range(3)]
    net = np.zeros((len(levers["overrun"]), *saving.shape))
    for lag, moved in enumerate(late):
        part = levers["realisation"] * np.maximum(0.0, 1.0 - np.abs(levers["delay_years"] - lag))
        net += part[:, None, None] * moved
    net -= (1 + levers["overrun"])[:, None, None] * one_off
    return net, net @ factors


def main() -> None:
    """Compare and print, for a case as it is and for one of many partners that come and go."""
    of_three_partners()
    of_ten_partners()


def of_ten_partners() -> None:
    """Time ten partners of which two join and two leave, beside hand-written numpy of their flows."""
    names = [f"Council {number}" for number in range(1, 11)]
    study = load_study("mkip-2012")
    tables = study.tables
    flows = tables["flows"][tables["flows"]["option"] == "a"]
    pooled = flows.drop_duplicates("line").assign(partner="shared", first_year=2013, last_year=2022)
    partners = tables["partners"].iloc[[0] * 10].assign(partner=names, role="partner")
    costs = tables["service_costs"].iloc[[0] * 10].assign(partner=names)
    changed = {"flows": pooled, "partners": partners, "service_costs": costs}
    changed = {name: table.reset_index(drop=True) for name, table in changed.items()}
    parameters = study.parameters.model_copy(
        update={
            "joins": {names[1]: 2014, names[2]: 2016},
            "leaves": {names[3]: 2017, names[4]: 2019},
            "stranded_fraction": 0.3,
            "cost_apportionment": "equal",
            "saving_apportionment": "equal",
        }
    )
    made = Study(replace(study.case, tables=tables | changed), "base", parameters).savings
    prepared, factors = made.prepared_flows(2.0), made.discount_factors.to_numpy()
    levers = drawn_levers(DRAWS)
    planned = made.flows
    saving = savings.by_partner(planned, "saving").reindex(names).to_numpy()
    one_off = savings.by_partner(planned, "one_off_cost").reindex(names).to_numpy()
    model_seconds = best_seconds(lambda: savings.linear(prepared, names).net(levers) @ factors)
    kernel_seconds = best_seconds(lambda: hand_written(saving, one_off, factors, levers))
    print(f"{DRAWS:,} draws x {len(study.years)} years x 10 partners, two joining and two leaving")
    print(f"  hand-written numpy, without what leavers strand {1000 * kernel_seconds:8.1f} ms")
    print(
        f"  savings model                                   {1000 * model_seconds:8.1f} ms  ({model_seconds / kernel_seconds:.2f} of it)"
    )


def of_three_partners() -> None:
    """Time the published case, whose figures are compared before they are timed."""
    study = load_study("mkip-2012")
    partners, factors = study.partners, study.savings.discount_factors.to_numpy()
    prepared = study.savings.prepared_flows(2.0)
    saving = savings.by_partner(study.savings.planned_flows, "saving").loc[partners].to_numpy()
    one_off = (
        savings.by_partner(study.savings.planned_flows, "one_off_cost").loc[partners].to_numpy()
    )
    levers = drawn_levers(DRAWS)

    def model():
        net = savings.linear(prepared, partners).net(levers)
        return net, net @ factors

    def kernel():
        return hand_written(saving, one_off, factors, levers)

    def loop():
        for draw in range(LOOP_DRAWS):
            one = {name: values[draw : draw + 1] for name, values in levers.items()}
            hand_written(saving, one_off, factors, one)

    np.testing.assert_allclose(model()[1], kernel()[1], rtol=1e-9, atol=1e-3)
    model_seconds, kernel_seconds = best_seconds(model), best_seconds(kernel)
    started = time.perf_counter()
    loop()
    loop_seconds = (time.perf_counter() - started) * DRAWS / LOOP_DRAWS
    tracemalloc.start()
    model()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    years = len(study.years)
    print(f"{DRAWS:,} draws x {years} years x {len(partners)} partners: net flows and NPVs")
    print(f"  hand-written numpy    {1000 * kernel_seconds:8.1f} ms")
    print(
        f"  savings model         {1000 * model_seconds:8.1f} ms  ({model_seconds / kernel_seconds:.2f} of it), peak {peak:.0f} MB"
    )
    print(f"  a Python call a draw  {1000 * loop_seconds:8.1f} ms  (from {LOOP_DRAWS:,} draws)")


if __name__ == "__main__":
    main()
