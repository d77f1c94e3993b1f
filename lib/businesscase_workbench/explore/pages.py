"""The explorers: which controls and views each has."""

from businesscase.cases.case import BASE
from businesscase.shown import decision as decision_views
from businesscase.shown import explore, options, risks, savings
from businesscase.study import Study
from businesscase_workbench.explore.explorer import Explorer, Page, View


def _of_study(view) -> View:
    """Return a view of a report as one of an explorer."""
    return lambda study, start: view(study)


def _overview_parameters(study: Study) -> list[str]:
    of_section = {
        "savings": [*_moved_by_savings(study), "delay_years", "overrun", "running_cost_change"],
        "risks": ["likelihood_shift", "appetite"],
        "plan": ["duration_change"],
    }
    present = study.case.section_names()
    return [name for section, names in of_section.items() if section in present for name in names]


def _overview_views(study: Study) -> tuple[View, ...]:
    worth = (
        (_of_study(savings.cumulative_chart),) if "savings" in study.case.section_names() else ()
    )
    return (explore.overview, *worth, _of_study(decision_views.reasons))


def _moved_by_savings(study: Study) -> list[str]:
    """Return the parameter that needs a saving to move, if the option states one."""
    return ["realisation"] if (study.savings.flow_lines["flow"] == "saving").any() else []


SAVINGS = Page(
    "What is saved, by whom and when?",
    "savings",
    "mkip-2012",
    lambda study: [
        *_moved_by_savings(study),
        "delay_years",
        "overrun",
        "running_cost_change",
        "discount_rate",
        "pay_inflation",
        "price_inflation",
        "user_growth",
        "horizon_years",
        "cost_apportionment",
        "saving_apportionment",
        "cost_mix",
        "saving_mix",
        "no_detriment",
        "joins",
        "leaves",
        # not leaver_cap, of which blank is no limit, and not ends_on, which is a date
        "stranded_fraction",
        "notice_years",
        "leaver_share",
        "leaver_months",
        "exit_charge",
        "entry_fee",
    ],
    explore.savings_headline,
    lambda study: (
        explore.savings_difference,
        _of_study(savings.cumulative_chart),
        _of_study(savings.fan_chart),
        _of_study(explore.savings_by_year),
    ),
)
OPTIONS = Page(
    "Which option is best, and on what does that rest?",
    "options",
    "lictp-2020",
    lambda study: ["weights", "scores"],
    explore.options_headline,
    lambda study: (
        _of_study(options.ranking_chart),
        _of_study(options.contributions_chart),
        _of_study(options.switching_chart),
        _of_study(options.acceptability),
    ),
)
RISKS = Page(
    "What can go wrong, and do we accept it?",
    "risks",
    "lictp-2020",
    lambda study: ["risk_positions", "appetite", "likelihood_shift", "risk_responses"],
    explore.risks_headline,
    lambda study: (_of_study(risks.matrix_chart), _of_study(risks.register)),
)
OVERVIEW = Page(
    "Should the partners go on?",
    "decision",
    "mkip-2012",
    _overview_parameters,
    explore.overview_headline,
    _overview_views,
)


def savings_explorer(case: str = "", scenario: str = BASE) -> Explorer:
    """Return sliders over the savings of a case."""
    return Explorer(SAVINGS, case, scenario)


def options_explorer(case: str = "", scenario: str = BASE) -> Explorer:
    """Return sliders over the weights and scores of a case's options."""
    return Explorer(OPTIONS, case, scenario)


def risks_explorer(case: str = "", scenario: str = BASE) -> Explorer:
    """Return controls over the risk register of a case."""
    return Explorer(RISKS, case, scenario)


def overview_explorer(case: str = "", scenario: str = BASE) -> Explorer:
    """Return the main sliders of a case with its recommendation."""
    return Explorer(OVERVIEW, case, scenario)
