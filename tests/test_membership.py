"""Who takes part when: joiners, leavers, their terms, and where partners stand if all ends early."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from small import flow, small_case, small_study

from businesscase.calculations import savings
from businesscase.calculations.apportionment import ALL
from businesscase.cases.errors import InputError
from businesscase.cases.raw import RawCase
from businesscase.cases.upgrading import upgraded
from businesscase.shown import savings as show
from businesscase.study import Study, load_study

NAMES = ["North", "South", "East", "West"]
EQUAL = {"cost_apportionment": "equal", "saving_apportionment": "equal"}
POOL = [
    flow("posts", "saving", 1200, partner="shared"),
    flow("desk", "running_cost", 240, partner="shared"),
    flow("move", "one_off_cost", 120, (2024, 2024), "shared"),
]


def partners(**cells):
    """Return rows of partners.csv, with cells of some partners by their names."""
    return [
        {"partner": name, "role": "partner" if number else "lead", **cells.get(name, {})}
        for number, name in enumerate(NAMES)
    ]


def study_of(rows=POOL, base=EQUAL, terms=(), **cells):
    """Return the study of four councils."""
    exit_terms = [{"term": term, "value": str(value)} for term, value in terms]
    return small_study(
        partners=partners(**cells), flows=rows, exit_terms=exit_terms, scenarios={"base": base}
    )


def net(study, partner):
    """Return a partner's yearly saving less cost."""
    return study.savings.net_flows.loc[partner].tolist()


def test_a_partner_gets_and_pays_nothing_before_it_joins_and_the_others_share_all():
    study = study_of(West={"joins": "2026"})
    assert net(study, "West") == approx([0, 0, 240, 240, 240])
    assert net(study, "North") == approx([320 - 40, 320, 240, 240, 240])
    assert study.savings.net_flows.sum().tolist() == approx([960 - 120, 960, 960, 960, 960])
    assert study.savings.cost_shares.sum().tolist() == approx([1] * 5)


def test_a_partner_that_joins_shares_no_one_off_cost_of_years_before_and_keeps_its_own():
    own = flow("survey", "one_off_cost", 70, (2024, 2024), "West")
    plain = flow("posts of West", "saving", 500, partner="West")
    study = study_of([*POOL, own, plain], West={"joins": "2025"})
    spent = savings.by_partner(study.savings.flows, "one_off_cost")
    assert spent[2024].to_dict() == approx({"North": 40, "South": 40, "East": 40, "West": 70})
    assert net(study, "West") == approx([-70, *[740] * 4])


def test_a_scenario_moves_the_dates_of_partners_csv():
    study = study_of(West={"joins": "2026", "leaves": "2028"})
    assert study.varied(joins={"West": 2024}, leaves={"West": 2099}).savings.members.all(axis=None)
    assert net(study, "West") == approx([0, 0, 240, 240, 0])
    later = study.varied(joins={"West": 2027})
    assert net(later, "West") == approx([0, 0, 0, 240, 0])


def test_several_leave_and_what_each_strands_falls_on_those_still_there():
    terms = [("stranded_fraction", 0.5)]
    study = study_of(terms=terms, East={"leaves": "2027"}, West={"leaves": "2026"})
    stranded = savings.by_partner(study.savings.flows, "stranded_cost")
    # each pays 60 a year for the service, of which 30 stays: West's from 2026, East's from 2027
    assert stranded.sum().tolist() == approx([0, 0, 30, 60, 60])
    assert stranded.loc["East"].tolist() == approx([0, 0, 10, 0, 0])
    assert stranded.loc["North"].tolist() == approx([0, 0, 10, 30, 30])
    assert study.savings.member_shares.sum().tolist() == approx([1] * 5)


