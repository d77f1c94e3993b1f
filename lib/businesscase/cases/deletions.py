"""The lines of money that deleted and regraded posts make: rows of flows.csv that no file holds, each with its posts."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pandas as pd

from businesscase.calculations import redundancy, regrading
from businesscase.calculations.baseline import real_amounts
from businesscase.calculations.posts import FEWEST, annual_costs, held, told_together
from businesscase.calculations.savings import PAY, inflation_by_category, with_inflation
from businesscase.calculations.wording import listed
from businesscase.cases.errors import Fault, unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import PlacedFault, Tables

SAVED, PAID, STRAIN = (
    "Posts deleted",
    "Redundancy of posts deleted",
    "Pension strain of posts deleted",
)
LESS, MORE = "Posts regraded to lower pay", "Posts regraded to higher pay"
# by line: the kind of flow, the column of amounts, and what it is made of
OF_DELETED = {
    SAVED: ("saving", "saving_gbp", "posts times salary and on-costs"),
    PAID: ("one_off_cost", "redundancy_gbp", "redundancy pay of posts that are held"),
    STRAIN: ("one_off_cost", "pension_strain_gbp", "pension strain of posts that are held"),
}
OF_REGRADED = {
    LESS: (
        "saving",
        "less_gbp",
        "what posts cost less, on-costs included, once pay protection has ended",
    ),
    MORE: ("extra_cost", "more_gbp", "what posts cost more, on-costs included"),
}
LINES = OF_DELETED | OF_REGRADED
STATUSES = ["published", "derived", "assumed"]  # from the best to the worst


class Made(NamedTuple):
    """A row of flows.csv as text, the rows of posts.csv that it is made of, and how much of them is held [fte]."""

    cells: dict[str, str]
    posts: list[int]
    held: float


def deleted_posts(tables: Tables, file: CaseFile) -> pd.DataFrame:
    """Return the rows of posts.csv that an option deletes, with what each saves and costs.

    Columns of posts.csv with ``deleted_fte``, ``held_fte``, ``saving_gbp`` [£ a year], ``redundancy_gbp``
    and ``pension_strain_gbp`` [£], in base-year prices; blank is not known.
    """
    posts = tables["posts"][tables["posts"]["deleted_in"].notna()]
    rules = redundancy.rules_on(tables["redundancy_rules"], file.decision_date)
    annual = _real_costs(posts, tables, file)
    worth = redundancy.deletions(posts.assign(annual_gbp=annual), rules)
    return posts.assign(deleted_fte=worth["fte"], **worth.drop(columns="fte"))


def regraded_posts(tables: Tables, file: CaseFile) -> pd.DataFrame:
    """Return what each row of posts.csv that an option regrades costs less or more, by financial year.

    Columns of posts.csv with ``row``, ``fiscal_year``, ``held_fte``, ``full_gbp`` (what it costs less without
    protection), ``protected_gbp`` (of it, still paid), ``less_gbp`` (the rest, which is saved) and
    ``more_gbp``, in base-year prices [£].
    """
    posts = tables["posts"][tables["posts"]["regraded_in"].notna()]
    after = posts.assign(salary_gbp=posts["salary_after_gbp"])
    costs = {
        "annual_gbp": _real_costs(posts, tables, file),
        "annual_after_gbp": _real_costs(after, tables, file),
    }
    rules = redundancy.rules_on(tables["pay_protection_rules"], file.decision_date, "year")
    changes = regrading.pay_changes(posts.assign(**costs), rules, file.last_year)
    changes = changes.rename(columns={"year": "fiscal_year", "less_gbp": "full_gbp"})
    changes = changes.assign(less_gbp=changes["full_gbp"] - changes["protected_gbp"])
    return changes.join(posts.assign(held_fte=held(posts)), on="row")


def _real_costs(posts: pd.DataFrame, tables: Tables, file: CaseFile) -> pd.Series:
    """Return what each row costs a year, in base-year prices [£ a year]."""
    years = posts["year"].fillna(file.decision_year).astype(int)
    index = tables["deflators"].set_index("year")["price_index"]
    return real_amounts(annual_costs(posts), years, index, file.decision_year)


def deletion_faults(tables: Tables, file: CaseFile) -> Iterator[PlacedFault]:
    """Yield posts that change outside the appraisal, or without a rule they need, or whose line is typed as well."""
    posts = tables["posts"][tables["posts"]["option"] != ""]
    for column in ("deleted_in", "regraded_in"):
        for index, year in posts[column].dropna().items():
            if not file.decision_year <= year <= file.last_year:
                said = f"it lies outside the appraisal, {file.decision_year} to {file.last_year}"
                yield "posts", index, f"{column} is {year}; {said}"
    by_year = redundancy.rules_on(tables["pay_protection_rules"], file.decision_date, "year")
    names = [*by_year["rule"].unique(), regrading.NONE]
    for index, name in posts["protection"].items():
        if name and name not in names:
            yield "posts", index, unknown_name("protection", name, names)
    rules = redundancy.rules_on(tables["redundancy_rules"], file.decision_date)
    for index in posts.index[posts["age"].notna()] if not redundancy.has_cap(rules) else []:
        yield (
            "posts",
            index,
            f"redundancy_rules.csv has no week_pay_cap that holds on {file.decision_date}; give redundancy_gbp in "
            "place of age and service_years",
        )
    flows = tables["flows"][tables["flows"]["line"].isin(LINES)]
    for row in flows[flows["option"].isin(posts["option"])].itertuples():
        yield (
            "flows",
            row.Index,
            f"{row.line!r} of option {row.option} is what posts.csv makes, so it would count twice; take the line "
            "out, or give it another name if it is of other posts",
        )


def made_lines(tables: Tables, file: CaseFile) -> Iterator[Made]:
    """Yield a line for each amount that an option's deleted posts save or cost a partner from a year on.

    Posts that go together make one line, so that it tells less of one person's pay. An amount that is nil,
    or of which nothing is known, makes none. Redundancy and strain are of the year in which posts go.
    """
    needed = set(tables["posts"]["year"].dropna()) - {file.decision_year}
    if needed and not {*needed, file.decision_year} <= set(tables["deflators"]["year"]):
        return  # which is refused, of budgets and posts alike
    yield from _of_deleted(tables, file)
    yield from _of_regraded(tables, file)


def _of_deleted(tables: Tables, file: CaseFile) -> Iterator[Made]:
    together = deleted_posts(tables, file).groupby(["option", "partner", "deleted_in"], sort=False)
    for (option, partner, year), posts in together:
        for line, (_, column, _) in OF_DELETED.items():
            known = posts[posts[column] > 0]
            if known.empty:
                continue
            years = (year, file.last_year if line == SAVED else year)
            origin = _origin(known, uses_rules=line == PAID and known["age"].notna().any())
            amount = known[column].sum()
            cells = _cells(option, partner, line, years, amount) | origin
            yield Made(cells, list(known.index), known["held_fte"].sum())


def _of_regraded(tables: Tables, file: CaseFile) -> Iterator[Made]:
    """Yield a line for each run of years in which what an option's regraded posts cost a partner stays the same."""
    together = regraded_posts(tables, file).groupby(["option", "partner"], sort=False)
    for (option, partner), posts in together:
        for line, (_, column, _) in OF_REGRADED.items():
            known = posts[posts[column] > 0]
            amounts = known.groupby("fiscal_year")[column].sum().round(2)
            changes = (amounts.diff() != 0) | (amounts.index.diff() != 1)
            for _, run in amounts.groupby(changes.cumsum()):
                own = known[known["fiscal_year"].isin(run.index)].drop_duplicates("row")
                is_protected = own["row"].isin(posts.loc[posts["protected_gbp"] > 0, "row"])
                origin = _origin(own, uses_rules=is_protected.any())
                years = (run.index[0], run.index[-1])
                cells = _cells(option, partner, line, years, run.iloc[0])
                yield Made(cells | origin, own["row"].tolist(), own["held_fte"].sum())


