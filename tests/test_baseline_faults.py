"""A baseline with a fault is refused: where it is, what was found, what is allowed."""

import csv

import pytest

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import load_study

LICTP, ALLERDALE, MKIP = "lictp-2020", "allerdale-carlisle-2008", "mkip-2012"
ORIGIN = "assumed,melton-2020,9,because a test needs it"


def replaced(path, old, new):
    """Write a fault into a file and return the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def written(path, header, *lines):
    """Write a table whose rows all have one origin."""
    columns = f"{header},status,source,paragraph,note"
    path.write_text("\n".join([columns, *(f"{line},{ORIGIN}" for line in lines)]) + "\n", "utf-8")


def faults_of(case):
    """Return the sentences with which a case is refused."""
    load_case.cache_clear()
    with pytest.raises(InputError) as refused:
        load_study(case)
    return refused.value.faults


def test_users_below_zero_are_refused(data_copy):
    path = data_copy / LICTP / "drivers.csv"
    line = replaced(path, "2020-07-31,229", "2020-07-31,-5")
    assert faults_of(LICTP) == [
        f"data/{LICTP}/drivers.csv line {line}, column value: found '-5'; "
        "it should be greater than or equal to 0"
    ]


@pytest.mark.parametrize(
    ("case", "table", "partner"),
    [
        (ALLERDALE, "applications", "Allerdale"),
        (ALLERDALE, "skills", "Carlisle"),
        (MKIP, "assets", "Swale"),
        (MKIP, "service_costs", "Swale"),
    ],
)
def test_a_partner_that_a_compared_table_lacks_is_refused(data_copy, case, table, partner):
    path = data_copy / case / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] != partner]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    sentence = f"no row for {partner}; a comparison needs every partner"
    assert f"data/{case}/{table}.csv: {sentence}" in faults_of(case)


def test_a_year_without_a_price_index_is_refused_with_its_line(data_copy):
    path = data_copy / LICTP / "service_costs.csv"
    line = replaced(path, "2020,277000,", "1999,277000,")
    assert faults_of(LICTP) == [
        f"data/{LICTP}/service_costs.csv line {line}: year 1999 has no row in data/deflators.csv; "
        "it covers 2005 to 2036"
    ]


def test_a_decision_year_without_a_price_index_is_refused(data_copy):
    replaced(data_copy / LICTP / "service_costs.csv", "2020,277000,", "2019,277000,")
    replaced(data_copy / "deflators.csv", "\n2020,", "\n2040,")
    assert faults_of(LICTP) == [
        f"data/{LICTP}/case.toml: decision_year 2020 has no row in data/deflators.csv; it covers "
        "2005 to 2040; money of other years is brought to its prices"
    ]


def test_costs_of_the_decision_year_need_no_price_index(data_copy):
    (data_copy / "deflators.csv").unlink()
    load_case.cache_clear()
    assert load_study(LICTP).baseline.real_annual_cost.sum() == 1_451_786


def test_a_price_index_of_zero_is_refused_where_it_stands(data_copy):
    line = replaced(data_copy / "deflators.csv", "2020,85.1002,", "2020,0,")
    assert faults_of(LICTP) == [
        f"data/deflators.csv line {line}, column price_index: found '0'; it should be greater than 0"
    ]


def test_a_year_that_stands_twice_among_the_deflators_is_refused_where_it_stands(data_copy):
    line = replaced(data_copy / "deflators.csv", "\n2021,", "\n2020,") + 1
    assert faults_of(LICTP) == [
        f"data/deflators.csv line {line}: 2020 stands here twice; once is allowed"
    ]


def test_a_standard_that_is_missing_or_no_fraction_is_refused(data_copy):
    path = data_copy / "baseline_standards.csv"
    line = replaced(path, "margin,0.05", "margin,5")
    assert faults_of(LICTP) == [
        f"data/baseline_standards.csv line {line}: margin is 5; it is a fraction of at most 1"
    ]
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(row for row in text if not row.startswith("margin")), "utf-8")
    assert faults_of(LICTP) == [
        "data/baseline_standards.csv: margin has no row; every standard needs one"
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("Melton,users,before,,60,50", "satisfied is 60; it can be at most the 50 answers"),
        (
            "Melton,users,before,,60,",
            "satisfied and answers go together; one is given without the other",
        ),
        (
            "Melton,users,after,,60,80",
            "users at Melton has a survey after and none before; both are needed",
        ),
        ("Meltn,users,before,,60,80", "partner 'Meltn' is unknown; nearest: Melton"),
    ],
)
def test_a_survey_that_cannot_be_is_refused(data_copy, row, sentence):
    header = "partner,survey,stage,date,satisfied,answers"
    written(data_copy / LICTP / "surveys.csv", header, row)
    assert faults_of(LICTP) == [f"data/{LICTP}/surveys.csv line 2: {sentence}"]


def test_a_survey_after_that_is_older_than_the_one_before_is_refused(data_copy):
    written(
        data_copy / LICTP / "surveys.csv",
        "partner,survey,stage,date,satisfied,answers",
        "Melton,users,before,2020-05-01,60,80",
        "Melton,users,after,2019-05-01,60,80",
    )
    assert faults_of(LICTP) == [
        f"data/{LICTP}/surveys.csv line 3: users at Melton: the survey after is of 2019-05-01; "
        "it can't be before the first, of 2020-05-01"
    ]


def test_a_function_that_two_partners_spell_differently_is_refused(data_copy):
    path = data_copy / ALLERDALE / "applications.csv"
    line = replaced(path, "Carlisle,website", "Carlisle,Websites")
    assert faults_of(ALLERDALE) == [
        f"data/{ALLERDALE}/applications.csv line {line}: business_function 'Websites' is like "
        "'website' of another partner; the same function needs the same words"
    ]


@pytest.mark.parametrize(
    ("band", "amount", "sentence"),
    [
        (
            "median",
            "3000000",
            "has lower quartile 4,000,000, median 3,000,000; bands must rise",
        ),
        ("lower_quartile", "5000000", "has a second lower quartile; one is allowed"),
    ],
)
def test_bands_that_fall_or_stand_twice_are_refused(data_copy, band, amount, sentence):
    path = data_copy / LICTP / "benchmarks.csv"
    basis = '"three district councils, total ICT cost a year"'
    with path.open("a", encoding="utf-8") as file:
        file.write(f"Another,{basis},annual_cost,{band},{amount},{ORIGIN}\n")
    (fault,) = faults_of(LICTP)
    assert fault.startswith(f"data/{LICTP}/benchmarks.csv line ")
    assert fault.endswith(f": annual_cost of {basis[1:-1]} {sentence}")


def test_all_faults_of_a_baseline_are_reported_together(data_copy):
    replaced(data_copy / LICTP / "service_costs.csv", "2020,277000,", "1999,277000,")
    header = "partner,survey,stage,date,satisfied,answers"
    written(data_copy / LICTP / "surveys.csv", header, "Melton,users,after,,60,80")
    written(data_copy / LICTP / "skills.csv", "partner,skill,posts,people", "Melton,maps,1,1")
    faults = faults_of(LICTP)
    assert len(faults) == 4  # two partners lack their skills
    assert len({fault.split(":")[0] for fault in faults}) == 3
