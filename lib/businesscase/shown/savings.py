"""What notebook 03 shows: what is saved, by whom and when, and what would change it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.reference_class import DECILES, FEWEST
from businesscase.calculations.uncertainty import DRAWS
from businesscase.calculations.wording import (
    be,
    chance_in_words,
    counted,
    in_words,
    listed,
    part_of,
    percent,
    pounds,
    printed,
    setting,
    worded,
    year_label,
)
from businesscase.cases.parameters import Parameters, label_of, unit_of
from businesscase.shown.columns import TOTAL
from businesscase.shown.common import together
from businesscase.shown.display import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    TEAL,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
)
from businesscase.study import Study


def answer(study: Study) -> Sentence:
    """Say what is saved and spent, what is cash and what time, what it is worth, and who is worse off."""
    if study.savings.flows.empty:
        return Sentence(
            f"**Option {study.option} moves no money: it saves nothing and costs nothing.**"
        )
    if study.option == study.case.file.comparator:
        return Sentence(
            f"**Option {study.option} is what every other option is held against, so it is worth nothing "
            f"more than itself.** {_peak_sentence(study)}"
        )
    measures = study.savings.appraisal.loc[ALL]
    if study.savings.flow_lines["flow"].isin(savings.ONE_OFF).all():
        return Sentence(
            f"**The partnership spends {in_words(measures['one_off_cost'])} once, and no saving or other "
            f"money of later years is given**: a net present value of "
            f"{in_words(measures['net_present_value'])}. {_losers_sentence(study)}"
        )
    saved, worth = measures["total_saving"], measures["net_present_value"]
    verb = "saves" if saved >= 0 else "costs"
    more = "" if saved >= 0 else " more"
    said = [
        likely(study),
        f"The plan: over {worded(study.savings.term_years, 'years')}, {against(study)}, {together(study)} "
        f"{verb} {in_words(abs(saved))}{more} and spends {in_words(measures['one_off_cost'])} once, a net "
        f"present value of {in_words(worth)}.",
        _today_sentence(study),
        _time_sentence(study),
        _payback_sentence(measures["payback_years"], study),
        _peak_sentence(study),
        _losers_sentence(study),
    ]
    return Sentence(" ".join(filter(None, said)))


def against(study: Study) -> str:
    """Say what the option is held against."""
    comparator = study.case.file.comparator
    names = study.tables["options"].set_index("option")["name"]
    if not comparator or (study.tables["flows"]["option"] != comparator).all():
        return "beside today"
    return f"beside option {comparator} ({names.get(comparator, comparator)}), which would come otherwise"


def _today_sentence(study: Study) -> str:
    """Say what the option is worth beside today, and how far what would come otherwise is assumed."""
    otherwise = study.savings.worth_otherwise
    if round(otherwise) == 0:
        return ""
    worth = study.savings.net_present_values.sum() + otherwise
    lines = study.tables["flows"]
    statuses = lines.loc[lines["option"] == study.case.file.comparator, "status"]
    assumed = int((statuses == "assumed").sum())
    inputs = part_of(assumed, len(statuses), "input behind what would come otherwise", "the")
    return f"Beside today it would be {in_words(worth)}; {inputs} {be(assumed)} assumed."


def _time_sentence(study: Study) -> str:
    measures = study.savings.appraisal.loc[ALL]
    cash, time = measures["cashable_saving"], measures["time_saving"]
    if round(time) == 0:
        return "All of the saving is cash." if round(cash) > 0 else ""
    return (
        f"Of the saving {in_words(cash)} is cash and {in_words(time)} is time, which reaches no budget; "
        f"in cash alone the net present value is {in_words(measures['cash_net_present_value'])}."
    )


def _payback_sentence(years: float | None, study: Study) -> str:
    if pd.isna(years):
        return "The cash is not back within the term."
    if years == 0:
        return ""
    decided = year_label(study.years[0])
    return f"The cash is back {worded(round(years, 1), 'years')} after the end of {decided}."


def _peak_sentence(study: Study) -> str:
    """Say what the partners must find beside today's budgets, each its own."""
    peak = study.savings.appraisal["peak_funding"]
    if round(peak[ALL]) == 0:
        return "No partner is ever out of pocket."
    largest = peak.drop(ALL).idxmax()
    rest = peak.drop(ALL).round()
    most = f", {largest} most, {in_words(peak[largest])}" if rest.nunique() > 1 else ""
    return f"{together(study, 'Partners')} must find up to {in_words(peak[ALL])} in cash beside today's budgets{most}."


