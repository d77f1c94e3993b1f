"""The tidy table of results (results.csv), and its reconciliation to published figures."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from businesscase.calculations.estate import RELATIONS, SAME
from businesscase.calculations.outturn import latest_readings
from businesscase.cases.validation import has_recurring_flows

if TYPE_CHECKING:
    from businesscase.study import Study

KEYS = ["section", "measure", "item", "year"]
COLUMNS = [*KEYS, "value", "unit"]
ALL = "all"
MONEY, FRACTION, YEARS, COUNT, SCORE, DAYS, DATE, TEXT = (
    "£", "fraction", "years", "count", "score", "days", "date", "text",
)  # fmt: skip
NONE = "none"
ACCEPTABILITY = {
    # weightings drawn: the measure that says in which share of them an option comes first
    "any": "rank_acceptability",
    "ordered": "rank_acceptability_ordered",
    "band": "rank_acceptability_band",
}
NEVER = float("inf")  # a payback that is not reached within the horizon


def of_study(study: "Study") -> pd.DataFrame:
    """Return every result of a study, the decision included."""
    return pd.concat([study.section_results, _frame(_decision(study))], ignore_index=True)


def of_sections(study: "Study") -> pd.DataFrame:
    """Return the results that the decision rests on: all sections but the decision's outcome."""
    names = [name for name in study.case.section_names() if name != "decision"]
    rows = [row for name in names for row in of_section(study, name)]
    return _frame([*rows, *_commitments(study)])


def of_figures(study: "Study", section: str, published: pd.DataFrame) -> pd.DataFrame:
    """Return the results of a section, no further than to the last of its published figures."""
    rows, awaited = [], set(_keys(published))
    for row in _of_whole_section(study, section) if awaited else ():
        rows.append(row)
        awaited.discard((*row[:3], None if pd.isna(row[3]) else row[3]))
        if not awaited:
            break  # what follows need not be computed
    return _frame(rows)


def _of_whole_section(study: "Study", section: str) -> Iterator[tuple]:
    if section == "decision":
        yield from _commitments(study)
        yield from _decision(study)
    elif section in study.case.section_names():
        yield from of_section(study, section)


def of_section(study: "Study", section: str) -> Iterator[tuple]:
    """Yield a section's results one by one: what follows a row is not computed before it is due."""
    makers = {
        "baseline": _baseline,
        "options": _options,
        "savings": _savings,
        "risks": _risks,
        "plan": _plan,
        "readiness": _readiness,
        "outturn": _outturn,
        "decision": _commitments,
    }
    return makers[section](study)


def _frame(rows: Iterable[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"value": object, "year": "Int64"})


def _series(section: str, measure: str, values: pd.Series, unit: str) -> Iterator[tuple]:
    for item, value in values.items():
        if not pd.isna(value):
            yield section, measure, str(item), pd.NA, value, unit


def _yearly(section: str, measure: str, values: pd.DataFrame, unit: str) -> Iterator[tuple]:
    for item, by_year in values.iterrows():
        for year, value in by_year.items():
            yield section, measure, str(item), year, value, unit


def _one(section: str, measure: str, value, unit: str) -> Iterator[tuple]:
    yield section, measure, ALL, pd.NA, value, unit


def _with_all(values: pd.Series) -> pd.Series:
    return pd.concat([pd.Series({ALL: values.sum()}), values])


