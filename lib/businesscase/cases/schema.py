"""The one schema of every case: a pydantic row per table, with the meaning and unit of each column."""

import datetime as dt
import re
import types
import typing
from collections.abc import Collection, Iterable
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from businesscase.calculations import resolutions
from businesscase.calculations.apportionment import ALL, SHARED
from businesscase.calculations.wording import listed
from businesscase.calculations.years import Month, year_end
from businesscase.cases.errors import Fault, InputError, shown
from businesscase.cases.names import refuse_unless_printable

Status = Literal["published", "derived", "assumed"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1)]
FinancialYear = Annotated[int, Field(ge=1990, le=2100)]
WORKED_ROW = "to-be-replaced"  # source of the rows that a new case begins with
WORKED_NOTE = "[Pp]ut (?:your own|here)"  # in the notes of these rows: what belongs in their place
FREED = ["saving", "counterfactual_cost"]  # flows of money that is no longer spent
MAY_BE_TIME = [*FREED, "extra_cost"]  # flows that may be time and no money
OPPOSITES = {
    # by flow: what an amount below nil is instead
    "saving": "extra_cost",
    "extra_cost": "saving",
    "running_cost": "saving",
    "counterfactual_cost": "extra_cost",
    "income_cost": "extra_cost",
    "one_off_cost": "grant or receipt",
    "exit_cost": "receipt",
    "grant": "one_off_cost",
    "receipt": "one_off_cost",
    "residual_value": "one_off_cost",
}

