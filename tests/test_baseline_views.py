"""What notebook 01 shows, in every case and in cases that have what no published one has."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from cells import shown_in
from small import flow, small_study

from businesscase.cases.case import case_names
from businesscase.shown import baseline as show
from businesscase.shown import savings
from businesscase.shown.display import Table
from businesscase.study import Study, load_study

HEADINGS = [
    "How far can these figures be relied on?",
    "What does each partner spend, and on whom?",
    "Is that a lot?",
    "How well does the service run, and what do its users say?",
    "Which applications do the partners share?",
    "Who knows how it works, and who owns it?",
    "How is the cost of a user worked out?",
    "What would change this answer?",
]


def costs(study):
    return shown_in("baseline", study, "What does each partner spend, and on whom?")


def readings(study):
    return shown_in("baseline", study, "How well does the service run, and what do its users say?")


def changed(case="lictp-2020", **tables):
    """Return a base study with other tables."""
    study = load_study(case)
    return Study(replace(study.case, tables=study.tables | tables), "base", study.parameters)


@pytest.mark.parametrize("case", case_names())
@pytest.mark.parametrize("heading", HEADINGS)
def test_every_table_is_shown_or_says_in_a_sentence_that_it_is_not_there(case, heading):
    for table in shown_in("baseline", load_study(case), heading):
        assert isinstance(table, Table)
        shown = table._repr_html_()
        assert not re.search(r"\b(nan|inf)\b", shown)
        assert ('<p class="absent">' in shown) == table.empty


@pytest.mark.parametrize("case", case_names())
def test_the_answer_holds_no_blank(case):
    said = show.answer(load_study(case)).text
    assert not re.search(r"\bnan\b", said)
    assert "scores **" in said


def test_the_answer_says_how_much_of_it_is_assumed():
    assert "(4 of the 6 lines behind it are assumed)" in show.answer(load_study("lictp-2020")).text
    assert "(all 6 lines behind it are assumed)" in show.answer(load_study("mkip-2012")).text


@pytest.mark.parametrize("case", case_names())
def test_the_answer_is_at_most_six_sentences_however_much_the_case_has(case):
    said = show.answer(load_study(case)).text
    assert 2 <= len(re.findall(r"[.?!](?= |$)", said)) <= 6


def test_many_benchmarks_are_counted_and_the_furthest_named():
    # a user costs £2,939 of 4,643,838 over 1,580: £639 above 2,300 and £361 below 3,300
    assert (
        "It is above 4 of 5 benchmarks, by up to £1.01m (Lower quartile, cost of a user), and below "
        "1, by £570,000 (Upper quartile, cost of a user), whatever a benchmark counts beside"
    ) in show.answer(load_study("worked-example")).text


def test_benchmarks_all_on_one_side_are_named_once():
    study = load_study("worked-example")
    high = study.tables["benchmarks"].query("band == 'upper_quartile'")
    twice = pd.concat([high, high.assign(benchmark="Another", amount_gbp=3400.0)])
    said = show.answer(changed("worked-example", benchmarks=twice)).text
    assert (
        "It is below both benchmarks, by up to £728,000 (Another), whatever a benchmark counts beside"
        in said
    )


def test_many_measures_are_counted_and_those_that_moved_most_named():
    assert (
        "**Of 9 service measures by partner, 6 improved, 2 worsened and 1 held**; in proportion, what "
        "moved most is days to equip a new starter at Northmere for the better (from 9 to 7) and "
        "incidents solved at first contact at Westerfold for the worse (from over 60 to 56); 1 of 9 "
        "targets is reached."
    ) in show.answer(load_study("worked-example")).text


def test_many_surveys_are_counted_and_the_lowest_named():
    assert (
        "**Of 3 surveys of users after the change: 1 no worse, 1 worse and 1 not known**, where a "
        "fall of up to 5% of users still counts as no worse; the lowest is user satisfaction with "
        "ICT at Westerfold, which moved by -17.1% of users."
    ) in show.answer(load_study("worked-example")).text


def reworded(bounds):
    """Return Dacorum with other wordings of its two readings, over 400 and under 150 as printed."""
    measures = load_study("dacorum-avdc-2012").tables["service_measures"]
    return changed("dacorum-avdc-2012", service_measures=measures.assign(bound=bounds))


def test_a_wording_that_leaves_the_change_open_is_said_to():
    study = reworded(["under", "exactly"])
    assert (
        "**Pending helpdesk calls at Dacorum stood at 150** in April 2012, after under 400 in January "
        "2012: the wording leaves open whether it rose or fell."
    ) in show.answer(study).text
    table, _ = readings(study)
    assert table["improved"].tolist() == ["not known"]
    assert not re.search(r"\bnan\b", table._repr_html_())
    assert "service_measure_change" not in set(study.results["measure"])
    both = changed(
        "dacorum-avdc-2012",
        service_measures=pd.concat(
            [
                study.tables["service_measures"],
                study.tables["service_measures"].assign(partner="Aylesbury Vale"),
            ]
        ),
    )
    assert (
        "**Of 2 service measures by partner, 2 left open by the wording**."
        in show.answer(both).text
    )


def test_a_wording_that_leaves_no_doubt_is_an_improvement():
    assert (
        "**Pending helpdesk calls at Dacorum fell to under 150** in April 2012, from over 400 in "
        "January 2012: an improvement."
    ) in show.answer(reworded(["over", "under"])).text


def test_surveys_made_before_the_change_alone_say_nothing_of_it_yet():
    surveys = load_study("worked-example").tables["surveys"]
    before = surveys[surveys["stage"] == "before"].reset_index(drop=True)
    said = show.answer(changed("worked-example", surveys=before)).text
    assert "of 3 surveys none has numbers both before and after it." in said


def test_the_answer_says_that_carlisles_survey_has_no_numbers():
    said = show.answer(load_study("allerdale-carlisle-2008")).text
    assert "is **not known**, because no numbers are given before and after it" in said


def test_a_survey_with_numbers_is_shown_with_its_interval_and_its_margin():
    asked = pd.DataFrame(
        {
            "partner": "Melton",
            "survey": "users",
            "stage": ["before", "after"],
            "date": pd.to_datetime(["2020-05-01", "2022-05-01"]),
            "satisfied": pd.array([48, 56], "Int64"),
            "answers": pd.array([80, 70], "Int64"),
            "status": "assumed",
        }
    )
    study = changed(surveys=asked)
    _, table = readings(study)
    assert "95% intervals; a fall of up to 5%" in table.caption
    row = table.iloc[0]
    assert row["difference"] == "20.0% (5.2% to 33.4%)"
    assert row["outcome"] == "no worse"
    assert "Users at Melton after the change: **no worse**" in show.answer(study).text
    _, margins, _ = shown_in("baseline", study, "What would change this answer?")
    assert margins.loc[("users", "Melton")].to_dict() == {"Up to 2.5%": "no worse", "Up to 5.0%": "no worse", "Up to 10.0%": "no worse"}  # fmt: skip


def test_two_services_stand_in_rows_of_their_own():
    lines = load_study("lictp-2020").tables["service_costs"]
    web = lines["category"] == "web support"
    study = changed(service_costs=lines.assign(service=lines["service"].where(~web, "web")))
    services, units, _ = costs(study)
    assert len(services) == 6 and services["real_gbp"].sum() == 1_451_786
    assert units[["annual_cost", "users"]].sum().tolist() == [1_451_786, 1069]
    assert units["cost_per_user"].tolist() == pytest.approx([1_451_786 / 1069] * 3, abs=0.01)


def test_a_conversion_of_prices_shows_the_index_and_that_it_is_assumed():
    lines = load_study("lictp-2020").tables["service_costs"].assign(year=2018)
    _, _, table = costs(changed(service_costs=lines))
    assert table.caption == "Budget years whose costs are converted to prices of 2020/21: 1 of 1"
    assert "Price index of that year" in table.as_read()["labels"]
    assert table["index_status"].tolist() == ["assumed"]


def test_capital_has_a_column_where_there_is_some():
    lines = load_study("lictp-2020").tables["service_costs"]
    services, *_ = costs(changed(service_costs=lines.assign(funding=["revenue", "capital"] * 3)))
    assert {"revenue", "capital"} <= set(services)
    assert "capital" not in costs(load_study("lictp-2020"))[0]


def test_more_than_four_categories_are_drawn_in_four_colours():
    costs = load_study("lictp-2020").tables["service_costs"]
    drawn = show.cost_chart(changed(service_costs=costs.assign(category=list("abcdef")))).figure
    assert [trace.name for trace in drawn.data][-1] == "others"
    assert len(drawn.data) == 4
    assert sum(sum(trace.x) for trace in drawn.data) == pytest.approx(1_451_786)


def test_application_chart_colours_the_same_products_first():
    chart = show.answer_chart(load_study("allerdale-carlisle-2008"))
    assert chart.title.startswith("3 of 10 business functions run on the same product")
    assert chart.figure.data[0].text[2] == "same product"


def test_quality_chart_draws_every_table_of_a_full_baseline():
    chart = show.quality_chart(load_study("mkip-2012"))
    assert len(chart.figure.data[0].x) == 8


def test_trend_chart_draws_one_unit_and_the_target():
    calls = load_study("dacorum-avdc-2012").tables["service_measures"].assign(target=200.0)
    hours = calls.assign(measure="hours lost", unit="hours")
    study = changed("dacorum-avdc-2012", service_measures=pd.concat([calls, hours]))
    drawn = show.trend_chart(study).figure
    assert [trace.name for trace in drawn.data] == ["pending helpdesk calls, Dacorum"]
    assert drawn.layout.shapes[0].y0 == 200
    assert drawn.layout.annotations[0].text == "target 200"


def test_a_service_that_costs_nothing_is_spent_by_nobody_most():
    study = load_study("lictp-2020")
    free = changed(service_costs=study.tables["service_costs"].assign(amount_gbp=0.0))
    assert "nan" not in show.answer(free).text
    assert "nan" not in show.cost_chart(free).title


def test_a_lone_council_is_not_written_of_as_several():
    partners = [{"partner": "North", "role": "lead"}]
    costs = [{"partner": "North", "category": "staff", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": "500"}]  # fmt: skip
    flows = [
        flow("Posts", "saving", 900, (2025, 2028)),
        flow("Move", "one_off_cost", 300, (2024, 2024)),
    ]
    study = small_study(partners=partners, service_costs=costs, flows=flows)
    assert show.answer(study).text.startswith("**North spends £500 a year today**")
    assert "of which" not in show.answer(study).text
    assert "carries" not in show.answer_chart(study).title
    said = savings.answer(study).text
    assert "North must find up to £300" in said and "partnership" not in said