def _baseline(study: "Study") -> Iterator[tuple]:
    section = "baseline"
    for driver, measure in (("user", "users"), ("device", "devices")):
        count = study.driver(measure)
        if not count.empty:
            yield from _series(section, measure, _with_all(count), COUNT)
        cost = getattr(study, f"cost_per_{driver}")
        yield from _series(section, f"cost_per_{driver}", cost, f"£ a {driver} a year")
    if not study.users.empty:
        yield from _series(section, "user_share", study.user_shares, FRACTION)
    if not study.annual_cost.empty:
        yield from _series(section, "annual_cost", _with_all(study.annual_cost), "£ a year")
        real = _with_all(study.real_annual_cost)
        yield from _series(section, "real_annual_cost", real, "£ a year")
    for gap in study.benchmark_gaps.itertuples():
        item = gap.benchmark if gap.item == ALL else f"{gap.benchmark}, {gap.item}"
        yield section, "benchmark_gap", item, pd.NA, gap.worth_gbp, "£ a year"
    for trend in study.service_trends.itertuples():
        item = f"{trend.measure}, {trend.partner}"
        yield section, "service_measure_first", item, pd.NA, trend.first, trend.unit
        yield section, "service_measure_last", item, pd.NA, trend.last, trend.unit
        if not pd.isna(trend.change):
            yield section, "service_measure_change", item, pd.NA, trend.change, trend.unit
        if not pd.isna(trend.target):
            yield section, "service_measure_target", item, pd.NA, trend.target, trend.unit
    changes = study.survey_changes
    changes = changes.set_index(changes["survey"] + ", " + changes["partner"])
    for part in ("difference", "difference_low", "difference_high"):
        yield from _series(section, f"survey_{part}", changes[part], FRACTION)
    yield from _series(section, "no_worse_afterwards", changes["outcome"], TEXT)
    if not study.convergence.empty:
        relations = study.convergence["relation"]
        counts = relations.value_counts().reindex(RELATIONS, fill_value=0)
        yield from _series(section, "application_overlap", counts, COUNT)
        yield from _one(section, "application_overlap", (relations == SAME).mean(), FRACTION)
    cover = study.skill_cover
    if not cover.empty:
        alone = cover.groupby("partner", sort=False)["single_person"].sum()
        yield from _series(section, "single_person_skills", _with_all(alone), COUNT)
        together = cover.loc[cover["single_together"], "skill"].nunique()
        yield from _one(section, "single_person_skills_together", together, COUNT)
    quality = study.data_quality["score"]
    yield from _series(section, "data_quality", quality, "score of 100")
    yield from _one(section, "data_quality", quality.mean(), "score of 100")
    supplied = int((study.data_quality["rows"] > 0).sum())
    yield from _one(section, "baseline_tables", supplied, COUNT)


def _options(study: "Study") -> Iterator[tuple]:
    section = "options"
    ranking = study.ranking.set_index("option").sort_index()
    yield from _series(section, "weighted_score", ranking["weighted_score"], SCORE)
    yield from _series(
        section, "rank", study.ranked.set_index("option")["rank"].astype(int).sort_index(), "rank"
    )
    yield from _one(section, "preferred_option", study.option, "letter")
    rank = study.option_rank
    yield from _one(
        section, "preferred_option_rank", rank, TEXT if isinstance(rank, str) else "rank"
    )
    for option, by_factor in study.contributions.iterrows():
        items = by_factor.rename(lambda factor, option=option: f"{option}, {factor}")
        yield from _series(section, "contribution", items, SCORE)
    yield from _series(section, "benefit_score", study.benefit_scores, SCORE)
    failed = study.failed_success_factors.replace("", NONE)
    yield from _series(section, "success_factors_failed", failed, TEXT)
    if study.success_factors_failed is not None:
        count = study.success_factors_failed
        yield from _one(section, "success_factors_failed_count", count, COUNT)
    for name, measure in ACCEPTABILITY.items():
        yield from _series(section, measure, study.acceptability[name], FRACTION)
    switching = study.switching_weights
    shares = switching["switching_share"].astype(object)
    yield from _known(section, "switching_weight", shares, FRACTION, NONE)
    winners = switching["new_winner"].replace("", NONE)
    yield from _series(section, "switching_weight_winner", winners, TEXT)
    dominated = study.dominated_options.set_index("option")["dominated_by"]
    yield from _series(section, "dominated", dominated, TEXT)
    for method in ("topsis", "promethee"):
        yield from _series(section, f"{method}_rank", study.other_methods[method], "rank")
    findings = study.option_findings.groupby("item", sort=False)["finding"].agg("; ".join)
    yield from _series(section, "finding", findings, TEXT)
    counts = pd.Series({name: len(study.tables[f"{name}s"]) for name in ("option", "factor")})
    yield from _series(section, "count", counts, COUNT)


def _savings(study: "Study") -> Iterator[tuple]:
    section = "savings"
    table = study.appraisal
    for measure in ("total_saving", "one_off_cost", "net_present_value", "peak_funding"):
        yield from _series(section, measure, table[measure], MONEY)
    yield from _series(section, "cashable_saving", _with_all(study.cashable_saving), MONEY)
    yield from _series(section, "average_annual_saving", table["average_annual_saving"], "£ a year")
    for measure in ("payback_years", "discounted_payback_years"):
        yield from _series(section, measure, table[measure].astype(float).fillna(NEVER), YEARS)
    ratio = table["benefit_cost_ratio"].astype(object)
    yield from _known(section, "benefit_cost_ratio", ratio, "ratio", "there is no cost")
    rate = table["internal_rate_of_return"].astype(object)
    yield from _known(
        section, "internal_rate_of_return", rate, "fraction a year", table["no_rate_because"]
    )
    lowest = study.net_present_values.min()
    yield from _one(section, "lowest_net_present_value", lowest, MONEY)
    yield from _one(section, "term_years", study.term_years, YEARS)
    for funding, spent in study.one_off_costs.groupby(level="funding", sort=False):
        by_partner = spent.groupby(level="partner", sort=False).sum().sum(axis="columns")
        yield from _series(section, f"one_off_{funding}", _with_all(by_partner), MONEY)
    units = {"change_fraction": FRACTION}
    for measure, values in study.cost_change.items():
        yield from _series(
            section, f"annual_cost_{measure}", values, units.get(measure, "£ a year")
        )
    yield from _yearly(section, "net_flow", study.net_flows, MONEY)
    yield from _one(section, "optimism_bias", study.optimism_bias, FRACTION)
    yield from _series(section, "change_by_withdrawal", study.withdrawal["change"], MONEY)
    if has_recurring_flows(study.tables):  # a cost alone is no odds of a loss
        yield from _uncertain_savings(study)
    yield from _cash(study)


