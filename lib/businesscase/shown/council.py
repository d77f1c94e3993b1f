"""What a report says of one council: what it saves, pays and is held to, by year and by line."""

import pandas as pd

from businesscase.calculations.savings import SIGNS
from businesscase.calculations.wording import capitalised, worded, words, year_label
from businesscase.shown.display import Table, table
from businesscase.study import Study


def years(study: Study, council: str) -> Table:
    """Show what a council saves and pays in each year, and what that comes to."""
    flows = study.savings.economic_flows
    flows = flows[flows.index.get_level_values("partner") == council]
    if flows.empty:
        return table(flows, "", f"No money of {council} is given")
    kinds = flows.groupby(level="flow", sort=False).sum()
    frame = kinds[kinds.any(axis="columns")].T.rename(columns=lambda kind: capitalised(words(kind)))
    net = study.savings.net_flows.loc[council]
    ended = study.appraisal.positions_if_ended.loc[council]
    frame = frame.assign(net_flow=net, own_to_date=net.cumsum(), if_ended=ended)
    caption = f"{council} by year, prices of the base year: costs and savings as they are, and what is left"
    return table(frame, caption, unit="£")


def lines(study: Study, council: str) -> Table:
    """Show a council's part of each line of money over the term."""
    whole = study.savings.told_flows.sum(axis="columns")
    whole = whole.groupby(level=["line", "flow", "partner"], sort=False).sum().unstack("partner")
    own = whole.get(council, pd.Series(0.0, whole.index)).fillna(0.0)
    frame = pd.DataFrame({"own_part": own, "all_parts": whole.sum(axis="columns")})
    frame = frame[frame["own_part"] != 0]
    order = frame.index.get_level_values("flow").map(SIGNS).to_numpy() * frame["own_part"]
    frame = frame.loc[order.sort_values(kind="stable").index]
    frame = frame.assign(own_share=frame["own_part"] / frame["all_parts"])
    return table(frame, f"{council}'s part of each line of money over the term, the costs first", f"No line of money is {council}'s")  # fmt: skip


def budget(study: Study, council: str) -> Table:
    """Show what the proposal does to a council's budget in the money of each year."""
    plan = study.cash.medium_term_plan
    own = plan[plan.index.get_level_values("partner") == council].droplevel("partner")
    frame = own[own.abs().gt(0.005).any(axis="columns")].T
    caption = f"What {council} would put into its medium-term plan, in cash: a saving is positive"
    return table(frame, caption, f"The budget of {council} stays as it is", unit="£")


def criteria(study: Study, council: str) -> Table:
    """Show the criteria that are tested for a council of its own, each by its worst figure."""
    tested = study.decision.tested
    own = tested[(tested["item"] == council) & tested["is_worst_of_item"]]
    own = own.assign(
        worst_in=["the whole term" if year is None else year_label(year) for year in own["year"]],
        found=[
            "not given" if gate.found is None else worded(gate.found, gate.unit)
            for gate in own.itertuples()
        ],
        must_be=[
            f"{words(gate.comparison)} {worded(gate.threshold, gate.unit)}"
            for gate in own.itertuples()
        ],
    )
    columns = ["criterion", "worst_in", "found", "must_be", "outcome", "if_not_met"]
    return table(own[columns], f"Criteria that {council} is held to", f"No criterion is {council}'s own")  # fmt: skip
