"""What became of a study after the decision."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, attribution, outturn, savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import NOT_KNOWN
from businesscase.calculations.outturn import latest_readings
from businesscase.calculations.reference_class import ABOVE, DECILES, ReferenceClass
from businesscase.calculations.uncertainty import at_levels
from businesscase.calculations.wording import in_words, listed, year_label
from businesscase.calculations.years import IS_MONTH, financial_year, known_date, year_end
from businesscase.cases.case import BASE
from businesscase.cases.errors import Fault
from businesscase.study import tidy
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.plan import Plan
from businesscase.study.savings import Savings
from businesscase.study.uncertainty import Uncertainty

LEVELS = ["p10", "p50", "p90"]
# the parameter that says how each kind of money differs from plan
PARAMETERS = {
    "saving": "realisation",
    "one_off_cost": "overrun",
    "running_cost": "running_cost_change",
}


class Outturn(Part):
    """Actuals beside the plan, and the re-forecast that they lead to.

    The plan is the base scenario's, before any lever is moved: it is what was decided.
    """

    name = "outturn"
    first = (
        "reported",
        "money_variances",
        "realisation_to_date",
        "to_date",
        "forecasts",
        "forecast_worth",
        "planned_worth",
        "review",
        "review_flag",
        "measures_to_date",
        "tasks_to_date",
        "attribution",
    )

    def __init__(self, inputs: Inputs, savings: Savings, uncertainty: Uncertainty, plan: Plan):
        super().__init__(inputs)
        self.savings, self.uncertainty, self.plan = savings, uncertainty, plan

    @derived
    def actuals(self) -> pd.DataFrame:
        """Rows of actuals.csv, money in base-year prices, with what was ``reported``."""
        actuals, base_year = self.tables["actuals"], self.case.file.decision_year
        years = [*actuals["year"].dropna(), base_year]
        index = self.tables.rows("deflators", year=years).set_index("year")["price_index"]
        return outturn.in_base_prices(actuals, index, base_year)

    @derived
    def reported(self) -> pd.Series:
        """Money to date as reported, some of it in the money of its year, by kind, line and partner [£]."""
        money = self.actuals[self.actuals["kind"].isin(outturn.MONEY)]
        money = money.rename(columns={"kind": "flow", "item": "line"})
        return money.groupby(outturn.PLACE, sort=False)["reported"].sum()

    @property
    def deflated(self) -> pd.DataFrame:
        """Rows of money that were brought to base-year prices."""
        return self.actuals[self.actuals["prices"] == outturn.OWN_YEAR]

    @derived
    def decided_flows(self) -> pd.DataFrame:
        """Flows as decided, by kind, line and partner, by year [£]."""
        planned = self.in_scenario(BASE).savings.planned_flows
        by_place = planned.groupby(level=outturn.PLACE, sort=False).sum()
        return by_place.reindex(columns=self.years, fill_value=0.0)

    @derived
    def money_to_date(self) -> pd.DataFrame:
        """Money as it came in beside what was planned, by line, partner and year [£]."""
        return outturn.money_to_date(self.actuals, self.decided_flows)

    @derived
    def money_variances(self) -> pd.DataFrame:
        """Money to date by kind, line and partner, all reported years together [£]."""
        amounts = ["planned", "actual", "variance"]
        return self.money_to_date.groupby(outturn.PLACE, sort=False, as_index=False)[amounts].sum()

    @derived
    def realisation_to_date(self) -> pd.DataFrame:
        """Planned and actual saving of the years reported [£] and their ratio, by 'all' and partner."""
        return outturn.ratio_to_date(self.money_to_date, "saving", ALL)

    @derived
    def forecasts(self) -> dict[str, outturn.Forecast]:
        """Ratio to plan of the years to come by kind of money, as far as any was planned."""
        flows = self.decided_flows.groupby(level="flow", sort=False).sum()
        kinds = [kind for kind in outturn.MONEY if kind in flows.index and flows.loc[kind].any()]
        return {kind: self._forecast(kind) for kind in kinds}

    def _forecast(self, kind: str) -> outturn.Forecast:
        years = outturn.years_reported(self.money_to_date, kind)
        own = self.own_ratio(kind) if years else 1.0
        return outturn.forecast(
            self.expected_before(kind), own, years, self.parameters.own_year_weight
        )

    @property
    def expectations(self) -> pd.DataFrame:
        """What is expected of the years to come, and what that is made of [fraction of plan].

        Index ``flow``: ``before`` (what was expected before own results), ``own`` (to date, NaN if
        none is reported), ``own_weight`` (what own results count for), and ``p10``, ``p50``, ``p90``.
        """
        reported = set(self.money_to_date["flow"])
        rows = {
            kind: (
                self.expected_before(kind)[1],
                self.own_ratio(kind) if kind in reported else np.nan,
                *found,
            )
            for kind, found in self.forecasts.items()
        }
        columns = ["before", "own", *outturn.Forecast._fields]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.astype(float).rename_axis("flow")

    def own_ratio(self, kind: str) -> float:
        """Return what came in or went out to date over what was planned for it [fraction]."""
        return float(outturn.ratio_to_date(self.money_to_date, kind, ALL).at[ALL, "ratio"])

    def others(self, kind: str) -> ReferenceClass | None:
        """Return what others got, where they are cases enough to tell."""
        found = self.uncertainty.reference_class.get(PARAMETERS[kind])
        return found if found and found.has_interval else None

    def expected_before(self, kind: str) -> np.ndarray:
        """Return P10, P50 and P90 of a ratio to plan before own results [fraction].

        That of others of the class, else the range of sensitivities.csv, else the plan.
        """
        if others := self.others(kind):
            return others.at(DECILES)
        name, base = PARAMETERS[kind], self.in_scenario(BASE).uncertainty
        ranges = base.tables["sensitivities"].query("parameter == @name and drawn")
        if ranges.empty:
            return np.ones(len(LEVELS))
        (low,), (central,), (high,) = base.drawn_ranges(ranges).values()
        shape = ranges["shape"].iloc[0]
        return at_levels(DECILES, shape, low, central, high) + ABOVE[name]

    @derived
    def closed_years(self) -> list[int]:
        """Financial years that have ended by the date of the figures: nothing of them is to come."""
        return outturn.closed_years(self.years, self.case.file.data_date)

    @derived
    def not_reported(self) -> pd.DataFrame:
        """Planned money of closed years for which nothing was reported, by place and year [£].

        The plan's figure stands in for it, as neither a forecast nor nothing would be true of it.
        """
        table = outturn.not_reported(self.decided_flows, self.money_to_date)
        table = table[self.closed_years]
        return table[table.any(axis="columns")]

    @property
    def findings(self) -> list[Fault]:
        """A sentence for each line and partner of a closed year, since the decision, that is not reported."""
        decided = self.case.file.decision_date
        due = self.not_reported[[year for year in self.closed_years if year_end(year) > decided]]
        return [
            Fault(
                f"actuals.csv: {line!r} of {partner} ({flow.replace('_', ' ')}) is not reported for "
                f"{listed([year_label(year) for year in years])}; the plan's figure, "
                f"{in_words(amounts.sum())}, stands in until it is",
                file="actuals.csv",
                allowed="0 if there was none",
            )
            for (flow, line, partner), amounts in due.iterrows()
            if len(years := amounts.index[amounts != 0])
        ]

    @derived
    def to_come(self) -> pd.DataFrame:
        """Planned money of the years that have not ended and are not reported, by kind and year [£]."""
        table = outturn.not_reported(self.decided_flows, self.money_to_date)
        return self._by_kind(table.drop(columns=self.closed_years))

    def _by_kind(self, table: pd.DataFrame) -> pd.DataFrame:
        by_kind = table.groupby(level="flow", sort=False).sum()
        return by_kind.reindex(index=outturn.MONEY, columns=self.years, fill_value=0.0)

    @derived
    def to_date(self) -> pd.DataFrame:
        """Money reported, and the plan's figure where a closed year is not, by kind and year [£]."""
        table = self.money_to_date.pivot_table(
            index="flow", columns="year", values="actual", aggfunc="sum"
        )
        reported = table.reindex(index=outturn.MONEY, columns=self.years).fillna(0.0).astype(float)
        return reported + self._by_kind(self.not_reported)

    def _present_value(self, by_year: pd.Series) -> float:
        return float(appraisal.present_value(by_year, self.savings.discount_factors))

    @property
    def _costs_expected(self) -> dict[str, float]:
        """Cost to come as a part of plan, the middle of its forecast, by kind [fraction]."""
        return {kind: found.p50 for kind, found in self.forecasts.items() if kind != "saving"}

    def _worth_without_saving_to_come(self, costs: Mapping[str, float]) -> float:
        """Return the net present value if no saving that is still to come were realised [£].

        ``costs`` to come are a part of plan by kind, and as planned where nothing is said of one.
        """
        flows = self.decided_flows.groupby(level="flow", sort=False).sum()
        others = flows.drop(index=[kind for kind in outturn.MONEY if kind in flows.index])
        ratios = {kind: costs.get(kind, 1.0) for kind in outturn.MONEY} | {"saving": 0.0}
        every = pd.concat([others, self.to_date + self.to_come.mul(ratios, axis="index")])
        signed = every.mul(every.index.map(savings.SIGNS).astype(float), axis="index")
        return self._present_value(signed.sum()) + self._spent_whatever - self._worth_otherwise

    @property
    def _spent_whatever(self) -> float:
        """Present value of what is sunk, which is in the lines and in no worth [£]."""
        planned = self.in_scenario(BASE).savings.planned_flows
        sunk = planned[planned.index.get_level_values("counts") == savings.SUNK]
        return self._present_value(sunk.sum())

    @property
    def _worth_otherwise(self) -> float:
        """Net present value of what would have come otherwise, as decided [£]."""
        return self.in_scenario(BASE).savings.worth_otherwise

    @property
    def _saving_to_come(self) -> float:
        """Present value of the planned saving that is still to come [£]."""
        return self._present_value(self.to_come.loc["saving"])

    @property
    def _running_cost_to_come(self) -> float:
        """Present value of the planned running cost that is still to come [£]."""
        return self._present_value(self.to_come.loc["running_cost"])

    @derived
    def required_realisation(self) -> float | None:
        """Realisation of the years to come at which the net present value is nil [fraction].

        Cost to come is taken at its forecast; None where no saving is to come.
        """
        without = self._worth_without_saving_to_come(self._costs_expected)
        return outturn.required_ratio(without, self._saving_to_come)

    @derived
    def required_realisation_at_plan(self) -> float | None:
        """The same with cost to come as planned [fraction]."""
        return outturn.required_ratio(self._worth_without_saving_to_come({}), self._saving_to_come)

    @derived
    def required_running_cost(self) -> float | None:
        """Running cost to come, as a part of plan, at which the net present value is nil [fraction].

        None where none is to come. The saving to come is taken as planned.
        """
        running = self._running_cost_to_come
        worth = self._worth_without_saving_to_come({}) + self._saving_to_come
        return outturn.required_ratio(worth + running, -running)

    @derived
    def forecast_worth(self) -> pd.Series:
        """Net present value with actuals to date and the re-forecast, by level of what drives it [£].

        That is the saving; where none is planned the running cost, once some of it is reported.
        """
        saving, running = (self.forecasts.get(kind) for kind in ("saving", "running_cost"))
        fixed = self._worth_without_saving_to_come(self._costs_expected)
        if saving:
            levels = {
                level: fixed + getattr(saving, level) * self._saving_to_come for level in LEVELS
            }
        elif running and running.own_weight:
            own = fixed + running.p50 * self._running_cost_to_come
            high_first = zip(LEVELS, reversed(LEVELS), strict=True)
            levels = {level: own - getattr(running, cost) * self._running_cost_to_come for level, cost in high_first}  # fmt: skip
        else:
            levels = {}
        return pd.Series(levels, dtype=float)

    @property
    def planned_worth(self) -> float:
        """Net present value as decided [£]."""
        return float(self.in_scenario(BASE).savings.net_present_values.sum())

    @derived
    def yearly_outturn(self) -> pd.DataFrame:
        """Saving by year: planned, actual (NaN if not reported), and forecast P10, P50, P90 [£].

        ``is_ahead`` tells the years that are neither reported nor over.

        The forecast of a closed year is what was reported, and the plan's figure where nothing was.
        """
        flow = self.decided_flows.index.get_level_values("flow")
        table = pd.DataFrame({"planned": self.decided_flows[flow == "saving"].sum()})
        money = self.money_to_date
        actual = money[money["flow"] == "saving"].groupby("year")["actual"].sum()
        table["actual"] = actual.reindex(table.index)
        table["is_ahead"] = table["actual"].isna() & ~table.index.isin(self.closed_years)
        expected, to_come = self.forecasts.get("saving"), self.to_come.loc["saving"]
        for level in LEVELS if expected else ():
            table[level] = self.to_date.loc["saving"] + getattr(expected, level) * to_come
        return table

    @derived
    def last_reading(self) -> pd.Timestamp:
        """Date of the last reading; of the decision if there is none."""
        dates = self.actuals["date"]
        return dates.max() if len(dates) else pd.Timestamp(self.case.file.decision_date)

    @derived
    def review(self) -> pd.Series | None:
        """The event at which the partners look back next: date, kind and event."""
        return outturn.next_review(self.tables["events"], self.last_reading)

    @derived
    def review_year(self) -> int | None:
        """In which year of the service the review falls, 1 the first."""
        if self.review is None:
            return None
        decided = self.case.file.decision_date
        return outturn.year_of_service(self.tables["events"], decided, self.review["date"])

    @property
    def review_flag(self) -> str:
        """Red, amber or green at the review, or not known where nothing that drives it is to come."""
        is_to_come = self._saving_to_come or "saving" not in self.forecasts
        return outturn.review_flag(self.forecast_worth if is_to_come else {})

    @derived
    def measures_to_date(self) -> pd.DataFrame:
        """Readings of service measures beside what was planned, else the target, else the criterion."""
        readings = self.actuals[self.actuals["kind"] == "service_measure"]
        rows = [self._measure_row(reading) for reading in readings.itertuples()]
        columns = ["measure", "partner", "date", "actual", "bound", "unit", "better", "planned", "held_against", "variance", "reached"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def _measure_row(self, reading) -> dict:
        of_measure = self.tables["service_measures"].query("measure == @reading.item")
        own = of_measure[of_measure["partner"] == reading.partner]
        same = own[(own["date"] == reading.date) & (own["value"] == reading.value)]
        planned, held_against = self._held_against(reading, own)
        better = of_measure["better"].iloc[0]
        reached = reading.value <= planned if better == "lower" else reading.value >= planned
        return {
            "measure": reading.item,
            "partner": reading.partner,
            "date": known_date(reading.date.date(), getattr(reading, f"date{IS_MONTH}")),
            "actual": reading.value,
            "bound": same["bound"].iloc[0] if len(same) else "exactly",
            "unit": of_measure["unit"].iloc[0],
            "better": better,
            "planned": planned,
            "held_against": held_against,
            "variance": reading.value - planned,
            "reached": None if pd.isna(planned) else bool(reached),
        }

    def _held_against(self, reading, own: pd.DataFrame) -> tuple[float, str]:
        """Return what a reading is held against, and where that stands."""
        targets, gates = own.sort_values("date")["target"].dropna(), self.tables["gates"]
        tested = gates[
            (gates["measure"] == "service_measure_last")
            & (gates["item"] == f"{reading.item}, {reading.partner}")
        ]
        if not pd.isna(reading.planned):
            return reading.planned, "plan"
        if len(targets):
            return targets.iloc[-1], "target"
        if len(tested):
            return float(tested["threshold"].iloc[0]), "criterion of the decision"
        return float("nan"), ""

    @derived
    def users_to_date(self) -> pd.DataFrame:
        """Users counted beside those planned, by partner and date."""
        counted = self.actuals[self.actuals["kind"] == "users"]
        table = counted[["partner", "date", "planned"]].assign(actual=counted["value"])
        return table.assign(variance=table["actual"] - table["planned"]).reset_index(drop=True)

    @property
    def readings_to_date(self) -> pd.DataFrame:
        """Readings of service measures, then counts of users, which have no better side, beside the plan."""
        users = self.users_to_date.assign(
            measure="users", unit="users", bound="exactly", held_against="plan", reached=None
        )
        known = [table for table in (self.measures_to_date, users) if len(table)]
        return pd.concat(known, ignore_index=True) if known else self.measures_to_date

    @derived
    def causes(self) -> pd.DataFrame:
        """Money to date, with what tells why it differs from plan, as ``attribution`` needs it."""
        rows, base = self.money_to_date, self.in_scenario(BASE).savings
        money = self.actuals[self.actuals["kind"].isin(outturn.MONEY)].reset_index(drop=True)
        counted = self.users_to_date.assign(year=[financial_year(date) for date in self.users_to_date["date"]])  # fmt: skip
        counted = latest_readings(counted, ["partner", "year"]).set_index(["partner", "year"])
        places = pd.MultiIndex.from_frame(rows[["partner", "year"]])
        users = counted.reindex(places).reset_index(drop=True)
        by_line = self.decided_flows.sum(axis="columns").groupby(level=["flow", "line"]).sum()
        rows = rows.assign(
            price=(money["reported"] / money["value"]).where(money["value"] > 0, 1.0),
            users=users["actual"],
            volume=(users["actual"] / users["planned"]).where(rows["flow"] != "one_off_cost", 1.0),
            line_planned=by_line.reindex(
                pd.MultiIndex.from_frame(rows[["flow", "line"]])
            ).to_numpy(),
            is_member=base.members.stack().reindex(places, fill_value=True).to_numpy(),
        )
        rows = rows.assign(factor=attribution.factors_of(rows))
        return rows.assign(volume=rows["volume"].where(rows["factor"] != attribution.PARTNERS, 1.0))

    @derived
    def not_attributed(self) -> dict[str, str]:
        """Why the part of a factor in what differs from plan is not known, by factor."""
        rows, found = self.causes, {}
        if self.deflated.empty:
            found[attribution.PRICE] = "nothing is reported in the money of its year"
        if not (rows["volume"] > 0).all():
            found[attribution.VOLUME] = "users are not counted beside a plan in every year reported"
        if rows["users"].isna().any() and attribution.PARTNERS not in set(rows["factor"]):
            found[attribution.PARTNERS] = "users are not counted by partner in every year reported"
        return found

    @derived
    def attribution(self) -> pd.DataFrame:
        """Actual less planned of the money to date, factor by kind of money and ``net`` [£].

        Of money of its own year the actual is as paid, which price explains. A factor that is not
        known has no row: what it may have moved is in the others.
        """
        rows, unknown = self.causes, self.not_attributed
        if attribution.VOLUME in unknown:
            rows = rows.assign(volume=1.0)
        known = [name for name in attribution.FACTORS if name not in unknown]
        parts = attribution.attributed(rows, known)
        signs = [savings.SIGNS[flow] for flow in parts]
        return parts.assign(net=(parts * signs).sum(axis="columns").round(2))

    @derived
    def tasks_to_date(self) -> pd.DataFrame:
        """Starts and finishes of tasks beside the plan's, with the working days between them."""
        table = self.actuals[self.actuals["kind"].isin(["task_start", "task_finish"])]
        table = table.assign(task=table["item"].astype(int), end=table["kind"].str.removeprefix("task_"))  # fmt: skip
        columns = ["task", "name", "end", "planned", "actual", "days_late"]
        if table.empty:
            return pd.DataFrame(columns=columns)
        base = self.in_scenario(BASE)
        schedule = base.plan.schedule.set_index("task")
        planned = [schedule.at[row.task, f"early_{row.end}"] for row in table.itertuples()]
        table = table.assign(
            name=table["task"].map(schedule["name"]),
            planned=pd.Series(pd.to_datetime(planned), index=table.index),
            actual=table["date"],
        )
        late = outturn.days_after_plan(table["actual"], table["planned"], base.plan.days_off)
        return table.assign(days_late=late)[columns].reset_index(drop=True)

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        saved = self.realisation_to_date
        yield from tidy.series("saving_to_date", saved["actual"], tidy.MONEY)
        yield from tidy.series("planned_saving_to_date", saved["planned"], tidy.MONEY)
        yield from tidy.series("realisation_to_date", saved["ratio"], tidy.FRACTION)
        costs = self.money_variances.query("flow != 'saving'")
        if len(costs):
            by_line = costs.groupby("line", sort=False)["variance"].sum()
            yield from tidy.series("cost_variance", tidy.with_all(by_line), tidy.MONEY)
        if len(self.money_to_date):
            parts = tidy.with_all(self.attribution["net"]).round(2)
            yield from tidy.series("attribution", parts, tidy.MONEY)
            unknown = pd.Series(dict.fromkeys(self.not_attributed, NOT_KNOWN), dtype=object)
            yield from tidy.series("attribution", unknown, tidy.TEXT)
        missing = self.not_reported.sum(axis="columns").groupby(level="line", sort=False).sum()
        yield from tidy.series("planned_not_reported", missing, tidy.MONEY)
        if len(self.forecast_worth):
            yield from self._forecast_rows()
        yield from tidy.one("review_flag", self.review_flag, tidy.TEXT)
        if self.review is not None:
            yield from tidy.one(
                "review_date",
                known_date(self.review["date"], self.review[f"date{IS_MONTH}"]),
                tidy.DATE,
            )
        latest = latest_readings(self.measures_to_date, ["measure", "partner"])
        for row in latest.itertuples():
            if not pd.isna(row.variance):
                item = f"{row.measure}, {row.partner}"
                yield "service_measure_variance", item, pd.NA, row.variance, row.unit
        users = latest_readings(self.users_to_date, ["partner"]).set_index("partner")
        yield from tidy.series("users_variance", users["variance"], tidy.COUNT)
        for row in self.tasks_to_date.itertuples():
            measure = {"finish": "task_days_late", "start": "task_start_days_late"}[row.end]
            yield measure, str(row.task), pd.NA, row.days_late, tidy.DAYS

    def _forecast_rows(self) -> Iterator[tidy.Row]:
        """Yield what is to be expected of the years to come."""
        for kind, found in self.forecasts.items():
            name = PARAMETERS[kind]
            for level in LEVELS:
                value = getattr(found, level) - ABOVE[name]
                yield from tidy.one(f"forecast_{name}{_suffix(level)}", value, tidy.FRACTION)
        driver = self.forecasts.get("saving") or self.forecasts["running_cost"]
        yield from tidy.one("own_weight", driver.own_weight, tidy.FRACTION)
        for level, worth in self.forecast_worth.items():
            yield from tidy.one(f"forecast_net_present_value{_suffix(level)}", worth, tidy.MONEY)
        required = self.required_realisation
        value, unit = (required, tidy.FRACTION) if required is not None else ("none: no saving is to come", tidy.TEXT)  # fmt: skip
        yield from tidy.one("required_realisation", value, unit)


def _suffix(level: str) -> str:
    """Return what follows the name of a forecast; the middle has it alone."""
    return "" if level == "p50" else f"_{level}"
