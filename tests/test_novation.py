"""Contracts that novate: who pays for them afterwards, what is paid once, and that no total changes otherwise."""

import datetime as dt

import pandas as pd
import pytest
from pytest import approx
from small import flow, small_case, small_study

from businesscase.cases.errors import InputError
from businesscase.study import Study

FLOWS = [
    flow("posts", "saving", 1_000, (2025, 2028), partner="South"),
    flow("move", "one_off_cost", 300, (2024, 2024), partner="North"),
    flow("team", "running_cost", 100, (2025, 2028), partner="North"),
    flow("team", "running_cost", 300, (2025, 2028), partner="South"),
]


def novated(**cells):
    """Return a row of contracts.csv as text: North's payroll, which all take on from 1 October 2025."""
    given = {
        "option": "a", "contract": "payroll", "partner": "North", "ends": "2027-03-31", "annual_gbp": "1200",
        "novated_to": "shared", "novated_on": "2025-10-01", "novation_gbp": "0",
    }  # fmt: skip
    return given | cells


def study_of(*contracts, flows=FLOWS, **given):
    return small_study(flows=flows, contracts=list(contracts), **given)


def moved(with_it, without):
    """Return how a novation changes what each partner has left, by year [£]."""
    change = with_it.savings.net_flows - without.savings.net_flows
    return change.loc[["North", "South"]].to_numpy()


# by hand


def test_the_host_pays_from_the_day_on_and_the_other_no_longer_does():
    # 182 of the 365 days of 2025/26 lie after 30 September
    found = moved(study_of(novated(novated_to="South")), study_of())
    freed = [0, 1_200 * 182 / 365, 1_200, 1_200, 1_200]
    assert found[0] == approx(freed)
    assert found[1] == approx([-amount for amount in freed])


def test_what_all_take_on_is_divided_as_the_scenario_divides_costs():
    # of running and one-off cost North states 4 × £100 and £300, South 4 × £300
    study = study_of(novated(novated_on="2026-04-01"))
    shares = study.savings.risk_shares.loc[:, 2026]
    assert shares.to_dict() == approx({"North": 700 / 1_900, "South": 1_200 / 1_900})
    found = moved(study, study_of())
    assert found[0, 2:] == approx([1_200 * 1_200 / 1_900] * 3, abs=0.01)
    equal = {"cost_apportionment": "equal"}
    assert moved(study.varied(**equal), study_of().varied(**equal))[0, 2:] == approx([600] * 3)


def test_a_charge_is_paid_once_by_who_takes_it_on():
    with_it, without = (
        study_of(novated(novated_to="South", novation_gbp=of)) for of in ("90", "0")
    )
    assert moved(with_it, without).tolist() == [[0] * 5, approx([0, -90, 0, 0, 0])]
    spent = with_it.savings.appraisal["one_off_cost"] - without.savings.appraisal["one_off_cost"]
    assert spent.to_dict() == approx({"all": 90, "North": 0, "South": 90})


def test_a_delay_moves_a_novation_by_as_much_and_leaves_its_amount():
    late = {"delay_years": 1}
    found = moved(study_of(novated(novated_to="South")).varied(**late), study_of().varied(**late))
    freed = [0, 0, 1_200 * 182 / 365, 1_200, 1_200]
    assert found.tolist() == [approx(freed), approx([-amount for amount in freed])]


def test_a_charge_is_as_agreed_whatever_the_project_costs_over_plan():
    study = study_of(novated(novation_gbp="90")).varied(overrun=0.5)
    charges = study.savings.flows.xs("novation_charge", level="flow")
    assert charges.sum(axis="columns").sum() == approx(90)


def test_what_follows_from_the_register_is_not_missed_among_what_came_true():
    actual = {"kind": "saving", "item": "posts", "partner": "South", "date": "2026-03-31", "year": "2025", "value": "900"}  # fmt: skip
    file = {"data_date": dt.date(2026, 4, 30)}
    case = small_case(file, flows=FLOWS, contracts=[novated(novation_gbp="90")], actuals=[actual])
    told = " ".join(map(str, Study.of(case, "base").findings))
    assert "is not reported" in told and "payroll, novation" not in told