# how the text of a cell must look, and in words
PLAIN: dict[type, tuple[str, str]] = {
    float: (r"-?\d+(\.\d+)?", "a plain number"),
    int: (r"-?\d+", "a whole number"),
    dt.date: (r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date such as 2026-04-01"),
    Month: (r"\d{4}-(0[1-9]|1[0-2])", "a month such as 2026-04"),
    bool: (r"(?i:true|false)", "true or false"),
}


def _month_or_day(text: typing.Any) -> typing.Any:
    """Return a month that is written as one; what else it is, is for the type of the field to say."""
    is_month = isinstance(text, str) and re.fullmatch(PLAIN[Month][0], text.strip())
    return Month.fromisoformat(f"{text.strip()}-01") if is_month else text


MAY_BE_MONTH = BeforeValidator(_month_or_day)
DateOrMonth = Annotated[dt.date, MAY_BE_MONTH]  # a date of which perhaps only the month is known


def plain_types(annotation: typing.Any) -> frozenset[type]:
    """Return the types of an annotation, without None and Annotated.

    Examples
    --------
    >>> plain_types(FinancialYear | None)
    frozenset({<class 'int'>})
    """
    return _types_of(annotation)


def written_as(column: FieldInfo) -> frozenset[type]:
    """Return as which kinds of ``PLAIN`` a cell of a column may be written."""
    is_dated = dt.date in (kinds := plain_types(column.annotation))
    may_be_month = is_dated and MAY_BE_MONTH in bounds_of(column.annotation, column.metadata)
    return kinds | {Month} if may_be_month else kinds


@cache  # for it is asked of every cell
def _types_of(annotation) -> frozenset[type]:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return frozenset().union(*map(_types_of, typing.get_args(annotation))) - {type(None)}
    if typing.get_origin(annotation) is Annotated:
        return _types_of(typing.get_args(annotation)[0])
    return frozenset({annotation})


def refuse_unless_plain(text: str, kinds: Collection[type]) -> None:
    """Refuse a cell that is not written as one of its kinds: pydantic alone reads 1_000 and 1e3.

    Raises
    ------
    InputError
        If the text is neither of the kinds.
    """
    allowed = [PLAIN[kind] for kind in PLAIN if kind in kinds]
    if allowed and not any(re.fullmatch(pattern, text.strip()) for pattern, _ in allowed):
        said = f"it should be {' or '.join(name for _, name in allowed)}"
        raise InputError(Fault(f"found {shown(text)}; {said}", found=shown(text), allowed=said))


def _in_order(row: "Row", fields: list[str]) -> None:
    """Refuse a row whose fields do not rise, or stay level, from each to the next."""
    for lower, upper in pairwise(fields):
        low, high = getattr(row, lower), getattr(row, upper)
        if low > high:
            raise ValueError(f"{lower} {low:g} is above {upper} {high:g}")


class Row(BaseModel):
    """A line of a table: unknown columns, NaN, infinity and control characters are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _text_is_printable(cls, cell):
        for text in cell if isinstance(cell, dict) else [cell]:
            refuse_unless_printable(text)
        return cell


class Entry(Row):
    """A line of a CSV table, every cell of it text that must be written plainly."""

    @field_validator("*", mode="before")
    @classmethod
    def _cell_is_plain(cls, cell: str, field: ValidationInfo) -> str:
        refuse_unless_plain(cell, written_as(cls.model_fields[field.field_name]))
        return cell


class Figure(Entry):
    """A row that states where it came from."""

    status: Status = Field(
        description="published (printed in the source), derived (worked out from published "
        "figures), assumed (ours)"
    )
    source: Name = Field(description="key of a document under [sources] in case.toml")
    paragraph: str = Field(description="paragraph, table or page of the source")
    note: str = Field("", description="the working if derived, the reasoning if assumed")
    known_on: dt.date | None = Field(
        None, description="day from which it could be known; blank: the date of its source"
    )
    exempt: Annotated[int, Field(ge=1, le=7)] | None = Field(
        None,
        description="paragraph of Part 1 of Schedule 12A to the Local Government Act 1972 under which "
        "the row is kept from the public; blank: it is public",
    )

    @model_validator(mode="after")
    def _note_explains_what_is_not_published(self):
        if self.status != "published" and not self.note:
            raise ValueError(f"the row is {self.status} and has no note; the note says why")
        return self


class PublicFigure(Figure):
    """A row that the public reads in any edition."""

    @model_validator(mode="after")
    def _is_public(self):
        if self.exempt is not None:
            raise ValueError("a row of this table stands in every edition, so it can't be exempt")
        return self


class Partner(Figure):
    """An authority in the partnership."""

    partner: Name = Field(description="the authority's name")
    role: Literal["lead", "partner", "leaving"] = Field(
        description="lead (host), partner, or leaving before the new service starts"
    )
    joins: FinancialYear | None = Field(
        None, description="first financial year in the partnership; blank is from the start"
    )
    leaves: FinancialYear | None = Field(
        None, description="first financial year out of it again; blank is never"
    )

    @field_validator("partner")
    @classmethod
    def _name_has_no_meaning_of_its_own(cls, name: str) -> str:
        if name.casefold() in (ALL, SHARED):
            raise ValueError(
                f"{name!r} is no name of an authority: '{ALL}' stands for all partners together and "
                f"'{SHARED}' for a pooled amount"
            )
        return name

    @model_validator(mode="after")
    def _leaves_after_it_joins(self):
        if self.joins and self.leaves and self.leaves <= self.joins:
            raise ValueError(f"leaves {self.leaves} is not after joins {self.joins}")
        return self


class ExitTerm(Figure):
    """A term of the agreement on leaving or joining, which holds unless a scenario says otherwise."""

    term: Literal[
        "stranded_fraction",
        "notice_years",
        "leaver_share",
        "leaver_months",
        "leaver_cap",
        "exit_charge",
        "entry_fee",
    ] = Field(description="the parameter of parameters.py that it stands for")
    value: float = Field(ge=0, description="its value, in the parameter's unit")


class Driver(Figure):
    """A number that costs or savings can be apportioned by."""

    partner: Name = Field(description="the authority")
    driver: Literal["users", "devices", "agreed"] = Field(
        description="what is counted: users, devices, or an agreed share"
    )
    date: dt.date = Field(description="date of the count")
    value: float = Field(ge=0, description="the count; not nil for all")


class ServiceCost(Figure):
    """What a partner spends a year before any change."""

    partner: Name = Field(description="the authority")
    service: Name = Field("ICT", description="the service that the money is for; ICT if blank")
    category: Name = Field(description="what the money buys, e.g. staff, contract, web")
    nature: Literal["staff", "non_staff", "income"] | None = Field(
        None,
        description="staff or non_staff; blank where the source does not divide the sum; income (and "
        "internal recharges) of the present service, which are written below nil",
    )
    funding: Literal["revenue", "capital"] = Field(description="revenue or capital")
    year: FinancialYear = Field(description="year of the budget; 2026 means 2026/27")
    amount_gbp: float = Field(
        description="cost a year, at least 0, or income at most 0, in that year's prices [£]"
    )

    @field_validator("amount_gbp")
    @classmethod
    def _only_income_is_below_nil(cls, amount: float, field: ValidationInfo) -> float:
        is_income = field.data.get("nature") == "income"
        if is_income and amount > 0:
            raise ValueError(
                f"found {amount:g} of a line of income; it should be at most 0, as it lowers the cost"
            )
        if not is_income and amount < 0:
            raise ValueError(f"found {amount:g}; it should be at least 0, or nature be income")
        return amount


class Post(Figure):
    """A post of the establishment, or several alike: what it costs a year, on-costs included."""

    partner: Name = Field(description="the authority that employs it")
    service: Name = Field("ICT", description="the service that it works for; ICT if blank")
    role: Name = Field(description="what the post does, in the same words for all partners")
    grade: str = Field("", description="its grade")
    post: str = Field(
        "",
        description="its number in the establishment; blank where the row stands for all alike. Never a "
        "person's name",
    )
    fte: float = Field(gt=0, description="how much of it there is [full-time equivalents]")
    salary_gbp: float = Field(
        ge=0, description="salary of a year at full time, in that year's prices [£]"
    )
    on_cost_fraction: float = Field(
        ge=0,
        le=1,
        description="employer's pension and national insurance beside the salary [fraction of it]",
    )
    vacant: bool = Field(
        False, description="true if nobody holds it: it is in the budget, and nobody is dismissed"
    )
    year: FinancialYear | None = Field(
        None, description="year of the pay; 2026 means 2026/27; blank is decision_year"
    )
    option: str = Field(
        "",
        pattern=r"^[a-z]$",
        description="the option that deletes or regrades it; blank: none does",
    )
    deleted_in: FinancialYear | None = Field(
        None,
        description="first financial year without it; its cost is a saving from then on, and redundancy and "
        "pension strain are paid in that year; an option needs it, or regraded_in",
    )
    deleted_fte: float | None = Field(
        None,
        gt=0,
        description="how much of it is deleted [full-time equivalents]; blank is all of it",
    )
    redundancy_gbp: float | None = Field(
        None,
        ge=0,
        description="redundancy pay, on average, for a full-time post that is deleted, base-year prices [£]; 0 where "
        "nobody is dismissed; blank: what the law obliges to pay, if age and service_years are given",
    )
    age: int | None = Field(
        None, ge=16, le=100, description="age of who holds it at deletion [complete years]"
    )
    service_years: int | None = Field(
        None, ge=0, le=80, description="service of who holds it at deletion [complete years]"
    )
    pension_strain_gbp: float | None = Field(
        None,
        ge=0,
        description="pension strain, on average, for a full-time post that is deleted, base-year prices [£]; 0 "
        "where there is none",
    )
    regraded_in: FinancialYear | None = Field(
        None,
        description="first financial year on another pay: regraded, assimilated to a grade of the shared service, "
        "or harmonised; until it is deleted, if that comes later",
    )
    salary_after_gbp: float | None = Field(
        None,
        ge=0,
        description="salary of a year at full time from then on, in prices of the same year as salary_gbp [£]; lower "
        "pay is a saving, higher pay an extra cost, on-costs included",
    )
    protection: str = Field(
        "",
        pattern=r"^[a-z_]+$",
        description="of lower pay that somebody holds: the rule of pay_protection_rules.csv by which the old pay is "
        "still paid at first, so that the saving starts later; none if it isn't; blank: not known, and not counted",
    )

    @model_validator(mode="after")
    def _deletion_is_whole(self):
        if bool(self.option) != (self.deleted_in is not None or self.regraded_in is not None):
            raise ValueError(
                "option and deleted_in go together, or option and regraded_in: which option deletes or regrades the "
                "post, and from which year"
            )
        given = [
            name
            for name in (
                "deleted_fte",
                "redundancy_gbp",
                "age",
                "service_years",
                "pension_strain_gbp",
            )
            if getattr(self, name) is not None
        ]
        if given and self.deleted_in is None:
            raise ValueError(f"{listed(given)} given for a post that no option deletes")
        if self.deleted_fte is not None and self.deleted_fte > self.fte:
            raise ValueError(
                f"deleted_fte is {self.deleted_fte:g}; it can be at most fte, {self.fte:g}"
            )
        if self.vacant and set(given) - {"deleted_fte"}:
            raise ValueError(
                "the post is vacant, so nobody is dismissed; leave age, service_years and the amounts blank"
            )
        if (self.age is None) != (self.service_years is None):
            raise ValueError("age and service_years go together; one is given without the other")
        if self.redundancy_gbp is not None and self.age is not None:
            raise ValueError("give either redundancy_gbp, or age and service_years")
        return self

    @model_validator(mode="after")
    def _regrading_is_whole(self):
        if (self.regraded_in is None) != (self.salary_after_gbp is None):
            raise ValueError(
                "regraded_in and salary_after_gbp go together; one is given without the other"
            )
        if self.protection and self.regraded_in is None:
            raise ValueError("protection is given for a post that isn't regraded")
        if self.protection not in ("", "none"):
            if self.vacant:
                raise ValueError(
                    "the post is vacant, so there is nobody whose pay is protected; leave protection blank"
                )
            if self.salary_after_gbp >= self.salary_gbp:
                raise ValueError(
                    f"protection is given, but salary_after_gbp {self.salary_after_gbp:g} is not below salary_gbp "
                    f"{self.salary_gbp:g}; leave protection blank where nobody loses pay"
                )
        goes_whole = self.deleted_in is not None and self.deleted_fte in (None, self.fte)
        if self.regraded_in is not None and goes_whole and self.regraded_in >= self.deleted_in:
            raise ValueError(
                f"regraded_in is {self.regraded_in}, but the whole post goes in {self.deleted_in}; regrade it before, "
                "or leave regraded_in blank"
            )
        return self


class Benchmark(Figure):
    """A figure from elsewhere to hold the cost against."""

    benchmark: Name = Field(description="what it is, e.g. lower quartile of district councils")
    basis: Name = Field(description="for how many authorities and of which kind")
    measure: Literal["annual_cost", "cost_per_user", "cost_per_device"] = Field(
        "annual_cost",
        description="annual_cost (of all partners together), cost_per_user or cost_per_device",
    )
    band: Literal["lower_quartile", "median", "upper_quartile", "other"] = Field(
        "other", description="lower_quartile, median, upper_quartile or other"
    )
    amount_gbp: float = Field(
        gt=0,
        description="cost a year, of all or of one user or device, in decision-year prices [£]",
    )


class ServiceMeasure(Figure):
    """One reading of how well a service runs."""

    measure: Name = Field(description="what is measured")
    partner: Name = Field(description="the authority")
    date: DateOrMonth = Field(description="date of the reading, or its month, such as 2026-04")
    value: float = Field(description="the reading")
    bound: Literal["exactly", "over", "under"] = Field(
        description="how the source words it: exactly, over or under the value"
    )
    unit: Name = Field(description="unit of the reading")
    better: Literal["lower", "higher"] = Field(description="which way is better")
    target: float | None = Field(None, description="what the reading should reach, in its unit")


class Survey(Figure):
    """A survey of users' satisfaction before or after the service is shared."""

    partner: Name = Field(description="the authority whose users were asked")
    survey: Name = Field(description="name of the survey, the same before and after")
    stage: Literal["before", "after"] = Field(description="before or after the change")
    date: dt.date | None = Field(None, description="date of the survey")
    satisfied: int | None = Field(None, ge=0, description="how many were satisfied [count]")
    answers: int | None = Field(None, gt=0, description="how many answered [count]")

    @model_validator(mode="after")
    def _counts_go_together(self):
        if (self.satisfied is None) != (self.answers is None):
            raise ValueError("satisfied and answers go together; one is given without the other")
        if self.answers is not None and self.satisfied > self.answers:
            raise ValueError(
                f"satisfied is {self.satisfied}; it can be at most the {self.answers} answers"
            )
        return self


class Application(Figure):
    """A business application that a partner uses."""

    partner: Name = Field(description="the authority")
    business_function: Name = Field(
        description="what it is for, in the same words for all partners"
    )
    product: Name = Field(description="name of the product, in the same words for all partners")
    contract_end: dt.date | None = Field(None, description="last day of the present contract")
    annual_cost_gbp: float | None = Field(None, ge=0, description="licence and support a year [£]")


class Skill(Figure):
    """A skill that the service needs, and how many people of a partner hold it."""

    partner: Name = Field(description="the authority")
    skill: Name = Field(description="the skill, in the same words for all partners")
    posts: float = Field(ge=0, description="posts that need it [full-time equivalents]")
    people: int = Field(ge=0, description="people who hold it [count]")


class Asset(Figure):
    """Equipment or another asset of the service, and whose it will be."""

    partner: Name = Field(description="the authority")
    asset: Name = Field(description="what it is")
    value_gbp: float | None = Field(None, ge=0, description="book value [£]")
    owner_rule: Text = Field(description="who owns it once the service is shared")


class Option(Figure):
    """A way of delivering the service."""

    option: str = Field(pattern=r"^[a-z]$", description="the option's lower-case letter")
    name: Name = Field(description="short name")
    description: Text = Field(description="what it means for the partners")


class Factor(Figure):
    """What the options are scored against."""

    factor: Name = Field(description="short name")
    definition: Text = Field(description="what is judged")
    kind: Literal["benefit", "cost"] = Field(
        description="benefit, or cost if it scores money, which the benefit score leaves out; higher "
        "is better for both"
    )
    weight: float = Field(
        ge=0,
        le=100,
        description="swing weight: what going from the lowest to the highest score on this factor is "
        "worth beside the others; only the ratio matters, 100 for all is usual",
    )
    lowest_score: float = Field(description="bottom of the scale, the same for all factors")
    lowest_means: str = Field("", description="what an option with the lowest score is like")
    highest_score: float = Field(description="top of the scale, the same for all factors")
    highest_means: str = Field("", description="what an option with the highest score is like")

    @model_validator(mode="after")
    def _both_ends_in_words_or_neither(self):
        if bool(self.lowest_means) != bool(self.highest_means):
            raise ValueError("give both of lowest_means and highest_means, or neither")
        return self


class Score(Figure):
    """An assessor's score of one option against one factor."""

    option: str = Field(pattern=r"^[a-z]$", description="the option's lower-case letter")
    factor: Name = Field(description="the factor")
    assessor: Name = Field(
        description="who scored, or from whose point of view; the mean over assessors counts"
    )
    score: float = Field(description="the score, on the factor's scale; higher is better")


class SuccessFactor(Figure):
    """Whether an option meets a critical success factor; one that fails any is screened out.

    An option that is screened out is still scored and shown, so that the reader sees what was lost,
    but it is not ranked. The comparator stays in the appraisal all the same, as every other option is
    held against it.
    """

    option: str = Field(pattern=r"^[a-z]$", description="the option's lower-case letter")
    criterion: Name = Field(description="the critical success factor")
    passes: bool = Field(description="true if the option meets it")


class Flow(Figure):
    """Money that an option costs or saves, a year or over a run of years.

    Costs and savings are both positive; the kind of flow says which it is.
    """

    option: str = Field(pattern=r"^[a-z]$", description="the option that the money belongs to")
    line: Name = Field(description="what it is")
    flow: Literal[
        "counterfactual_cost",
        "running_cost",
        "saving",
        "extra_cost",
        "income_cost",
        "one_off_cost",
        "exit_cost",
        "grant",
        "receipt",
        "residual_value",
    ] = Field(
        description="counterfactual_cost (what is spent without the change), running_cost (of the "
        "new service), saving, extra_cost (a recurring cost that the change brings elsewhere), "
        "income_cost (full cost of serving outside partners, who are charged it plus "
        "margin_fraction), one_off_cost (also redundancy and pension strain), exit_cost, grant or "
        "receipt (money received, whatever part of the saving is realised), or residual_value (what "
        "is left of assets, in the last year of the appraisal)"
    )
    category: Name = Field(description="what the money buys, e.g. staff, contract, equipment")
    inflation: Literal["pay", "prices", ""] = Field(
        "",
        description="what the amount follows in the cash view: pay or prices; if blank, pay where "
        "the category is one of pay (staff, staffing, pay, salaries, wages, employees) and prices "
        "elsewhere, which check names",
    )
    funding: Literal["revenue", "capital"] = Field(description="revenue or capital")
    partner: Name = Field(
        description="the authority, or 'shared' for a pooled amount that the scenario apportions"
    )
    pooled: bool = Field(
        False,
        description="true if an authority's amount is its share of a pool, which a scenario's rule "
        "of apportionment divides anew; otherwise the amount stays with the authority",
    )
    split: Literal["users", "devices", "revenue_budget", "agreed", "equal", ""] = Field(
        "",
        description="of a pooled row: its own rule of apportionment, whatever the scenario's; blank "
        "is the scenario's",
    )
    first_year: FinancialYear = Field(description="first financial year; 2026 means 2026/27")
    last_year: FinancialYear | None = Field(
        None, description="last financial year; blank is to the end of the appraisal"
    )
    delay_years: float = Field(
        0.0, ge=0, le=20, description="a delay of its own, beside the scenario's [years]"
    )
    starts_with: int | None = Field(
        None,
        description="number of the task of tasks.csv with whose end it starts; what the plan's forecast, "
        "or a draw of it, is later than planned moves it too",
    )
    year_fraction: float = Field(
        1.0, gt=0, le=1, description="part of each year in which it runs [fraction]"
    )
    amount_gbp: float | None = Field(
        None, description="amount for a full year, at least 0, base-year prices [£]"
    )
    baseline_fraction: float | None = Field(
        None,
        le=3,
        description="or: as a fraction of the annual cost in service_costs.csv, of a saving at most 1",
    )
    ramp_years: float = Field(
        0.0, ge=0, le=20, description="years over which it grows evenly to the full amount"
    )
    real_growth: float = Field(
        0.0,
        ge=-0.5,
        le=0.5,
        description="growth above general inflation, from year 0 on [fraction a year]",
    )
    margin_fraction: float = Field(
        0.0, ge=0, le=1, description="for income_cost: margin on the full cost [fraction]"
    )
    line_total_gbp: float | None = Field(
        None,
        ge=0,
        description="control total: what the rows of this line, option and authority add up to over "
        "all their years, a ramp not counted [£]",
    )
    cashable: bool = Field(
        True,
        description="false if a saving frees time but no budget, an extra_cost takes time but no "
        "budget, or what a counterfactual_cost stands for stays behind in the budget; other flows are "
        "always true",
    )
    sunk: bool = Field(
        False,
        description="true if a one_off_cost is spent whatever is decided: it is in the cash view, and "
        "in no measure of worth",
    )
    low_fraction: float | None = Field(
        None, ge=0, description="low end of its uncertainty, as a multiple of the amount"
    )
    high_fraction: float | None = Field(
        None, ge=0, description="high end of its uncertainty, as a multiple of the amount"
    )
    cause: str = Field("", description="common cause that it shares with other uncertain inputs")
    correlation: float = Field(
        0.0, ge=0, le=1, description="how closely it follows its cause [fraction]"
    )

    @field_validator("amount_gbp", "baseline_fraction")
    @classmethod
    def _not_below_nil(cls, amount: float | None, field: ValidationInfo) -> float | None:
        if amount is not None and amount < 0:
            instead = OPPOSITES.get(field.data.get("flow", ""), "the opposite")
            raise ValueError(
                f"found {amount:g}; it should be at least 0: costs and savings are both positive, and "
                f"what is below nil is a flow of its own, {instead}"
            )
        return amount

    @model_validator(mode="after")
    def _one_amount_and_years_in_order(self):
        if self.sunk and self.flow != "one_off_cost":
            raise ValueError(f"sunk is true of a {self.flow}; it can be of a one_off_cost alone")
        if self.split and not (self.pooled or self.partner == SHARED):
            raise ValueError(
                f"split is {self.split!r} of an amount that isn't pooled; let partner be {SHARED!r} or "
                "pooled be true, or leave split blank"
            )
        if (self.amount_gbp is None) == (self.baseline_fraction is None):
            raise ValueError("give one of amount_gbp and baseline_fraction")
        if not self.cashable and self.flow not in MAY_BE_TIME:
            raise ValueError(
                f"cashable is false of a {self.flow}; it can be of a {' or '.join(MAY_BE_TIME)}, which may "
                "free no budget, and is true or blank of what is paid or received"
            )
        if self.flow == "saving" and (self.baseline_fraction or 0) > 1:
            raise ValueError(
                f"baseline_fraction is {self.baseline_fraction:g}; a saving is at most 1, all of the "
                "annual cost"
            )
        if self.last_year is not None and self.last_year < self.first_year:
            raise ValueError(f"last_year {self.last_year} is before first_year {self.first_year}")
        if (self.low_fraction is None) != (self.high_fraction is None):
            raise ValueError("give both of low_fraction and high_fraction, or neither")
        if self.low_fraction is not None and not self.low_fraction <= 1 <= self.high_fraction:
            raise ValueError(
                f"low_fraction {self.low_fraction:g} and high_fraction {self.high_fraction:g} must "
                "have 1, the amount itself, between them"
            )
        return self


class Risk(Figure):
    """A line of the risk register."""

    risk: int = Field(ge=1, description="the risk's number")
    description: str = Field(description="what could happen; may be blank if the source has none")
    likelihood: str = Field(description="a likelihood word of risk_levels.csv, or blank")
    impact: str = Field(description="an impact word of risk_levels.csv, or blank")
    mitigation: str = Field(description="what is done about it")
    owner: str = Field(description="who owns it; blank if the source names nobody")
    response: Literal["treat", "tolerate", "transfer", "terminate", ""] = Field(
        "", description="treat, tolerate, transfer or terminate; blank if none is chosen"
    )
    residual_likelihood: str = Field(
        "", description="likelihood word once the response is in place; blank if not assessed"
    )
    residual_impact: str = Field(
        "", description="impact word once the response is in place; blank if not assessed"
    )
    target_likelihood: str = Field(
        "", description="likelihood word that the partners aim for; blank if not set"
    )
    target_impact: str = Field(
        "", description="impact word that the partners aim for; blank if not set"
    )
    proximity: dt.date | None = Field(None, description="the date from which it could happen")
    response_cost_gbp: float | None = Field(
        None,
        ge=0,
        description="what the response costs in all, taken as spent in the decision year by all partners, "
        "base-year prices [£]; or state it by year and partner in risk_costs.csv, at the position response",
    )
    realised_by: str = Field(
        "",
        description="scenario parameters that make it true, such as leaves or delay_years, separated by "
        "commas; where a scenario sets one, or a draw moves it, the risk is counted by it and not once more",
    )
    cause: str = Field("", description="common cause that it shares with other uncertain inputs")
    correlation: float = Field(
        0.0, ge=0, le=1, description="how closely it follows its cause [fraction]"
    )

    @model_validator(mode="after")
    def _both_words_of_a_position(self):
        for position in ("residual", "target"):
            likelihood = getattr(self, f"{position}_likelihood")
            if bool(likelihood) != bool(getattr(self, f"{position}_impact")):
                raise ValueError(
                    f"{position}_likelihood and {position}_impact go together; one is blank"
                )
        return self


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


class RiskProbability(Figure):
    """The range of probability that a likelihood word stands for."""

    level: Name = Field(description="a likelihood word of risk_levels.csv")
    lowest_probability: float = Field(
        ge=0,
        le=1,
        description="lowest chance that the risk happens at all in the years of its cost rows "
        "[fraction]",
    )
    highest_probability: float = Field(
        ge=0,
        le=1,
        description="highest chance that the risk happens at all in the years of its cost rows "
        "[fraction]",
    )

    @model_validator(mode="after")
    def _lowest_is_not_above_highest(self):
        _in_order(self, ["lowest_probability", "highest_probability"])
        return self


class DelayCost(Figure):
    """What a month of delay costs, while it lasts."""

    option: str = Field(pattern=r"^[a-z]$", description="the option that is late")
    line: Name = Field(description="what is paid, e.g. the programme team, or the old contract")
    partner: Name = Field(
        description="the authority that pays it, or 'shared' for a pooled amount that the scenario apportions"
    )
    starts_with: int | None = Field(
        None,
        description="number of the task of tasks.csv after whose planned end it is paid until the task "
        "ends; blank is a delay of the scenario alone",
    )
    first_year: FinancialYear | None = Field(
        None,
        description="where no task is named: financial year in which the service should have begun",
    )
    monthly_gbp: float = Field(ge=0, description="cost of a month, base-year prices [£]")

    @model_validator(mode="after")
    def _begins_once(self):
        if (self.starts_with is None) == (self.first_year is None):
            raise ValueError("give either starts_with or first_year, from which a delay counts")
        return self


class Contract(Figure):
    """A contract of the register; of one that the plan replaces, also what a month after or before costs."""

    option: str = Field(
        "",
        pattern=r"^[a-z]$",
        description="the option that replaces it or has it novated; blank: no option does",
    )
    contract: Name = Field(description="what it is for")
    supplier: str = Field("", description="who supplies it")
    partner: Name = Field(
        description="the authority that pays it, or 'shared' for a pooled amount that the scenario apportions"
    )
    starts: dt.date | None = Field(None, description="its first day, if known")
    ends: dt.date | None = Field(
        None,
        description="its last day, not before the decision if an option replaces it; the word rolling in "
        "place of a date says that it has none",
    )
    rolling: bool = Field(
        False, description="true if it has no last day, and runs until notice has run out"
    )
    notice_months: int | None = Field(
        None,
        ge=0,
        description="months of notice; with a last day, notice must be given so long before it, else the "
        "contract runs on until notice has run out [whole months]",
    )
    notice_by: dt.date | None = Field(
        None,
        description="last day on which it can be extended, or notice given, if known; blank where "
        "notice_months says it",
    )
    replaced_by: int | None = Field(
        None,
        ge=1,
        description="number of the task of tasks.csv after whose end it is no longer needed: if it ends "
        "before, it is extended; if it ends after, it is paid beside the new service; a saving or "
        "counterfactual_cost of the option starts with the same task, and holds its price until then; "
        "an option needs it, or novated_on",
    )
    annual_gbp: float = Field(ge=0, description="its cost of a year, base-year prices [£]")
    extension_monthly_gbp: float | None = Field(
        None,
        ge=0,
        description="price of a month beyond its end, base-year prices [£]; what it is above a twelfth "
        "of the annual cost is added to the flows",
    )
    premium_fraction: float | None = Field(
        None,
        ge=0,
        description="in place of that price: by how much a month more costs above a twelfth of the "
        "annual cost [fraction]; a contract that an option replaces needs one of the two, unless it is rolling",
    )
    early_exit_gbp: float | None = Field(
        None,
        ge=0,
        description="charge for leaving it before its end, base-year prices [£]: paying twice then costs "
        "no more; blank if it can't be left",
    )
    novation_gbp: float | None = Field(
        None,
        ge=0,
        description="what passing it to another authority costs once, base-year prices [£]; who takes it on pays "
        "that if novated_on is given, else it is told and not added to the flows",
    )
    novated_to: str = Field(
        "",
        description="the authority that takes it on, such as the host, or 'shared' for all, by the scenario's rule for costs",
    )
    novated_on: dt.date | None = Field(
        None,
        description="first day on which who takes it on pays it, and its partner no longer does, to the end of the "
        "appraisal: what follows it is paid alike",
    )
    stated_in: str = Field(
        "",
        description="line of flows.csv that already holds what is paid twice if all goes to plan, or the "
        "charge for leaving, so that it isn't added; blank adds it",
    )

    @model_validator(mode="before")
    @classmethod
    def _rolling_in_place_of_a_date(cls, cells):
        if str(cells.get("ends", "")).strip().casefold() != "rolling":
            return cells
        return {name: cell for name, cell in cells.items() if name != "ends"} | {"rolling": "true"}

    @model_validator(mode="after")
    def _has_an_end(self):
        if self.rolling == (self.ends is not None):
            raise ValueError(
                "give either its last day as ends, or rolling as true where it has none"
            )
        if self.ends and self.starts and self.ends < self.starts:
            raise ValueError(f"ends {self.ends} is before {self.starts}, when the contract starts")
        if self.rolling and self.notice_by:
            raise ValueError(
                "a rolling contract has no day to give notice by; give notice_months, and leave notice_by blank"
            )
        if self.notice_by and self.notice_by > self.ends:
            raise ValueError(
                f"notice_by {self.notice_by} is after {self.ends}, when the contract ends"
            )
        return self

    @model_validator(mode="after")
    def _says_what_the_option_needs(self):
        prices = [self.extension_monthly_gbp, self.premium_fraction].count(None)
        is_replaced = self.replaced_by is not None
        is_extended = bool(self.option) and self.novated_on is None and not self.rolling
        if prices == 0 or (is_extended and prices != 1):
            raise ValueError(
                "give either extension_monthly_gbp or premium_fraction, for what a month beyond its end costs"
            )
        if bool(self.option) != (is_replaced or self.novated_on is not None):
            raise ValueError(
                "option and replaced_by go together, or option and novated_on: which option replaces it, and with "
                "which task of the plan, or has it novated, and from which day"
            )
        if is_replaced and self.rolling and self.notice_months is None:
            raise ValueError(
                "notice_months is missing of a rolling contract that an option replaces: when it can end "
                "follows from it"
            )
        return self

    @model_validator(mode="after")
    def _novates_as_it_can(self):
        if bool(self.novated_to) != (self.novated_on is not None):
            raise ValueError(
                "novated_to and novated_on go together: who takes it on, and from which day"
            )
        if self.novated_on is None:
            return self
        if self.replaced_by is not None:
            raise ValueError(
                "novated_on and replaced_by are both given; a contract is either taken on or released: leave one blank"
            )
        if self.ends and self.novated_on > self.ends:
            raise ValueError(
                f"novated_on {self.novated_on} is after {self.ends}, when the contract ends"
            )
        if self.partner in (SHARED, self.novated_to):
            raise ValueError(
                f"partner is {self.partner!r} and novated_to {self.novated_to!r}; give one authority that pays it "
                "today, and another that takes it on, or all"
            )
        return self


class RiskCost(Figure):
    """What a risk costs in a run of years if it happens."""

    risk: int = Field(ge=1, description="the risk's number in risks.csv")
    position: Literal["inherent", "residual", "response"] = Field(
        description="inherent (without the response), residual (with it; where a risk has no residual "
        "row, it costs as much as without the response) or response (what the response itself costs)"
    )
    partner: Name = Field(
        description="the authority that bears it, or 'shared' for what the scenario apportions as it "
        "does costs; where costs are as stated, it is divided as the option's running and one-off "
        "cost is, and equally if there is none"
    )
    first_year: FinancialYear = Field(
        description="first financial year; 2026 means 2026/27; if the risk happens, it costs in all "
        "years of all its rows"
    )
    last_year: FinancialYear = Field(description="last financial year")
    low_gbp: float = Field(
        ge=0, description="low estimate for each year if it happens, base-year prices [£]"
    )
    most_likely_gbp: float = Field(
        ge=0,
        description="most likely for each year; the mean is a third of low, most likely and high, and "
        "the expected cost is the middle of the range of chances times it [£]",
    )
    high_gbp: float = Field(
        ge=0,
        description="high estimate for each year; a draw takes one level between low and high for all "
        "rows of a risk [£]",
    )
    cost_line: str = Field(
        "",
        description="line of flows.csv that it would add to, blank if none; where optimism bias "
        "already raises that line, the risk is not counted again",
    )

    @model_validator(mode="after")
    def _amounts_and_years_in_order(self):
        _in_order(self, ["low_gbp", "most_likely_gbp", "high_gbp"])
        _in_order(self, ["first_year", "last_year"])
        return self


class PlannedTask(Figure):
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
    contingency_days: float = Field(
        0.0, ge=0, description="working days set aside after the deadline"
    )
    gate: bool = Field(
        False, description="true if its end is a gate: the work goes on only if that is decided"
    )

    @model_validator(mode="after")
    def _contingency_follows_a_deadline(self):
        if self.contingency_days and self.deadline is None:
            raise ValueError(
                f"contingency_days is {self.contingency_days:g} without a deadline; it follows one"
            )
        return self


class TaskRange(Figure):
    """How short and how long a task may turn out; its duration in tasks.csv is the most likely."""

    task: int = Field(ge=1, description="the task's number in tasks.csv")
    optimistic_days: float = Field(ge=0, description="working days if all goes well")
    pessimistic_days: float = Field(ge=0, description="working days if much goes wrong")
    cause: str = Field(
        "",
        description="common cause that it shares with other tasks, and with the parameters, lines and "
        "risks that name it",
    )
    correlation: float = Field(
        0.0, ge=0, le=1, description="how closely it follows its cause [fraction]"
    )

    @model_validator(mode="after")
    def _optimistic_is_not_above_pessimistic(self):
        _in_order(self, ["optimistic_days", "pessimistic_days"])
        return self


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

    date: DateOrMonth = Field(
        description="the date, or where only that is known the month, such as 2026-04"
    )
    kind: Literal["gate", "decision", "deadline", "review", "start", "end", "outcome"] = Field(
        description="gate, decision, deadline, review, start, end or outcome"
    )
    event: Text = Field(description="what happens")
    lasted: bool | None = Field(
        None,
        description="of an outcome: true if the partnership went on after it, false if it ended; blank of "
        "anything else, and of an outcome that says neither",
    )

    @model_validator(mode="after")
    def _only_an_outcome_says_what_lasted(self):
        if self.lasted is not None and self.kind != "outcome":
            raise ValueError(
                f"lasted is of an outcome; the row is of kind {self.kind}: leave it blank"
            )
        return self


class Stage(Figure):
    """A gate at which the work can still be stopped, and one uncertain input that it tells of."""

    option: str = Field(pattern=r"^[a-z]$", description="the option whose work passes the gate")
    gate: Name = Field(description="name of the gate; its rows have one date, spending and cost")
    date: dt.date = Field(description="when it is passed; gates are in the order of their dates")
    reveals: Name = Field(
        description="the uncertain input that it tells of: a parameter that is drawn, a line with a range, "
        "'risk 4', or 'slip of task 13'"
    )
    accuracy: float = Field(
        ge=0,
        le=1,
        description="which part of the input's variance it settles, 0 none, 1 all [fraction]",
    )
    spent_gbp: float = Field(
        ge=0,
        description="what has been spent by then and is lost if the work stops, less what was saved by "
        "then, base-year prices [£]",
    )
    stopping_cost_gbp: float = Field(
        ge=0, description="what stopping there costs on top, base-year prices [£]"
    )


class Objective(Figure):
    """An aim, ambition, objective or area of joint work that the source lists."""

    kind: Literal["aim", "ambition", "objective", "working_area", "challenge", "divergence"] = (
        Field(description="aim, ambition, objective, working_area, challenge or divergence")
    )
    item: Name = Field(description="its letter or number")
    text: Text = Field(description="what it says, in our words")


GovernanceTopic = Literal[
    "host", "board", "chair", "term", "review", "charging", "assets", "exit", "people"
]
TOPICS = "host, board, chair, term, review, charging, assets, exit or people"
Settled = Literal["yes", "partly", "no"]


class Arrangement(Figure):
    """How the partnership is to be governed."""

    topic: GovernanceTopic = Field(description=TOPICS)
    name: Name = Field(description="short name of the arrangement")
    arrangement: Text = Field(description="what the source says, in our words")
    settled: Settled = Field(
        description="yes, partly or no: whether it settles the topic for the shared service itself; "
        "partly if only for a time, a stage or a part",
    )


class ReadinessArea(Figure):
    """An area in which the partners must be ready, and how far apart they may stand."""

    area: Name = Field(description="short name of the area")
    definition: Text = Field(description="what a partner with the highest score can show")
    largest_gap: float = Field(
        ge=0, description="the largest difference between partners' scores that can be managed"
    )
    lowest_score: float | None = Field(
        None,
        ge=1,
        le=5,
        description="minimum score: a partner that scores below it is not ready, whatever the gap",
    )


class ReadinessScore(Figure):
    """A partner's readiness in one area, 1 (not ready) to 5 (ready)."""

    area: Name = Field(description="an area of readiness_areas.csv")
    partner: Name = Field(description="the authority")
    score: float = Field(ge=1, le=5, description="1 not ready to 5 ready")


class RedLine(Figure):
    """What a partner will not give up, and whether the proposal leaves it that."""

    partner: Name = Field(description="the authority, or 'shared' if all of them hold it")
    red_line: Name = Field(description="short name")
    requirement: Text = Field(description="what it demands of the shared service")
    respected: Literal["yes", "no", "not known"] = Field(
        description="yes, no or not known: whether the proposal respects it"
    )


class Lesson(Figure):
    """Why a programme stopped or had to change, and when that could first have been known."""

    lesson: Name = Field(description="short name")
    known_from: DateOrMonth = Field(
        description="date of the gate or decision in events.csv at which it could have been known"
    )
    evidence: Text = Field(description="what would have shown it then")


class Actual(Figure):
    """What came true: a reading after the decision, to hold beside what was planned."""

    kind: Literal[
        "saving",
        "one_off_cost",
        "running_cost",
        "users",
        "service_measure",
        "task_start",
        "task_finish",
    ] = Field(
        description="saving, one_off_cost or running_cost (of a financial year), users, "
        "service_measure, task_start or task_finish"
    )
    item: Name = Field(
        description="the line of flows.csv (one that came since stands there with 0), the measure, the "
        "task's number, or 'users'"
    )
    partner: str = Field(description="the authority; blank for a task, which has none")
    date: DateOrMonth = Field(
        description="date (or month) of the reading, or of the task's start or finish; for money not before its "
        "year ends on 31 March, and never after data_date in case.toml"
    )
    year: FinancialYear | None = Field(
        None, description="financial year of the money, 2026 for 2026/27; blank for all else"
    )
    value: float | None = Field(
        None,
        description="the amount [£] or the count, neither below 0, or the reading; blank for a task",
    )
    planned: float | None = Field(
        None,
        description="what was planned for users or a service measure; blank for money, which is "
        "planned in flows.csv",
    )
    prices: Literal["base_year", "own_year", ""] = Field(
        "",
        description="of money: base_year (prices of decision_year in case.toml), or own_year (money of "
        "its own year, as a ledger has it, which deflators.csv brings to base-year prices); if blank, "
        "base_year",
    )

    @model_validator(mode="after")
    def _cells_fit_the_kind(self):
        is_money = self.kind in ("saving", "one_off_cost", "running_cost")
        is_task = self.kind.startswith("task")
        if is_money != (self.year is not None):
            raise ValueError(f"{self.kind} {'needs a' if is_money else 'has no'} financial year")
        if is_task != (self.value is None):
            raise ValueError(f"{self.kind} {'has no' if is_task else 'needs a'} value")
        if is_task == bool(self.partner):
            raise ValueError(f"{self.kind} {'has no' if is_task else 'needs a'} partner")
        if self.prices and not is_money:
            raise ValueError(f"{self.kind} has no prices; only money has")
        if self.planned is not None and (is_money or is_task):
            raise ValueError(f"{self.kind} has no planned; the case's tables say what was planned")
        if (is_money or self.kind == "users") and self.value < 0:
            raise ValueError(f"{self.kind} is {self.value:g}; money and users are not below 0")
        if is_money and self.date < (ends := year_end(self.year)):
            raise ValueError(
                f"{self.kind} of {self.year} is dated {self.date}, before that year ended; money is "
                f"held against the plan of the whole year, so give the amount at year end, {ends}"
            )
        return self


class GovernanceQuestion(Figure):
    """A topic that the governance of a shared service must settle, as a question."""

    topic: GovernanceTopic = Field(description=TOPICS)
    question: Text = Field(description="what must be settled")


class Precedent(Figure):
    """Whether a published case settled a topic of governance."""

    case: Name = Field(description="name of the case's folder")
    partnership: Name = Field(description="the case as a reader knows it, with its year")
    topic: GovernanceTopic = Field(description=TOPICS)
    settled: Settled = Field(description="yes, partly or no")
    arrangement: Text = Field(description="how, or what was lacking, in our words")


ANSWERS = (
    "lines, laid_out, costs, every_partner, baseline, known, posts, dissolved, guess, alone, anyway, "
    "leaving or authors"
)
ScrutinyAnswer = Literal[
    "lines",
    "laid_out",
    "costs",
    "every_partner",
    "baseline",
    "known",
    "posts",
    "dissolved",
    "guess",
    "alone",
    "anyway",
    "leaving",
    "authors",
]


class ScrutinyQuestion(Figure):
    """A question that auditors or a scrutiny committee asked of a shared service."""

    answered_by: ScrutinyAnswer = Field(description=ANSWERS)
    question: Text = Field(description="the question, in our words")
    asked_by: Name = Field(description="who asked it, and when")


class Gate(Figure):
    """A criterion of the stop/go decision, tested on a row of results.csv."""

    criterion: Name = Field(description="short name, e.g. affordable")
    question: Text = Field(description="the question that it answers")
    section: Name = Field(description="section of results.csv")
    measure: Name = Field(description="measure of results.csv")
    item: Name = Field(
        description="item of results.csv, e.g. all; each partner tests everyone, and the worst decides; of "
        "an option: proposed (the one appraised, whichever it is) or option b (that one in any case)"
    )
    year: str = Field(
        "",
        description="blank for a figure of the whole term; a financial year such as 2026, or each: every "
        "year is tested, and the worst decides",
    )
    comparison: Literal["at_least", "at_most"] = Field(description="at_least or at_most")
    threshold: float | dt.date = Field(description="the value it is held against")
    if_not_met: Literal["stop", "condition"] = Field(
        description="what follows if it is not met: stop, or go on this condition; at least one "
        "criterion must be able to stop the case, and nothing can be decided while it is not known"
    )
    set_by: Name = Field(description="who set the threshold")
    set_on: dt.date | None = Field(
        None,
        description="when it was set; what is set after the date of the figures is flagged beside it, as is "
        "what isn't dated",
    )

    @field_validator("year")
    @classmethod
    def _year_is_one_or_each(cls, year: str) -> str:
        if not re.fullmatch(r"((19|20|21)\d\d|each)?", year):
            raise ValueError(
                f"found {shown(year)}; it should be blank, a financial year such as 2026, or each"
            )
        return year


class Condition(Figure):
    """What somebody must do for a criterion that is a condition, or to supply a figure that is missing."""

    criterion: Name = Field(description="criterion of gates.csv")
    action: Text = Field(description="what must be done")
    owner: Name = Field(description="role of the one who must do it")
    by_when: dt.date = Field(description="by when")
    evidence: Text = Field(description="what will show that it is done")
    if_missed: Text = Field(description="what happens if it is not done by then")


class Resolution(PublicFigure):
    """A draft resolution in words that a cabinet can pass, numbered in the order of the file."""

    resolution: Text = Field(
        description="its words; amounts fill named places and nothing else may stand in braces: "
        + "; ".join(f"{{{name}}}, {means}" for name, means in resolutions.PLACES.items())
        + "; one of which an amount is nil or not known is left out, and a finding says so"
    )
    verdicts: Text = Field(
        description="the verdicts for which it stands, separated by commas: go and go with conditions, or "
        "not ready to decide and stop; never of both"
    )
    partner: str = Field(
        "", description="partner whose own it is, with that partner's amounts; blank: all partners'"
    )

    @field_validator("resolution")
    @classmethod
    def _braces_hold_named_places(cls, text: str) -> str:
        if wrong := resolutions.misplaced(text)[:3]:
            raise ValueError(
                f"found {listed(map(shown, wrong))}; in braces stand these names alone: "
                f"{', '.join(resolutions.PLACES)}"
            )
        return text

    @field_validator("verdicts")
    @classmethod
    def _verdicts_are_of_one_kind(cls, cell: str) -> str:
        named = resolutions.named_verdicts(cell)
        kinds = resolutions.GOING_ON, resolutions.NOT_GOING_ON
        if len(named) > len(set(named)) or not any(set(named) <= set(kind) for kind in kinds):
            either = " or of ".join(", ".join(kind) for kind in kinds)
            raise ValueError(
                f"found {shown(cell)}; allowed are, separated by commas and each once, verdicts of {either}, "
                "as no resolution stands both for going on and for not going on"
            )
        return cell


class Implication(PublicFigure):
    """What members must know of a subject beside the figures, which the authors of the report write."""

    subject: Name = Field(
        description=f"what it is on; needed are {', '.join(resolutions.SUBJECTS)}, and others are allowed"
    )
    text: str = Field("", description="what members must know; blank: not written yet, and flagged")
    owner: str = Field("", description="who writes it: role and authority; blank: nobody yet")
    by_when: dt.date | None = Field(None, description="by when it is to be written or settled")


class Headroom(Figure):
    """What a partner's revenue budget can bear above today."""

    partner: Name = Field(description="partner that has it")
    year: FinancialYear | None = Field(
        None, description="financial year; blank for every year without a row of its own"
    )
    amount_gbp: float = Field(ge=0, description="in the money of the year [£]")


class Assumption(Entry):
    """Who answers for the assumed figures of a table, and how good they are."""

    table: Name = Field(description="name of the table without .csv, e.g. flows")
    item: str = Field(
        "",
        description="blank for all assumed rows of the table; else those with this text in the first "
        "key column after option: in flows.csv the line, in scores.csv the factor",
    )
    owner: Name = Field(
        description="who answers for them: role and authority; what begins with 'to be named' is nobody"
    )
    date: dt.date = Field(description="when the owner last reviewed them")
    quality: Literal["high", "medium", "low"] = Field(
        description="high (measured or quoted), medium (reasoned from like cases) or low (a guess)"
    )
    if_wrong: Text = Field(description="what depends on them and what follows if they are wrong")


class Decision(Entry):
    """A decision taken on the way to the case: on its scope, its method or its figures."""

    date: dt.date = Field(description="when it was decided")
    decision: Text = Field(description="what was decided")
    decided_by: Name = Field(description="who decided: role or body")
    reason: Text = Field(description="why, and what else was considered")


class DataReceipt(Entry):
    """Who supplied the figures of a table, when, and until when they may be used."""

    table: Name = Field(description="name of the table without .csv, e.g. service_costs")
    source: Name = Field(description="key of the document under [sources] that they came in")
    supplied_by: Name = Field(
        description="who supplied them: role and authority; what begins with 'to be named' is nobody"
    )
    received: dt.date = Field(description="when they were received")
    sunset: dt.date = Field(description="last date on which they may be used without being renewed")


class QualityCheck(Entry):
    """Who checked a part of the case, which must not be the one who made it."""

    part: Name = Field(description="section of results.csv, e.g. savings")
    analyst: Name = Field(description="who made it: role and authority")
    checked_by: Name = Field(
        description="who checked it: role and authority; what begins with 'to be named' is nobody"
    )
    date: dt.date = Field(description="when it was checked")
    finding: Text = Field(description="what was found and what was done about it")


class PublishedFigure(PublicFigure):
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

    @model_validator(mode="after")
    def _value_fits_unit(self):
        if self.unit not in ("text", "letter"):
            refuse_unless_plain(self.value, {dt.date if self.unit == "date" else float})
        return self


class DiscountRate(Figure):
    """A dated row of the discount rate schedule."""

    schedule: Name = Field(description="name of the schedule")
    first_year: int = Field(ge=0, description="first year of the appraisal to which it applies")
    last_year: int = Field(ge=0, description="last year of the appraisal to which it applies")
    rate_fraction: float = Field(ge=0, lt=1, description="real discount rate [fraction a year]")


class Deflator(Figure):
    """The price level of a financial year."""

    year: FinancialYear = Field(description="financial year; 2026 means 2026/27")
    price_index: float = Field(gt=0, description="price index; only the ratio of years matters")


class BaselineStandard(Figure):
    """A number that the assessment of every baseline rests on."""

    standard: Literal[
        "weight_published",
        "weight_derived",
        "weight_assumed",
        "oldest_years",
        "confidence",
        "margin",
    ] = Field(
        description="weight_published, weight_derived, weight_assumed (what a row so marked is worth "
        "as evidence [fraction]), oldest_years (age at which a figure is worth nothing [years]), "
        "confidence (of intervals [fraction]) or margin (fall in satisfaction that still counts as "
        "no worse [fraction])"
    )
    value: float = Field(gt=0, description="its value, in the unit named there")

    @model_validator(mode="after")
    def _fraction_is_at_most_one(self):
        if self.standard != "oldest_years" and self.value > 1:
            raise ValueError(f"{self.standard} is {self.value:g}; it is a fraction of at most 1")
        if self.standard == "confidence" and self.value == 1:
            raise ValueError("confidence is 1; no survey is certain, so it must be below 1")
        return self


class PlausibleRange(Figure):
    """The range in which a figure of like services lies; what lies outside is a finding."""

    measure: Literal[
        "cost_per_user",
        "cost_per_device",
        "cost_per_post",
        "largest_amount",
        "posts_of_staff_budget",
    ] = Field(
        description="cost_per_user, cost_per_device, cost_per_post (of the service a year), "
        "largest_amount (of a table of money) or posts_of_staff_budget (what posts cost as a part of it)"
    )
    lowest: float = Field(
        gt=0, description="lowest that is plausible [£; fraction for posts_of_staff_budget]"
    )
    highest: float | None = Field(
        None,
        gt=0,
        description="highest that is plausible [£; fraction for posts_of_staff_budget]; blank of "
        "largest_amount alone",
    )

    @model_validator(mode="after")
    def _ends_in_order(self):
        if (self.highest is None) != (self.measure == "largest_amount"):
            raise ValueError("highest is blank of largest_amount and given of every other measure")
        if self.highest is not None:
            _in_order(self, ["lowest", "highest"])
        return self


class AssuranceStandard(Figure):
    """A number that the assurance of every case rests on."""

    standard: Literal["wrong_by"] = Field(
        description="wrong_by: how far assumed figures are moved, down and up, to see what rests on "
        "them [fraction]"
    )
    value: float = Field(gt=0, lt=1, description="its value, in the unit named there")


class Sensitivity(Figure):
    """The range over which a scenario parameter is tried."""

    parameter: Name = Field(description="a scenario parameter that is a number")
    low: float = Field(description="low end of the range, in the parameter's unit")
    high: float = Field(description="high end of the range, in the parameter's unit")
    drawn: bool = Field(description="true if it is uncertain and so is drawn; false if only tried")
    shape: Literal["pert", "triangular"] = Field(
        "pert", description="pert or triangular, with the scenario's value as the most likely"
    )
    cause: str = Field("", description="common cause that it shares with other uncertain inputs")
    correlation: float = Field(
        0.0, ge=0, le=1, description="how closely it follows its cause [fraction]"
    )

    @model_validator(mode="after")
    def _low_is_below_high(self):
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class Mitigation(Figure):
    """A cause of optimism bias in one-off cost, and how far it is dealt with."""

    contributory_factor: Name = Field(description="the cause")
    contribution_fraction: float = Field(
        ge=0, le=1, description="part of the bias that it brings [fraction]; they add up to 1"
    )
    mitigation_fraction: float = Field(ge=0, le=1, description="how far it is mitigated [fraction]")


class OptimismBound(Figure):
    """Bounds of optimism bias for a kind of project."""

    project_type: Name = Field(description="kind of project")
    lower_fraction: float = Field(ge=0, description="lower bound of capital cost [fraction]")
    upper_fraction: float = Field(ge=0, description="upper bound of capital cost [fraction]")

    @model_validator(mode="after")
    def _bounds_rise(self):
        _in_order(self, ["lower_fraction", "upper_fraction"])
        return self


ReferenceClass = Literal[
    "shared ICT", "shared back office", "supplier venture", "merger", "reorganisation"
]
REFERENCE_CLASSES = typing.get_args(ReferenceClass)


class Evidence(Figure):
    """What a shared service planned and what it got: a member of a reference class."""

    case: Name = Field(description="the shared service")
    reference_class: ReferenceClass = Field(
        description="what it is a case of: shared ICT, shared back office, supplier venture, merger or "
        "reorganisation; a case draws on its own class, and on others only where case.toml pools them"
    )
    measure: Literal["realisation", "overrun"] = Field(
        description="realisation (actual saving over planned) or overrun (actual cost over planned)"
    )
    planned: float = Field(gt=0, description="what was planned, in the unit")
    actual: float = Field(ge=0, description="what it came to, in the unit")
    unit: Name = Field(description="unit of both")


class FinanceAssumption(Figure):
    """A figure of the cash view that holds unless a scenario says otherwise."""

    parameter: Literal["pay_inflation", "price_inflation", "borrowing_rate", "asset_life_years"] = (
        Field(description="the parameter of parameters.py that it stands for")
    )
    value: float = Field(ge=0, description="its value, in the parameter's unit")


class FinanceRule(Figure):
    """A rule of law or guidance that bears on the cash view or on redundancy, and from when to when."""

    rule: Name = Field(
        description="short name; in the years of capital_receipts, receipts may pay one-off revenue cost"
    )
    bears_on: Literal["capital", "redundancy", "contracts", "councils"] = Field(
        description="capital, redundancy, contracts or councils"
    )
    says: Text = Field(description="what it says, in our words")
    first_day: dt.date | None = Field(None, description="from when it holds")
    last_day: dt.date | None = Field(None, description="until when it holds")

    @model_validator(mode="after")
    def _days_in_order(self):
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} is before first_day {self.first_day}")
        return self