def test_a_leaver_carries_its_share_for_so_many_months_and_no_more_than_a_cap():
    terms = [("stranded_fraction", 1.0), ("leaver_share", 0.75), ("leaver_months", 18)]
    study = study_of(terms=terms, West={"leaves": "2026"})
    own = savings.by_partner(study.savings.flows, "stranded_cost").loc["West"]
    assert own.tolist() == approx([0, 0, 45, 22.5, 0])
    capped = study.varied(leaver_cap=33.75)
    own = savings.by_partner(capped.savings.flows, "stranded_cost")
    assert own.loc["West"].tolist() == approx([0, 0, 22.5, 11.25, 0])
    assert own.sum().tolist() == approx([0, 0, 60, 60, 60])
    assert study.varied(notice_years=1).savings.flows.xs("West", level="partner").xs(
        "stranded_cost", level="flow"
    ).sum().tolist() == approx([0, 0, 60, 45, 22.5])


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [
        ("stranded_fraction", 75, "stranded_fraction is 75; it can be 0 to 1, as in a scenario"),
        ("leaver_months", 17.5, "leaver_months is 17.5; it is a whole number of months"),
    ],
)
def test_a_term_that_no_scenario_could_have_is_refused(term, value, said):
    with pytest.raises(InputError, match=said):
        study_of(terms=[(term, value)])


def test_entry_fee_and_exit_charge_go_to_those_that_are_in_and_cancel_out():
    terms = [("entry_fee", 90), ("exit_charge", 60)]
    study = study_of(terms=terms, West={"joins": "2025"}, East={"leaves": "2027"})
    once = savings.one_off_costs(study.savings.flows)
    assert once[2025].to_dict() == approx({"North": -30, "South": -30, "East": -30, "West": 90})
    assert once[2027].to_dict() == approx({"North": -20, "South": -20, "East": 60, "West": -20})
    assert once.sum().tolist() == approx([120, 0, 0, 0, 0])
    assert study.varied(entry_fee=0.0).savings.net_flows.loc["West", 2025] == approx(240)


def test_nobody_leaves_or_joins_what_would_come_otherwise():
    terms = [("entry_fee", 90), ("exit_charge", 60), ("stranded_fraction", 0.5)]
    dated = {"West": {"joins": "2025"}, "East": {"leaves": "2027"}}
    options = [{"option": name, "name": name.upper(), "description": "It"} for name in "ab"]
    costs = [{"partner": name, "category": "all", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": "500"} for name in NAMES]  # fmt: skip
    study = small_study(
        file={"comparator": "b"},
        partners=partners(**dated),
        options=options,
        flows=POOL,
        service_costs=costs,
        exit_terms=[{"term": term, "value": str(value)} for term, value in terms],
        scenarios={"base": EQUAL},
    )
    as_today = study.appraisal.summary.loc["b"]
    factors = sum(1.035**-year for year in range(5))
    assert as_today["whole_life_cost"] == approx(4 * 500 * factors)
    assert (as_today["peak_funding"], as_today["net_present_value"]) == (0, 0)


def test_rows_may_split_by_rules_of_their_own_and_a_share_may_be_nil():
    users = [{"partner": name, "driver": "users", "date": "2024-04-01", "value": str(count)} for name, count in zip(NAMES, [60, 40, 0, 0], strict=True)]  # fmt: skip
    rows = [row | {"split": "users" if row["line"] == "desk" else ""} for row in POOL]
    study = small_study(partners=partners(), flows=rows, drivers=users, scenarios={"base": EQUAL})
    running = savings.by_partner(study.savings.flows, "running_cost")
    assert running[2024].to_dict() == approx({"North": 144, "South": 96, "East": 0, "West": 0})
    once = savings.by_partner(study.savings.flows, "one_off_cost")[2024]
    assert once.tolist() == approx([30] * 4)
    alone = small_study(partners=partners(), flows=[POOL[1] | {"split": "equal"}])
    assert savings.by_partner(alone.savings.flows, "running_cost")[2024].tolist() == approx(
        [60] * 4
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"split": "users", "partner": "shared"}, "split is 'users'; the case has data for equal"),
        ({"split": "equal"}, "split is 'equal' of an amount that isn't pooled"),
    ],
)
def test_a_split_that_can_not_be_is_refused(cells, said):
    with pytest.raises(InputError, match=said):
        small_case(flows=[flow("desk", "running_cost", 10, **cells)])


def test_drivers_that_are_all_nil_are_refused():
    rows = [{"partner": name, "driver": "users", "date": "2024-04-01", "value": "0"} for name in NAMES]  # fmt: skip
    with pytest.raises(InputError, match="users is nil for every partner; one must be above 0"):
        small_case(partners=partners(), drivers=rows)


