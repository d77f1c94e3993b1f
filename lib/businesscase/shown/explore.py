"""What the explorers show beside the views of the reports: the scenario as moved, and as it was."""

import pandas as pd

from businesscase.calculations import savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import in_words, pounds, printed
from businesscase.shown.decision import missing
from businesscase.shown.display import Sentence, Table, table
from businesscase.study import Study

NOISE = 1e-9  # of sums of binary fractions


def savings_headline(study: Study, start: Study) -> Sentence:
    """Say what the partnership's savings are worth, and how far that is from the scenario."""
    now, before = study.savings.net_present_values, start.savings.net_present_values
    return Sentence(
        f"## Net present value {in_words(now.sum())}\n\n{_difference(now - before, start)}"
    )


def _difference(changes: pd.Series, start: Study) -> str:
    """Say how much more all partners have, and that each has the same only where that is so [£]."""
    total, scenario = changes.sum(), f"scenario {start.scenario_name}"
    if round(total):
        side = "more" if total > 0 else "less"
        return f"{pounds(abs(total))} {side} than in {scenario}."
    if changes.round().any():
        return f"Together as in {scenario}, but not each partner."
    return f"As in {scenario}."


def savings_difference(study: Study, start: Study) -> Table:
    """Show net present value, payback and probability of loss by partner, and what has changed."""
    now, before = study.savings.appraisal, start.savings.appraisal
    worth = now["net_present_value"]
    found = pd.DataFrame(
        {
            "net_present_value": worth,
            "change": worth - before["net_present_value"],
            "payback_years": now["payback_years"].astype(float).fillna(float("inf")),
            "probability_of_loss": study.uncertainty.about["probability_of_loss"].reindex(
                now.index
            ),
        }
    )
    return table(found, f"Worth by partner, beside scenario {start.scenario_name}")


def savings_by_year(study: Study) -> Table:
    """Show saving less cost by partner and year."""
    net = savings.with_total(study.savings.net_flows, ALL).rename_axis("partner")
    caption = "Saving less cost by financial year, prices of the base year, not discounted"
    return table(net.assign(sum=net.sum(axis="columns")), caption, unit="£")


def options_headline(study: Study, start: Study) -> Sentence:
    """Say which option scores highest and by how much."""
    best, lead = _leader(study.options.ranked)
    before, lead_before = _leader(start.options.ranked)
    scenario = f"scenario {start.scenario_name}"
    changes = _scores(study) - _scores(start)
    if best["option"] != before["option"]:
        compared = f"in place of option {before['option']} in {scenario}"
    elif changes.abs().max() > NOISE:
        score = printed(before["weighted_score"])
        compared = f"first in {scenario} too, with {score}, {printed(lead_before)} ahead"
    else:
        compared = f"as in {scenario}"
    return Sentence(
        f"## Option {best['option']} scores highest\n\n{best['name']}: "
        f"{printed(best['weighted_score'])}, {printed(lead)} ahead; {compared}."
    )


def _scores(study: Study) -> pd.Series:
    return study.options.ranked.set_index("option")["weighted_score"]


def _leader(ranking: pd.DataFrame) -> tuple[pd.Series, float]:
    """Return the first of a ranking, and how far it is ahead of the second."""
    scores = ranking["weighted_score"]
    return ranking.iloc[0], scores.iloc[0] - scores.iloc[1] if len(ranking) > 1 else 0.0


def risks_headline(study: Study, start: Study) -> Sentence:
    """Say how many risks are above appetite, and what all may cost."""
    now, before = study.risks.above_appetite, start.risks.above_appetite
    count = f"{now or 'No'} risk{'s' * (now != 1)} above appetite"
    said = [f"## {count}\n\nIn scenario {start.scenario_name}: {before or 'none'}."]
    if not study.tables["risk_costs"].empty:
        said.append(f"To cover the costs in four of five futures takes {_contingency(study)}.")
    return Sentence(" ".join(said))


def _contingency(study: Study) -> str:
    return in_words(study.risks.contingency["p80"])


def overview_headline(study: Study, start: Study) -> Sentence:
    """State the recommendation."""
    before = f"Scenario {start.scenario_name}: {start.decision.recommendation}."
    return Sentence(
        f"## Recommendation: {study.decision.recommendation}\n\n{f'{missing(study)} {before}'.lstrip()}"
    )


def overview(study: Study, start: Study) -> Table:
    """Show recommendation, worth by partner, winner, exposure and finish, now and before."""
    found = pd.DataFrame({"now": _overview(study), "before": _overview(start)})
    return table(
        found.rename_axis("measure").rename(columns={"before": "In the scenario"}),
        f"The case at a glance, beside scenario {start.scenario_name}",
    )


def _overview(study: Study) -> dict[str, str]:
    present = study.case.section_names()
    rows = {"Recommendation": study.decision.recommendation}
    if "savings" in present:
        for partner, worth in study.savings.net_present_values.items():
            rows[f"Net present value, {partner}"] = pounds(worth)
    if "options" in present:
        best = study.options.ranking.iloc[0]
        rows["Highest score"] = f"{best['option']}  {best['name']}"
    if "risks" in present:
        rows["Risks above appetite"] = str(study.risks.above_appetite)
        if not study.tables["risk_costs"].empty:
            rows["Contingency in four of five futures"] = _contingency(study)
    if "plan" in present:
        rows["Plan ends"] = printed(study.plan.schedule["early_finish"].max())
    return rows
