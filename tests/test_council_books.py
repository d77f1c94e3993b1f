"""What councils keep is read as it says, or refused: never a third thing."""

import pytest
from conftest import inputs
from council_books import FLOWS, random_book

from businesscase.cases.errors import InputError
from businesscase.cases.schema import KEYS
from businesscase_workbench.spreadsheet import importing
from businesscase_workbench.spreadsheet.draft import suggest
from businesscase_workbench.spreadsheet.mapping import read_mapping


def imported(book, folder):
    """Return the tables of a book by the mapping drafted from it, None if it is refused."""
    path = folder / "mapping.toml"
    path.write_text(suggest(book.path, "A case").text, encoding="utf-8")
    try:
        raw = importing.read(book.path, mapping=read_mapping(path)).raw
    except InputError:
        return None
    return None if raw.faults or repeats(raw.tables) else raw.tables


def repeats(tables):
    """Return whether a table names a row twice, which no case may."""
    for stem, rows in tables.items():
        keys = [tuple(row[name] for name in KEYS[stem]) for row in rows]
        if len(keys) > len(set(keys)):
            return True
    return False


def costs_of(tables):
    found = {}
    for row in tables["service_costs"]:
        key = row["partner"], row["category"]
        found[key] = found.get(key, 0) + float(row["amount_gbp"])
    return found


def flows_of(tables):
    found = {}
    for row in tables["flows"]:
        assert row["flow"] == FLOWS[row["line"]]
        for year in range(int(row["first_year"]), int(row["last_year"]) + 1):
            key = (row["partner"], row["line"], year)
            assert key not in found
            found[key] = float(row["amount_gbp"])
    return found


@pytest.mark.parametrize("seed", range(inputs(50, 2_000)))
def test_a_book_is_read_as_it_says_or_refused(tmp_path, seed):
    book = random_book(tmp_path, seed)
    tables = imported(book, tmp_path)
    if tables is None:
        assert book.fault, "a book without a fault is refused"
        return
    assert costs_of(tables) == pytest.approx(book.costs)
    assert flows_of(tables) == pytest.approx(book.flows)