def _cells(
    option: str, partner: str, line: str, years: tuple[int, int], amount: float
) -> dict[str, str]:
    flow, _, made_of = LINES[line]
    first, last = years
    return {
        "option": option,
        "line": line,
        "flow": flow,
        "category": "staff",
        "inflation": "pay",
        "funding": "revenue",
        "partner": partner,
        "first_year": str(first),
        "last_year": str(last),
        "amount_gbp": f"{amount:.2f}",
        "note": f"Made of posts.csv: {made_of}, as the note of each row says.",
    }


def _origin(posts: pd.DataFrame, *, uses_rules: bool) -> dict[str, str]:
    """Return where a line comes from: no better than the worst of its rows, known when the last is."""
    worst = max(posts["status"], key=STATUSES.index)
    known = posts["known_on"].max()
    kept = posts["exempt"].dropna()
    return {
        # what is worked out of published figures is derived; the law's numbers are ours until read
        "status": "assumed" if uses_rules or worst == "assumed" else "derived",
        "source": posts["source"].iloc[0],
        "paragraph": listed(list(dict.fromkeys(posts["paragraph"]))),
        "known_on": "" if pd.isna(known) else dt.date.isoformat(known.date()),
        "exempt": str(kept.min()) if len(kept) else "",
    }


def told_lines(flows: pd.DataFrame, tables: Tables, file: CaseFile) -> pd.DataFrame:
    """Return rows of flows.csv of one option with ``told`` and ``is_hidden``, as `posts.told_together` has them."""
    keys = ["option", "line", "partner", "first_year"]
    if not flows["line"].isin(LINES).any():
        return flows.assign(told=flows["line"], is_hidden=True)
    held_in = {
        (*(made.cells[name] for name in keys[:-1]), int(made.cells["first_year"])): made.held
        for made in made_lines(tables, file)
    }
    own = flows[keys].itertuples(index=False, name=None)
    held_fte = pd.Series([held_in.get(key) for key in own], flows.index, float)
    lines = with_inflation(flows).assign(held_fte=held_fte)
    return flows.assign(**told_together(lines))