def _uncertain_savings(study: "Study") -> Iterator[tuple]:
    section = "savings"
    for measure, values in study.risk_of_loss.items():
        unit = FRACTION if measure == "probability_of_loss" else MONEY
        yield from _series(section, measure, values, unit)
    for level, by_year in study.simulated_years.iterrows():
        yield from _yearly(section, f"cumulative_{level}", by_year.to_frame(ALL).T, MONEY)
    switching = study.switching_values
    items = switching["parameter"].where(
        switching["item"] == ALL, switching["parameter"] + ", " + switching["item"]
    )
    values = switching["switching_value"].astype(object).set_axis(items)
    yield from _known(section, "switching_value", values, "as the parameter", "none in range")
    shares = study.variance_shares.set_index("input")
    yield from _series(section, "variance_share", shares["total"], FRACTION)


def _cash(study: "Study") -> Iterator[tuple]:
    plan = study.medium_term_plan
    for line, rows in plan.groupby(level="line", sort=False):
        by_partner = rows.droplevel("line")
        yield from _yearly("savings", f"cash_{line.replace(' ', '_')}", by_partner, MONEY)


def _known(section: str, measure: str, values: pd.Series, unit: str, why_not) -> Iterator[tuple]:
    """Yield the values that there are, and in words why there is none for the others."""
    for item, value in values.items():
        if pd.isna(value):
            reason = why_not if isinstance(why_not, str) else why_not[item]
            yield (
                section,
                measure,
                str(item),
                pd.NA,
                reason if reason.startswith("none") else f"none: {reason}",
                TEXT,
            )
        else:
            yield section, measure, str(item), pd.NA, value, unit


def _risks(study: "Study") -> Iterator[tuple]:
    section = "risks"
    scored = study.scored_risks.set_index("risk")
    assessed = scored[scored["inherent_score"].notna()]
    yield from _series(section, "likelihood_score", scored["inherent_likelihood_score"], SCORE)
    yield from _series(section, "impact_score", scored["inherent_impact_score"], SCORE)
    yield from _series(section, "risk_score", scored["inherent_score"], SCORE)
    yield from _series(section, "risk_band", assessed["inherent_band"], TEXT)
    yield from _series(section, "residual_score", scored["residual_score"], SCORE)
    placed = scored["standing_score"].dropna()
    if len(placed):
        yield from _one(section, "highest_risk_score", placed.max(), SCORE)
    yield from _one(section, "risks_above_appetite", study.risks_above_appetite, COUNT)
    findings = study.risk_findings.groupby("risk")["finding"].agg("; ".join)
    yield from _series(section, "finding", findings, TEXT)
    if study.costed_risks:
        yield from _risk_costs(study)


def _risk_costs(study: "Study") -> Iterator[tuple]:
    section = "risks"
    expected = study.expected_risk_costs
    yield from _series(section, "expected_cost", _with_all(expected.sum(axis="columns")), MONEY)
    yield from _yearly(section, "expected_cost", expected.sum().to_frame(ALL).T, MONEY)
    inherent = _with_all(study.inherent_risk_costs)
    yield from _series(section, "expected_cost_inherent", inherent, MONEY)
    yield from _series(section, "response_value", study.response_values, MONEY)
    yield from _series(section, "expected_cost_borne", study.risk_costs_borne, MONEY)
    for level, cost in study.contingency.items():
        yield from _one(section, f"contingency_{level}", cost, MONEY)
    tail = study.risk_contributions["tail_share"].sort_index()
    yield from _series(section, "contingency_share", tail, FRACTION)


