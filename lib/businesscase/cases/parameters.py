"""The parameters of a scenario: the one place for their names, bounds, steps, labels and units."""

import datetime as dt
import math
import re
from typing import Annotated, Any, Literal, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from businesscase.cases.names import refuse_unless_printable
from businesscase.cases.schema import ExitTerm, FinancialYear, bounds_of

ApportionmentRule = Literal["as_stated", "users", "devices", "revenue_budget", "agreed", "equal"]
Weight = Annotated[float, Field(ge=0, le=100)]
EXIT_TERMS = get_args(ExitTerm.model_fields["term"].annotation)
MEMBERSHIP = ("joins", "leaves", *EXIT_TERMS)  # who takes part when, and on which terms
ReadinessLevel = Annotated[float, Field(ge=1, le=5)]


def _parameter(default: Any, label: str, unit: str, step: float | None = None, **bounds) -> Any:
    return Field(
        default, description=label, json_schema_extra={"unit": unit, "step": step}, **bounds
    )


class Parameters(BaseModel):
    """What a scenario may change. Every default means 'as the case's data say'."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    option: str = _parameter("", "Delivery option; blank is the option proposed", "letter")
    realisation: float = _parameter(
        1.0, "Share of the planned saving that is realised", "fraction", 0.05, ge=0, le=1.5
    )
    delay_years: float = _parameter(0.0, "Delay before savings start", "years", 0.25, ge=0, le=5)
    overrun: float = _parameter(
        0.0, "One-off cost over plan", "fraction of plan", 0.05, ge=-0.5, le=3
    )
    running_cost_change: float = _parameter(
        0.0, "Running cost of the new service over plan", "fraction of plan", 0.01, ge=-0.5, le=1
    )
    discount_rate: float | None = _parameter(
        None,
        "Discount rate; blank is the Green Book schedule",
        "fraction a year",
        0.005,
        ge=0,
        le=0.2,
    )
    horizon_years: int | None = _parameter(
        None,
        "Years appraised after the decision year; blank is the case's term",
        "years",
        1,
        ge=1,
        le=60,
    )
    cost_apportionment: ApportionmentRule = _parameter(
        "as_stated", "Rule that shares costs between partners", "rule"
    )
    saving_apportionment: ApportionmentRule = _parameter(
        "as_stated", "Rule that shares savings between partners", "rule"
    )
    cost_mix: dict[str, Weight] = _parameter(
        {}, "Mix of rules that shares costs, in place of one rule", "weight by rule", 5
    )
    saving_mix: dict[str, Weight] = _parameter(
        {}, "Mix of rules that shares savings, in place of one rule", "weight by rule", 5
    )
    phase_in_years: int = _parameter(
        0, "Years in which shares of cost move from today's to the rule's", "years", 1, ge=0, le=20
    )
    user_growth: dict[str, Annotated[float, Field(ge=-0.5, le=0.5)]] = _parameter(
        {}, "Growth of users", "fraction a year by partner", 0.01
    )
    no_detriment: Literal["none", "by_year", "over_term"] = _parameter(
        "none", "Partners that are ahead make good, in cash, one that is out of pocket", "choice"
    )
    baseline_cost_change: float = _parameter(
        0.0, "Present cost of the service over the figures given", "fraction", 0.05, ge=-0.9, le=9
    )
    optimism_bias: Literal["none", "applied"] = _parameter(
        "none", "Uplift of one-off cost for optimism bias, less mitigation", "none or applied"
    )
    joins: dict[str, FinancialYear] = _parameter(
        {}, "First financial year in the partnership", "financial year by partner", 1
    )
    leaves: dict[str, FinancialYear] = _parameter(
        {}, "First financial year out of the partnership", "financial year by partner", 1
    )
    stranded_fraction: float | None = _parameter(
        None,
        "Share of a leaver's running cost that stays to be paid; blank is as exit_terms.csv says",
        "fraction",
        0.05,
        ge=0,
        le=1,
    )
    notice_years: int | None = _parameter(
        None,
        "Years after leaving in which the leaver carries all of that; blank is as exit_terms.csv says",
        "years",
        1,
        ge=0,
        le=10,
    )
    leaver_share: float | None = _parameter(
        None,
        "Share of it that the leaver carries after its notice; blank is as exit_terms.csv says",
        "fraction",
        0.05,
        ge=0,
        le=1,
    )
    leaver_months: int | None = _parameter(
        None,
        "Months for which the leaver carries that share; blank is as exit_terms.csv says",
        "months",
        1,
        ge=0,
        le=120,
    )
    leaver_cap: float | None = _parameter(
        None,
        "The most that a leaver carries in all; blank is as exit_terms.csv says, or no limit",
        "£",
        10000,
        ge=0,
        le=1e9,
    )
    exit_charge: float | None = _parameter(
        None,
        "Charge that a leaver pays to the others in its first year out; blank is as exit_terms.csv says",
        "£",
        1000,
        ge=0,
        le=1e9,
    )
    entry_fee: float | None = _parameter(
        None,
        "Fee that a joiner pays to the others in its first year; blank is as exit_terms.csv says",
        "£",
        1000,
        ge=0,
        le=1e9,
    )
    ends_on: str = _parameter(
        "",
        "Date on which the service ends for all, to see where each partner then stands; blank is none",
        "date such as 2028-04-01",
    )
    realisation_from: Literal["range", "reference_class"] = _parameter(
        "range",
        "Draw realisation and overrun from their ranges, or from what others got where four or more tell",
        "choice",
    )
    pay_inflation: float | None = _parameter(
        None,
        "Pay inflation; blank is as finance_assumptions.csv says",
        "fraction a year",
        0.005,
        ge=-0.1,
        le=0.3,
    )
    price_inflation: float | None = _parameter(
        None,
        "Price inflation; blank is as finance_assumptions.csv says",
        "fraction a year",
        0.005,
        ge=-0.1,
        le=0.3,
    )
    capital_funding: Literal["revenue", "reserves", "borrowing", "receipts"] = _parameter(
        "revenue",
        "What pays for capital; receipts pay one-off revenue cost too in the years that "
        "finance_rules.csv allows",
        "choice",
    )
    borrowing_rate: float | None = _parameter(
        None,
        "Interest on borrowing; blank is as finance_assumptions.csv says",
        "fraction a year",
        0.005,
        ge=0,
        le=0.2,
    )
    asset_life_years: int | None = _parameter(
        None,
        "Life of assets paid by borrowing; blank is as finance_assumptions.csv says",
        "years",
        1,
        ge=1,
        le=50,
    )
    weights: dict[str, Weight] = _parameter(
        {}, "Weights that replace those in factors.csv", "by factor", 1
    )
    scores: dict[str, dict[str, float]] = _parameter(
        {}, "Scores that replace the assessors' mean", "by option, by factor"
    )
    appetite: int | None = _parameter(
        None,
        "Highest risk score the partners accept; blank is as the bands say",
        "score",
        1,
        ge=1,
        le=100,
    )
    risk_positions: dict[str, dict[Literal["likelihood", "impact"], str]] = _parameter(
        {}, "Positions that replace those in risks.csv", "words by risk number"
    )
    likelihood_shift: int = _parameter(
        0, "Levels by which every risk is more likely than assessed", "levels", 1, ge=-5, le=5
    )
    risk_responses: Literal["carried_out", "none"] = _parameter(
        "carried_out", "Responses to risks are carried out, or none is", "choice"
    )
    duration_change: float = _parameter(
        0.0, "Task durations over plan", "fraction of plan", 0.05, ge=-0.5, le=2
    )
    extra_days: dict[str, float] = _parameter(
        {}, "Working days added, by task number", "days by task"
    )
    calendar: Literal["weekdays", "england"] = _parameter(
        "weekdays", "Working days: weekdays, or weekdays less England's bank holidays", "calendar"
    )
    report_date: str = _parameter(
        "",
        "Date of the progress report; blank is the date of the figures",
        "date such as 2026-04-01",
    )
    readiness_scores: dict[str, dict[str, ReadinessLevel]] = _parameter(
        {}, "Readiness scores that replace those in readiness.csv", "by area, by partner"
    )
    own_year_weight: float = _parameter(
        1.0,
        "What a year of own results counts for in the re-forecast beside the reference class",
        "ratio",
        0.5,
        ge=0,
        le=20,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _blank_text_as_none(cls, given: Any, field: ValidationInfo) -> Any:
        """Take a blank text as None, which TOML can't say, where a parameter may be that."""
        is_blank = isinstance(given, str) and not given
        return None if is_blank and cls.model_fields[field.field_name].default is None else given

    @field_validator("report_date", "ends_on", mode="before")
    @classmethod
    def _date_as_text(cls, given: Any) -> str:
        """Take a date of TOML, which has no quotation marks, as the text that it looks like."""
        if type(given) is dt.date:
            return given.isoformat()
        if isinstance(given, str) and re.fullmatch(r"(\d{4}-\d{2}-\d{2})?", given):
            return given
        raise PydanticCustomError("date_as_text", "Input should be a date such as 2026-04-01")