class RedundancyRule(Figure):
    """A number of the law on redundancy pay, and from when it holds."""

    rule: Literal["week_pay_cap", "service_needed", "service_counted", "weeks"] = Field(
        description="week_pay_cap (most that counts as a week's pay [£]), service_needed (years below which "
        "nothing is due), service_counted (most years that count) or weeks (of pay for a year of service)"
    )
    from_age: int | None = Field(
        None, ge=0, description="of weeks: the age from which on they are due [complete years]"
    )
    value: float = Field(ge=0, description="its value, in the unit that the rule says")
    first_day: dt.date | None = Field(None, description="from when it holds; blank is always")

    @model_validator(mode="after")
    def _weeks_have_an_age(self):
        if (self.rule == "weeks") != (self.from_age is not None):
            raise ValueError("from_age is given for weeks and for nothing else")
        return self


class PayProtectionRule(Figure):
    """How much of the pay that a holder of a regraded post would lose is still paid, year by year."""

    rule: Annotated[str, Field(pattern=r"^[a-z_]+$")] = Field(description="name of the rule")
    year: int = Field(ge=1, description="year of protection; the first is that of the regrading")
    protected_fraction: float = Field(
        ge=0, le=1, description="part of the difference in pay that is still paid [fraction]"
    )
    first_day: dt.date | None = Field(
        None, description="decisions from this day on go by it; blank is always"
    )

    @field_validator("rule")
    @classmethod
    def _is_not_the_word_for_no_rule(cls, rule: str) -> str:
        if rule == "none":
            raise ValueError(
                "found none, which says that no pay is protected; give the rule another name"
            )
        return rule


