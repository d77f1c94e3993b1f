"""What the law obliges to pay to who is made redundant: weeks of pay by age and service."""

import datetime as dt

import pandas as pd

WEEKS_A_YEAR = 52


def rules_on(rules: pd.DataFrame, day: dt.date, by: str = "from_age") -> pd.DataFrame:
    """Return the rules that hold on a day: of each, and of each age, the latest.

    Parameters
    ----------
    rules : DataFrame
        Rows of redundancy_rules.csv, or of another table of dated rules.
    day : date
        The day.
    by : str
        The column that tells the numbers of a rule apart.

    Examples
    --------
    >>> caps = pd.DataFrame({"rule": "week_pay_cap", "from_age": None, "value": [719.0, 751.0],
    ...                      "first_day": pd.to_datetime(["2025-04-06", "2026-04-06"])})
    >>> rules_on(caps, dt.date(2026, 4, 5))["value"].tolist()
    [719.0]
    """
    begun = rules[~(rules["first_day"] > pd.Timestamp(day))]
    latest = begun.sort_values("first_day", na_position="first", kind="stable")
    return latest.drop_duplicates(["rule", by], keep="last")


def has_cap(rules: pd.DataFrame) -> bool:
    """Return whether a limit on a week's pay holds, without which no payment can be worked out."""
    return bool((rules["rule"] == "week_pay_cap").any())


def statutory_weeks(age: int, service_years: int, rules: pd.DataFrame) -> float:
    """Return the weeks of pay that are due: for each year of service, by the age at its beginning.

    Parameters
    ----------
    age, service_years : int
        At the day of dismissal [complete years].
    rules : DataFrame
        Rules that hold on one day.

    References
    ----------
    Employment Rights Act 1996, sections 155 and 162, as redundancy_rules.csv has them.

    Examples
    --------
    >>> rules = pd.DataFrame([("service_needed", None, 2), ("service_counted", None, 20), ("weeks", 0, 0.5),
    ...                       ("weeks", 22, 1), ("weeks", 41, 1.5)], columns=["rule", "from_age", "value"])
    >>> statutory_weeks(43, 4, rules), statutory_weeks(43, 1, rules)  # from 41, 42; from 39, 40
    (5.0, 0.0)
    """
    value = rules[rules["rule"] != "weeks"].set_index("rule")["value"]
    if service_years < value["service_needed"]:
        return 0.0
    weeks = rules[rules["rule"] == "weeks"]
    counted = range(1, min(service_years, int(value["service_counted"])) + 1)
    return float(sum(_weeks_from(age - back, weeks) for back in counted))


def _weeks_from(age: int, weeks: pd.DataFrame) -> float:
    reached = weeks[weeks["from_age"] <= age]
    return float(reached.loc[reached["from_age"].idxmax(), "value"]) if len(reached) else 0.0


def statutory_pay(salary: float, age: int, service_years: int, rules: pd.DataFrame) -> float:
    """Return what is due for a full-time post of a salary [£].

    Parameters
    ----------
    salary : float
        Of a year at full time [£ a year].
    age, service_years : int
        At the day of dismissal [complete years].
    rules : DataFrame
        Rules that hold on one day, a limit on a week's pay among them.

    Examples
    --------
    >>> rules = pd.DataFrame([("week_pay_cap", None, 700), ("service_needed", None, 2),
    ...                       ("service_counted", None, 20), ("weeks", 0, 1)], columns=["rule", "from_age", "value"])
    >>> statutory_pay(52_000, 50, 10, rules), statutory_pay(26_000, 50, 10, rules)
    (7000.0, 5000.0)
    """
    cap = float(rules.loc[rules["rule"] == "week_pay_cap", "value"].iloc[0])
    return statutory_weeks(age, service_years, rules) * min(salary / WEEKS_A_YEAR, cap)


def deletions(posts: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Return what deleting posts saves a year and costs once, row by row.

    A vacant post saves what was budgeted for it, and nobody is dismissed. What the rows don't say stays
    blank: it is not nil.

    Parameters
    ----------
    posts : DataFrame
        Rows of posts.csv that an option deletes, with ``annual_gbp``, what each row costs [£ a year].
    rules : DataFrame
        Rows of redundancy_rules.csv that hold on the day of the decision.

    Returns
    -------
    DataFrame, as the rows
        ``fte``, ``held_fte`` (of it, held by somebody), ``saving_gbp`` [£ a year], ``redundancy_gbp`` and
        ``pension_strain_gbp`` [£].

    Examples
    --------
    >>> posts = pd.DataFrame({"fte": [4.0], "deleted_fte": [1.0], "vacant": [False], "annual_gbp": [160_000.0],
    ...     "salary_gbp": [32_000.0], "redundancy_gbp": [9_000.0], "pension_strain_gbp": [0.0], "age": None})
    >>> deletions(posts, pd.DataFrame())[["saving_gbp", "redundancy_gbp"]].values.tolist()
    [[40000.0, 9000.0]]
    """
    fte = posts["deleted_fte"].fillna(posts["fte"])
    held = fte.mask(posts["vacant"], 0.0)
    paid = pd.Series([_paid(row, rules) for row in posts.itertuples()], posts.index, float)
    strain = posts["pension_strain_gbp"].mask(posts["vacant"], 0.0)
    return pd.DataFrame(
        {
            "fte": fte,
            "held_fte": held,
            "saving_gbp": posts["annual_gbp"] * fte / posts["fte"],
            "redundancy_gbp": held * paid,
            "pension_strain_gbp": held * strain,
        }
    )


def _paid(post, rules: pd.DataFrame) -> float:
    """Return the redundancy pay of a full-time post: as stated, else as the law has it, else unknown [£]."""
    if post.vacant:
        return 0.0
    if pd.isna(post.age):
        return post.redundancy_gbp
    return statutory_pay(post.salary_gbp, int(post.age), int(post.service_years), rules)
