"""Faults that one row cannot show: unknown names, duplicates, gaps, years outside the appraisal."""

import typing
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

import pandas as pd

from businesscase import plan
from businesscase.baseline import BANDS
from businesscase.errors import unknown_name
from businesscase.parameters import Parameters, Scenario
from businesscase.schema import BASELINE_EVIDENCE, KEYS, SHARED, BaselineStandard, CaseFile

Fault = tuple[str, int | None, str]  # table or file, row number in the table, sentence
Tables = dict[str, pd.DataFrame]
COMPARED_TABLES = ["service_costs", "applications", "skills", "assets"]
SAME_WORDS = 0.9  # likeness from which two names are taken for one that is misspelt
RISK_AXES = ["likelihood", "impact"]
SECTIONS = ["baseline", "options", "savings", "risks", "plan", "readiness", "decision"]


def table_faults(
    file: CaseFile, tables: Tables, scenarios: dict[str, Scenario], shared_sources: set[str]
) -> Iterator[Fault]:
    """Yield every fault of a case whose rows are each valid by themselves."""
    duplicates = list(_duplicates(tables))
    yield from duplicates
    yield from _unknown_names(file, tables, shared_sources)
    yield from _case_file_faults(file, tables)
    if duplicates:
        return  # the checks below look rows up by their keys
    yield from _leaving_partner_faults(tables)
    yield from _driver_faults(tables)
    yield from _budget_year_faults(tables)
    yield from _baseline_faults(file, tables)
    yield from _option_faults(tables)
    yield from _flow_faults(file, tables)
    yield from _discount_faults(file, tables)
    yield from _risk_faults(tables)
    yield from _plan_faults(file, tables)
    yield from _readiness_faults(tables)
    sentences = {
        name: list(parameter_faults(file, tables, scenario.parameters))
        for name, scenario in scenarios.items()
    }
    of_base = next(iter(sentences.values()), [])  # said once, though every scenario inherits them
    for name, found in sentences.items():
        for sentence in found:
            if found is of_base or sentence not in of_base:
                yield f"scenarios.toml [{name}]", None, sentence


def has_recurring_flows(tables: Tables) -> bool:
    """Return whether the case has money that recurs, without which there is nothing to appraise."""
    return bool(tables["flows"]["flow"].isin(["saving", "running_cost"]).any())


def _duplicates(tables: Tables) -> Iterator[Fault]:
    for stem, key in KEYS.items():
        for index in tables[stem].index[tables[stem].duplicated(key)]:
            cells = tables[stem].loc[index, key].dropna()
            found = ", ".join(map(str, cells))
            yield stem, index, f"{found} stands here twice; once is allowed"


def _unknown_names(file: CaseFile, tables: Tables, shared_sources: set[str]) -> Iterator[Fault]:
    partners = list(tables["partners"]["partner"])
    sources = [*file.sources, *shared_sources]
    allowed = {"source": sources, "partner": partners, "section": SECTIONS}
    if not tables["options"].empty:
        allowed["option"] = list(tables["options"]["option"])
    for stem, table in tables.items():
        for column, names in allowed.items():
            if column not in table:
                continue
            names = [*names, SHARED] if (stem, column) == ("flows", "partner") else names
            for index in table.index[~table[column].isin(names)]:
                yield stem, index, unknown_name(column, table.at[index, column], names)


def _case_file_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    if tables["partners"].empty:
        yield "partners.csv", None, "the case has no partners; at least one is needed"
    if file.last_year < file.decision_year:
        yield (
            "case.toml",
            None,
            f"last_year {file.last_year} is before decision_year {file.decision_year}",
        )
    options = list(tables["options"]["option"])
    if options and file.preferred_option not in options:
        yield "case.toml", None, unknown_name("preferred_option", file.preferred_option, options)
    kinds = list(tables["optimism_bias"]["project_type"])
    for kind in file.project_mix:
        if kind not in kinds:
            yield "case.toml", None, unknown_name("project_mix", kind, kinds)
    mixed, brought = sum(file.project_mix.values()), tables["mitigations"]["contribution_fraction"]
    if abs(mixed - 1) > 1e-9:
        yield "case.toml", None, f"project_mix adds up to {mixed:g}; the shares must add up to 1"
    if len(brought) and abs(brought.sum() - 1) > 1e-9:
        yield (
            "mitigations.csv",
            None,
            f"contribution_fraction adds up to {brought.sum():g}; it must add up to 1",
        )
    numbers = [
        name
        for name, field in Parameters.model_fields.items()
        if field.annotation in (float, float | None)
    ]
    for index, name in tables["sensitivities"]["parameter"].items():
        if name not in numbers:
            yield "sensitivities", index, unknown_name("parameter", name, numbers)


