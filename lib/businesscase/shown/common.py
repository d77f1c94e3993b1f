"""What every notebook ends with: checks, assumptions used, and what it was made from."""

import pandas as pd

from businesscase import __version__
from businesscase.calculations.wording import listed, printed, without_files, words
from businesscase.calculations.years import Month, with_known_dates
from businesscase.cases.case import BASE
from businesscase.cases.errors import InputError
from businesscase.cases.schema import KEYS, SECTION_TABLES, VALUE_COLUMNS
from businesscase.shown.display import Sentence, Table
from businesscase.study import Study, results
from businesscase.study.core import LACKS

QUALITY = {
    "published": "printed in the source",
    "derived": "worked out from printed figures",
    "assumed": "ours, with the reasoning given",
}


def together(study: Study, several: str = "the partnership") -> str:
    """Return what all partners together are called: a lone council is itself."""
    return study.partners[0] if len(study.partners) == 1 else several


def introduction(study: Study, section: str = "") -> Sentence:
    """State the case, who decides and which scenario this is.

    Raises
    ------
    InputError
        If a section is named of which the case has no data.
    """
    told = study.case.chapter_names()
    if section and section not in told:
        raise InputError(
            f"{study.case.name} has no {LACKS[section]}, so there is nothing to tell here; it has "
            f"data for {listed(told) or 'no notebook yet'}"
        )
    file, scenario = study.case.file, study.scenario
    changed = [words(name) for name in study.changed]
    besides = f" Changed here: {listed(changed)}." if changed else ""
    return Sentence(
        f"**{file.title}.** {file.question} For: {file.decision_maker}, "
        f"{printed(file.decision_date)}.\n\n"
        f"Scenario **{study.scenario_name}**: {scenario.title}. {scenario.why}{besides}"
    )


def reconciled(study: Study, section: str) -> pd.DataFrame:
    """Return the published figures of a section beside what the base scenario gives."""
    published = study.tables["published"]
    published = published[published["section"] == section]
    base = study.in_scenario(BASE)
    return results.reconciliation(published, results.of_figures(base.rows(section), published))


def checks(study: Study, section: str) -> Table:
    """Show the published figures beside those recomputed from the inputs."""
    table = reconciled(study, section)
    caption = f"Published figures beside those of the base scenario: {results.agreement(table)}"
    if table.empty:
        caption = (
            "No figure of this section is published, so there is none to hold the results against"
        )
    return Table(
        table.assign(measure=table["measure"].str.replace("_", " ")),
        caption,
        {
            "measure": "Measure",
            "item": "Item",
            "published": "Published",
            "recomputed": "Recomputed",
            "unit": "Unit",
            "agrees": "Agrees",
            "paragraph": "Paragraph",
        },
    )


def assumptions(study: Study, section: str) -> Table:
    """Show every input of a section with its status, source and reasoning."""
    return inputs(study, SECTION_TABLES[section])


def inputs(study: Study, stems: list[str]) -> Table:
    """Show every row of tables with its status, source and reasoning; posts in groups."""
    rows = [
        _assumption(stem, row)
        for stem in stems
        for row in with_known_dates(shown_rows(study, stem)).to_dict("records")
    ]
    columns = ["table", "what", "value", "status", "source", "paragraph", "note"]
    table = pd.DataFrame(rows, columns=columns)
    count = table["status"].value_counts()
    said = [f"{count[status]} {status}" for status in QUALITY if status in count]
    return Table(
        table,
        f"Inputs: {listed(said)}" if said else "This part has no inputs",
        {
            "table": "Table",
            "what": "What",
            "value": "Value",
            "status": "Status",
            "source": "Source",
            "paragraph": "Paragraph",
            "note": "Working or reasoning",
        },
    )


def shown_rows(study: Study, stem: str) -> pd.DataFrame:
    """Return the rows of a table as everybody may read them: posts in groups, none by itself."""
    if stem != "posts" or study.tables[stem].empty:
        return study.tables[stem]
    posts = study.tables[stem]
    origin = {name: listed(sorted(posts[name].unique())) for name in ("status", "source")}
    worst = next(name for name in reversed(QUALITY) if name in set(posts["status"]))
    note = "Told in groups of five posts or more, so that nobody's pay follows from it."
    return study.baseline.post_groups.assign(**origin | {"status": worst}, paragraph="", note=note)


def _assumption(stem: str, row: dict) -> dict:
    key = KEYS.get(stem, ["schedule", "first_year"])
    shown = [
        printed(row[name]) if isinstance(row[name], Month) else str(row[name])
        for name in key
        if name in row and not _blank(row[name])
    ]
    kept = {name: row[name] for name in ("status", "source", "paragraph", "note")}
    words = [name for name in row if name not in {*key, *kept}]  # where no column is the figure
    given = [name for name in [*VALUE_COLUMNS.get(stem, words), "posts_cost_gbp"] if name in row]
    values = [printed(row[name]) for name in given if not _blank(row[name])]
    return {
        "table": stem,
        "what": ", ".join(shown).replace(" 00:00:00", ""),
        "value": ", ".join(values) or "–",
        **kept,
    }


def _blank(value) -> bool:
    return value == "" or pd.isna(value)


def changes(study: Study) -> dict[str, str]:
    """Return the parameters that differ from the base scenario, as text."""
    base = study.in_scenario(BASE).parameters.model_dump()
    chosen = study.parameters.model_dump()
    return {name: str(value) for name, value in chosen.items() if value != base[name]}


def events(study: Study) -> Table:
    """Show gates, decisions and other dates around the plan."""
    table = study.tables["events"].sort_values("date", kind="stable")
    return Table(
        table,
        "Gates, decisions and other dates",
        {
            "date": "Date",
            "kind": "Kind",
            "event": "What happens",
            "status": "Status",
            "paragraph": "Paragraph",
        },
    )


def findings(study: Study) -> str:
    """Return what is to be remarked on the figures, a sentence each."""
    return " ".join(f"{without_files(finding)}." for finding in study.findings)


def _added(study: Study) -> dict[str, str]:
    """Return how many rows were added that no file holds, by table; nothing where none were."""
    counts = [f"{stem}: {count}" for stem, count in study.case.added.items()]
    return {"Rows added that no file holds": listed(counts)} if counts else {}


def made_from(study: Study) -> Table:
    """Show what a reader needs to make this notebook again."""
    differing = changes(study)
    rows = {
        "Case": study.case.name,
        "Scenario": study.scenario_name,
        "Parameters that differ from the base": ", ".join(
            f"{name} = {value}" for name, value in differing.items()
        )
        or "none",
        **_added(study),
        "Date of the figures": printed(study.case.file.data_date),
        "Fingerprint of the input files": study.case.input_hash,
        "Version of the calculations": __version__,
    }
    return Table(
        pd.DataFrame({"name": list(rows), "value": list(rows.values())}),
        "What this notebook was made from",
        {"name": "What", "value": "Value"},
    )