def deletion_findings(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield amounts that no row gives, lines typed that may hold the same money, and lines of few people."""
    posts = deleted_posts(tables, file)
    yield from _of_unknown(posts)
    yield from _of_unprotected(tables["posts"])
    changed = tables["posts"].loc[tables["posts"]["option"] != "", "option"].unique()
    yield from _of_likeness(changed, tables["flows"])
    for option in changed:
        flows = tables["flows"]
        yield from _of_few(told_lines(flows[flows["option"] == option], tables, file), option)


def _of_unknown(posts: pd.DataFrame) -> Iterator[Fault]:
    for word, column, given in (
        ("redundancy", "redundancy_gbp", "redundancy_gbp, or age and service_years"),
        ("pension strain", "pension_strain_gbp", "pension_strain_gbp, 0 where there is none"),
    ):
        unknown = posts[(posts["held_fte"] > 0) & posts[column].isna()]
        for option, rows in unknown.groupby("option", sort=False):
            yield Fault(
                f"posts.csv: nothing says what {word} costs for {rows['held_fte'].sum():g} full-time posts that option "
                f"{option} deletes and somebody holds, so that it is not counted; give {given}",
                file="posts.csv",
                column=column,
                found="",
            )


def _of_unprotected(posts: pd.DataFrame) -> Iterator[Fault]:
    """Yield the posts on lower pay of which nothing says whether their holders' pay is protected."""
    is_lower = posts["salary_after_gbp"] < posts["salary_gbp"]
    unknown = posts[is_lower & (posts["protection"] == "") & (held(posts) > 0)]
    for option, rows in unknown.groupby("option", sort=False):
        yield Fault(
            f"posts.csv: nothing says whether pay is protected of {rows['fte'].sum():g} full-time posts that option "
            f"{option} regrades to lower pay and somebody holds, so that it is saved at once; give protection, "
            f"{regrading.NONE} where there is none",
            file="posts.csv",
            column="protection",
            found="",
        )


def _of_likeness(options: Iterable[str], flows: pd.DataFrame) -> Iterator[Fault]:
    """Yield the typed lines of staff, or of redundancy, beside those that posts make."""
    typed = flows[~flows["line"].isin(LINES)]
    named = typed["line"].str.contains(r"redundan|severance|pension strain|\bposts?\b", case=False)
    staff = (
        (typed["flow"] == "saving")
        & typed["cashable"]
        & (typed["category"].map(inflation_by_category) == PAY)
    )
    spent = (typed["flow"] == "one_off_cost") & named
    for option in options:
        lines = typed.loc[(typed["option"] == option) & (staff | spent), "line"].unique()
        if len(lines):
            yield Fault(
                f"flows.csv: option {option} has {listed([repr(line) for line in lines])} beside what the posts that it "
                "deletes or regrades make; make sure that none of it is the same money",
                file="flows.csv",
                column="line",
                found=", ".join(lines),
            )


def _of_few(lines: pd.DataFrame, option: str) -> Iterator[Fault]:
    """Yield what is told together, and the lines from which somebody's pay might still be told."""
    few = f"fewer than {FEWEST:g} held posts"
    grouped = lines[(lines["told"] != lines["line"]) & lines["exempt"].isna()]
    together = [
        f"{listed([repr(line) for line in rows['line'].unique()])} as {told!r}"
        for told, rows in grouped.groupby("told", sort=False)
        if rows["line"].nunique() > 1 or rows["is_hidden"].all()  # else there is nothing beside it
    ]
    if together:
        yield Fault(
            f"posts.csv: some of what option {option} changes is of {few}, so reports tell {'; '.join(together)}; "
            "each line stands in the log of the exempt edition alone",
            file="posts.csv",
            column="exempt",
            found="",
        )
    if len(open_ := grouped[~grouped["is_hidden"]]):
        yield Fault(
            f"posts.csv: {few} go or change pay at {listed(list(open_['partner'].unique()))} (option {option}) in a year "
            "that has nothing else of the kind, so that a total may tell what somebody is paid; give salary_gbp as the top of "
            "the grade, or keep the rows from the public with exempt",
            file="posts.csv",
            column="exempt",
            found="",
        )
