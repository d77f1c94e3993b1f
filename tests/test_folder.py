"""A case's folder: what is written is read again, and what no case can be is refused at once."""

import os
import re
import shutil
import signal

import pytest
from conftest import ROOT, daily_of

from businesscase.cases.case import case_names, checked_case, input_hash, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import LARGEST_TABLE, read_folder, replace_parts, write_folder
from businesscase.cases.names import unsafe_name
from businesscase.cases.schema import TABLES
from businesscase_workbench import cli

CASE, SOUND = "mkip-2012", "dacorum-avdc-2012"
PARTNERS = "partner,role,status,source,paragraph,note\n"


def faults_of(case):
    with pytest.raises(InputError) as refused:
        load_case(case)
    return refused.value.faults


@pytest.mark.parametrize("case", daily_of(case_names(), "worked-example"))
def test_what_is_written_is_read_again(case, tmp_path):
    raw = read_folder(ROOT / "data" / case)
    write_folder(raw, tmp_path / case)
    again = read_folder(tmp_path / case)
    assert again.file == raw.file and again.scenarios == raw.scenarios
    for stem, rows in raw.tables.items():
        known = [{name: text for name, text in row.items() if text} for row in rows]
        assert [
            {name: text for name, text in row.items() if text} for row in again.tables[stem]
        ] == (known)
    first, second = checked_case(case, raw), checked_case(case, again)
    for stem, table in first.tables.items():
        assert table.equals(second.tables[stem]), stem


def test_each_table_says_above_its_header_what_its_columns_hold(tmp_path):
    write_folder(
        read_folder(ROOT / "data" / CASE), tmp_path / "own", {"actuals": {"kind": "saving"}}
    )
    for stem, model in TABLES.items():
        text = (tmp_path / "own" / f"{stem}.csv").read_text(encoding="utf-8")
        for name in model.model_fields:
            assert f"\n# {name}: " in text, (stem, name)
    costs = (tmp_path / "own" / "service_costs.csv").read_text(encoding="utf-8")
    assert "at most 0, in that year's prices [£] (a plain number)\n" in costs
    assert "\n# saving,,,,,,,,,,,,,\n" in (tmp_path / "own" / "actuals.csv").read_text(
        encoding="utf-8"
    )
    assert "\n# decision_date: date of the meeting (a date such as 2026-04-01)\n" in (
        tmp_path / "own" / "case.toml"
    ).read_text(encoding="utf-8")


def test_a_quotation_mark_that_breaks_a_row_is_told_with_its_line(data_copy):
    path = data_copy / CASE / "partners.csv"
    rows = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(f'{rows}\n"North "East"",lead,,,,\n', encoding="utf-8")
    line = rows.count("\n") + 2
    (said,) = faults_of(CASE)
    assert said.startswith(f"data/{CASE}/partners.csv line {line}: not a CSV file")


def test_comments_that_excel_has_quoted_and_padded_are_still_comments(data_copy):
    path = data_copy / CASE / "partners.csv"
    rows = path.read_text(encoding="utf-8")
    path.write_text('"# who, and how",,,,,\n#,,,,,\n\n' + rows, encoding="utf-8")
    assert load_case(CASE).tables["partners"]["partner"][0] == "Maidstone"
    load_case.cache_clear()
    path.write_text(path.read_text(encoding="utf-8").replace("Swale,", "Swale,,", 1), "utf-8")
    line = next(
        number
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if text.startswith("Swale,,")
    )
    assert faults_of(CASE) == [
        f"data/{CASE}/partners.csv line {line}: found 7 cells; the header has 6"
    ]