def _plan(study: "Study") -> Iterator[tuple]:
    section = "plan"
    schedule = study.schedule.set_index("task")
    for measure in ("early_start", "early_finish", "late_start", "late_finish"):
        yield from _series(section, measure, schedule[measure], DATE)
    for measure in ("total_float_days", "free_float_days"):
        yield from _series(section, measure, schedule[measure], DAYS)
    yield from _one(section, "finish", schedule["early_finish"].max(), DATE)
    critical = ", ".join(map(str, schedule.index[schedule["critical"]]))
    yield from _one(section, "critical_tasks", critical, TEXT)
    if schedule["days_late"].notna().any():
        yield from _one(section, "days_late", schedule["days_late"].max(), DAYS)
    status = study.package_progress.set_index("item")["rag"]
    yield from _series(section, "rag", status, TEXT)
    if study.has_ranges:
        yield from _uncertain_plan(study)


def _uncertain_plan(study: "Study") -> Iterator[tuple]:
    section = "plan"
    yield from _series(section, "criticality_index", study.criticality, FRACTION)
    for level, dates in study.certain_finishes.items():
        yield from _series(section, f"finish_{level}", dates, DATE)
    chances = study.deadline_chances
    yield from _series(section, "deadline_probability", chances["chance"], FRACTION)
    reserved = study.deadlines.loc[study.deadlines["contingency_days"] > 0, "task"]
    if len(reserved):
        with_reserve = chances.loc[[*reserved, ALL], "chance_with_contingency"]
        yield from _series(section, "deadline_probability_with_contingency", with_reserve, FRACTION)


def _readiness(study: "Study") -> Iterator[tuple]:
    section = "readiness"
    if not study.readiness_scores.empty:
        yield from _readiness_scores(study)
    respected = study.tables["red_lines"]["respected"]
    if len(respected):
        yield from _one(section, "red_lines_crossed", int((respected == "no").sum()), COUNT)
        not_known = int((respected == "not known").sum())
        yield from _one(section, "red_lines_not_known", not_known, COUNT)
    yield from _series(section, "size_ratio", study.size_ratios, "ratio")
    yield from _series(
        section, "spent_before_stop", pd.Series({ALL: study.spent_before_stop}), MONEY
    )
    lessons = study.lessons.set_index("lesson")
    yield from _series(section, "spent_by_gate", lessons["spent_by_gate"], MONEY)
    yield from _series(section, "months_to_stop", lessons["months_to_stop"], "months")
    yield from _one(section, "governance_lacking", len(study.governance_lacking), COUNT)
    yield from _series(section, "governance", study.governance_settled, TEXT)


def _readiness_scores(study: "Study") -> Iterator[tuple]:
    section = "readiness"
    yield from _series(section, "mean_score", study.readiness_scores.mean(), SCORE)
    for area, by_partner in study.readiness_scores.iterrows():
        items = by_partner.rename(lambda partner, area=area: f"{area}, {partner}")
        yield from _series(section, "readiness_score", items, SCORE)
    yield from _series(section, "divergence", study.divergence["gap"], SCORE)
    yield from _one(section, "lowest_score", study.readiness_scores.min().min(), SCORE)
    yield from _one(section, "areas_beyond_gap", len(study.areas_beyond_gap), COUNT)
    yield from _one(section, "areas_below_minimum", len(study.areas_below_minimum), COUNT)


def _outturn(study: "Study") -> Iterator[tuple]:
    section = "outturn"
    saved = study.realisation_to_date
    yield from _series(section, "saving_to_date", saved["actual"], MONEY)
    yield from _series(section, "planned_saving_to_date", saved["planned"], MONEY)
    yield from _series(section, "realisation_to_date", saved["ratio"], FRACTION)
    costs = study.money_variances.query("flow != 'saving'")
    if len(costs):
        by_line = costs.groupby("line", sort=False)["variance"].sum()
        yield from _series(section, "cost_variance", _with_all(by_line), MONEY)
    missing = study.not_reported.sum(axis="columns").groupby(level="line", sort=False).sum()
    yield from _series(section, "planned_not_reported", missing, MONEY)
    if study.realisation_forecast:
        yield from _reforecast(study)
    yield from _one(section, "review_flag", study.review_flag, TEXT)
    if study.review is not None:
        yield from _one(section, "review_date", study.review["date"], DATE)
    latest = latest_readings(study.measures_to_date, ["measure", "partner"])
    for row in latest.itertuples():
        if not pd.isna(row.variance):
            item = f"{row.measure}, {row.partner}"
            yield section, "service_measure_variance", item, pd.NA, row.variance, row.unit
    users = latest_readings(study.users_to_date, ["partner"]).set_index("partner")
    yield from _series(section, "users_variance", users["variance"], COUNT)
    for row in study.tasks_to_date.itertuples():
        measure = {"finish": "task_days_late", "start": "task_start_days_late"}[row.end]
        yield section, measure, str(row.task), pd.NA, row.days_late, DAYS