def likely(study: Study) -> str:
    """Say what is as likely exceeded as not, beside what others got; the plan comes after."""
    risk = study.uncertainty.risk_of_loss.loc[ALL]
    loss = risk["probability_of_loss"]
    lost = f"the chance of a loss is {chance_in_words(loss)}"
    said = (
        f"**As likely more as less: a net present value of {in_words(risk['npv_p50'])}, {against(study)}; "
        f"{lost}.**"
    )
    on_time = study.uncertainty.on_time_without_loss
    if on_time is not None:
        said += f" In {chance_in_words(on_time)} of the futures every deadline is kept and nothing is lost."
    others = study.uncertainty.as_others.risk_of_loss.at[ALL, "npv_p50"]
    if round(others) == round(risk["npv_p50"]):
        return said
    return f"{said} If it goes as it went for others, {in_words(others)}."


def _losers_sentence(study: Study) -> str:
    worth = study.savings.appraisal.drop(ALL)
    losers = list(worth.index[worth["net_present_value"].round(2) < 0])
    in_cash = worth.index[worth["cash_net_present_value"].round(2) < 0].difference(losers)
    said = "No partner is worse off." if in_cash.empty else ""
    if losers:
        everyone = len(losers) == len(worth)
        said = "Every partner is worse off." if everyone else f"Worse off: {listed(losers)}."
    if len(in_cash):
        said += f" Worse off in cash, though not once time is counted: {listed(list(in_cash))}."
    return said.strip()


