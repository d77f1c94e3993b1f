"""The baseline of a study: cost, users, measures, applications, skills, quality of the data."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase.calculations import apportionment, baseline, estate, service
from businesscase.cases.schema import BASELINE_TABLES, figure_columns
from businesscase.study.core import ALL, StudyCore

# no parameter moves these
PRESENT_COST = ("real_service_costs", "real_annual_costs", "real_annual_cost")


@dataclass(frozen=True)
class BaselineStudy(StudyCore):
    """What the partners spend today, and how well the service runs."""

    @cached_property
    def annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category, as budgeted [£ a year]."""
        return baseline.annual_costs(self.tables["service_costs"])

    @cached_property
    def annual_cost(self) -> pd.Series:
        """Baseline cost by partner, as budgeted [£ a year]."""
        return self.annual_costs.sum(axis="columns").reindex(self._costed_partners)

    @property
    def _costed_partners(self) -> list[str]:
        return [partner for partner in self.partners if partner in self.annual_costs.index]

    @property
    def _price_index(self) -> pd.Series:
        return self.tables["deflators"].set_index("year")["price_index"]

    @cached_property
    def real_service_costs(self) -> pd.DataFrame:
        """Lines of cost of the partners that stay, with ``real_gbp`` [£ a year, base-year prices]."""
        lines = self.tables["service_costs"]
        lines = lines[lines["partner"].isin(self.partners)]
        lines = lines.sort_values("partner", key=self._order, kind="stable", ignore_index=True)
        base_year = self.case.file.decision_year
        real = baseline.real_amounts(
            lines["amount_gbp"], lines["year"], self._price_index, base_year
        )
        return lines.assign(real_gbp=real)

    def _order(self, partners: pd.Series) -> pd.Series:
        return partners.map(self.partners.index)

    @cached_property
    def real_annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category [£ a year, base-year prices]."""
        lines = self.real_service_costs
        costs = baseline.annual_costs(lines.assign(amount_gbp=lines["real_gbp"]))
        return costs.reindex(self._costed_partners)

    @cached_property
    def real_annual_cost(self) -> pd.Series:
        """Baseline cost by partner [£ a year, base-year prices]."""
        return self.real_annual_costs.sum(axis="columns")

    @cached_property
    def price_conversions(self) -> pd.DataFrame:
        """What bringing costs to base-year prices did, by year of the budget."""
        base_year = self.case.file.decision_year
        return baseline.price_conversions(self.real_service_costs, self._price_index, base_year)

    @cached_property
    def service_comparison(self) -> pd.DataFrame:
        """Services side by side by partner [£ a year, base-year prices]."""
        return baseline.service_comparison(self.real_service_costs)

    def driver(self, name: str) -> pd.Series:
        """Return a driver by partner in the decision year.

        It is users, devices, agreed, revenue_budget [£, base-year prices] or equal.
        """
        if name == "equal":
            return pd.Series(1.0, index=self.partners)
        if name == "revenue_budget":
            costs = self.real_service_costs
            revenue = costs[costs["funding"] == "revenue"]
            return revenue.groupby("partner")["real_gbp"].sum().reindex(self.partners)
        drivers = self.tables["drivers"]
        values = drivers[drivers["driver"] == name].set_index("partner")["value"]
        return values.reindex([partner for partner in self.partners if partner in values.index])

    def drivers(self, name: str) -> dict[int, pd.Series]:
        """Return a driver by partner in each year; users and devices grow as the scenario says."""
        now, growth = self.driver(name), self.parameters.user_growth
        if not growth or name not in ("users", "devices"):
            return dict.fromkeys(self.years, now)
        factor = 1 + pd.Series(growth, dtype=float).reindex(now.index).fillna(0)
        return {year: now * factor ** (year - self.years[0]) for year in self.years}

    @property
    def users(self) -> pd.Series:
        """Users by partner, empty where the case has none."""
        return self.driver("users")

    @property
    def devices(self) -> pd.Series:
        """Devices by partner, empty where the case has none."""
        return self.driver("devices")

    @cached_property
    def user_shares(self) -> pd.Series:
        """Share of users by partner [fraction]."""
        return apportionment.shares(self.users)

    @cached_property
    def cost_per_user(self) -> pd.Series:
        """Baseline cost of a user for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.users)

    @cached_property
    def cost_per_device(self) -> pd.Series:
        """Baseline cost of a device for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.devices)

    @cached_property
    def benchmark_gaps(self) -> pd.DataFrame:
        """How far all and each partner lie below each benchmark, and what it is worth [£ a year].

        A benchmark for the whole cost is for the partnership; the partners share its gap by users.
        """
        items = [ALL, *self._costed_partners] if self._costed_partners else []
        total = self.real_annual_cost.sum()
        levels = {"annual_cost": pd.Series(total, index=[ALL, *self.users.index])}
        units = {"annual_cost": pd.concat([pd.Series({ALL: 1.0}), self.user_shares])}
        for measure, count, cost in (
            ("cost_per_user", self.users, self.cost_per_user),
            ("cost_per_device", self.devices, self.cost_per_device),
        ):
            levels[measure] = cost
            counted = count[[item for item in cost.index if item != ALL]]
            units[measure] = pd.concat([pd.Series({ALL: float(counted.sum())}), counted])
        return baseline.benchmark_gaps(
            self.tables["benchmarks"],
            pd.DataFrame(levels).reindex(items),
            pd.DataFrame(units).reindex(items),
        )

    @cached_property
    def service_trends(self) -> pd.DataFrame:
        """First and last reading of each service measure, and its target."""
        return service.service_trends(self.tables["service_measures"])

    @property
    def baseline_standards(self) -> pd.Series:
        """The standards that every baseline is assessed by."""
        return self.tables["baseline_standards"].set_index("standard")["value"]

    @cached_property
    def survey_changes(self) -> pd.DataFrame:
        """Satisfaction before and after the change, and whether it is no worse."""
        standards = self.baseline_standards
        return service.survey_changes(
            self.tables["surveys"], standards["confidence"], standards["margin"]
        )

    @cached_property
    def product_matrix(self) -> pd.DataFrame:
        """Products in use, business function by partner."""
        return estate.product_matrix(self.tables["applications"], self.partners)

    @cached_property
    def convergence(self) -> pd.DataFrame:
        """Who has which application, and what one product for all would save, by function."""
        return estate.convergence(self.tables["applications"], self.partners)

    @cached_property
    def skill_cover(self) -> pd.DataFrame:
        """Who holds each skill, and where it hangs on one person."""
        return estate.skill_cover(self.tables["skills"], self.partners)

    @cached_property
    def data_quality(self) -> pd.DataFrame:
        """How far each table of the baseline can be relied on, 0 to 100."""
        file = self.case.file
        stems = BASELINE_TABLES
        data_date = pd.Timestamp(file.data_date)
        return baseline.data_quality(
            {stem: self.tables[stem] for stem in stems},
            {stem: figure_columns(stem) for stem in stems},
            {stem: baseline.row_dates(self.tables[stem], data_date) for stem in stems},
            self.baseline_standards,
            pd.Timestamp(file.decision_date),
        )