TABLES: dict[str, type[Entry]] = {
    "partners": Partner,
    "exit_terms": ExitTerm,
    "drivers": Driver,
    "service_costs": ServiceCost,
    "posts": Post,
    "benchmarks": Benchmark,
    "service_measures": ServiceMeasure,
    "surveys": Survey,
    "applications": Application,
    "skills": Skill,
    "assets": Asset,
    "options": Option,
    "factors": Factor,
    "scores": Score,
    "success_factors": SuccessFactor,
    "flows": Flow,
    "mitigations": Mitigation,
    "risks": Risk,
    "risk_levels": RiskLevel,
    "risk_bands": RiskBand,
    "risk_probabilities": RiskProbability,
    "risk_costs": RiskCost,
    "delay_costs": DelayCost,
    "contracts": Contract,
    "sensitivities": Sensitivity,  # added to the rows of all cases, and in place of theirs
    "tasks": PlannedTask,
    "task_ranges": TaskRange,
    "work_packages": WorkPackage,
    "events": Event,
    "stages": Stage,
    "objectives": Objective,
    "governance": Arrangement,
    "readiness_areas": ReadinessArea,
    "readiness": ReadinessScore,
    "red_lines": RedLine,
    "lessons": Lesson,
    "headroom": Headroom,
    "gates": Gate,
    "conditions": Condition,
    "resolutions": Resolution,
    "implications": Implication,
    "actuals": Actual,
    "assumptions": Assumption,
    "decisions": Decision,
    "data_log": DataReceipt,
    "quality_checks": QualityCheck,
    "published": PublishedFigure,
}