def _leaving_partner_faults(tables: Tables) -> Iterator[Fault]:
    partners = tables["partners"]
    leaving = partners.loc[partners["role"] == "leaving", "partner"]
    for stem in ("drivers", "service_costs", "flows", "readiness"):
        for index, partner in tables[stem]["partner"].items():
            if partner in set(leaving):
                yield stem, index, f"{partner} is leaving; only partners that stay have rows here"


def _driver_faults(tables: Tables) -> Iterator[Fault]:
    staying = _staying(tables)
    for driver, rows in tables["drivers"].groupby("driver", sort=False):
        for partner in staying:
            if partner not in set(rows["partner"]):
                yield (
                    "drivers.csv",
                    None,
                    f"{driver} has no row for {partner}; every partner needs one",
                )


def _budget_year_faults(tables: Tables) -> Iterator[Fault]:
    """Yield budgets given for a second year: they would be added up as one year's cost."""
    costs = tables["service_costs"]
    own = ["partner", "service", "category", "funding"]
    first = costs.groupby(own, sort=False)["year"].transform("first")
    for index in costs.index[costs["year"] != first]:
        yield (
            "service_costs",
            index,
            f"{costs.at[index, 'partner']} has {costs.at[index, 'category']} for {first[index]} and "
            f"{costs.at[index, 'year']}; one year of each is allowed",
        )


def _baseline_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    for stem in COMPARED_TABLES:
        given = set(tables[stem]["partner"])
        for partner in _staying(tables) if given else []:
            if partner not in given:
                yield f"{stem}.csv", None, f"no row for {partner}; a comparison needs every partner"
    yield from _price_faults(file, tables)
    yield from _band_faults(tables["benchmarks"])
    yield from _survey_faults(tables["surveys"])
    yield from _function_faults(tables["applications"])
    if any(len(tables[stem]) for stem in BASELINE_EVIDENCE):
        for standard in typing.get_args(BaselineStandard.model_fields["standard"].annotation):
            if standard not in set(tables["baseline_standards"]["standard"]):
                yield (
                    "baseline_standards.csv",
                    None,
                    f"{standard} has no row; every standard needs one",
                )


def _price_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    known = list(tables["deflators"]["year"])
    covered = f"it covers {min(known)} to {max(known)}" if known else "it is empty or missing"
    costs = tables["service_costs"]
    elsewhere = costs[costs["year"] != file.decision_year]
    for index, year in elsewhere["year"].items():
        if year not in known:
            yield "service_costs", index, f"year {year} has no row in data/deflators.csv; {covered}"
    if len(elsewhere) and file.decision_year not in known:
        sentence = f"decision_year {file.decision_year} has no row in data/deflators.csv; {covered}"
        yield "case.toml", None, f"{sentence}; costs of other years are brought to its prices"


def _band_faults(benchmarks: pd.DataFrame) -> Iterator[Fault]:
    ordered = benchmarks[benchmarks["band"].isin(BANDS)]
    for (measure, basis), rows in ordered.groupby(["measure", "basis"], sort=False):
        for index in rows.index[rows.duplicated("band")]:
            band = rows.at[index, "band"].replace("_", " ")
            yield "benchmarks", index, f"{measure} of {basis} has a second {band}; one is allowed"
        order = rows.drop_duplicates("band").set_index("band")["amount_gbp"]
        order = order.reindex([band for band in BANDS if band in order.index])
        if not order.is_monotonic_increasing:
            said = ", ".join(
                f"{band.replace('_', ' ')} {amount:,.0f}" for band, amount in order.items()
            )
            yield "benchmarks", rows.index[0], f"{measure} of {basis} has {said}; bands must rise"


