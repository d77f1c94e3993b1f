"""A case with a fault is refused: where it is, what was found, what is allowed."""

import datetime as dt
import re

import pytest
from pytest import approx

from businesscase.calculations.savings import MOVED
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError, unknown_name
from businesscase.cases.schema import Flow
from businesscase.cases.validation.shared import DRAWN
from businesscase.shown import common
from businesscase.study import load_study
from businesscase_workbench import cli

LICTP, MKIP = "lictp-2020", "mkip-2012"
ALLERDALE, DURHAM = "allerdale-carlisle-2008", "durham-sunderland-2014"

# In the sentences, 'here' is the file and line that a test broke, 'file' is the file.

# what replaces an amount of 277000, and the sentence
AMOUNTS = {
    '"277,000"': "here, column amount_gbp: found '277,000'; it should be a plain number",
    "277,000": "here: found 11 cells; the header has 10",
    "£277000": "here, column amount_gbp: found '£277000'; it should be a plain number",
    "277_000": "here, column amount_gbp: found '277_000'; it should be a plain number",
    "2.77e5": "here, column amount_gbp: found '2.77e5'; it should be a plain number",
    "": "here, column amount_gbp: found ''; it should be a plain number",
    "-277000": "here, column amount_gbp: found -277000; it should be at least 0",
    "NaN": "here, column amount_gbp: found 'NaN'; it should be a plain number",
    "inf": "here, column amount_gbp: found 'inf'; it should be a plain number",
}

# what replaces first year, last year, part of the year, amount and fraction of a flow
FLOWS = {
    "2019,2020,1,10000,": "here: years 2019 to 2020 lie outside the appraisal, 2020 to 2026",
    "2020,2027,1,10000,": "here: years 2020 to 2027 lie outside the appraisal, 2020 to 2026",
    "2022,2021,1,10000,": "here: last_year 2021 is before first_year 2022",
    "2020,2020,3,10000,": "here, column year_fraction: found '3'; it should be less than or equal to 1",
    "2020,2020,0,10000,": "here, column year_fraction: found '0'; it should be greater than 0",
    "2020,2020,1,10000,0.5": "here: give one of amount_gbp and baseline_fraction",
    "2020,2020,1,,": "here: give one of amount_gbp and baseline_fraction",
    "2020,2020,1,,35": (
        "here, column baseline_fraction: found '35'; it should be less than or equal to 3"
    ),
}