def _reforecast(study: "Study") -> Iterator[tuple]:
    section = "outturn"
    forecasts = {
        "forecast_realisation": study.realisation_forecast,
        "forecast_overrun": study.overrun_forecast,
    }
    for measure, found in forecasts.items():
        if found:
            yield from _one(section, measure, found.mean, FRACTION)
            yield from _one(section, f"{measure}_p10", found.p10, FRACTION)
            yield from _one(section, f"{measure}_p90", found.p90, FRACTION)
    yield from _one(section, "own_weight", study.realisation_forecast.own_weight, FRACTION)
    for level, worth in study.forecast_worth.items():
        suffix = "" if level == "mean" else f"_{level}"
        yield from _one(section, f"forecast_net_present_value{suffix}", worth, MONEY)
    required = study.required_realisation
    value, unit = (required, FRACTION) if required is not None else ("none: no saving is to come", TEXT)  # fmt: skip
    yield from _one(section, "required_realisation", value, unit)


def _commitments(study: "Study") -> Iterator[tuple]:
    section = "decision"
    yield from _series(section, "count", _counts(study), COUNT)
    if not study.committed_cost.empty:
        yield from _series(section, "committed_cost", _with_all(study.committed_cost), MONEY)


def _counts(study: "Study") -> pd.Series:
    """Return control totals of the lists that the source prints."""
    objectives = study.tables["objectives"]["kind"].value_counts(sort=False)
    boards = int((study.tables["governance"]["topic"] == "board").sum())
    counts = {"partner": len(study.partners), "board": boards, **objectives.to_dict()}
    return pd.Series({item: count for item, count in counts.items() if count})


def _decision(study: "Study") -> Iterator[tuple]:
    gates = study.gates.set_index("criterion")
    yield from _series("decision", "gate", gates["outcome"], TEXT)
    yield from _series("decision", "reason", gates["reason"], TEXT)
    for row in study.turning_changes_shown.itertuples():
        item = row.parameter if row.item == ALL else f"{row.parameter}, {row.item}"
        if pd.isna(row.value):
            yield "decision", "turning_change", item, pd.NA, "none in range", TEXT
        else:
            yield "decision", "turning_change", item, pd.NA, row.value, "as the parameter"
            yield "decision", "turning_change_to", item, pd.NA, row.then, TEXT
    yield from _one("decision", "recommendation", study.recommendation, TEXT)


def as_text(value) -> str:
    """Return a value as results.csv prints it: ISO dates, numbers without trailing zeros.

    Examples
    --------
    >>> as_text(pd.Timestamp("2026-04-01")), as_text(0.1 + 0.2), as_text(370000.0)
    ('2026-04-01', '0.3', '370000')
    >>> as_text(NEVER)
    'never'
    """
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, str):
        return value
    if value == NEVER:
        return "never"
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def csv_text(results: pd.DataFrame) -> str:
    """Return results as the text of results.csv."""
    printed = results.assign(value=results["value"].map(as_text))
    return printed.to_csv(index=False, lineterminator="\n")


def reconciliation(published: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Hold recomputed figures against the published ones.

    Parameters
    ----------
    published : DataFrame
        Rows of published.csv.
    results : DataFrame
        Results of the base scenario.

    Returns
    -------
    DataFrame
        ``section``, ``measure``, ``item``, ``year``, ``published``, ``recomputed``, ``unit``,
        ``agrees`` and ``paragraph``; ``recomputed`` is blank where the workbook has no such result.
    """
    found = dict(zip(_keys(results), results["value"], strict=True))
    values = [found.get(key) for key in _keys(published)]
    agrees = [
        value is not None and _agrees(value, printed, tolerance)
        for value, printed, tolerance in zip(
            values, published["value"], published["tolerance"], strict=True
        )
    ]
    return published[KEYS].assign(
        published=published["value"],
        recomputed=["" if value is None else as_text(value) for value in values],
        unit=published["unit"],
        agrees=agrees,
        paragraph=published["paragraph"],
    )


def _keys(table: pd.DataFrame) -> list[tuple]:
    return list(
        table[KEYS]
        .astype(object)
        .where(table[KEYS].notna(), None)
        .itertuples(index=False, name=None)
    )


def _agrees(value, printed: str, tolerance: float) -> bool:
    try:
        return abs(float(value) - float(printed)) <= tolerance + 1e-9
    except (TypeError, ValueError):  # one of them is a date or a word
        return as_text(value) == printed