def _survey_faults(surveys: pd.DataFrame) -> Iterator[Fault]:
    first_of = surveys[surveys["stage"] == "before"].drop_duplicates(["survey", "partner"])
    before = first_of.set_index(["survey", "partner"])["date"]
    for index, row in surveys[surveys["stage"] == "after"].iterrows():
        name = f"{row['survey']} at {row['partner']}"
        first = before.get((row["survey"], row["partner"]), "absent")
        if isinstance(first, str):
            yield "surveys", index, f"{name} has a survey after and none before; both are needed"
        elif row["date"] < first:
            found = f"{name}: the survey after is of {row['date'].date()}"
            yield "surveys", index, f"{found}; it can't be before the first, of {first.date()}"


def _function_faults(applications: pd.DataFrame) -> Iterator[Fault]:
    """Yield functions that two partners spell differently, so that their rows would not meet."""
    holders = applications.groupby("business_function", sort=False)["partner"].agg(set)
    lines = applications.reset_index().groupby("business_function")["index"].min()
    for earlier, later in combinations(holders.index, 2):
        alike = SequenceMatcher(None, earlier.casefold(), later.casefold()).ratio()
        if alike >= SAME_WORDS and not holders[earlier] & holders[later]:
            sentence = f"business_function {later!r} is like {earlier!r} of another partner"
            yield (
                "applications",
                lines[later],
                f"{sentence}; the same function needs the same words",
            )


def _option_faults(tables: Tables) -> Iterator[Fault]:
    options, factors, scores = tables["options"], tables["factors"], tables["scores"]
    scales = factors.set_index("factor")[["lowest_score", "highest_score"]]
    for index in factors.index[factors["lowest_score"] >= factors["highest_score"]]:
        yield "factors", index, "lowest_score is not below highest_score"
    if len(scales.drop_duplicates()) > 1:
        yield (
            "factors.csv",
            None,
            "the factors have different scales; weighted scores need one scale",
        )
    if not factors.empty and factors["weight"].sum() == 0:
        yield "factors.csv", None, "all weights are 0; at least one must be above 0"
    for index, row in scores.iterrows():
        if row["factor"] not in scales.index:
            yield "scores", index, unknown_name("factor", row["factor"], scales.index)
        else:
            low, high = scales.loc[row["factor"]]
            if not low <= row["score"] <= high:
                yield (
                    "scores",
                    index,
                    f"score of {row['option']} on {row['factor']} is {row['score']:g}; "
                    f"scores run from {low:g} to {high:g}",
                )
    yield from _gaps_in_scores(options, factors, scores)
    criteria = tables["success_factors"].groupby("criterion", sort=False)["option"]
    for criterion, given in criteria:
        for option in options.loc[~options["option"].isin(given), "option"]:
            yield "success_factors.csv", None, f"option {option} has no row for {criterion}"


def _gaps_in_scores(
    options: pd.DataFrame, factors: pd.DataFrame, scores: pd.DataFrame
) -> Iterator[Fault]:
    if scores.empty:
        return
    if options.empty:
        yield "scores.csv", None, "options.csv is missing or empty; scores need its options"
    for factor in factors["factor"]:
        on_factor = scores[scores["factor"] == factor]
        for option in options.loc[~options["option"].isin(on_factor["option"]), "option"]:
            yield "scores.csv", None, f"option {option} has no score on {factor}"
        for assessor, rows in on_factor.groupby("assessor", sort=False):
            # else the options' means would be of different people
            scored_by_others = on_factor["option"].drop_duplicates()
            for option in scored_by_others[~scored_by_others.isin(rows["option"])]:
                yield (
                    "scores.csv",
                    None,
                    f"option {option} has no score on {factor} by {assessor}, who scores others on it",
                )


def _flow_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    costed = set(tables["service_costs"]["partner"])
    for index, row in tables["flows"].iterrows():
        if row["first_year"] < file.decision_year or row["last_year"] > file.last_year:
            yield (
                "flows",
                index,
                f"years {row['first_year']} to {row['last_year']} lie outside the appraisal, "
                f"{file.decision_year} to {file.last_year}",
            )
        needed = _staying(tables) if row["partner"] == SHARED else [row["partner"]]
        uncosted = [partner for partner in needed if partner not in costed]
        if pd.notna(row["baseline_fraction"]) and uncosted:
            yield (
                "flows",
                index,
                f"baseline_fraction needs a cost in service_costs.csv for {', '.join(uncosted)}",
            )
    yield from _profile_faults(tables["flows"])