def _named(years: list[str]) -> list[str]:
    """Return the years that an axis names: all of a short term, about five of a long one."""
    return years if len(years) <= 7 else years[:: -(-len(years) // 5)]


def cumulative_chart(study: Study) -> Chart:
    """Draw each partner's cumulative net position, labelled at the end of its line."""
    position = savings.with_total(study.savings.net_flows, TOTAL).cumsum(axis="columns")
    position = position.loc[[TOTAL, *position.index.drop(TOTAL)]]
    ends = _spread(position.iloc[:, -1], position.to_numpy().max() - position.to_numpy().min())
    years = [year_label(year) for year in position]
    figure = go.Figure()
    for number, (name, values) in enumerate(position.iterrows()):
        colour = COLOURS[number % len(COLOURS)]
        figure.add_scatter(
            x=years,
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 4 if name == TOTAL else 2},
        )
        figure.add_annotation(
            x=years[-1],
            y=ends[name],
            text=f"{name} {in_words(values.iloc[-1])}",
            xanchor="left",
            xshift=10,
            showarrow=False,
        )
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure.update_xaxes(showgrid=False, type="category", tickvals=_named(years), tickangle=0)
    figure.update_yaxes(title="Saving less cost to date (£)", tickformat=",.0f")
    final = position.loc[TOTAL].iloc[-1]
    side = "ahead" if final >= 0 else "behind"
    title = f"By {years[-1]} {together(study)} is {in_words(abs(final))} {side}, before discounting"
    said = [f"{name} {in_words(value)}" for name, value in position.iloc[:, -1].items()]
    description = f"Cumulative saving less cost at the end: {listed(said)}."
    data = position.T.set_axis(years).add_suffix(" (£)").rename_axis("Financial year")
    return chart(figure, title, description, data, 470)


def _spread(ends: pd.Series, span: float) -> pd.Series:
    """Return label heights in the order of the lines' ends, far enough apart to be read."""
    gap = 0.07 * span
    placed = ends.sort_values()
    heights = placed.to_numpy(float).copy()
    for number in range(1, len(heights)):
        heights[number] = max(heights[number], heights[number - 1] + gap)
    return pd.Series(heights, index=placed.index)


def end_date(study: Study) -> Sentence:
    """Say where each partner stands if the service ends on the scenario's date."""
    position = study.appraisal.position_on_end_date
    if position is None:
        return Sentence("The scenario names no date on which the service ends.")
    said = [
        f"{TOTAL if name == ALL else name} {in_words(value)}" for name, value in position.items()
    ]
    return Sentence(f"**If the service ended on {study.parameters.ends_on}**: {listed(said)}.")


def taking_part(study: Study) -> Sentence:
    """Say who joins and leaves, when and on which terms, and how partners make good a loss."""
    floor = {
        "none": "Nobody makes good another's loss.",
        "by_year": "Partners that are ahead in a year make good, in cash, one that is out of pocket in it.",
        "over_term": "Partners that are ahead over the term make good, in cash and in the last year, one "
        "that is out of pocket over it.",
    }[study.parameters.no_detriment]
    said = membership(study)
    return Sentence(f"{said[:1].upper()}{said[1:]}. {floor}")


def no_rate(study: Study) -> Sentence:
    """Say why a rate of return is missing, where one is."""
    reasons = study.savings.appraisal["no_rate_because"]
    reasons = reasons[reasons != ""]
    if reasons.empty:
        return Sentence("Every partner's flows have one internal rate of return.")
    said = reasons.groupby(reasons, sort=False).groups
    parts = [
        f"{listed([TOTAL if item == ALL else item for item in items])}: {reason}"
        for reason, items in said.items()
    ]
    return Sentence(
        f"No internal rate of return is given where it means nothing. {'; '.join(parts)}."
    )


def fan_chart(study: Study) -> Chart:
    """Draw the cumulative position of the partnership with its range of likely outcomes."""
    levels = study.uncertainty.simulated_years
    plan = study.savings.net_flows.sum().cumsum()
    years = [year_label(year) for year in study.years]
    figure = go.Figure()
    figure.add_scatter(x=years, y=list(levels.loc["p90"]), mode="lines", line={"width": 0})
    figure.add_scatter(
        x=years,
        y=list(levels.loc["p10"]),
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor="#BFD9F0",
    )
    lines = (
        ("as planned in this scenario", list(plan), GREY, "dash"),
        ("as likely above as below", list(levels.loc["p50"]), BLUE, "solid"),
    )
    ends = _spread(
        pd.Series({name: values[-1] for name, values, _, _ in lines}),
        float(max(levels.to_numpy().max(), plan.max()) - min(levels.to_numpy().min(), plan.min())),
    )
    for name, values, colour, dash in lines:
        figure.add_scatter(
            x=years, y=values, mode="lines", line={"color": colour, "width": 3, "dash": dash}
        )
        figure.add_annotation(
            x=years[-1], y=ends[name], text=name, xanchor="left", xshift=10, showarrow=False
        )
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure.update_xaxes(showgrid=False, type="category", tickvals=_named(years), tickangle=0)
    figure.update_yaxes(title="Saving less cost to date (£)", tickformat=",.0f")
    risk = study.uncertainty.risk_of_loss.loc[ALL]
    loss = chance_in_words(risk["probability_of_loss"])
    title = f"The chance that {together(study)} loses is {loss}, in {DRAWS:,} draws"
    if not study.savings.recurs:
        title = "No saving is given, so this is the cost alone"
    low, middle, high = (levels.loc[level].iloc[-1] for level in ("p10", "p50", "p90"))
    description = (
        f"Shaded: from the level that one draw in ten falls short of to the level that one in ten "
        f"passes. At the end {in_words(low)} to {in_words(high)}, as likely above as below "
        f"{in_words(middle)}; as planned {in_words(plan.iloc[-1])}."
    )
    data = pd.DataFrame(
        {
            "As planned in this scenario (£)": plan,
            "One in ten is below (£)": levels.loc["p10"],
            "As likely above as below (£)": levels.loc["p50"],
            "One in ten is above (£)": levels.loc["p90"],
        }
    )
    data = data.set_axis(years).rename_axis("Financial year")
    return chart(figure, title, description, data, 450)


def input_name(study: Study, name: str) -> str:
    """Return what a reader calls an input that is drawn or tried."""
    if name in Parameters.model_fields:
        return label_of(name)
    number = name.rpartition(" ")[2]
    if name.startswith("risk ") and number.isdigit():
        register = study.tables["risks"].set_index("risk")["description"]
        return f"Risk {number}: {register.get(int(number), '') or 'not described'} (0 not at all, 1 the worst)"
    for task in study.plan.tied_tasks:
        if name == savings.slip_of(task):
            return f"Years by which “{study.plan.name_of(task)}” ends late"
    return f"{name}, multiple of plan"


def input_names(study: Study, names: Iterable[str]) -> pd.Index:
    """Return what a reader calls inputs that are drawn or tried."""
    return pd.Index([input_name(study, name) for name in names], name="input")


def in_units(table: pd.DataFrame) -> pd.DataFrame:
    """Write the numbers of each row, which is named for an input, in the unit of that input."""
    rows = [
        [input_value(name, value) for value in row]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return pd.DataFrame(rows, table.index, table.columns)


def input_value(name: str, value: float) -> str:
    """Return a value of an input that is drawn or tried, as a reader is told it."""
    if pd.isna(value) or name not in Parameters.model_fields or name == "readiness_scores":
        return printed(value)
    return setting(value, unit_of(name))


def of_class(study: Study) -> str:
    """Say what the cases of the class foretell, on how many it rests, and how often that held."""
    file, said = study.case.file, []
    for name, found in study.uncertainty.reference_class.items():
        count = len(found.ratios)
        rests_on = f"{name} rests on {count or 'no'} {'case' if count == 1 else 'cases'}"
        if not found.has_interval:
            said.append(f"{rests_on}, too few for an interval, which needs {FEWEST}")
            continue
        low, middle, high = (percent(ratio) for ratio in found.at(DECILES))
        said.append(
            f"{rests_on}: {middle} of plan, {low} to {high} in eight cases of ten; such an interval of "
            f"the others alone held {part_of(found.held, count, 'case', 'the')}"
        )
    pooled = f" ({file.pooling_reason})" if file.evidence_classes[1:] else ""
    return f"Of {listed(file.evidence_classes)}{pooled}, {'; '.join(said)}"


def _dated(years: dict[str, int], verb: str) -> str:
    """Return who joins or leaves from which year on."""
    return listed([f"{name} {verb} from {year_label(year)}" for name, year in years.items()])


def comers_and_goers(study: Study) -> list[str]:
    """Return who joins and who leaves within the appraisal, and from when, in words."""
    joins, leaves = study.savings.joiners, study.savings.leavers
    return [said for said in (_dated(joins, "joins"), _dated(leaves, "is out")) if said]


def membership(study: Study) -> str:
    """Return who joins and leaves, and on which terms, in words."""
    joins, leaves = study.savings.joiners, study.savings.leavers
    said = comers_and_goers(study)
    terms = study.savings.exit_terms
    if leaves and terms["stranded_fraction"]:
        said.append(
            f"{percent(terms['stranded_fraction'], 0)} of what a leaver pays stays to be paid"
        )
        years, months = int(terms["notice_years"]), int(terms["leaver_months"])
        if years:
            said.append(f"by itself for {counted(years, 'year')}")
        if months and terms["leaver_share"]:
            said.append(
                f"{percent(terms['leaver_share'], 0)} of it by itself for {counted(months, 'month')}"
            )
        if np.isfinite(terms["leaver_cap"]):
            said.append(f"{pounds(terms['leaver_cap'])} at most by itself")
    for name, dates, words_ in (
        ("exit_charge", leaves, "leaving"),
        ("entry_fee", joins, "joining"),
    ):
        if dates and terms[name]:
            said.append(f"it pays {pounds(terms[name])} on {words_}")
    return ", ".join(said) or "all take part from the start to the end"


def tornado(study: Study) -> Chart | Table:
    """Draw how far each parameter moves the net present value between its low and high."""
    table = study.uncertainty.sensitivity[study.uncertainty.sensitivity["swing"] > 0]
    if table.empty:
        said = f"No parameter that has a range moves the net present value of option {study.option}"
        return absent(said)
    base = study.savings.appraisal.at[ALL, "net_present_value"]
    labels = [_brief(study, name) for name in table["parameter"]]
    figure = go.Figure()
    for end, colour in (("low", TEAL), ("high", BLUE)):
        values = table[f"at_{end}"]
        figure.add_bar(
            name=end,
            y=labels,
            x=list(values - base),
            base=[base] * len(table),
            orientation="h",
            marker={"color": colour},
            text=[
                printed(setting) if worth != base else ""
                for setting, worth in zip(table[end], values, strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
        )
    figure.add_vline(x=base, line={"color": GREY, "width": 2})
    if table["at_low"].min() < 0 < table["at_high"].max():
        figure.add_vline(x=0, line={"color": ORANGE, "width": 2, "dash": "dash"})
    low = min(table[["at_low", "at_high"]].min().min(), base)
    high = max(table[["at_low", "at_high"]].max().max(), base)
    pad = 0.12 * (high - low or 1)
    figure.update_layout(barmode="overlay", bargap=0.4)
    figure.update_xaxes(
        title=f"Net present value of {together(study)} (£)",
        tickformat=",.0f",
        range=[low - pad, high + pad],
        nticks=6,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    first = table.iloc[0]
    title = (
        f"{_brief(study, first['parameter'])} matters most: it moves the net present value by "
        f"{in_words(first['swing'])}"
    )
    description = (
        f"Each bar runs from the net present value at the low (green) to that at the high (blue) "
        f"of the parameter's range; the line is this scenario's {in_words(base)}."
    )
    tried = table.set_index("parameter")
    data = in_units(tried[["low", "high"]]).set_axis(["Low", "High"], axis="columns")
    data["Value at low (£)"], data["Value at high (£)"] = tried["at_low"], tried["at_high"]
    data.index = input_names(study, data.index).rename("Parameter")
    return chart(figure, title, description, data, 150 + 60 * len(table))


def _brief(study: Study, name: str) -> str:
    return input_name(study, name).removesuffix(", multiple of plan")
