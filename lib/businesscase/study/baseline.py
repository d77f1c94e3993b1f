"""The baseline of a study: cost, users, measures, applications, skills, quality of the data."""

from collections.abc import Iterable, Iterator

import pandas as pd

from businesscase.calculations import (
    apportionment,
    baseline,
    estate,
    posts,
    register,
    service,
)
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.estate import RELATIONS, SAME
from businesscase.calculations.years import with_known_dates
from businesscase.cases.schema import BASELINE_TABLES, figure_columns
from businesscase.study import tidy
from businesscase.study.core import Part
from businesscase.study.derived import derived


class Baseline(Part):
    """What the partners spend today, and how well the service runs."""

    name = "baseline"
    first = (
        "service_comparison",
        "real_annual_cost",
        "users",
        "devices",
        "user_shares",
        "cost_per_user",
        "cost_per_device",
        "benchmark_gaps",
        "service_trends",
        "survey_changes",
        "convergence",
        "skill_cover",
        "data_quality",
    )

    @property
    def service_costs(self) -> pd.DataFrame:
        """Lines of cost as budgeted; posts make the line for staff of a partner that gives none."""
        base_year = self.case.file.decision_year
        return posts.with_staff(self.tables["service_costs"], self.tables["posts"], base_year)

    @derived
    def annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category, as budgeted [£ a year]."""
        return baseline.annual_costs(self.service_costs)

    @derived
    def annual_cost(self) -> pd.Series:
        """Baseline cost by partner, as budgeted [£ a year]."""
        return self.annual_costs.sum(axis="columns").reindex(self._costed_partners)

    @property
    def _costed_partners(self) -> list[str]:
        return [partner for partner in self.partners if partner in self.annual_costs.index]

    def price_index(self, years: Iterable[int]) -> pd.Series:
        """Return the price index of years and of the base year; none if that is all there is of them."""
        base_year = self.case.file.decision_year
        other = set(years) - {base_year}
        needed = [*sorted(other), base_year] if other else []
        return self.tables.rows("deflators", year=needed).set_index("year")["price_index"]

    @derived
    def real_service_costs(self) -> pd.DataFrame:
        """Lines of cost of the partners that stay, with ``real_gbp`` [£ a year, base-year prices]."""
        lines = self.service_costs
        lines = lines[lines["partner"].isin(self.partners)]
        lines = lines.sort_values("partner", key=self._order, kind="stable", ignore_index=True)
        base_year = self.case.file.decision_year
        index = self.price_index(lines["year"])
        real = baseline.real_amounts(lines["amount_gbp"], lines["year"], index, base_year)
        return lines.assign(real_gbp=real)

    def _order(self, partners: pd.Series) -> pd.Series:
        return partners.map(self.partners.index)

    @derived
    def real_annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category [£ a year, base-year prices]."""
        lines = self.real_service_costs
        costs = baseline.annual_costs(lines.assign(amount_gbp=lines["real_gbp"]))
        return costs.reindex(self._costed_partners)

    @derived
    def real_annual_cost(self) -> pd.Series:
        """Baseline cost by partner [£ a year, base-year prices]."""
        return self.real_annual_costs.sum(axis="columns")

    @derived
    def price_conversions(self) -> pd.DataFrame:
        """What bringing costs to base-year prices did, by year of the budget."""
        base_year = self.case.file.decision_year
        costs = self.real_service_costs
        return baseline.price_conversions(costs, self.price_index(costs["year"]), base_year)

    @derived
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

    @derived
    def user_shares(self) -> pd.Series:
        """Share of users by partner [fraction]."""
        return apportionment.shares(self.users)

    @derived
    def cost_per_user(self) -> pd.Series:
        """Baseline cost of a user for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.users)

    @derived
    def cost_per_device(self) -> pd.Series:
        """Baseline cost of a device for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.devices)

    @derived
    def benchmark_gaps(self) -> pd.DataFrame:
        """How far all and each partner lie below each benchmark, and what it is worth [£ a year].

        A benchmark for the whole cost is for the partnership; the partners share its gap by users.
        ``position`` is where a cost lies among the quartiles of like benchmarks.
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
        gaps = baseline.benchmark_gaps(
            self.tables["benchmarks"],
            pd.DataFrame(levels).reindex(items),
            pd.DataFrame(units).reindex(items),
        )
        divided = (gaps["measure"] == "annual_cost") & (gaps["item"] != ALL)  # no level of its own
        position = pd.Series([self._position(gap) for gap in gaps.itertuples()], dtype=object)
        return gaps.assign(
            level_gbp=gaps["level_gbp"].mask(divided), position=position.mask(divided)
        )

    def _position(self, gap) -> str:
        given = self.tables["benchmarks"]
        alike = given[(given["measure"] == gap.measure) & (given["basis"] == gap.basis)]
        bands = (
            alike[alike["band"] != "other"].drop_duplicates("band").set_index("band")["amount_gbp"]
        )
        return baseline.quartile_position(gap.level_gbp, bands)

    @derived
    def service_trends(self) -> pd.DataFrame:
        """First and last reading of each service measure, and its target."""
        return service.service_trends(with_known_dates(self.tables["service_measures"]))

    @property
    def standards(self) -> pd.Series:
        """The standards that every baseline is assessed by."""
        return self.tables["baseline_standards"].set_index("standard")["value"]

    @derived
    def survey_changes(self) -> pd.DataFrame:
        """Satisfaction before and after the change, and whether it is no worse."""
        standards = self.standards
        return service.survey_changes(
            self.tables["surveys"], standards["confidence"], standards["margin"]
        )

    @derived
    def post_groups(self) -> pd.DataFrame:
        """Posts by partner and role, each group so large that nobody's pay follows from it."""
        return posts.grouped(self.tables["posts"])

    @derived
    def staff_check(self) -> pd.DataFrame:
        """What the posts of each partner cost beside its budget for staff [£ a year, base-year prices]."""
        base_year = self.case.file.decision_year
        rows = self.tables["posts"]
        years = rows["year"].fillna(base_year).astype(int)
        cost = posts.annual_costs(rows)
        real = baseline.real_amounts(cost, years, self.price_index(years), base_year)
        given = self.tables["service_costs"]
        typed = given.loc[given["nature"] == posts.STAFF, "partner"]
        lines = self.real_service_costs
        staff = lines[(lines["nature"] == posts.STAFF) & lines["partner"].isin(typed)]
        budget = staff.groupby("partner")["real_gbp"].sum()
        return posts.beside_budget(rows.assign(real_gbp=real), budget)

    @derived
    def contract_register(self) -> pd.DataFrame:
        """Every contract, with ``earliest_end``: its end if notice is given at the decision."""
        contracts = self.tables["contracts"]
        decided = pd.Timestamp(self.case.file.decision_date)
        return contracts.assign(earliest_end=register.earliest_ends(contracts, decided))

    @derived
    def contracts_by_partner(self) -> pd.DataFrame:
        """What the contracts of each partner cost and could release.

        ``contracts`` [count], ``annual_gbp`` [£ a year], ``novation_gbp`` [£], ``notice_unknown``
        [count], then by financial year what is no longer paid if each ends as soon as it can [£].
        """
        table = self.contract_register
        summed = table.groupby("partner", sort=False).agg(
            contracts=("contract", "size"),
            annual_gbp=("annual_gbp", "sum"),
            novation_gbp=("novation_gbp", "sum"),
            notice_unknown=("earliest_end", lambda ends: int(ends.isna().sum())),
        )
        return summed.join(register.released(table, self.years))

    @derived
    def product_matrix(self) -> pd.DataFrame:
        """Products in use, business function by partner."""
        return estate.product_matrix(self.tables["applications"], self.partners)

    @derived
    def convergence(self) -> pd.DataFrame:
        """Who has which application, and what one product for all would save, by function."""
        return estate.convergence(self.tables["applications"], self.partners)

    @derived
    def skill_cover(self) -> pd.DataFrame:
        """Who holds each skill, and where it hangs on one person."""
        return estate.skill_cover(self.tables["skills"], self.partners)

    @derived
    def data_quality(self) -> pd.DataFrame:
        """How far each table of the baseline can be relied on, 0 to 100."""
        file = self.case.file
        stems = BASELINE_TABLES
        data_date = pd.Timestamp(file.data_date)
        return baseline.data_quality(
            {stem: self.tables[stem] for stem in stems},
            {stem: figure_columns(stem) for stem in stems},
            {stem: baseline.row_dates(self.tables[stem], data_date) for stem in stems},
            self.standards,
            pd.Timestamp(file.decision_date),
        )

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        for driver, measure in (("user", "users"), ("device", "devices")):
            count = self.driver(measure)
            if not count.empty:
                yield from tidy.series(measure, tidy.with_all(count), tidy.COUNT)
            cost = getattr(self, f"cost_per_{driver}")
            yield from tidy.series(f"cost_per_{driver}", cost, f"£ a {driver} a year")
        if not self.users.empty:
            yield from tidy.series("user_share", self.user_shares, tidy.FRACTION)
        if not self.annual_cost.empty:
            yield from tidy.series("annual_cost", tidy.with_all(self.annual_cost), "£ a year")
            real = tidy.with_all(self.real_annual_cost)
            yield from tidy.series("real_annual_cost", real, "£ a year")
        for gap in self.benchmark_gaps.itertuples():
            item = gap.benchmark if gap.item == ALL else f"{gap.benchmark}, {gap.item}"
            yield "benchmark_gap", item, pd.NA, gap.worth_gbp, "£ a year"
        for trend in self.service_trends.itertuples():
            item = f"{trend.measure}, {trend.partner}"
            yield "service_measure_first", item, pd.NA, trend.first, trend.unit
            yield "service_measure_last", item, pd.NA, trend.last, trend.unit
            if not pd.isna(trend.change):
                yield "service_measure_change", item, pd.NA, trend.change, trend.unit
            if not pd.isna(trend.target):
                yield "service_measure_target", item, pd.NA, trend.target, trend.unit
        changes = self.survey_changes
        changes = changes.set_index(changes["survey"] + ", " + changes["partner"])
        for part in ("difference", "difference_low", "difference_high"):
            yield from tidy.series(f"survey_{part}", changes[part], tidy.FRACTION)
        yield from tidy.series("no_worse_afterwards", changes["outcome"], tidy.TEXT)
        if not self.convergence.empty:
            relations = self.convergence["relation"]
            counts = relations.value_counts().reindex(RELATIONS, fill_value=0)
            yield from tidy.series("application_overlap", counts, tidy.COUNT)
            yield from tidy.one("application_overlap", (relations == SAME).mean(), tidy.FRACTION)
        cover = self.skill_cover
        if not cover.empty:
            alone = cover.groupby("partner", sort=False)["single_person"].sum()
            yield from tidy.series("single_person_skills", tidy.with_all(alone), tidy.COUNT)
            together = cover.loc[cover["single_together"], "skill"].nunique()
            yield from tidy.one("single_person_skills_together", together, tidy.COUNT)
        groups = self.post_groups
        if len(groups):
            groups = groups.set_index(
                groups["role"] + ", " + groups["service"] + ", " + groups["partner"]
            )
            yield from tidy.series("posts", groups["fte"], "full-time equivalents")
            cost = groups["posts_cost_gbp"].dropna()
            yield from tidy.series("posts_cost", cost, "£ a year")
            gap = self.staff_check["difference_gbp"].dropna()
            yield from tidy.series("posts_above_budget", gap, "£ a year")
        by_partner = self.contracts_by_partner
        yield from tidy.series("contracts_cost", by_partner["annual_gbp"], "£ a year")
        for year in self.years:
            for partner, amount in by_partner[year].items():
                yield "contracts_releasable", str(partner), year, amount, tidy.MONEY
        quality = self.data_quality["score"]
        yield from tidy.series("data_quality", quality, "score of 100")
        yield from tidy.one("data_quality", quality.mean(), "score of 100")
        supplied = int((self.data_quality["rows"] > 0).sum())
        yield from tidy.one("baseline_tables", supplied, tidy.COUNT)
