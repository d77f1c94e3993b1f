"""The one schema of every case: a pydantic row per table, with the meaning and unit of each column."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Status = Literal["published", "derived", "assumed"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1)]
Text = Annotated[str, Field(min_length=1)]
FinancialYear = Annotated[int, Field(ge=1990, le=2100)]
SHARED = "shared"  # in place of a partner: a pooled amount that the scenario's rule apportions


class Row(BaseModel):
    """A line of a table: unknown columns, NaN and infinity are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True
    )


class Figure(Row):
    """A row that states where it came from."""

    status: Status = Field(
        description="published (printed in the source), derived (worked out from published "
        "figures), assumed (ours)"
    )
    source: Name = Field(description="key of a document under [sources] in case.toml")
    paragraph: str = Field(description="paragraph, table or page of the source")
    note: str = Field("", description="the working if derived, the reasoning if assumed")

    @model_validator(mode="after")
    def _note_explains_what_is_not_published(self):
        if self.status != "published" and not self.note:
            raise ValueError(f"the row is {self.status} and has no note; the note says why")
        return self


class Partner(Figure):
    """An authority in the partnership."""

    partner: Name = Field(description="the authority's name")
    role: Literal["lead", "partner", "leaving"] = Field(
        description="lead (host), partner, or leaving before the new service starts"
    )


class Driver(Figure):
    """A number that costs or savings can be apportioned by."""

    partner: Name = Field(description="the authority")
    driver: Literal["users", "devices", "agreed"] = Field(
        description="what is counted: users, devices, or an agreed share"
    )
    date: dt.date = Field(description="date of the count")
    value: float = Field(gt=0, description="the count")


class ServiceCost(Figure):
    """What a partner spends a year before any change."""

    partner: Name = Field(description="the authority")
    category: Name = Field(description="what the money buys, e.g. staff, contract, web")
    funding: Literal["revenue", "capital"] = Field(description="revenue or capital")
    year: FinancialYear = Field(description="year of the budget; 2026 means 2026/27")
    amount_gbp: float = Field(ge=0, description="cost a year [£]")


class Benchmark(Figure):
    """A figure from elsewhere to hold the cost against."""

    benchmark: Name = Field(description="what it is, e.g. lower quartile of district councils")
    basis: Name = Field(description="for how many authorities and of which kind")
    amount_gbp: float = Field(gt=0, description="cost a year [£]")


class ServiceMeasure(Figure):
    """One reading of how well a service runs."""

    measure: Name = Field(description="what is measured")
    partner: Name = Field(description="the authority")
    date: dt.date = Field(description="date of the reading")
    value: float = Field(description="the reading")
    bound: Literal["exactly", "over", "under"] = Field(
        description="how the source words it: exactly, over or under the value"
    )
    unit: Name = Field(description="unit of the reading")
    better: Literal["lower", "higher"] = Field(description="which way is better")


class Option(Figure):
    """A way of delivering the service."""

    option: str = Field(pattern=r"^[a-z]$", description="the option's letter")
    name: Name = Field(description="short name")
    description: Text = Field(description="what it means for the partners")


class Factor(Figure):
    """What the options are scored against."""

    factor: Name = Field(description="short name")
    definition: Text = Field(description="what a high score means")
    weight: float = Field(ge=0, description="weight; only the ratio to the others matters")
    lowest_score: float = Field(description="bottom of the scale")
    highest_score: float = Field(description="top of the scale")


class Score(Figure):
    """An assessor's score of one option against one factor."""

    option: str = Field(pattern=r"^[a-z]$", description="the option's letter")
    factor: Name = Field(description="the factor")
    assessor: Name = Field(description="who scored")
    score: float = Field(description="the score, on the factor's scale; higher is better")


