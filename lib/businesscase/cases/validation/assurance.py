"""Faults of the logs: names that the case does not have, and data used up before it came."""

from collections.abc import Iterator

from businesscase.cases.assurance import item_column
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import FIGURE_TABLES, SECTION_TABLES, SHARED_TABLES
from businesscase.cases.validation.core import PlacedFault, Tables


def assurance_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield entries of the logs that name no table, item or section, or end before they begin."""
    stems = list(dict.fromkeys([*FIGURE_TABLES, *SHARED_TABLES]))
    for log in ("assumptions", "data_log"):
        for index, stem in tables[log]["table"].items():
            if stem not in stems:
                yield log, index, unknown_name("table", stem, stems)
    yield from _item_faults(tables, stems)
    receipts = tables["data_log"]
    for index, row in receipts[receipts["sunset"] < receipts["received"]].iterrows():
        yield (
            "data_log",
            index,
            f"sunset {row['sunset'].date()} is before {row['received'].date()}, when the figures were "
            "received",
        )
    for index, part in tables["quality_checks"]["part"].items():
        if part not in SECTION_TABLES:
            yield "quality_checks", index, unknown_name("part", part, SECTION_TABLES)
    if tables["assurance_standards"].empty:
        sentence = "wrong_by has no row; every standard needs one"
        yield "assurance_standards", None, sentence


def _item_faults(tables: Tables, stems: list[str]) -> Iterator[PlacedFault]:
    """Yield assumptions on an item that the table does not have: they would vouch for nothing."""
    for index, row in tables["assumptions"].iterrows():
        stem, item = row["table"], row["item"]
        if not item or stem not in stems:
            continue
        column = item_column(stem)
        known = list(dict.fromkeys(tables[stem][column].astype(str)))
        if item not in known:
            yield "assumptions", index, unknown_name(f"{column} of {stem}.csv", item, known)