def test_a_driver_that_is_nil_for_all_that_have_joined_is_refused():
    rows = [{"partner": name, "driver": "users", "date": "2024-04-01", "value": value} for name, value in zip(NAMES, "0009", strict=True)]  # fmt: skip
    with pytest.raises(
        InputError, match=r"take part in 2024/25 drivers\.csv says that users is nil"
    ):
        small_case(partners=partners(West={"joins": "2025"}), drivers=rows, flows=POOL, scenarios={"base": EQUAL})  # fmt: skip
    assert small_case(partners=partners(), drivers=rows, flows=POOL, scenarios={"base": EQUAL})


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"joins": "2026", "leaves": "2026"}, "leaves 2026 is not after joins 2026"),
        ({"leaves": "2024"}, "^partners row 1: leaves is 2024 for North, which joins in 2024"),
    ],
)
def test_dates_out_of_order_are_refused(cells, said):
    with pytest.raises(InputError, match=said):
        study_of(North=cells)


def test_a_year_in_which_nobody_takes_part_is_refused():
    with pytest.raises(
        InputError, match="no partner takes part in 2027/28; one must in every year"
    ):
        study_of(**{name: {"leaves": "2027"} for name in NAMES})
    with pytest.raises(InputError, match="no partner takes part in 2024/25"):
        study_of(**{name: {"joins": "2025"} for name in NAMES})


membership = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries({}, optional={"joins": st.integers(2024, 2026), "leaves": st.integers(2027, 2029)})
        for name in NAMES[1:]
    },
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(membership, st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 1.0, 1.5]))
def test_whoever_joins_and_leaves_shares_add_up_and_nobody_outside_has_a_share(
    dates, stranded, delay
):
    terms = [("stranded_fraction", stranded), ("exit_charge", 10), ("entry_fee", 5)]
    study = study_of(
        base=EQUAL | {"delay_years": delay},
        terms=terms,
        **{name: {key: str(year) for key, year in cells.items()} for name, cells in dates.items()},
    )
    for shares in (study.savings.cost_shares, study.savings.member_shares):
        assert shares.sum().tolist() == approx([1] * 5)
    assert not study.savings.member_shares.where(~study.savings.members, 0.0).any(axis=None)
    flows = study.savings.flows
    for name, cells in dates.items():
        own = flows.xs(name, level="partner").loc[:, : cells.get("joins", 2024) - 1]
        assert not own.any(axis=None)
    between = flows[flows.index.get_level_values("line").isin(["exit charge", "entry charge"])]
    assert savings.net_flows(between).sum().tolist() == approx([0] * 5, abs=1e-6)


@settings(max_examples=5, deadline=None)
@given(membership)
def test_two_partners_that_swap_their_dates_and_rows_swap_their_results(dates):
    text = {name: {key: str(year) for key, year in own.items()} for name, own in dates.items()}
    rows = [*POOL, flow("posts", "saving", 77, partner="South"), flow("own", "saving", 5, partner="East")]  # fmt: skip
    swapped = {"South": "East", "East": "South"}
    other_rows = [row | {"partner": swapped.get(row["partner"], row["partner"])} for row in rows]
    other_text = {swapped.get(name, name): own for name, own in text.items()}
    first = study_of(rows, **text).savings.net_present_values
    second = study_of(other_rows, **other_text).savings.net_present_values
    assert first.rename(swapped).sort_index().tolist() == approx(second.sort_index().tolist(), abs=0.05)  # fmt: skip


def test_draws_move_several_joiners_and_leavers_as_single_studies_do():
    study = study_of(terms=[("stranded_fraction", 0.4)], West={"joins": "2025"}, East={"leaves": "2027"})  # fmt: skip
    levers = {"realisation": 0.8, "delay_years": 0.5, "overrun": 0.3, "running_cost_change": 0.1}
    drawn = study.uncertainty.net_of_levers({name: np.array([at]) for name, at in levers.items()})
    single = study.varied(**levers).savings.net_flows.reindex(study.partners)
    assert drawn[0] == approx(single.to_numpy())


# if all ends early


def test_the_last_year_of_a_break_even_life_is_the_net_present_value_where_leaving_is_free():
    for case in ("mkip-2012", "lictp-2020"):
        study = load_study(case)
        ended, worth = study.appraisal.positions_if_ended, study.savings.net_present_values
        assert ended.loc[worth.index].iloc[:, -1].tolist() == approx(worth.tolist())
        assert ended.loc[ALL].iloc[-1] == approx(worth.sum())


