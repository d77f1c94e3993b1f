"""What a report of a case will have and what it won't, on one screen, for whoever fills its tables in."""

from collections.abc import Iterator

from businesscase.calculations.wording import counted, listed, percent
from businesscase.cases import assurance
from businesscase.cases.schema import SHARED_TABLES, TABLES, Figure
from businesscase.study import Study

CHAPTERS = {
    # by section: what the report has of it, what to add, and what its lack costs the decision
    "baseline": ("what is spent today", "service_costs", "no saving can be held against a budget"),
    "options": ("options", "options", "nothing shows that another way isn't better"),
    "savings": ("costs and savings", "flows", "there is no money to decide on"),
    "risks": ("risks", "risks", "there is no contingency, and no worth less what may go wrong"),
    "plan": ("the plan", "plan", "nobody can say when it is done, or what delay costs"),
    "readiness": ("readiness", "readiness", "nothing shows that the partners can work together"),
    "decision": ("criteria", "gates", "no verdict follows from the figures"),
}
NEEDED = {
    # tables without which a chapter says less, and what it then can't say
    "drivers": "no cost a user, and shared amounts are divided equally",
    "headroom": "affordable is tested against today's cost alone",
    "risk_costs": "risks have scores and no money",
    "conditions": "a condition has nobody to meet it",
    "resolutions": "the cabinet has no words to pass",
    "implications": "law, staff and equality are not written on",
    "assumptions": "nobody answers for what is assumed",
    "exit_terms": "what leaving costs is not known",
}


def outlook(study: Study) -> list[str]:
    """Return what a report will have, what it won't, how much is assumed, and the next step."""
    return [*_has(study), *_lacks(study), *_assumed(study), f"next: {_next(study)}"]


def _has(study: Study) -> Iterator[str]:
    chapters = [CHAPTERS[name][0] for name in study.case.chapter_names() if name in CHAPTERS]
    if chapters:
        yield f"the report will have {counted(len(chapters), 'chapter')}: {listed(chapters)}"


def _lacks(study: Study) -> Iterator[str]:
    has = study.case.chapter_names()
    for section, (words, add, costs) in CHAPTERS.items():
        if section not in has:
            yield f"without {words}: {costs} (businesscase add {add} {study.case.name})"
    for stem, costs in NEEDED.items():
        is_told = stem == "risk_costs" and "risks" not in has  # the risks themselves are lacking
        if study.tables[stem].empty and not is_told:
            yield f"without {stem.replace('_', ' ')}: {costs} (businesscase add {stem} {study.case.name})"


def _assumed(study: Study) -> Iterator[str]:
    """Yield how much of what the case states is assumed, by rows and by the pounds of its flows."""
    status = [
        one
        for stem, model in TABLES.items()
        if issubclass(model, Figure) and stem not in SHARED_TABLES
        for one in study.tables[stem]["status"]
    ]
    if not status:
        return
    count = status.count("assumed")
    said = f"assumed: {count:,} of {counted(len(status), 'row')}"
    flows = study.tables["flows"]
    money = flows["amount_gbp"].fillna(0.0)
    if money.sum():
        said += f", {percent(money[flows['status'] == 'assumed'].sum() / money.sum(), 0)} of the pounds in flows"
    yield said


def _next(study: Study) -> str:
    """Return the one thing to do next: what stands in the way of a decision comes first."""
    name = study.case.name
    if worked := assurance.worked_rows(study.tables):
        return f"put your own rows in place of the worked ones, first in {next(iter(worked))}.csv"
    if missing := list(study.decision.missing.values()):
        return str(missing[0])
    if findings := study.findings:
        return f"look at the first finding: {findings[0]}"
    if lacking := next(
        (
            add
            for section, (_, add, _) in CHAPTERS.items()
            if section not in study.case.chapter_names()
        ),
        "",
    ):
        return f"businesscase add {lacking} {name}"
    return f"businesscase report {name} --formats docx"