class Flow(Figure):
    """Money that an option costs or saves, a year or over a run of years.

    Costs and savings are both positive; the kind of flow says which it is.
    """

    option: str = Field(pattern=r"^[a-z]$", description="the option that the money belongs to")
    line: Name = Field(description="what it is")
    flow: Literal["counterfactual_cost", "running_cost", "saving", "one_off_cost"] = Field(
        description="counterfactual_cost (what is spent without the change), running_cost (of the "
        "new service), saving, or one_off_cost"
    )
    category: Name = Field(description="staff, non_staff, contract, ...")
    funding: Literal["revenue", "capital"] = Field(description="revenue or capital")
    partner: Name = Field(
        description="the authority, or 'shared' for a pooled amount that the scenario apportions"
    )
    first_year: FinancialYear = Field(description="first financial year; 2026 means 2026/27")
    last_year: FinancialYear = Field(description="last financial year")
    year_fraction: float = Field(
        1.0, gt=0, le=1, description="part of each year in which it runs [fraction]"
    )
    amount_gbp: float | None = Field(
        None, ge=0, description="amount for a full year, base-year prices [£]"
    )
    baseline_fraction: float | None = Field(
        None, ge=0, le=3, description="or: as a fraction of the annual cost in service_costs.csv"
    )

    @model_validator(mode="after")
    def _one_amount_and_years_in_order(self):
        if (self.amount_gbp is None) == (self.baseline_fraction is None):
            raise ValueError("give one of amount_gbp and baseline_fraction")
        if self.last_year < self.first_year:
            raise ValueError(f"last_year {self.last_year} is before first_year {self.first_year}")
        return self


class Risk(Figure):
    """A line of the risk register."""

    risk: int = Field(ge=1, description="the risk's number")
    description: str = Field(description="what could happen; may be blank if the source has none")
    likelihood: str = Field(description="a likelihood word of risk_levels.csv, or blank")
    impact: str = Field(description="an impact word of risk_levels.csv, or blank")
    mitigation: str = Field(description="what is done about it")
    owner: str = Field(description="who owns it; blank if the source names nobody")


class RiskLevel(Figure):
    """A word on the likelihood or impact axis and its score."""

    axis: Literal["likelihood", "impact"] = Field(description="likelihood or impact")
    score: int = Field(ge=1, description="its score, 1 the lowest")
    level: Name = Field(description="the word")


class RiskBand(Figure):
    """A band of risk scores (likelihood score times impact score)."""

    band: Name = Field(description="name of the band")
    lowest_score: int = Field(ge=1, description="lowest score in the band")
    highest_score: int = Field(ge=1, description="highest score in the band")
    within_appetite: bool = Field(description="true if the partners accept risks in this band")


class Task(Figure):
    """A task of the work plan."""

    task: int = Field(ge=1, description="the task's number")
    name: Name = Field(description="what is done")
    duration_days: float = Field(ge=0, description="working days, fractions allowed")
    predecessors: str = Field(
        description="task numbers, comma separated; 2 or 2FS is finish to start, also SS, FF, SF, "
        "with a lag in working days: 3FS+5"
    )
    not_before: dt.date | None = Field(None, description="the task can't start before this date")
    deadline: dt.date | None = Field(None, description="the task should end by this date")


class WorkPackage(Figure):
    """A work package: what it must produce, who leads it and by when."""

    package: Name = Field(description="name of the work package")
    task: int | None = Field(None, description="its task number in tasks.csv, if it has one")
    objective: Text = Field(description="what it is for")
    outputs: Text = Field(description="what it must produce")
    lead: Text = Field(description="who leads it, and of which authority")
    deadline: dt.date | None = Field(None, description="when it is due")


class Event(Figure):
    """A date that matters: a gate, decision, deadline, review, start, end or outcome."""

    date: dt.date = Field(description="the date (first of the month where only that is known)")
    kind: Literal["gate", "decision", "deadline", "review", "start", "end", "outcome"] = Field(
        description="gate, decision, deadline, review, start, end or outcome"
    )
    event: Text = Field(description="what happens")


class Objective(Figure):
    """An aim, ambition, objective or area of joint work that the source lists."""

    kind: Literal["aim", "ambition", "objective", "working_area", "challenge", "divergence"] = (
        Field(description="aim, ambition, objective, working_area, challenge or divergence")
    )
    item: Name = Field(description="its letter or number")
    text: Text = Field(description="what it says, in our words")