def test_ending_early_costs_what_the_terms_of_leaving_say():
    terms = [("stranded_fraction", 0.5), ("notice_years", 1), ("exit_charge", 10)]
    study = study_of(base=EQUAL | {"discount_rate": 0.0}, terms=terms)
    # North: 240 a year and 30 once; half of its 60 for a year, and 10, on ending
    assert study.appraisal.positions_if_ended.loc["North"].tolist() == approx(
        [170, 410, 650, 890, 1130]
    )
    months = study.varied(notice_years=0, leaver_share=0.5, leaver_months=18, exit_charge=0.0)
    assert months.appraisal.positions_if_ended.loc["North", 2024] == approx(210 - 30 * 0.75)
    capped = months.varied(leaver_cap=9.0)
    assert capped.appraisal.positions_if_ended.loc["North", 2024] == approx(210 - 9)


def test_what_an_early_end_costs_is_discounted_from_the_years_in_which_it_is_paid():
    terms = [("stranded_fraction", 1.0), ("notice_years", 2)]
    study = study_of(base=EQUAL | {"discount_rate": 0.1}, terms=terms)
    last = study.appraisal.positions_if_ended.loc["North", 2028]
    worth = study.savings.net_present_values["North"]
    assert last == approx(worth - 60 * (1.1**-5 + 1.1**-6))


def test_a_partner_breaks_even_from_the_first_year_after_which_it_is_never_behind():
    rows = [flow("posts", "saving", 100), flow("move", "one_off_cost", 250, (2024, 2024))]
    study = study_of(rows, base={"discount_rate": 0.0})
    years = study.appraisal.break_even_years
    assert (years["North"], years["South"]) == (2026, 2024)
    assert pd.isna(study.varied(realisation=0.1).appraisal.break_even_years["North"])


def test_a_date_between_two_years_lies_between_their_positions():
    study = study_of(base=EQUAL | {"ends_on": "2026-04-01"})
    ended = study.appraisal.positions_if_ended
    assert study.appraisal.position_on_end_date["North"] == approx(ended.loc["North", 2025])
    half = study.varied(ends_on="2026-10-01").appraisal.position_on_end_date["North"]
    assert half == approx(ended.loc["North", [2025, 2026]].mean(), rel=0.01)
    assert "If the service ended on 2026-04-01" in show.end_date(study).text
    with pytest.raises(
        InputError, match="ends_on is 2031-01-01; the appraisal runs from 2024-04-01"
    ):
        study.moved({"ends_on": "2031-01-01"})


# cases of before


def test_a_scenario_of_before_says_the_same_by_the_first_year_out():
    scenarios = {
        "base": {"title": "x", "why": "x"},
        "leaves": {"leaver": "South", "leaves_after": 2026, "no_detriment": True},
    }
    read = upgraded(RawCase({"version": 2}, scenarios, {}))
    assert read.raw.scenarios["leaves"] == {"leaves": {"South": 2027}, "no_detriment": "by_year"}
    assert [change.partition(": ")[2] for change in read.changes] == [
        "leaves: leaver and leaves_after are now leaves: South in 2027, its first year out",
        "leaves: no_detriment is now 'by_year'",
    ]


def test_a_scenario_of_before_inherits_half_of_a_withdrawal_and_may_take_it_back():
    base = {"leaver": "South", "leaves_after": 2026}
    scenarios = {"base": base, "later": {"leaves_after": 2027}, "stays": {"leaver": ""}}
    read = upgraded(RawCase({"version": 2}, scenarios, {})).raw.scenarios
    assert [own["leaves"] for own in read.values()] == [{"South": 2027}, {"South": 2028}, {}]


def test_a_withdrawal_of_before_that_is_half_stated_is_left_for_the_checks_to_refuse():
    scenarios = {"base": {}, "half": {"leaver": "South"}}
    read = upgraded(RawCase({"version": 2}, scenarios, {})).raw.scenarios
    assert read["half"] == {"leaver": "South"}


def test_who_takes_part_is_said_in_words():
    study = study_of(
        terms=[("stranded_fraction", 0.75), ("leaver_share", 1), ("leaver_months", 18), ("entry_fee", 90)],
        West={"joins": "2025"}, East={"leaves": "2027"},
    )  # fmt: skip
    assert show.membership(study) == (
        "West joins from 2025/26, East is out from 2027/28, 75% of what a leaver pays stays to be paid, "
        "100% of it by itself for 18 months, it pays £90 on joining"
    )
    assert isinstance(study, Study)