def test_a_folder_is_never_written_over(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(InputError, match="own exists; nothing is written over it"):
        write_folder(read_folder(ROOT / "data" / CASE), folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["own", "kept.txt"]


def test_a_folder_that_can_not_be_written_whole_is_not_written(tmp_path):
    raw = read_folder(ROOT / "data" / CASE)
    raw.tables["partners"][0]["partner"] = "\ud800"  # no file can hold it
    with pytest.raises(UnicodeEncodeError):
        write_folder(raw, tmp_path / "own")
    assert list(tmp_path.iterdir()) == []


def test_a_replacement_keeps_comments_other_files_and_the_former_folder(data_copy):
    folder = data_copy / CASE
    (folder / "notes.txt").write_text("ours", encoding="utf-8")
    text = (folder / "case.toml").read_text(encoding="utf-8")
    (folder / "case.toml").write_text("# our comment\n" + text, encoding="utf-8")
    former = {path.name: path.read_bytes() for path in folder.iterdir()}
    raw = read_folder(folder)
    raw.tables["partners"][0]["note"] = "the lead"
    raw.file["title"] = "Ours"
    before = replace_parts(raw, folder, ["partners", "case"])
    assert {path.name: path.read_bytes() for path in before.iterdir()} == former
    assert {path.name for path in folder.iterdir()} == set(former)
    changed = {path.name for path in folder.iterdir() if path.read_bytes() != former[path.name]}
    assert changed == {"partners.csv", "case.toml"}
    assert (
        (folder / "case.toml").read_text(encoding="utf-8").startswith("# our comment\nversion = ")
    )
    assert load_case(CASE).file.title == "Ours"
    assert load_case(CASE).tables["partners"]["note"][0] == "the lead"
    assert CASE in case_names() and not any(name.startswith(".") for name in case_names())


# hostile files


def test_a_table_of_200_mb_is_refused_before_it_is_read(data_copy):
    with (data_copy / CASE / "flows.csv").open("r+b") as file:
        file.truncate(200_000_000)  # a file of holes
    assert faults_of(CASE)[0] == f"data/{CASE}/flows.csv: found 200.0 MB; allowed is at most 20 MB"


@pytest.mark.long
def test_a_table_of_the_largest_size_is_read(data_copy):
    path = data_copy / CASE / "partners.csv"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"\n" * (LARGEST_TABLE - size))
    assert len(load_case(CASE).tables["partners"]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        "a" + ".a" * 100_000 + " = 1",
        "[" + "a." * 100_000 + "a]",
        "[" + '"a" . ' * 100_000 + "a]",
    ],
    ids=["arrays", "tables", "dotted key", "dotted table", "quoted dotted table"],
)
@pytest.mark.parametrize("file", ["case.toml", "scenarios.toml"])
def test_toml_that_is_nested_without_end_is_refused(data_copy, file, text):
    (data_copy / CASE / file).write_text(text, encoding="utf-8")
    assert faults_of(CASE) == [
        f"data/{CASE}/{file}: not TOML of a case, it is nested too deep",
    ]