SHARED_TABLES: dict[str, type[Figure]] = {
    # in data/ itself: the same for every case
    "discount_rates": DiscountRate,
    "deflators": Deflator,
    "baseline_standards": BaselineStandard,
    "plausible_ranges": PlausibleRange,
    "assurance_standards": AssuranceStandard,
    "sensitivities": Sensitivity,
    "optimism_bias": OptimismBound,
    "evidence": Evidence,
    "finance_assumptions": FinanceAssumption,
    "finance_rules": FinanceRule,
    "redundancy_rules": RedundancyRule,
    "pay_protection_rules": PayProtectionRule,
    "governance_questions": GovernanceQuestion,
    "governance_precedents": Precedent,
    "scrutiny_questions": ScrutinyQuestion,
}

KEYS: dict[str, list[str]] = {
    "partners": ["partner"],
    "exit_terms": ["term"],
    "drivers": ["partner", "driver"],
    "service_costs": ["partner", "service", "category", "funding", "year"],
    "posts": ["partner", "service", "role", "grade", "post", "vacant"],
    "benchmarks": ["benchmark"],
    "service_measures": ["measure", "partner", "date"],
    "surveys": ["survey", "partner", "stage"],
    "applications": ["partner", "business_function", "product"],
    "skills": ["partner", "skill"],
    "assets": ["partner", "asset"],
    "options": ["option"],
    "factors": ["factor"],
    "scores": ["option", "factor", "assessor"],
    "success_factors": ["option", "criterion"],
    "flows": ["option", "line", "flow", "partner", "first_year", "funding"],
    "risks": ["risk"],
    "risk_levels": ["axis", "score"],
    "risk_bands": ["band"],
    "risk_probabilities": ["level"],
    "risk_costs": ["risk", "position", "partner", "first_year", "cost_line"],
    "delay_costs": ["option", "line", "partner", "starts_with"],
    "contracts": ["option", "contract", "partner"],
    "tasks": ["task"],
    "task_ranges": ["task"],
    "work_packages": ["package"],
    "events": ["date", "kind", "event"],
    "stages": ["option", "gate", "reveals"],
    "objectives": ["kind", "item"],
    "governance": ["topic", "name"],
    "readiness_areas": ["area"],
    "readiness": ["area", "partner"],
    "red_lines": ["partner", "red_line"],
    "lessons": ["lesson"],
    "headroom": ["partner", "year"],
    "gates": ["criterion"],
    "conditions": ["criterion", "action"],
    "resolutions": ["resolution", "verdicts", "partner"],
    "implications": ["subject"],
    "actuals": ["kind", "item", "partner", "date", "year"],
    "assumptions": ["table", "item"],
    "decisions": ["date", "decision"],
    "data_log": ["table", "source"],
    "quality_checks": ["part", "checked_by"],
    "published": ["section", "measure", "item", "year"],
    "discount_rates": ["schedule", "first_year"],
    "deflators": ["year"],
    "baseline_standards": ["standard"],
    "plausible_ranges": ["measure"],
    "assurance_standards": ["standard"],
    "sensitivities": ["parameter"],
    "mitigations": ["contributory_factor"],
    "optimism_bias": ["project_type"],
    "evidence": ["case", "measure"],
    "finance_assumptions": ["parameter"],
    "finance_rules": ["rule"],
    "redundancy_rules": ["rule", "from_age", "first_day"],
    "pay_protection_rules": ["rule", "year", "first_day"],
    "governance_questions": ["topic"],
    "governance_precedents": ["case", "topic"],
    "scrutiny_questions": ["answered_by"],
}