class Arrangement(Figure):
    """How the partnership is to be governed."""

    topic: Literal[
        "host", "board", "chair", "term", "review", "charging", "assets", "exit", "people"
    ] = Field(description="host, board, chair, term, review, charging, assets, exit or people")
    name: Name = Field(description="short name of the arrangement")
    arrangement: Text = Field(description="what the source says, in our words")


class ReadinessArea(Figure):
    """An area in which the partners must be ready, and how far apart they may stand."""

    area: Name = Field(description="short name of the area")
    definition: Text = Field(description="what a partner with the highest score can show")
    largest_gap: float = Field(
        ge=0, description="the largest difference between partners' scores that can be managed"
    )


class ReadinessScore(Figure):
    """A partner's readiness in one area, 1 (not ready) to 5 (ready)."""

    area: Name = Field(description="an area of readiness_areas.csv")
    partner: Name = Field(description="the authority")
    score: float = Field(ge=1, le=5, description="1 not ready to 5 ready")


class Gate(Figure):
    """A criterion of the stop/go decision, tested on a row of results.csv."""

    criterion: Name = Field(description="short name, e.g. affordable")
    question: Text = Field(description="the question that it answers")
    section: Name = Field(description="section of results.csv")
    measure: Name = Field(description="measure of results.csv")
    item: Name = Field(description="item of results.csv, e.g. all")
    comparison: Literal["at_least", "at_most"] = Field(description="at_least or at_most")
    threshold: float | dt.date = Field(description="the value it is held against")
    if_not_met: Literal["stop", "condition"] = Field(
        description="what follows if it is not met: stop, or go on this condition"
    )
    set_by: Name = Field(description="who set the threshold")


class PublishedFigure(Figure):
    """A figure that the source prints and the workbook must reproduce."""

    section: Name = Field(description="section of results.csv")
    measure: Name = Field(description="measure of results.csv")
    item: Name = Field(description="item of results.csv")
    year: FinancialYear | None = Field(None, description="year of results.csv, if it has one")
    value: Name = Field(description="what the source prints: a number, an ISO date or a word")
    tolerance: float = Field(0.0, ge=0, description="half the last digit printed, in the unit")
    unit: Name = Field(description="£, fraction, years, count, score, date, text")

    @field_validator("status")
    @classmethod
    def _is_published(cls, status: str) -> str:
        if status != "published":
            raise ValueError(f"{status!r} is not a printed figure; status must be published")
        return status


class DiscountRate(Figure):
    """A dated row of the discount rate schedule."""

    schedule: Name = Field(description="name of the schedule")
    first_year: int = Field(ge=0, description="first year of the appraisal to which it applies")
    last_year: int = Field(ge=0, description="last year of the appraisal to which it applies")
    rate_fraction: float = Field(ge=0, lt=1, description="real discount rate [fraction a year]")


class Sensitivity(Figure):
    """The range over which a scenario parameter is tried."""

    parameter: Name = Field(description="a scenario parameter that is a number")
    low: float = Field(description="low end of the range, in the parameter's unit")
    high: float = Field(description="high end of the range, in the parameter's unit")

    @model_validator(mode="after")
    def _low_is_below_high(self):
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


TABLES: dict[str, type[Figure]] = {
    "partners": Partner,
    "drivers": Driver,
    "service_costs": ServiceCost,
    "benchmarks": Benchmark,
    "service_measures": ServiceMeasure,
    "options": Option,
    "factors": Factor,
    "scores": Score,
    "flows": Flow,
    "risks": Risk,
    "risk_levels": RiskLevel,
    "risk_bands": RiskBand,
    "tasks": Task,
    "work_packages": WorkPackage,
    "events": Event,
    "objectives": Objective,
    "governance": Arrangement,
    "readiness_areas": ReadinessArea,
    "readiness": ReadinessScore,
    "gates": Gate,
    "published": PublishedFigure,
}

SHARED_TABLES: dict[str, type[Figure]] = {
    # in data/ itself: the same for every case
    "discount_rates": DiscountRate,
    "sensitivities": Sensitivity,
}