def _profile_faults(flows: pd.DataFrame) -> Iterator[Fault]:
    """Yield the lines whose yearly amounts do not add up to the total that they state."""
    years = flows["last_year"] - flows["first_year"] + 1
    amounts = flows["amount_gbp"] * flows["year_fraction"] * years
    for (option, line, partner), rows in flows.groupby(["option", "line", "partner"], sort=False):
        totals = rows["line_total_gbp"].dropna()
        found = amounts[rows.index].sum()
        for index, total in totals.items():
            if abs(found - total) > 0.5:
                yield (
                    "flows",
                    index,
                    f"line_total_gbp is {total:,.0f}, but the rows of {line!r} (option {option}, "
                    f"{partner}) add up to {found:,.0f}",
                )
                break


def _discount_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    if not has_recurring_flows(tables):
        return
    rows = tables["discount_rates"]
    years = range(file.last_year - file.decision_year + 1)
    for year, holding in _not_held_once(rows["first_year"], rows["last_year"], years):
        yield (
            "discount_rates.csv",
            None,
            f"year {year} of the appraisal lies in {holding} rows; it must lie in one",
        )


def _not_held_once(
    lowest: pd.Series, highest: pd.Series, numbers: range
) -> Iterator[tuple[int, int]]:
    """Yield each number that does not lie in exactly one row, and in how many it lies."""
    for number in numbers:
        holding = int(((lowest <= number) & (number <= highest)).sum())
        if holding != 1:
            yield number, holding


def _risk_faults(tables: Tables) -> Iterator[Fault]:
    risks, levels, bands = tables["risks"], tables["risk_levels"], tables["risk_bands"]
    for index, row in levels[levels.duplicated(["axis", "level"])].iterrows():
        yield "risk_levels", index, f"{row['axis']} {row['level']!r} stands here twice"
    if risks.empty:
        return
    scales = {axis: list(levels.loc[levels["axis"] == axis, "level"]) for axis in RISK_AXES}
    for axis, words in scales.items():
        if not words:
            yield "risk_levels.csv", None, f"no level of {axis}; risks.csv needs its scale"
            continue
        for index, word in risks[axis].items():
            if word and word not in words:
                yield "risks", index, unknown_name(axis, word, words)
    if not all(scales.values()):
        return
    scores = range(1, levels.groupby("axis")["score"].max().prod() + 1)
    lowest, highest = bands["lowest_score"], bands["highest_score"]
    for score, holding in _not_held_once(lowest, highest, scores):
        yield (
            "risk_bands.csv",
            None,
            f"score {score} lies in {holding} bands; it must lie in one",
        )


def _plan_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    tasks = tables["tasks"]
    numbers = [str(task) for task in tasks["task"]]
    for index, task in tables["work_packages"]["task"].dropna().items():
        if str(task) not in numbers:
            yield "work_packages", index, unknown_name("task", str(task), numbers)
    if tasks.empty:
        return
    if file.plan_start is None:
        yield "case.toml", None, "plan_start is missing; tasks.csv needs it"
    network = {}
    for index, row in tasks.iterrows():
        try:
            network[row["task"]] = plan.links(row["predecessors"])
        except ValueError as error:
            yield "tasks", index, str(error)
    if len(network) == len(tasks):
        try:
            plan.task_order(network)
        except ValueError as error:
            yield "tasks.csv", None, str(error)


def _readiness_faults(tables: Tables) -> Iterator[Fault]:
    areas = list(tables["readiness_areas"]["area"])
    readiness = tables["readiness"]
    for index in readiness.index[~readiness["area"].isin(areas)]:
        yield "readiness", index, unknown_name("area", readiness.at[index, "area"], areas)
    if readiness.empty:
        return
    given = set(zip(readiness["area"], readiness["partner"], strict=True))
    for area in areas:
        for partner in _staying(tables):
            if (area, partner) not in given:
                yield "readiness.csv", None, f"{partner} has no score in {area}"