VALUE_COLUMNS: dict[str, list[str]] = {
    # per table: the columns that hold the figure
    "exit_terms": ["value"],
    "drivers": ["value"],
    "service_costs": ["amount_gbp"],
    "posts": ["fte", "salary_gbp", "on_cost_fraction"],
    "benchmarks": ["amount_gbp"],
    "service_measures": ["bound", "value"],
    "surveys": ["satisfied", "answers"],
    "applications": ["contract_end", "annual_cost_gbp"],
    "skills": ["posts", "people"],
    "assets": ["owner_rule", "value_gbp"],
    "factors": ["weight"],
    "scores": ["score"],
    "success_factors": ["passes"],
    "flows": ["amount_gbp", "baseline_fraction"],
    "risks": ["likelihood", "impact"],
    "risk_levels": ["level"],
    "risk_bands": ["lowest_score", "highest_score"],
    "risk_probabilities": ["lowest_probability", "highest_probability"],
    "risk_costs": ["low_gbp", "most_likely_gbp", "high_gbp"],
    "delay_costs": ["monthly_gbp"],
    "contracts": [
        "ends",
        "annual_gbp",
        "extension_monthly_gbp",
        "premium_fraction",
        "early_exit_gbp",
        "novation_gbp",
        "novated_on",
        "notice_months",
    ],
    "tasks": ["duration_days", "not_before"],
    "task_ranges": ["optimistic_days", "pessimistic_days"],
    "stages": ["date", "accuracy", "spent_gbp", "stopping_cost_gbp"],
    "governance": ["settled"],
    "readiness_areas": ["largest_gap", "lowest_score"],
    "readiness": ["score"],
    "red_lines": ["respected"],
    "lessons": ["known_from"],
    "actuals": ["value"],
    "governance_questions": ["question"],
    "governance_precedents": ["settled"],
    "scrutiny_questions": ["question"],
    "headroom": ["amount_gbp"],
    "gates": ["comparison", "threshold"],
    "conditions": ["by_when"],
    "discount_rates": ["rate_fraction"],
    "deflators": ["price_index"],
    "baseline_standards": ["value"],
    "plausible_ranges": ["lowest", "highest"],
    "assurance_standards": ["value"],
    "sensitivities": ["low", "high"],
    "mitigations": ["contribution_fraction", "mitigation_fraction"],
    "optimism_bias": ["lower_fraction", "upper_fraction"],
    "evidence": ["planned", "actual", "unit"],
    "finance_assumptions": ["value"],
    "finance_rules": ["says", "first_day", "last_day"],
    "redundancy_rules": ["value", "first_day"],
    "pay_protection_rules": ["protected_fraction", "first_day"],
}