def test_another_option_has_nothing_of_it():
    study = study_of(novated(option="b"))
    assert moved(study, study_of()).tolist() == [[0] * 5] * 2


# nothing is lost


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"realisation": 0.6, "running_cost_change": 0.2, "overrun": 0.5},
        {"delay_years": 1},
        {"cost_apportionment": "equal", "saving_apportionment": "equal"},
        {"leaves": {"South": 2027}},
        {"joins": {"North": 2026}},
    ],
)
@pytest.mark.parametrize("to", ["shared", "South"])
def test_a_novation_without_a_charge_changes_no_total_over_all_partners(setting, to):
    with_it, without = (
        study_of(*rows).varied(**setting) for rows in ([novated(novated_to=to)], [])
    )
    totals = [study.savings.net_flows.sum() for study in (with_it, without)]
    assert totals[0].tolist() == approx(totals[1].tolist(), abs=0.01)
    measures = ["total_saving", "net_present_value", "one_off_cost", "cashable_saving"]
    worth = [study.savings.appraisal.loc["all", measures].tolist() for study in (with_it, without)]
    assert worth[0] == approx(worth[1], abs=0.05)


def test_who_is_worse_off_follows_from_who_takes_it_on():
    study = study_of(novated(novated_to="South", annual_gbp="5000"))
    worth = study.savings.net_present_values
    assert worth["South"] < 0 < worth["North"]


def test_the_comparator_has_its_own_novations():
    rows = [*FLOWS, flow("patch", "extra_cost", 10, option="b")]
    both = [novated(option=option, novated_to="South") for option in "ab"]
    file = {"comparator": "b"}
    assert moved(study_of(*both, flows=rows, file=file), study_of(flows=rows, file=file)) == approx(
        0
    )


def test_a_blank_register_changes_nothing():
    plain = {"option": "", "novated_to": "", "novated_on": "", "novation_gbp": "500"}
    pd.testing.assert_frame_equal(
        study_of(novated(**plain)).savings.flows, study_of().savings.flows
    )


# what is refused and found


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"novated_on": "2027-04-01"}, "novated_on 2027-04-01 is after 2027-03-31, when the contract ends"),
        ({"replaced_by": "1", "premium_fraction": "0"}, "novated_on and replaced_by are both given; a contract is either taken on or released"),
        ({"novated_to": ""}, "novated_to and novated_on go together"),
        ({"novated_to": "North"}, "partner is 'North' and novated_to 'North'; give one authority that pays it today"),
        ({"partner": "shared"}, "partner is 'shared' and novated_to 'shared'"),
        ({"novated_to": "Sout"}, "novated_to 'Sout' is unknown; nearest: South"),
        ({"novated_on": "2024-05-31"}, "novated_on is 2024-05-31; it should be between the decision on 2024-06-01"),
        ({"ends": "", "rolling": "true", "novated_on": "2029-04-01"}, "the end of the appraisal on 2029-03-31"),
        ({"option": ""}, "option and replaced_by go together, or option and novated_on"),
    ],
)  # fmt: skip
def test_a_novation_that_does_not_hold_together_is_refused(cells, told):
    with pytest.raises(InputError, match=told):
        study_of(novated(**cells))


def test_a_charge_that_nobody_gives_and_cost_that_may_count_twice_are_found():
    def told(contract, flows):
        return " ".join(map(str, small_case(flows=flows, contracts=[contract]).findings))

    assert "nothing says what that costs" in told(novated(novation_gbp=""), FLOWS)
    assert "states a running cost in flows.csv" in told(novated(), FLOWS)
    quiet = told(novated(), FLOWS[:2])
    assert "novates" not in quiet


def test_lines_name_the_contract_on_both_sides():
    case = small_case(flows=FLOWS, contracts=[novated(novated_to="South", novation_gbp="5")])
    flows = Study.of(case, "base").savings.planned_flows
    names = set(zip(*(flows.index.get_level_values(name) for name in ("line", "partner")), strict=True))  # fmt: skip
    assert {("payroll, passed on", "North"), ("payroll, taken on", "South"), ("payroll, novation", "South")} < names  # fmt: skip