def unit_of(name: str) -> str:
    """Return the unit of a parameter.

    Examples
    --------
    >>> unit_of("realisation"), step_of("realisation")
    ('fraction', 0.05)
    """
    return _declared(name, "unit")


def step_of(name: str) -> float | None:
    """Return by how much a slider moves a parameter; None where it isn't a number."""
    return _declared(name, "step")


def _declared(name: str, what: str) -> Any:
    declared: Any = Parameters.model_fields[name].json_schema_extra
    return declared[what]


def limits(name: str) -> tuple[float, float]:
    """Return the lowest and highest value of a parameter, or of each entry of one by name.

    Examples
    --------
    >>> limits("realisation"), limits("user_growth")
    ((0.0, 1.5), (-0.5, 0.5))
    """
    field = Parameters.model_fields[name]
    bounds = bounds_of(field.annotation, field.metadata)
    lowest = next(limit.ge for limit in bounds if hasattr(limit, "ge"))
    highest = next(limit.le for limit in bounds if hasattr(limit, "le"))
    return float(lowest), float(highest)


def label_of(name: str) -> str:
    """Return what a parameter is called, without what a blank means.

    Examples
    --------
    >>> label_of("discount_rate")
    'Discount rate'
    """
    return Parameters.model_fields[name].description.partition(";")[0]