BASELINE_EVIDENCE = [
    # tables that say something of the present services by themselves
    "service_costs",
    "service_measures",
    "surveys",
    "applications",
    "skills",
    "assets",
]

BASELINE_TABLES = ["drivers", "benchmarks", *BASELINE_EVIDENCE]

SECTION_TABLES: dict[str, list[str]] = {
    "baseline": [*BASELINE_TABLES, "posts", "contracts", "baseline_standards", "plausible_ranges"],
    "options": ["success_factors", "factors", "scores"],
    "savings": [
        "flows",
        "exit_terms",
        "delay_costs",
        "contracts",
        "mitigations",
        "service_costs",
        "drivers",
        "discount_rates",
        "sensitivities",
        "evidence",
        "optimism_bias",
        "finance_assumptions",
        "finance_rules",
        "posts",
        "redundancy_rules",
    ],
    "appraisal": ["flows", "exit_terms"],
    "risks": ["risk_levels", "risk_bands", "risks", "risk_probabilities", "risk_costs"],
    "plan": ["tasks", "task_ranges", "contracts"],
    "readiness": [
        "readiness_areas",
        "readiness",
        "red_lines",
        "lessons",
        "governance",
        "governance_questions",
    ],
    "outturn": ["actuals", "evidence", "sensitivities", "deflators"],
    "decision": ["gates", "conditions", "headroom", "stages"],
}