def _staying(tables: Tables) -> list[str]:
    partners = tables["partners"]
    return list(partners.loc[partners["role"] != "leaving", "partner"])


def parameter_faults(file: CaseFile, tables: Tables, parameters) -> Iterator[str]:
    """Yield one sentence for each parameter that names what the case does not have."""
    staying = _staying(tables)
    named = {
        "option": ([parameters.option], list(tables["options"]["option"])),
        "leaver": ([parameters.leaver], staying),
        "user_growth": (parameters.user_growth, staying),
        "weights": (parameters.weights, list(tables["factors"]["factor"])),
        "extra_days": (parameters.extra_days, [str(task) for task in tables["tasks"]["task"]]),
        "readiness_scores": (parameters.readiness_scores, list(tables["readiness_areas"]["area"])),
        "readiness_scores partner": (
            [name for scores in parameters.readiness_scores.values() for name in scores],
            staying,
        ),
    }
    for parameter, (found, allowed) in named.items():
        for name in found:
            if name and name not in allowed:
                yield unknown_name(parameter, name, allowed)
    option = parameters.option or file.preferred_option
    saving = tables["flows"][(tables["flows"]["flow"] == "saving")]
    if parameters.realisation != 1 and option not in set(saving["option"]):
        yield (
            f"realisation is {parameters.realisation:g}, but option {option} states no saving for it "
            "to move; running_cost_change moves the cost of a service"
        )
    if bool(parameters.leaver) != (parameters.leaves_after is not None):
        yield "leaver and leaves_after go together; one is given without the other"
    if parameters.leaver and not has_recurring_flows(tables):
        yield f"leaver is {parameters.leaver!r}; the case has no savings for a partner to leave"
    term = file.last_year - file.decision_year
    horizon = term if parameters.horizon_years is None else parameters.horizon_years
    if horizon > term:
        yield f"horizon_years is {horizon}; the case's term is {term} years"
    last_year = file.decision_year + horizon
    if parameters.leaves_after and not file.decision_year <= parameters.leaves_after <= last_year:
        yield (
            f"leaves_after is {parameters.leaves_after}; the appraisal runs from "
            f"{file.decision_year} to {last_year}"
        )
    stated = tables["factors"].set_index("factor")["weight"].to_dict()
    if parameters.weights and not any({**stated, **parameters.weights}.values()):
        yield "weights are all 0; at least one must be above 0"
    tasks = tables["tasks"]
    days = plan.changed_durations(tasks, parameters.duration_change, parameters.extra_days)
    for task, duration in zip(tasks["task"], days, strict=True):
        if duration < 0:
            yield f"extra_days '{task}' leaves the task {duration:g} days; 0 is the least"
    yield from _rule_faults(tables, parameters)


def _rule_faults(tables: Tables, parameters) -> Iterator[str]:
    drivers = set(tables["drivers"]["driver"]) | {"equal", "as_stated"}
    costs = tables["service_costs"]
    budgets = costs[costs["funding"] == "revenue"].groupby("partner")["amount_gbp"].sum()
    if (budgets.reindex(_staying(tables)) > 0).all():  # shares need a budget of every partner
        drivers.add("revenue_budget")
    elif parameters.phase_in_years:
        yield "phase_in_years needs a revenue budget of every partner in service_costs.csv"
    pooled = tables["flows"][tables["flows"]["partner"] == SHARED]
    for kind in ("cost", "saving"):
        rule = getattr(parameters, f"{kind}_apportionment")
        if rule not in drivers:
            yield f"{kind}_apportionment is {rule!r}; the case has data for {', '.join(sorted(drivers))}"
        mix = getattr(parameters, f"{kind}_mix")
        for name in mix:
            if name not in drivers - {"as_stated"}:
                yield unknown_name(f"{kind}_mix", name, sorted(drivers - {"as_stated"}))
        if mix and not any(mix.values()):
            yield f"{kind}_mix is all 0; at least one weight must be above 0"
        shared_lines = pooled[(pooled["flow"] == "saving") == (kind == "saving")]
        if rule == "as_stated" and not mix and not shared_lines.empty:
            yield (
                f"{kind}_apportionment is 'as_stated', but flows.csv pools "
                f"{shared_lines['line'].iloc[0]!r}; name a rule that splits it"
            )