def dates_of(partners: pd.DataFrame, parameters: Any, kind: str) -> dict[str, int]:
    """Return the year in which each partner joins or leaves: the scenario's, else that of partners.csv.

    Parameters
    ----------
    partners : DataFrame
        Rows of partners.csv.
    parameters : Parameters
        A scenario's, or anything with the same names.
    kind : {'joins', 'leaves'}
        Which of the two.
    """
    return {**stated_dates(partners, kind), **getattr(parameters, kind)}


def stated_dates(partners: pd.DataFrame, kind: str) -> dict[str, int]:
    """Return the year in which each partner joins or leaves by partners.csv, of those with one."""
    stated = zip(partners["partner"], partners[kind], strict=True)
    return {partner: int(year) for partner, year in stated if pd.notna(year)}


def terms_of(exit_terms: pd.DataFrame, parameters: Any) -> dict[str, float]:
    """Return the terms of joining and leaving: the scenario's, else exit_terms.csv's, else none.

    Parameters
    ----------
    exit_terms : DataFrame
        Rows of exit_terms.csv.
    parameters : Parameters
        A scenario's, or anything with the same names.
    """
    stated = dict(zip(exit_terms["term"], exit_terms["value"], strict=True))
    without = {"leaver_cap": math.inf}
    found = {}
    for name in EXIT_TERMS:
        chosen = getattr(parameters, name)
        found[name] = float(stated.get(name, without.get(name, 0.0)) if chosen is None else chosen)
    return found


class Scenario(BaseModel):
    """A named difference from the base scenario, and why it is plausible."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str = Field(min_length=1, max_length=200)
    why: str = Field(min_length=1)
    parameters: Parameters

    @field_validator("title", "why", mode="before")
    @classmethod
    def _text_is_printable(cls, text: Any) -> Any:
        refuse_unless_printable(text)
        return text