def test_a_line_that_is_no_toml_is_shown_with_what_is_right(data_copy):
    path = data_copy / CASE / "case.toml"
    path.write_text("title = 'St Mary's'\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    (fault,) = faults_of(CASE)
    assert "(at line 1, column" in fault
    assert fault.endswith(
        "\"title = 'St Mary's'\"; a text stands in double quotation marks, a date is 2026-04-01, a "
        "fraction 0.35"
    )
    assert fault.details["line"] == 1


def test_a_date_in_quotation_marks_is_refused_with_how_it_is_written(data_copy):
    path = data_copy / CASE / "case.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"decision_date = (\S+)", r'decision_date = "\1"', text), "utf-8")
    assert faults_of(CASE) == [
        f"data/{CASE}/case.toml, key decision_date: found '2012-04-16'; it should be a date such as "
        "2026-04-01, without quotation marks"
    ]


def test_an_empty_row_of_a_spreadsheet_program_is_no_row(data_copy):
    path = data_copy / CASE / "partners.csv"
    path.write_text(path.read_text(encoding="utf-8") + ",,,,,\n", encoding="utf-8")
    assert len(load_case(CASE).tables["partners"]) == 3


def test_a_folder_without_case_toml_is_named(data_copy):
    (data_copy / CASE / "case.toml").unlink()
    assert faults_of(CASE) == [f"data/{CASE}/case.toml is missing, so the folder is no case"]


def test_a_decision_far_from_year_0_is_refused(data_copy):
    path = data_copy / CASE / "case.toml"
    text = path.read_text(encoding="utf-8")
    for date, apart in (("2015-03-31", 2), ("2015-04-01", 3)):  # year 0 is 2012/13
        path.write_text(re.sub(r"decision_date = \S+", f"decision_date = {date}", text), "utf-8")
        if apart == 3:
            assert faults_of(CASE) == [
                f"data/{CASE}/case.toml: decision_date 2015-04-01 and decision_year 2012 are 3 years "
                "apart; they can be 2"
            ]
        else:
            load_case(CASE)
            load_case.cache_clear()


def test_toml_nested_as_deep_as_its_reader_goes_is_told_in_a_short_sentence(data_copy):
    (data_copy / CASE / "case.toml").write_text("title = " + "[" * 90 + "]" * 90, encoding="utf-8")
    assert all(len(fault) < 300 for fault in faults_of(CASE))


def test_a_summary_of_many_sentences_is_no_nesting(data_copy):
    path = data_copy / CASE / "case.toml"
    text = path.read_text(encoding="utf-8")
    summary = 'summary = "' + "One. " * 1_000 + '"'
    start = text.index("summary = ")
    end = (
        text.index("\n", text.index('"""', start + 14))
        if '"""' in text[start:]
        else text.index("\n", start)
    )
    path.write_text(text[:start] + summary + text[end:], encoding="utf-8")
    assert load_case(CASE).file.summary.count("One.") == 1_000


def test_a_number_of_ten_thousand_digits_is_refused(data_copy):
    path = data_copy / CASE / "case.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text("last_year = " + "9" * 10_000 + "\n" + text, encoding="utf-8")
    (fault,) = faults_of(CASE)
    assert fault.startswith(f"data/{CASE}/case.toml: not TOML, ")


def test_a_toml_file_of_megabytes_is_refused(data_copy):
    (data_copy / CASE / "scenarios.toml").write_text("#\n" * 1_000_000, encoding="utf-8")
    assert faults_of(CASE) == [f"data/{CASE}/scenarios.toml: found 2.0 MB; allowed is at most 1 MB"]


def test_yaml_is_no_input_and_never_parsed(data_copy):
    (data_copy / CASE / "scenarios.yaml").write_text("[" * 100_000, encoding="utf-8")
    assert faults_of(CASE) == [
        f"data/{CASE}: file 'scenarios.yaml' is unknown; nearest: scenarios.toml"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a\0b",
            r"found '\x00' as character 2 of 'a\x00b'; allowed is text without control characters",
        ),
        ("a\x1bb", r"found '\x1b' as character 2 of 'a\x1bb'; allowed is text without control"),
        ("x" * 10_001, "found 10,001 characters; allowed are at most 10,000 characters"),
        ("x" * 201, "at most 200 characters"),
    ],
    ids=["NUL", "escape", "10,001 characters", "201 characters"],
)
def test_text_that_no_report_can_hold_is_refused_in_a_short_sentence(data_copy, text, said):
    path = data_copy / CASE / "partners.csv"
    path.write_text(path.read_text("utf-8").replace("Swale,", f"{text},", 1), encoding="utf-8")
    fault = next(fault for fault in faults_of(CASE) if "partners.csv" in fault)
    assert said in fault and len(fault) < 300
    assert fault.details["column"] == "partner"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("case.toml", 'title = "', 'title = "\\u0000', "case.toml, key title: found '\\x00' as character 1"),
        ("scenarios.toml", 'title = "', 'title = "\\u001b', "[base], key title: found '\\x1b' as character 1"),
        ("scenarios.toml", 'why = "', 'why = "' + "x" * 10_000, "key why: found 10,"),
        ("case.toml", "[sources.", '[sources."\\u0000"]\ntitle = "a"\npublisher = "b"\n[sources.', "key sources: found '\\x00'"),
    ],
    ids=["title", "scenario's title", "scenario's reason", "key of a source"],
)  # fmt: skip
def test_toml_that_holds_what_no_report_can_is_refused(data_copy, file, old, new, said):
    path = data_copy / CASE / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert [fault for fault in faults_of(CASE) if said in fault]


def test_a_case_folder_with_a_name_that_no_report_can_have_is_refused(data_copy):
    hostile = "<script>alert(1)<" if os.name == "nt" else "<script>alert(1)"
    shutil.move(data_copy / CASE, data_copy / hostile)
    assert faults_of(hostile)[0].startswith(
        "case '<script>alert(1)' can't name a folder; use up to 60"
    )