KEYS: dict[str, list[str]] = {
    "partners": ["partner"],
    "drivers": ["partner", "driver"],
    "service_costs": ["partner", "category", "funding", "year"],
    "benchmarks": ["benchmark"],
    "service_measures": ["measure", "partner", "date"],
    "options": ["option"],
    "factors": ["factor"],
    "scores": ["option", "factor", "assessor"],
    "flows": ["option", "line", "flow", "partner", "first_year", "funding"],
    "risks": ["risk"],
    "risk_levels": ["axis", "score"],
    "risk_bands": ["band"],
    "tasks": ["task"],
    "work_packages": ["package"],
    "events": ["date", "kind", "event"],
    "objectives": ["kind", "item"],
    "governance": ["topic", "name"],
    "readiness_areas": ["area"],
    "readiness": ["area", "partner"],
    "gates": ["criterion"],
    "published": ["section", "measure", "item", "year"],
    "discount_rates": ["schedule", "first_year"],
    "sensitivities": ["parameter"],
}

VALUE_COLUMNS: dict[str, list[str]] = {
    # per table: the columns that hold the figure
    "drivers": ["value"],
    "service_costs": ["amount_gbp"],
    "benchmarks": ["amount_gbp"],
    "service_measures": ["bound", "value"],
    "factors": ["weight"],
    "scores": ["score"],
    "flows": ["amount_gbp", "baseline_fraction"],
    "risks": ["likelihood", "impact"],
    "risk_levels": ["level"],
    "risk_bands": ["lowest_score", "highest_score"],
    "tasks": ["duration_days", "not_before"],
    "readiness_areas": ["largest_gap"],
    "readiness": ["score"],
    "gates": ["comparison", "threshold"],
    "discount_rates": ["rate_fraction"],
    "sensitivities": ["low", "high"],
}

SECTION_TABLES: dict[str, list[str]] = {
    "baseline": ["drivers", "service_costs", "benchmarks", "service_measures"],
    "options": ["factors", "scores"],
    "savings": ["flows", "service_costs", "drivers", "discount_rates", "sensitivities"],
    "risks": ["risk_levels", "risk_bands", "risks"],
    "plan": ["tasks"],
    "readiness": ["readiness_areas", "readiness"],
    "decision": ["gates"],
}


class Source(Row):
    """A document that figures come from."""

    title: Text = Field(description="title of the document")
    publisher: Name = Field(description="who published it")
    date: dt.date | None = Field(None, description="date of the document, where it is known")


class CaseFile(Row):
    """case.toml: what the case asks, and of whom."""

    title: Text = Field(description="name of the case")
    question: Text = Field(description="what the decision maker is asked, as a question")
    decision_maker: Text = Field(description="who decides")
    decision_date: dt.date = Field(description="date of the meeting")
    data_date: dt.date = Field(description="date to which the figures refer")
    summary: Text = Field(description="two or three sentences on the case")
    decision_year: FinancialYear = Field(description="year 0 of the appraisal; not discounted")
    last_year: FinancialYear = Field(description="last financial year of the appraisal")
    preferred_option: str = Field("", description="letter of the option that the report proposes")
    plan_start: dt.date | None = Field(None, description="first day of the work plan")
    sources: dict[str, Source] = Field(description="the documents, by key")


def described() -> str:
    """Return the schema as Markdown: every table, its columns, and which may be blank."""
    common = [
        "Every row also has:",
        "",
        *_columns(Figure, Row),
    ]
    tables = [
        "\n".join(
            [f"### {stem}.csv", "", model.__doc__.split("\n")[0], "", *_columns(model, Figure)]
        )
        for stem, model in (TABLES | SHARED_TABLES).items()
    ]
    case_file = [
        "### case.toml",
        "",
        "What the case asks, and of whom.",
        "",
        *_columns(CaseFile, Row),
    ]
    sources = ["Each table under `[sources]`:", "", *_columns(Source, Row)]
    return "\n".join([*case_file, "", *sources, "", *common, "", "\n\n".join(tables), ""])


def _columns(model: type[Row], parent: type[Row]) -> list[str]:
    own = {
        name: field for name, field in model.model_fields.items() if name not in parent.model_fields
    }
    return [
        f"- `{name}`{'' if field.is_required() else ' (may be blank)'}: {field.description}"
        for name, field in own.items()
    ]
