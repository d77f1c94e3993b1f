"""What others got as a prediction for one more, and which of them a case draws on."""

import numpy as np
import pytest
from cells import shown_in
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from small import flow, small_case, small_study

from businesscase.calculations.reference_class import DECILES, FEWEST, ReferenceClass
from businesscase.calculations.uncertainty import CHUNKS
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import load_study

SAVING = [flow("posts", "saving", 100), flow("move", "one_off_cost", 100, (2024, 2024))]


def odds(study):
    return shown_in("savings", study, "How sure is it?")[1]


def evidence(study):
    return shown_in("savings", study, "How sure is it?")[3]


RATIOS = st.lists(st.floats(0, 3), min_size=FEWEST, max_size=12)


def test_an_interval_of_four_cases_by_hand():
    # roots 0.5, 0.5, 1 and 1: mean 0.75, standard deviation 0.5 / root 3; the P90 of a t of 3 is 1.6377
    spread = 0.5 / 3**0.5 * (1 + 1 / 4) ** 0.5
    low, middle, high = ReferenceClass((0.25, 1.0, 1.0, 0.25)).at(DECILES)
    assert middle == approx(0.75**2)
    assert high == approx((0.75 + 1.637744 * spread) ** 2)
    assert low == approx((0.75 - 1.637744 * spread) ** 2, rel=1e-5)


def test_nil_has_a_place_and_nothing_lies_below_it():
    found = ReferenceClass((0.0, 0.0, 1.0, 1.0)).at(np.array([0.0, 0.01, 0.5]))
    assert found == approx([0, 0, 0.25])


@given(RATIOS, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_levels_rise_and_the_order_of_cases_is_of_no_account(ratios, first, second):
    found = ReferenceClass(tuple(ratios))
    below, above = found.at(np.sort([first, second]))
    assert 0 <= below <= above
    assert ReferenceClass(tuple(ratios[::-1])).at(np.array([first])) == approx(
        found.at(np.array([first])), abs=1e-9
    )


def test_the_same_outcomes_from_more_cases_foretell_more_narrowly():
    few, many = (ReferenceClass((0.25, 1.0) * count).at(DECILES) for count in (2, 20))
    assert few[0] < many[0] < many[2] < few[2]
    assert many[2] < (0.75 + 1.2816 * 0.27) ** 2  # near to a normal of that mean and spread


def test_coverage_counts_the_cases_that_the_others_foretold():
    # without 1 the others say 1 and nothing else, and without 4 the same
    assert ReferenceClass((1.0, 1.0, 1.0, 1.0, 4.0)).held == 4
    assert ReferenceClass((0.9, 1.0, 1.1, 1.0, 0.0)).held == 4
    assert ReferenceClass((1.0,) * 4).held == 4


def test_fewer_than_four_cases_have_no_interval():
    found = ReferenceClass((0.5, 1.0, 0.7))
    assert not found.has_interval
    with pytest.raises(ValueError, match="3 cases are too few for an interval; 4 are needed"):
        found.at(DECILES)


# a case and its class


def test_a_case_draws_on_shared_ict_alone_unless_it_says_otherwise():
    assert set(load_study("mkip-2012").uncertainty.evidence["reference_class"]) == {"shared ICT"}
    assert len(load_study("mkip-2012").uncertainty.reference_class["realisation"].ratios) == 4
    pooled = small_study(
        flows=SAVING,
        file={"pooled_classes": "shared back office, merger", "pooling_reason": "Much alike."},
    )
    counts = {name: len(of.ratios) for name, of in pooled.uncertainty.reference_class.items()}
    assert counts == {"realisation": 9, "overrun": 5}
    assert pooled.uncertainty.as_others.drawn_from_others == ["realisation", "overrun"]
    assert "merger (Much alike.), realisation rests on 9 cases" in evidence(pooled).caption


def test_a_measure_with_too_few_cases_is_drawn_from_its_range():
    study = load_study("mkip-2012", optimism_bias="applied")
    others = study.uncertainty.as_others
    assert others.drawn_from_others == ["realisation"]
    # the sample is the same, and so is what is not drawn from others
    drawn, plain = (part.drawn(0) for part in (others, study.uncertainty))
    assert (drawn["overrun"] == plain["overrun"]).all()
    assert not (drawn["realisation"] == plain["realisation"]).all()


def test_draws_follow_the_prediction_within_what_a_scenario_may_set():
    others = load_study("mkip-2012").uncertainty.as_others
    realised = np.concatenate([others.drawn(number)["realisation"] for number in range(CHUNKS)])
    expected = others.reference_class["realisation"].at(DECILES)
    assert np.percentile(realised, [10, 50, 90]) == approx(expected, rel=0.04)
    assert (realised.min(), realised.max()) == (0, 1.5)


def test_the_page_says_how_many_cases_a_figure_rests_on_and_how_often_the_interval_held():
    table = evidence(load_study("mkip-2012"))
    assert table.caption == (
        "What others planned and got: a small sample. Of shared ICT, realisation rests on 4 cases: "
        "52.9% of plan, 12.5% to 121.3% in eight cases of ten; such an interval of the others alone "
        "held 3 of the 4 cases; overrun rests on no cases, too few for an interval, which needs 4"
    )
    assert table["counts_here"].sum() == 4


def test_the_odds_as_it_went_for_others_are_shown_where_others_are_enough():
    assert "as_others" in odds(load_study("mkip-2012"))
    alone = small_study(flows=SAVING, file={"reference_class": "merger"})
    assert len(alone.uncertainty.reference_class["realisation"].ratios) < FEWEST
    assert "as_others" not in odds(alone)


def test_what_was_seen_only_in_an_excerpt_is_assumed():
    rows = load_case("mkip-2012").tables["evidence"]
    excerpts = rows["note"].str.startswith("Seen only in an excerpt")
    assert excerpts.sum() == 7
    assert set(rows.loc[excerpts, "status"]) == {"assumed"}


# refusals


def test_a_scenario_that_draws_from_too_few_is_refused_with_their_number():
    with pytest.raises(InputError) as caught:
        small_case(
            file={"reference_class": "merger"},
            scenarios={"as-others": {"realisation_from": "reference_class"}},
            flows=SAVING,
        )
    (fault,) = caught.value.faults
    assert fault == (
        "scenarios [as-others]: realisation_from is 'reference_class', but evidence.csv "
        "has 1 case of realisation in merger; an interval needs 4, so pool another class in case.toml "
        "(pooled_classes), or draw from the range"
    )


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"reference_class": "shared IT"}, "reference_class 'shared IT' is unknown; nearest: shared ICT"),
        (
            {"pooled_classes": "mergers", "pooling_reason": "Alike."},
            "pooled_classes 'mergers' is unknown; nearest: merger",
        ),
        (
            {"pooled_classes": "merger"},
            "pooled_classes is 'merger' without a pooling_reason; say why they tell something of this case",
        ),
    ],
)  # fmt: skip
def test_a_class_that_is_not_there_or_is_pooled_without_a_reason_is_refused(file, sentence):
    with pytest.raises(InputError) as caught:
        small_case(file=file)
    assert [str(fault).removeprefix("case: ") for fault in caught.value.faults] == [sentence]  # fmt: skip