@pytest.mark.parametrize("name", ["my-case", "a", "2026_case", "x" * 60])
def test_a_plain_name_is_safe(name):
    assert unsafe_name("case", name) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "a b", "a.b", "-a", "_a", "CON", "nul", "lpt1", "a\0", "é", "x" * 61,
     "a\n", "a:b", "~", "🙂"],
)  # fmt: skip
def test_a_name_that_some_file_system_can_not_hold_is_refused(name):
    assert "can't name a folder" in unsafe_name("case", name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"partner;role;status\nEa;lead;published\n", "has semicolons between its cells; save it"),
        (b"partner\trole\nEa\tlead\n", "has tabs between its cells; save it with commas"),
        (b"PK\x03\x04\x14\x00\x06\x00\xd0\xff", "is a workbook, not CSV; give it to"),
    ],
)
def test_what_another_program_saved_is_named(data_copy, content, said):
    (data_copy / CASE / "partners.csv").write_bytes(content)
    assert any(said in fault for fault in faults_of(CASE))


# paths that are no files


def fifo(path):
    os.mkfifo(path)


def folder_of_its_name(path):
    path.mkdir()


def dangling(path):
    path.symlink_to("nobody@nowhere.4711:1764240000")  # as Emacs marks an unsaved buffer


def loop(path):
    path.symlink_to(path)


def endless(path):
    path.symlink_to("/dev/zero")


def of_holes(path):
    with path.open("wb") as file:
        file.truncate(50_000_000_000)


ODD = {
    folder_of_its_name: "is a folder; allowed is a file",
    fifo: "is a pipe; allowed is a file",
    dangling: "is a link to what isn't there; allowed is a file",
    loop: "can't be read: Too many levels of symbolic links",
    endless: "is a device; allowed is a file",
    of_holes: "found 50000.0 MB; allowed is at most ",
}


@pytest.fixture
def two_cases(data_copy):
    """Return a data folder with a case to break and one beside it; a test that waits for a pipe fails."""
    for path in data_copy.glob("*/case.toml"):
        if path.parent.name not in (CASE, SOUND):
            shutil.rmtree(path.parent)
    if hasattr(signal, "alarm"):
        signal.alarm(60)
    yield data_copy
    if hasattr(signal, "alarm"):
        signal.alarm(0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and devices among its files")
@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["tasks.csv", "scenarios.toml", "x.csv", ".#tasks.csv"])
def test_a_path_that_is_no_file_is_told_in_a_sentence_and_stops_no_other_case(
    two_cases, name, make, capsys
):
    path = two_cases / CASE / name
    path.unlink(missing_ok=True)
    make(path)
    code, said = cli.main(["cases"]), capsys.readouterr()
    assert f"{SOUND}: " in said.out
    if name.startswith("."):  # an editor's own
        assert code == 0 and f"{CASE}: " in said.out
        return
    assert code == 1 and f"{CASE}: " not in said.out
    (line,) = [line for line in said.err.splitlines() if line]
    if name == "x.csv":
        assert line.startswith(f"data/{CASE}: file 'x.csv' is unknown; ")
    else:
        assert line.startswith(f"data/{CASE}/{name}: {ODD[make]}")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and devices among its files")
@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_a_case_whose_case_toml_is_no_file_is_told_and_stops_no_other(two_cases, make, capsys):
    (two_cases / CASE / "case.toml").unlink()
    make(two_cases / CASE / "case.toml")
    cli.main(["cases"])
    said = capsys.readouterr()
    assert f"{SOUND}: " in said.out and f"{CASE}: " not in said.out
    if make not in (dangling, loop):  # where nothing is there the folder is no case
        assert f"data/{CASE}/case.toml: {ODD[make]}" in said.err
    assert cli.main(["check", CASE]) != 0
    assert f"data/{CASE}/case.toml" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("make", [fifo, dangling, folder_of_its_name])
def test_what_editors_hide_beside_the_cases_changes_no_fingerprint(data_copy, make):
    before = input_hash(data_copy / CASE)
    make(data_copy / ".#sources.toml")
    (data_copy / "an.archive.csv").mkdir()
    (data_copy / "2025.csv").mkdir()
    assert input_hash(data_copy / CASE) == before
    assert len(load_case(CASE).tables["partners"]) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_is_told(data_copy):
    (data_copy / CASE / os.fsdecode(b"k\xf6ln.csv")).write_text("")
    assert faults_of(CASE)[0].startswith(f"data/{CASE}: file 'k\\udcf6ln.csv' is unknown; ")
