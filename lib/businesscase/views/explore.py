"""What the explorers show beside the views of the reports: the scenario as moved, and as it was."""

import pandas as pd

from businesscase.study import ALL, Study
from businesscase.views.display import Sentence, Table, in_words, pounds, printed

TOTAL = "All partners"


def savings_headline(study: Study, start: Study) -> Sentence:
    """Say what the partnership's savings are worth, and how far that is from the scenario."""
    worth, before = study.net_present_values.sum(), start.net_present_values.sum()
    return Sentence(
        f"## Net present value {in_words(worth)}\n\n{_difference(worth - before, start)}"
    )


def _difference(change: float, start: Study) -> str:
    if round(change) == 0:
        return f"As in scenario {start.scenario_name}."
    side = "more" if change > 0 else "less"
    return f"{pounds(abs(change))} {side} than in scenario {start.scenario_name}."


def savings_difference(study: Study, start: Study) -> Table:
    """Show net present value, payback and probability of loss by partner, and what has changed."""
    now, before = study.appraisal, start.appraisal
    risk = study.risk_of_loss["probability_of_loss"]
    table = pd.DataFrame(
        {
            "partner": [TOTAL if item == ALL else item for item in now.index],
            "worth": now["net_present_value"].to_numpy(),
            "change": (now["net_present_value"] - before["net_present_value"]).to_numpy(),
            "payback": now["payback_years"].astype(float).fillna(float("inf")).to_numpy(),
            "loss": risk.reindex(now.index).to_numpy(),
        }
    )
    return Table(
        table,
        f"Worth by partner, beside scenario {start.scenario_name}",
        {
            "partner": "Partner",
            "worth": "Net present value (£)",
            "change": "Change from the scenario (£)",
            "payback": "Payback (years)",
            "loss": "Probability of loss (%)",
        },
    )


def options_headline(study: Study, start: Study) -> Sentence:
    """Say which option scores highest and by how much."""
    ranking, before = study.ranked, start.ranked
    best = ranking.iloc[0]
    lead = best["weighted_score"] - ranking["weighted_score"].iloc[1] if len(ranking) > 1 else 0.0
    same = best["option"] == before["option"].iloc[0]
    winner = f"as in scenario {start.scenario_name}" if same else (
        f"in place of option {before['option'].iloc[0]} in scenario {start.scenario_name}"
    )  # fmt: skip
    return Sentence(
        f"## Option {best['option']} scores highest\n\n{best['name']}: "
        f"{printed(best['weighted_score'])}, {printed(lead)} ahead; {winner}."
    )


def risks_headline(study: Study, start: Study) -> Sentence:
    """Say how many risks are above appetite, and what all may cost."""
    now, before = study.risks_above_appetite, start.risks_above_appetite
    count = f"{now or 'No'} risk{'s' * (now != 1)} above appetite"
    said = [f"## {count}\n\nIn scenario {start.scenario_name}: {before or 'none'}."]
    if not study.tables["risk_costs"].empty:
        said.append(f"To cover the costs in four of five futures takes {_contingency(study)}.")
    return Sentence(" ".join(said))


def _contingency(study: Study) -> str:
    return in_words(study.contingency["p80"])


def overview_headline(study: Study, start: Study) -> Sentence:
    """State the recommendation."""
    return Sentence(
        f"## Recommendation: {study.recommendation}\n\n"
        f"{' '.join([*study.missing, f'Scenario {start.scenario_name}: {start.recommendation}.'])}"
    )


def overview(study: Study, start: Study) -> Table:
    """Show recommendation, worth by partner, winner, exposure and finish, now and before."""
    now, before = _overview(study), _overview(start)
    rows = [(name, now[name], before[name]) for name in now]
    return Table(
        pd.DataFrame(rows, columns=["measure", "now", "before"]),
        f"The case at a glance, beside scenario {start.scenario_name}",
        {"measure": "Measure", "now": "Now", "before": "In the scenario"},
    )


def _overview(study: Study) -> dict[str, str]:
    present = study.case.section_names()
    rows = {"Recommendation": study.recommendation}
    if "savings" in present:
        for partner, worth in study.net_present_values.items():
            rows[f"Net present value, {partner}"] = pounds(worth)
    if "options" in present:
        best = study.ranking.iloc[0]
        rows["Highest score"] = f"{best['option']}  {best['name']}"
    if "risks" in present:
        rows["Risks above appetite"] = str(study.risks_above_appetite)
        if not study.tables["risk_costs"].empty:
            rows["Contingency in four of five futures"] = _contingency(study)
    if "plan" in present:
        rows["Plan ends"] = printed(study.schedule["early_finish"].max())
    return rows
