"""The schema and its description."""

from conftest import ROOT

from businesscase.cases.case import described_data
from businesscase.cases.schema import (
    KEYS,
    SHARED_TABLES,
    TABLES,
    VALUE_COLUMNS,
    Figure,
    described,
)


def test_data_readme_describes_every_table_as_the_schema_has_it():
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert readme == described_data(readme), "run businesscase refresh"
    for stem in TABLES | SHARED_TABLES:
        assert f"### {stem}.csv" in readme


def test_every_table_has_a_key_of_its_own_columns():
    assert set(KEYS) == set(TABLES | SHARED_TABLES)
    for stem, model in (TABLES | SHARED_TABLES).items():
        origin = set(Figure.model_fields) if issubclass(model, Figure) else set()
        assert set(KEYS[stem]) <= set(model.model_fields) - origin
        assert set(VALUE_COLUMNS.get(stem, [])) <= set(model.model_fields)


def test_the_logs_are_the_tables_without_a_status_and_describe_all_their_columns():
    logs = [stem for stem, model in TABLES.items() if not issubclass(model, Figure)]
    assert logs == ["assumptions", "decisions", "data_log", "quality_checks"]
    for stem in logs:
        assert "status" not in TABLES[stem].model_fields
    columns = described().split("### data_log.csv")[1].split("###")[0]
    assert "- `source`: key of the document" in columns


def test_every_column_says_what_it_means():
    for model in (TABLES | SHARED_TABLES).values():
        assert all(field.description for field in model.model_fields.values())