# file, text that is replaced, what replaces it, and the sentence
ROWS = {
    "unknown partner": (
        "service_costs.csv",
        "Melton,web support",
        "Meltn,web support",
        "here: partner 'Meltn' is unknown; nearest: Melton",
    ),
    "an option by its letter alone": (
        "gates.csv",
        ",rank_acceptability,proposed,",
        ",rank_acceptability,b,",
        "here: item 'b' is an option by its letter alone; 'proposed' tests the option appraised, "
        "whichever it is, 'option b' that one in any case",
    ),
    "an option and a factor": (
        "gates.csv",
        ",rank_acceptability,proposed,",
        ',contribution,"c, Cost",',
        "here: item 'c, Cost' is an option by its letter alone; 'proposed, Cost' tests the option "
        "appraised, whichever it is, 'option c, Cost' that one in any case",
    ),
    "an option by a name that none has": (
        "gates.csv",
        ",rank_acceptability,proposed,",
        ",rank_acceptability,option z,",
        "here: option 'z' is unknown; allowed: a, b, c, d, e",
    ),
    "unknown source": (
        "partners.csv",
        "partner,published,melton-2020",
        "partner,published,melton-2002",
        "here: source 'melton-2002' is unknown; nearest: melton-2020; a new document goes under "
        "[sources] in case.toml",
    ),
    "assumed without a note": (
        "partners.csv",
        "Melton,partner,published,melton-2020,4.8,",
        "Melton,partner,assumed,melton-2020,4.8,",
        "here: the row is assumed and has no note; the note says why",
    ),
    "score above the scale": (
        "scores.csv",
        "b,Cost,finance view,4",
        "b,Cost,finance view,6",
        "here: score of b on Cost is 6; scores run from 0 to 5",
    ),
    "score below the scale": (
        "scores.csv",
        "b,Cost,finance view,4",
        "b,Cost,finance view,-0.5",
        "here: score of b on Cost is -0.5; scores run from 0 to 5",
    ),
    "missing driver": (
        "drivers.csv",
        "Melton,users,2020-07-31,229,published,melton-2020,9.1,\n",
        "",
        "file: users has no row for Melton; every partner needs one",
    ),
    "row of a partner that is leaving": (
        "drivers.csv",
        "Melton,users",
        "Oadby and Wigston,users,2020-07-31,90,published,melton-2020,9.1,\nMelton,users",
        "here: Oadby and Wigston is leaving; only partners that stay have rows here",
    ),
    "date that is a number": (
        "drivers.csv",
        "Melton,users,2020-07-31",
        "Melton,users,0",
        "here, column date: found '0'; it should be a date such as 2026-04-01",
    ),
    "yes for true": (
        "risk_bands.csv",
        ",true,",
        ",yes,",
        "here, column within_appetite: found 'yes'; it should be true or false",
    ),
    "threshold in words": (
        "gates.csv",
        ",at_most,0.02,",
        ",at_most,two,",
        "here, column threshold: found 'two'; it should be a plain number or a date such as "
        "2026-04-01",
    ),
    "printed figure with a comma": (
        "published.csv",
        ",0.467,0.0005,",
        ',"46,7",0.0005,',
        "here: found '46,7'; it should be a plain number",
    ),
    "printed figure in words": (
        "published.csv",
        ",0.467,0.0005,",
        ",nought,0.0005,",
        "here: found 'nought'; it should be a plain number",
    ),
    "printed date that is a number": (
        "published.csv",
        ",0.467,0.0005,fraction,",
        ",0.467,0.0005,date,",
        "here: found '0.467'; it should be a date such as 2026-04-01",
    ),
    "level that stands twice": (
        "risk_levels.csv",
        "impact,4,Catastrophic,",
        "impact,4,Critical,",
        "here: impact 'Critical' stands here twice",
    ),
    "likelihood not on the scale": (
        "risks.csv",
        ",Very High,",
        ",Very Hihg,",
        "here: likelihood 'Very Hihg' is unknown; nearest: Very High",
    ),
    "arrangement that does not say whether it settles its topic": (
        "governance.csv",
        'delegate the function to it",yes,published',
        'delegate the function to it",,published',
        "here, column settled: found ''; it should be 'yes', 'partly' or 'no'",
    ),
    "governance without what is settled": (
        "governance.csv",
        ",arrangement,settled,",
        ",arrangement,",
        "here: column settled is missing",
    ),
    "bands that overlap": (
        "risk_bands.csv",
        "Medium Risk,6,12",
        "Medium Risk,5,12",
        "file: score 5 lies in 2 bands; it must lie in one",
    ),
    "bands with a gap": (
        "risk_bands.csv",
        "Medium Risk,6,12",
        "Medium Risk,7,12",
        "file: score 6 lies in no band; it must lie in one",
    ),
    "tasks that wait for each other": (
        "tasks.csv",
        "1,Service design,105,,",
        "1,Service design,105,3,",
        "file: tasks wait for each other: 1 -> 3 -> 1",
    ),
    "unknown predecessor": (
        "tasks.csv",
        '"2,3SS+40"',
        '"2,9SS+40"',
        "file: task 4 follows task 9, which is unknown",
    ),
    "unreadable predecessor": (
        "tasks.csv",
        '"2,3SS+40"',
        '"2,3XS+40"',
        "here: predecessor '3XS+40' is not like 4, 2SS or 3FS+5",
    ),
    "missing column": (
        "drivers.csv",
        "driver,date,value,",
        "driver,date,",
        "here: column value is missing",
    ),
    "column that stands twice": (
        "drivers.csv",
        "driver,date,value,",
        "driver,date,value,value,",
        "here: column 'value' stands here twice",
    ),
    "misspelt column": (
        "drivers.csv",
        "driver,date,value,",
        "driver,date,vlaue,",
        "here: column 'vlaue' is unknown; nearest: value",
    ),
}

# what replaces the change of the scenario late-start, and the sentence
PARAMETERS = {
    "overrrun = 0.5": "here: parameter 'overrrun' is unknown; nearest: overrun",
    "realisation = true": ("here, parameter realisation: found True; it should be a valid number"),
    'realisation = "0.5"': (
        "here, parameter realisation: found '0.5'; it should be a valid number"
    ),
    "likelihood_shift = 1.0": (
        "here, parameter likelihood_shift: found 1.0; it should be a valid integer"
    ),
    "stranded_fraction = 35": (
        "here, parameter stranded_fraction: found 35; it should be less than or equal to 1"
    ),
    "discount_rate = 3.5": (
        "here, parameter discount_rate: found 3.5; it should be less than or equal to 0.2"
    ),
    "overrun = nan": "here, parameter overrun: found nan; it should be a finite number",
    'report_date = "31/12/2026"': (
        "here, parameter report_date: found '31/12/2026'; it should be a date such as 2026-04-01"
    ),
    "report_date = 2026": (
        "here, parameter report_date: found 2026; it should be a date such as 2026-04-01"
    ),
    'calendar = "scotland"': (
        "here, parameter calendar: found 'scotland'; it should be 'weekdays' or 'england'"
    ),
    'cost_apportionment = "devices"': (
        "here: cost_apportionment is 'devices'; the case has data for "
        "as_stated, equal, revenue_budget, users"
    ),
    'option = "z"': "here: option 'z' is unknown; allowed: a, b, c, d, e",
    "leaves = { Blaby = 2025.5 }": (
        "here, parameter leaves.Blaby: found 2025.5; it should be a valid integer"
    ),
    'leaves = { "Oadby and Wigston" = 2024 }': (
        "here: leaves 'Oadby and Wigston' is unknown; allowed: Hinckley and Bosworth, Blaby, Melton"
    ),
    "leaves = { Blaby = 2020 }": (
        "here: leaves is 2020 for Blaby, which joins in 2020; the first year out must be later"
    ),
    "joins = { Blaby = 2023 }\nleaves = { Blaby = 2022 }": (
        "here: leaves is 2022 for Blaby, which joins in 2023; the first year out must be later"
    ),
    "saving_mix = { devices = 1, equal = 1 }": (
        "here: saving_mix 'devices' is unknown; allowed: equal, revenue_budget, users"
    ),
    "cost_mix = { equal = 0 }": ("here: cost_mix is all 0; at least one weight must be above 0"),
    "user_growth = { Meltn = 0.1 }": "here: user_growth 'Meltn' is unknown; nearest: Melton",
    "weights = { Costs = 5 }": "here: weights 'Costs' is unknown; nearest: Cost",
    "weights = { Cost = 0, Deliverability = 0, Complexity = 0, Control = 0, Resilience = 0, "
    "Innovation = 0 }": "here: weights are all 0; at least one must be above 0",
    'extra_days = { "1" = -105.5 }': (
        "here: extra_days '1' leaves the task -0.5 days; 0 is the least"
    ),
    'extra_days = { "17" = 5 }': "here: extra_days '17' is unknown; nearest: 1",
    "horizon_years = 7": "here: horizon_years is 7; the case's term is 6 years",
}