FIGURE_TABLES = [stem for stem, model in TABLES.items() if issubclass(model, Figure)]  # no logs


def figure_columns(stem: str) -> list[str]:
    """Return the columns of a table that hold its figures, those that may be blank too."""
    fields = (TABLES | SHARED_TABLES)[stem].model_fields
    wanted = [
        name
        for name, field in fields.items()
        if not field.is_required() and field.default is None and name not in Figure.model_fields
    ]
    return list(dict.fromkeys([*VALUE_COLUMNS[stem], *wanted]))


class Source(Row):
    """A document that figures come from."""

    model_config = ConfigDict(strict=True)

    title: Text = Field(description="title of the document")
    publisher: Name = Field(description="who published it")
    date: DateOrMonth | None = Field(
        None,
        description='date of the document, where it is known; of a month alone in quotation marks, "2018-12"',
    )


class CaseFile(Row):
    """case.toml: what the case asks, and of whom."""

    model_config = ConfigDict(strict=True)

    version: int = Field(
        1, ge=1, description="of the tables; `businesscase upgrade` writes it, and nobody else need"
    )
    title: Text = Field(description="name of the case")
    question: Text = Field(description="what the decision maker is asked, as a question")
    decision_maker: Text = Field(description="who decides")
    decision_date: dt.date = Field(description="date of the meeting")
    data_date: DateOrMonth = Field(
        description='date to which the figures refer; of a month alone in quotation marks, "2018-12"'
    )
    summary: Text = Field(description="two or three sentences on the case")
    decision_year: FinancialYear = Field(description="year 0 of the appraisal; not discounted")
    last_year: FinancialYear = Field(description="last financial year of the appraisal")
    preferred_option: str = Field("", description="letter of the option that the report proposes")
    comparator: str = Field(
        "",
        description="letter of the option that every other is held against, such as doing the least; "
        "blank is the present service going on",
    )
    plan_start: dt.date | None = Field(None, description="first day of the work plan")
    backtest: Literal["counted", "demonstration", "invented"] = Field(
        "counted",
        description="what an outcome of this case says of the rule: counted, demonstration (the case shaped "
        "the rule, so that it proves nothing) or invented",
    )
    project_mix: dict[str, float] = Field(
        {"equipment and development": 1.0},
        description="what the one-off cost is spent on: shares [fraction] of the kinds of project "
        "in optimism_bias.csv",
    )
    own_evidence: str = Field(
        "",
        description="this case's own service as evidence.csv names it, whose rows are then no "
        "evidence of what others got; blank if it is not there",
    )
    reference_class: str = Field(
        "",
        description=f"the class in evidence.csv that tells what others got: {', '.join(REFERENCE_CLASSES)}; "
        f"blank is {REFERENCE_CLASSES[0]}",
    )
    pooled_classes: str = Field(
        "",
        description="further classes whose rows are taken with those of reference_class, separated by "
        "commas; blank is none",
    )
    pooling_reason: str = Field(
        "",
        description="why the pooled classes tell something of this case; needed where there are any",
    )
    sources: dict[str, Source] = Field(description="the documents, by key")

    @property
    def evidence_classes(self) -> list[str]:
        """The classes of evidence.csv that tell what others got, the case's own first."""
        own = self.reference_class or REFERENCE_CLASSES[0]
        pooled = [name.strip() for name in self.pooled_classes.split(",")]
        return list(dict.fromkeys(name for name in [own, *pooled] if name))


def allowed_cells(column: FieldInfo) -> str:
    """Return in words what a cell of a column may hold.

    Examples
    --------
    >>> allowed_cells(Flow.model_fields["year_fraction"])
    'a plain number, above 0, at most 1'
    >>> allowed_cells(Partner.model_fields["role"])
    'lead, partner or leaving'
    """
    kinds = written_as(column)
    words = [said for kind, (_, said) in PLAIN.items() if kind in kinds]
    named = [str(word) for word in _words_of(column.annotation) if word]
    if named:
        words = [", ".join(named[:-1]) or named[-1], *named[-1:][: len(named) - 1]]
    if any(hasattr(bound, "pattern") for bound in column.metadata):
        words = ["one lower-case letter"]  # options have the only pattern
    bounds = {"gt": "above {:g}", "ge": "at least {:g}", "lt": "below {:g}", "le": "at most {:g}"}
    limits = [
        text.format(getattr(bound, key))
        for bound in bounds_of(column.annotation, column.metadata)
        for key, text in bounds.items()
        if hasattr(bound, key)
    ]
    return ", ".join([" or ".join(words) or "text", *limits])


def _words_of(annotation) -> list:
    """Return the words that a column is limited to, none if it isn't."""
    if typing.get_origin(annotation) is Literal:
        return list(typing.get_args(annotation))
    return [word for part in typing.get_args(annotation) for word in _words_of(part)]


def bounds_of(annotation, metadata: Iterable = ()) -> list:
    """Return the bounds of a field, those that its type carries too.

    Examples
    --------
    >>> [(bound.ge if hasattr(bound, "ge") else bound.le) for bound in bounds_of(FinancialYear)]
    [1990, 2100]
    """
    found = list(metadata)
    for part in (annotation, *typing.get_args(annotation)):
        found += getattr(part, "__metadata__", ())
    return [bound for item in found for bound in getattr(item, "metadata", [item])]


def columns(model: type[Row]) -> list[str]:
    """Return the columns of a table as a reader wants them: what a row says, then its origin."""
    origin = list(Figure.model_fields) if issubclass(model, Figure) else []
    return [name for name in model.model_fields if name not in origin] + origin


def column_notes(model: type[Row]) -> dict[str, str]:
    """Return by column or key what it means and, in brackets, what it may hold.

    Examples
    --------
    >>> column_notes(Score)["score"]
    "the score, on the factor's scale; higher is better (a plain number)"
    """
    return {name: _note(model.model_fields[name]) for name in columns(model)}


def _note(column: FieldInfo) -> str:
    words = [str(word) for word in _words_of(column.annotation)]
    allowed = allowed_cells(column)
    told = allowed == "text" or (words and all(word in column.description for word in words))
    limits = [] if told else [allowed]
    blank = _if_blank(column)
    if "which means" in blank or (blank and "blank" not in column.description):
        limits.append(blank)
    return " ".join([column.description, *([f"({'; '.join(limits)})"] if limits else [])])


def _if_blank(column: FieldInfo) -> str:
    """Return whether a cell may be blank, and what it then stands for where that is a value."""
    if column.is_required():
        return ""
    if isinstance(column.default, bool | float):
        return f"may be blank, which means {str(column.default).lower().removesuffix('.0')}"
    return "may be blank"


def described() -> str:
    """Return the schema as Markdown: every table, its columns, and which may be blank."""
    logs = ", ".join(
        f"{stem}.csv" for stem, model in TABLES.items() if not issubclass(model, Figure)
    )
    common = [
        f"Every row also has, but for those of the logs ({logs}):",
        "",
        *_columns(Figure, Row),
    ]
    tables = [
        "\n".join(
            [
                f"### {stem}.csv",
                "",
                model.__doc__.split("\n")[0],
                "",
                *_columns(model, Figure if _is_figure(model) else Entry),
            ]
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


def _is_figure(model: type[Row]) -> bool:
    return issubclass(model, Figure)


def _columns(model: type[Row], parent: type[Row]) -> list[str]:
    own = {
        name: field for name, field in model.model_fields.items() if name not in parent.model_fields
    }
    return [
        f"- `{name}`{f' ({blank})' if (blank := _if_blank(field)) else ''}: {field.description}"
        for name, field in own.items()
    ]