def replaced(path, old, new):
    """Write a fault into a file and return the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults_of(case):
    """Return the sentences with which a case is refused, before anything is computed."""
    with pytest.raises(InputError) as refused:
        load_study(case)
    return refused.value.faults


def the_fault(data, file, old, new):
    """Break one file of a case and return the one sentence with which it is refused."""
    line = replaced(data / LICTP / file, old, new)
    (fault,) = faults_of(LICTP)
    place = f"data/{LICTP}/{file}"
    return fault.replace(f"{place} line {line}", "here").replace(place, "file")


def test_a_refusal_names_file_and_line_and_what_was_found_and_is_allowed(data_copy):
    line = replaced(
        data_copy / LICTP / "scores.csv", "b,Cost,finance view,4", "b,Cost,finance view,6"
    )
    assert faults_of(LICTP) == [
        f"data/lictp-2020/scores.csv line {line}: score of b on Cost is 6; scores run from 0 to 5"
    ]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_not_a_plain_number_is_refused(data_copy, amount):
    fault = the_fault(data_copy, "service_costs.csv", "2020,277000,", f"2020,{amount},")
    assert fault.startswith(AMOUNTS[amount])


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_outside_the_appraisal_or_without_one_amount_is_refused(data_copy, flow):
    first, last, rest = flow.split(",", 2)
    found = the_fault(data_copy, "flows.csv", "2020,2020,,1,10000,", f"{first},{last},,{rest}")
    assert found == FLOWS[flow]


@pytest.mark.parametrize("fault", ROWS)
def test_a_row_that_does_not_fit_the_rest_of_the_case_is_refused(data_copy, fault):
    file, old, new, sentence = ROWS[fault]
    assert the_fault(data_copy, file, old, new) == sentence


@pytest.mark.parametrize("text", PARAMETERS)
def test_a_parameter_that_the_case_cannot_have_is_refused(data_copy, text):
    scenarios = data_copy / LICTP / "scenarios.toml"
    replaced(scenarios, "duration_change = 0.2", text)
    (fault,) = faults_of(LICTP)
    assert fault.replace(f"data/{LICTP}/scenarios.toml [late-start]", "here") == PARAMETERS[text]


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("partners.csv", "Blaby"),
        ("scores.csv", "a, Cost, finance view"),
        ("factors.csv", "Cost"),
        ("risks.csv", "2"),
        ("gates.csv", "affordable"),
        ("published.csv", "baseline, user_share, Blaby"),
    ],
)
def test_a_row_that_stands_twice_is_refused(data_copy, file, found):
    path = data_copy / LICTP / file
    lines = path.read_text(encoding="utf-8").splitlines()
    again = next(line for line in lines if line.startswith(found.replace(", ", ",")))
    path.write_text("\n".join([*lines, again]) + "\n", encoding="utf-8")
    sentence = f"line {len(lines) + 1}: {found} stands here twice; once is allowed"
    assert faults_of(LICTP) == [f"data/{LICTP}/{file} {sentence}"]


def test_a_file_that_is_not_utf_8_is_refused(data_copy):
    path = data_copy / LICTP / "partners.csv"
    text = path.read_text(encoding="utf-8").replace("Lead authority", "£ authority")
    path.write_bytes(text.encode("cp1252"))
    assert faults_of(LICTP) == [
        f"data/{LICTP}/partners.csv: byte {text.index('£')} is not UTF-8; save the file as CSV UTF-8"
    ]


def test_a_file_as_a_spreadsheet_writes_it_is_read(data_copy):
    path = data_copy / LICTP / "partners.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text("\ufeff" + text + "\n\n", encoding="utf-8", newline="\r\n")
    assert len(load_case(LICTP).tables["partners"]) == 4


@pytest.mark.parametrize("file", ["case.toml", "scenarios.toml"])
def test_a_file_that_is_not_toml_is_refused_with_its_line(data_copy, file):
    path = data_copy / LICTP / file
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, 'title "again"']), encoding="utf-8")
    (fault,) = faults_of(LICTP)
    assert fault.startswith(f"data/{LICTP}/{file}: not TOML, ")
    assert f"(at line {len(lines) + 1}," in fault


def test_a_key_that_the_case_file_lacks_is_refused(data_copy):
    assert the_fault(data_copy, "case.toml", "last_year = 2026\n", "") == (
        "file: key last_year is missing"
    )


def test_a_preferred_option_that_the_case_does_not_have_is_refused(data_copy):
    assert the_fault(
        data_copy, "case.toml", 'preferred_option = "b"', 'preferred_option = "z"'
    ) == ("file: preferred_option 'z' is unknown; allowed: a, b, c, d, e")


def test_a_preferred_option_without_options_must_have_money(data_copy):
    replaced(data_copy / DURHAM / "case.toml", 'preferred_option = "a"', 'preferred_option = "z"')
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/case.toml: preferred_option 'z' is unknown; allowed: a"
    ]


def test_money_that_recurs_needs_a_year_after_the_decision(data_copy):
    replaced(data_copy / LICTP / "case.toml", "last_year = 2026", "last_year = 2020")
    sentence = (
        f"data/{LICTP}/case.toml: last_year and decision_year are both 2020; money that recurs needs "
        "a year after the decision's"
    )
    assert sentence in faults_of(LICTP)


@pytest.mark.parametrize("name", ["all", "All", "SHARED"])
def test_an_authority_cannot_have_a_name_that_means_something_else(data_copy, name):
    line = replaced(data_copy / DURHAM / "partners.csv", "\nDurham,", f"\n{name},")
    assert (
        f"data/{DURHAM}/partners.csv line {line + 1}, column partner: {name!r} is no name of an authority: "
        "'all' stands for all partners together and 'shared' for a pooled amount"
    ) in faults_of(DURHAM)


def test_a_case_that_every_partner_leaves_is_refused(data_copy):
    path = data_copy / DURHAM / "partners.csv"
    path.write_text(re.sub(r",(lead|partner),", ",leaving,", path.read_text()), encoding="utf-8")
    sentence = f"data/{DURHAM}/partners.csv: every partner is leaving; at least one must stay"
    assert sentence in faults_of(DURHAM)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "sensitivities.csv",
            "realisation,0.33,1.0",
            "realisation,33,100",
            "here: high of realisation is 100; it can be 0 to 1.5, as in a scenario",
        ),
        (
            "sensitivities.csv",
            "discount_rate,0.03,0.05,false",
            "own_year_weight,0.5,2,true",
            "here: drawn is true of own_year_weight; only realisation, delay_years, overrun, "
            "running_cost_change, baseline_cost_change, discount_rate, stranded_fraction, leaver_share, "
            "leaver_cap, exit_charge, entry_fee are drawn, so set it to false",
        ),
        (
            "finance_assumptions.csv",
            "pay_inflation,0.03",
            "pay_inflation,3",
            "here: pay_inflation is 3; it can be -0.1 to 0.3, as in a scenario",
        ),
        (
            "finance_assumptions.csv",
            "asset_life_years,5",
            "asset_life_years,5.5",
            "here: asset_life_years is 5.5; it is a whole number of years",
        ),
        (
            "finance_assumptions.csv",
            "\npay_inflation,0.03",
            "\nprice_inflation,0.03",
            "file: no row has the parameter pay_inflation; at least one is needed",
        ),
        (
            "optimism_bias.csv",
            ",0.10,2.00,",
            ",2.10,2.00,",
            "here: lower_fraction 2.1 is above upper_fraction 2",
        ),
    ],
)
def test_a_table_of_all_cases_holds_what_a_scenario_could(data_copy, file, old, new, sentence):
    line = replaced(data_copy / file, old, new)
    place = f"data/{file}"
    assert sentence.replace("here", f"{place} line {line}").replace("file", place, 1 if sentence.startswith("file") else 0) in faults_of(LICTP)  # fmt: skip


def test_what_may_be_drawn_are_the_levers_of_the_model():
    assert list(load_study("mkip-2012").savings.levers) == list(MOVED) == DRAWN[: len(MOVED)]


def test_an_appraisal_that_ends_before_it_starts_is_refused(data_copy):
    replaced(data_copy / DURHAM / "case.toml", "last_year = ", "last_year = 1999 # ")
    faults = [fault for fault in faults_of(DURHAM) if "case.toml" in fault]
    sentence = f"data/{DURHAM}/case.toml: last_year 1999 is before decision_year "
    assert len(faults) == 1
    assert faults[0].startswith(sentence)


def test_readiness_off_the_scale_in_an_unknown_area_or_missing_is_refused(data_copy):
    path = data_copy / DURHAM / "readiness.csv"
    place = f"data/{DURHAM}/readiness.csv"
    line = replaced(path, "culture,Durham,3", "cultures,Durham,3")
    assert faults_of(DURHAM) == [
        f"{place} line {line}: area 'cultures' is unknown; nearest: culture",
        f"{place}: Durham has no score in culture",
    ]
    replaced(path, "cultures,Durham,3", "culture,Durham,6")
    assert faults_of(DURHAM) == [
        f"{place} line {line}, column score: found '6'; it should be less than or equal to 5"
    ]


def test_a_case_without_scenarios_is_refused(data_copy):
    (data_copy / LICTP / "scenarios.toml").unlink()
    assert faults_of(LICTP) == [f"data/{LICTP}/scenarios.toml is missing"]


def test_a_case_whose_first_scenario_is_not_the_base_is_refused(data_copy):
    moved = '\n[first]\ntitle = "First"\nwhy = "To be first."\n\n[base]\n'
    assert the_fault(data_copy, "scenarios.toml", "\n[base]\n", moved) == (
        "file: the first scenario must be [base]"
    )


def test_an_option_that_an_assessor_leaves_out_is_refused(data_copy):
    path = data_copy / LICTP / "scores.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("b,Cost,finance view,")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    place = f"data/{LICTP}/scores.csv"
    sentence = f"{place}: option b has no score on Cost by finance view, who scores others on it"
    assert faults_of(LICTP) == [sentence]


@pytest.mark.parametrize("text", ["", '[basis]\ntitle = "A"\nwhy = "B"\n'])
def test_a_case_without_a_base_scenario_is_refused(data_copy, text):
    (data_copy / LICTP / "scenarios.toml").write_text(text, encoding="utf-8")
    assert faults_of(LICTP) == [f"data/{LICTP}/scenarios.toml: [base] is missing"]


def test_an_empty_case_file_is_refused_with_every_key_that_it_lacks(data_copy):
    (data_copy / LICTP / "case.toml").write_text("", encoding="utf-8")
    faults = faults_of(LICTP)
    assert f"data/{LICTP}/case.toml: key title is missing" in faults
    assert all(fault.endswith(" is missing") for fault in faults)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("decision_year = 2020", 'decision_year = "2020"', ", key decision_year: found '2020'; "),
        ("plan_start = 2021-01-04", "plan_start = 0", ", key plan_start: found 0; "),
        ("last_year =", "lastyear =", ": key 'lastyear' is unknown; nearest: last_year"),
        ("publisher =", "publsher =", ": key 'publsher' is unknown; nearest: publisher"),
    ],
)
def test_a_key_of_the_case_file_that_is_misspelt_or_of_another_type_is_refused(
    data_copy, old, new, sentence
):
    replaced(data_copy / LICTP / "case.toml", old, new)
    place = f"data/{LICTP}/case.toml"
    assert any(fault.startswith(place + sentence) for fault in faults_of(LICTP))


def test_a_key_that_is_misspelt_in_the_shared_sources_is_answered_with_its_own_keys(data_copy):
    replaced(data_copy / "sources.toml", "publisher =", "publsher =")
    sentence = "data/sources.toml [green-book]: key 'publsher' is unknown; nearest: publisher"
    assert sentence in faults_of(LICTP)


def test_a_scenario_without_a_title_is_refused_in_words(data_copy):
    title = 'title = "The service costs more than planned"\n'
    assert the_fault(data_copy, "scenarios.toml", title, "") == (
        "file [cost-overrun]: key title is missing"
    )


@pytest.mark.parametrize(
    "parameter", ["overrun = 75", 'option = "z"', "horizon_years = 7", "leaves = { Nobody = 2024 }"]
)
def test_a_parameter_that_every_scenario_inherits_is_refused_once(data_copy, parameter):
    fault = the_fault(data_copy, "scenarios.toml", "\n[base]\n", f"\n[base]\n{parameter}\n")
    assert fault.startswith("file [base]")


@pytest.mark.parametrize(
    ("found", "nearest"), [("risk.csv", "risks.csv"), ("senarios.toml", "scenarios.toml")]
)
def test_a_file_that_nothing_reads_is_refused_with_the_nearest_name(data_copy, found, nearest):
    (data_copy / LICTP / found).touch()
    (fault,) = faults_of(LICTP)
    assert fault.startswith(f"data/{LICTP}: file {found!r} is unknown; nearest: {nearest}")


def test_a_shared_table_that_nothing_reads_is_refused(data_copy):
    (data_copy / "discount_rate.csv").touch()
    assert faults_of(LICTP) == [
        "data: file 'discount_rate.csv' is unknown; nearest: discount_rates.csv"
    ]


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [("Green Book,0,30,", "Green Book,0,5,", 0), ("Green Book,31,75,", "Green Book,6,75,", 2)],
)
def test_a_year_of_the_appraisal_with_no_rate_or_two_is_refused(data_copy, old, new, rows):
    replaced(data_copy / "discount_rates.csv", old, new)
    place = "data/discount_rates.csv"
    sentence = f"{place}: year 6 of the appraisal lies in {rows} rows; it must lie in one"
    assert faults_of(LICTP) == [sentence]
    assert load_case(DURHAM)  # it appraises no money


def test_a_duplicate_in_a_shared_table_is_reported_where_it_is(data_copy):
    path = data_copy / "sensitivities.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    place = f"data/sensitivities.csv line {len(lines) + 1}"
    assert faults_of(LICTP) == [f"{place}: realisation stands here twice; once is allowed"]


def test_a_work_package_of_an_unknown_task_is_refused(data_copy):
    path = data_copy / ALLERDALE / "work_packages.csv"
    line = replaced(path, "\nTelephony,10,", "\nTelephony,100,") + 1
    assert faults_of(ALLERDALE) == [
        f"data/{ALLERDALE}/work_packages.csv line {line}: task '100' is unknown; nearest: 10"
    ]


def test_a_register_without_scales_is_refused(data_copy):
    folder = data_copy / LICTP
    (folder / "risk_levels.csv").unlink()
    place = f"data/{LICTP}/risk_levels.csv"
    assert faults_of(LICTP) == [
        f"{place}: no level of {axis}; risks.csv needs its scale"
        for axis in ("likelihood", "impact")
    ]


def test_scores_side_by_side_with_the_same_fault_are_one_sentence(data_copy):
    path = data_copy / LICTP / "risk_bands.csv"
    place = f"data/{LICTP}/risk_bands.csv"
    replaced(path, "Medium Risk,6,12", "Medium Risk,4,8")
    assert faults_of(LICTP) == [
        f"{place}: scores 4 to 5 lie in 2 bands; each must lie in one",
        f"{place}: scores 9 to 12 lie in no band; each must lie in one",
    ]
    path.unlink()
    assert faults_of(LICTP) == [f"{place}: scores 1 to 24 lie in no band; each must lie in one"]


def test_a_cost_of_a_risk_without_a_likelihood_is_refused(data_copy):
    replaced(
        data_copy / LICTP / "risks.csv",
        "1,The present contractor will not extend the contract beyond its end,Very High,Marginal,",
        "1,The present contractor will not extend the contract beyond its end,,Marginal,",
    )
    assert faults_of(LICTP) == [
        f"data/{LICTP}/risk_costs.csv line 2: risk 1 has a cost and no likelihood in risks.csv; "
        "without one its cost would not be counted"
    ]


def test_a_revenue_budget_that_a_partner_lacks_can_not_share_anything(data_copy):
    path = data_copy / MKIP / "service_costs.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(",revenue,2012,600000,", ",capital,2012,600000,"), encoding="utf-8"
    )
    replaced(path, "Swale,non-staff,non_staff,revenue,", "Swale,non-staff,non_staff,capital,")
    sentence = "saving_apportionment is 'revenue_budget'; the case has data for "
    assert any(sentence in fault for fault in faults_of(MKIP))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "savings,annual_cost_change_fraction,all,",
            "savings,annual_cost_chnage_fraction,all,",
            "measure 'annual_cost_chnage_fraction' is unknown; nearest: annual_cost_change_fraction",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "savings,annual_cost_change_fraction,all,",
            "savings,annual_cost_change_fraction,Meltn,",
            "item 'Meltn' is unknown; nearest: Melton",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ",at_most,0.02,",
            ",at_most,2020-12-16,",
            "the threshold is a date; annual_cost_change_fraction is a number",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_gate_on_what_no_result_of_the_base_holds_is_refused(data_copy, old, new, sentence):
    replaced(data_copy / LICTP / "gates.csv", old, new)
    with pytest.raises(InputError) as refused:
        _ = load_study(LICTP, "late-start").decision.gates
    (fault,) = refused.value.faults
    assert fault.startswith(f"data/{LICTP}/gates.csv: criterion 'affordable': ")
    assert sentence in fault


@pytest.mark.parametrize("command", ["check", "report"])
def test_check_and_report_refuse_a_misspelt_gate_before_anything_runs(data_copy, capsys, command):
    replaced(data_copy / ALLERDALE / "gates.csv", "plan,finish,all,", "plan,finsh,all,")
    assert cli.main([command, ALLERDALE]) == 1
    assert capsys.readouterr() == (
        "",
        f"data/{ALLERDALE}/gates.csv: criterion 'case ready for scrutiny': "
        "measure 'finsh' is unknown; nearest: finish, finish_p80, finish_p50\n",
    )


def test_a_gate_on_a_section_that_the_case_lacks_is_not_known():
    gates = load_study(LICTP).decision.gates.set_index("criterion")
    assert gates.at["partners ready", "outcome"] == "not known"


def test_a_pooled_line_that_no_rule_splits_is_refused(data_copy):
    path = data_copy / MKIP / "scenarios.toml"
    replaced(path, '\nsaving_apportionment = "revenue_budget"\n', "\n")
    assert faults_of(MKIP)[0] == (
        f"data/{MKIP}/scenarios.toml [base]: saving_apportionment is 'as_stated', but flows.csv "
        "pools 'Fewer posts and shared management'; name a rule that splits it"
    )


def test_faults_in_the_cells_of_several_files_are_reported_together(data_copy):
    folder = data_copy / LICTP
    cost = replaced(folder / "service_costs.csv", "2020,277000", '2020,"277,000"')
    gate = replaced(folder / "gates.csv", ",at_most,0.02,", ",at_mots,0.02,")
    replaced(folder / "drivers.csv", "driver,date,value", "driver,date,vlaue")
    replaced(folder / "scenarios.toml", "duration_change = 0.2", "duration_chnage = 0.2")
    faults = faults_of(LICTP)
    places = [f"service_costs.csv line {cost},", f"gates.csv line {gate},", "drivers.csv line 1:"]
    for place in [*places, "scenarios.toml [late-start]:"]:
        assert sum(fault.startswith(f"data/{LICTP}/{place}") for fault in faults) == 1
    assert len(faults) == 4


def test_faults_between_rows_are_reported_together_one_a_line(data_copy):
    folder = data_copy / LICTP
    replaced(folder / "scores.csv", "b,Cost,finance view,4", "b,Cost,finance view,6")
    replaced(folder / "tasks.csv", "1,Service design,105,,", "1,Service design,105,3,")
    replaced(folder / "scenarios.toml", "duration_change = 0.2", "horizon_years = 7")
    with pytest.raises(InputError) as refused:
        load_case(LICTP)
    assert len(refused.value.faults) == 3
    assert str(refused.value).splitlines() == refused.value.faults


def test_a_fault_in_one_case_does_not_touch_another(data_copy):
    replaced(data_copy / LICTP / "case.toml", "last_year = 2026\n", "")
    assert load_case(MKIP).file.last_year == 2022


def test_the_input_hash_tells_a_change_in_any_input(data_copy):
    before = load_case(LICTP).input_hash
    load_case.cache_clear()
    assert load_case(LICTP).input_hash == before
    replaced(data_copy / "discount_rates.csv", "in force since 2003", "in force from 2003")
    load_case.cache_clear()
    assert load_case(LICTP).input_hash != before


@pytest.mark.parametrize(
    ("case", "scenario", "changes", "sentence"),
    [
        ("lictp-2002", "base", {}, "case 'lictp-2002' is unknown; nearest: lictp-2020"),
        (LICTP, "late-strat", {}, "scenario 'late-strat' is unknown; nearest: late-start"),
        (LICTP, "base", {"realization": 1}, "'realization' is unknown; nearest: realisation"),
        (LICTP, "base", {"overrun": 75}, "parameter overrun: found 75; it should be less than"),
        (LICTP, "base", {"leaves": {"Blaby": "2025"}}, "parameter leaves.Blaby: found '2025'"),
        (LICTP, "base", {"overrun": "0.5"}, "parameter overrun: found '0.5'; it should be"),
        (
            DURHAM,
            "base",
            {"leaves": {"Durham": 2016}},
            "leaves names 'Durham'; the case has no money that recurs for a partner to leave",
        ),
        (
            DURHAM,
            "base",
            {"readiness_scores": {"governance": {"Durham": 6}}},
            "readiness_scores.governance.Durham: found 6; it should be less than or equal to 5",
        ),
        (ALLERDALE, "base", {"extra_days": {"20": 1}}, "extra_days '20' is unknown; nearest: 2"),
    ],
)
def test_what_is_given_by_hand_is_refused_too(case, scenario, changes, sentence):
    with pytest.raises(InputError) as refused:
        load_study(case, scenario, **changes)
    (fault,) = refused.value.faults
    assert sentence in fault


@pytest.mark.parametrize("date", ["2021-03-31", '"2021-03-31"'])
def test_a_report_date_may_stand_with_or_without_quotation_marks(data_copy, date):
    replaced(data_copy / LICTP / "scenarios.toml", "duration_change = 0.2", f"report_date = {date}")
    study = load_study(LICTP, "late-start")
    assert study.parameters.report_date == "2021-03-31"


def test_a_report_date_given_by_hand_may_be_a_date_and_must_look_like_one():
    assert (
        load_study(LICTP, report_date=dt.date(2021, 3, 31)).parameters.report_date == "2021-03-31"
    )
    for found in ("31/12/2026", 20_261_231, dt.datetime(2026, 12, 31, 12)):
        with pytest.raises(InputError) as refused:
            load_study(LICTP, report_date=found)
        assert refused.value.faults == [
            f"parameter report_date: found {found!r}; it should be a date such as 2026-04-01"
        ]


def test_a_change_that_is_none_leaves_what_the_scenario_says():
    study = load_study(LICTP, "cost-overrun", overrun=None, delay_years=0.5)
    assert (study.parameters.overrun, study.parameters.delay_years) == (0.75, 0.5)


def test_the_whole_term_is_the_longest_horizon():
    assert load_study(LICTP, horizon_years=6).years == list(range(2020, 2027))
    with pytest.raises(InputError, match="horizon_years is 7; the case's term is 6 years"):
        load_study(LICTP, horizon_years=7)


TRAINING = {
    "option": "a", "line": "Training", "flow": "one_off_cost", "category": "training", "funding": "revenue",
    "partner": "Swale", "first_year": 2013, "last_year": 2013, "amount_gbp": 10_000,
    "status": "assumed", "source": "maidstone-2012", "paragraph": "", "note": "Tried out.",
}  # fmt: skip


def test_an_added_row_counts_as_one_of_the_file_would_and_is_told_apart():
    without = load_study("mkip-2012")
    study = load_study("mkip-2012", added={"flows": [TRAINING]})
    change = study.savings.net_present_values - without.savings.net_present_values
    assert change["Swale"] == approx(-10_000 / 1.035)
    assert change.drop("Swale").tolist() == [0, 0]
    assert study.in_scenario("late-start").tables["flows"]["line"].iloc[-1] == "Training"
    assert study.case.input_hash != without.case.input_hash
    assert study.case.input_hash == load_study("mkip-2012", added={"flows": [TRAINING]}).case.input_hash  # fmt: skip
    assert load_study("mkip-2012") is without  # which no added row has touched


def test_the_page_says_that_rows_were_added():
    shown = common.made_from(load_study("mkip-2012", added={"flows": [TRAINING]})).frame
    assert dict(shown.to_numpy())["Rows added that no file holds"] == "flows: 1"
    assert "Rows added that no file holds" not in dict(common.made_from(load_study("mkip-2012")).frame.to_numpy())  # fmt: skip


def test_added_rows_are_refused_as_those_of_a_file_are_all_at_once():
    wrong = [
        TRAINING | {"amount_gbp": -1},
        TRAINING | {"partner": "Kent"},
        {"cost": "", **TRAINING},
    ]
    with pytest.raises(InputError) as refused:
        load_study("mkip-2012", added={"flows": wrong})
    negative, unknown = map(str, refused.value.faults)
    assert negative.startswith(
        "flows, added row 1, column amount_gbp: found -1; it should be at least 0"
    )
    assert unknown.startswith("flows, added row 3: column 'cost' is unknown; ")
    with pytest.raises(InputError, match="flows, added row 1: partner 'Kent'"):
        load_study("mkip-2012", added={"flows": wrong[1:2]})
    with pytest.raises(InputError, match="table 'flow' is unknown; nearest: flows"):
        load_study("mkip-2012", added={"flow": [TRAINING]})


def test_an_unknown_name_is_answered_with_the_nearest_or_else_with_all():
    names = ["North", "West"]
    assert unknown_name("partner", "NORTH", names) == "partner 'NORTH' is unknown; nearest: North"
    assert unknown_name("partner", "Q", names) == "partner 'Q' is unknown; allowed: North, West"


def test_a_profile_that_does_not_add_up_to_its_stated_total_is_refused(data_copy):
    replaced(data_copy / "mkip-2012" / "flows.csv", ",2014,2014,1,160000,", ",2014,2014,1,161000,")
    (fault,) = faults_of("mkip-2012")
    assert fault == (
        "data/mkip-2012/flows.csv line 2: line_total_gbp is 2,400,000, but the rows of 'Fewer posts "
        "and shared management' (option a, shared) add up to 2,401,000"
    )


def test_a_scenario_whose_name_can_not_be_a_folder_is_refused(data_copy):
    path = data_copy / LICTP / "scenarios.toml"
    replaced(path, "[late-start]", '["../late"]')
    (fault,) = faults_of(LICTP)
    assert "'../late' can't name a folder; use up to 60 letters of a to z, digits, hyphens" in fault


def test_kinds_of_project_and_mitigations_must_be_known_and_add_up(data_copy):
    case = data_copy / "mkip-2012"
    replaced(
        case / "case.toml", "[sources.", '[project_mix]\n"standard building" = 0.5\n\n[sources.'
    )
    replaced(case / "mitigations.csv", ",0.4,0.9,", ",0.5,0.9,")
    faults = faults_of("mkip-2012")
    assert any(
        "'standard building' is unknown; nearest: standard buildings" in fault for fault in faults
    )
    assert any("project_mix adds up to 0.5" in fault for fault in faults)
    assert any("contribution_fraction adds up to 1.1" in fault for fault in faults)


def test_a_second_budget_year_of_one_line_is_refused(data_copy):
    path = data_copy / LICTP / "service_costs.csv"
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    again = first.replace(",2020,", ",2019,")
    path.write_text("\n".join([header, first, *rest, again]) + "\n", encoding="utf-8")
    (fault,) = faults_of(LICTP)
    assert "has contract and client team for 2020 and 2019; one year of each is allowed" in fault


def test_an_option_is_one_lower_case_letter(data_copy):
    fault = the_fault(data_copy, "options.csv", "e,Join another", "E,Join another")
    assert fault == "here, column option: found 'E'; it should be one lower-case letter"


def test_a_saving_of_more_than_the_whole_cost_is_refused():
    row = {"option": "a", "line": "posts", "category": "staff", "funding": "revenue"}
    row |= {
        "partner": "North",
        "first_year": "2026",
        "last_year": "2027",
        "baseline_fraction": "1.1",
    }
    row |= {"status": "published", "source": "report", "paragraph": "1"}
    assert Flow.model_validate(row | {"flow": "running_cost"}).baseline_fraction == 1.1
    with pytest.raises(ValueError, match=r"baseline_fraction is 1\.1; a saving is at most 1, all"):
        Flow.model_validate(row | {"flow": "saving"})
