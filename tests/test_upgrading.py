"""A case of an earlier release is read as it was meant, and brought forward with nothing lost."""

import re

import pytest

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.raw import RawCase
from businesscase.cases.upgrading import VERSION, upgraded
from businesscase.study import load_study
from businesscase_workbench import cli
from businesscase_workbench.own_case import upgrade_case

MKIP = "mkip-2012"


def edit(path, old, new):
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


@pytest.fixture
def old_case(data_copy):
    """Return the folder of a case as the first release had it: no version, criteria with a letter."""
    folder = data_copy / MKIP
    edit(folder / "case.toml", f"version = {VERSION}\n", "")
    edit(folder / "gates.csv", ",rank_acceptability,proposed,", ",rank_acceptability,a,")
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_case_of_an_earlier_release_is_read_as_it_was_meant_and_says_so(old_case):
    case = load_case(MKIP)
    assert case.file.version == VERSION
    assert case.findings[0] == (
        "case.toml: of an earlier release, and read as one of today: gates.csv: criterion winning option "
        "robust: item 'a' is now 'proposed'; `businesscase upgrade mkip-2012` writes that"
    )
    assert (
        load_study(MKIP, "outsourced").decision.recommendation == "stop"
    )  # option b is appraised there


def test_an_upgrade_changes_what_it_says_and_nothing_else(old_case, capsys):
    edit(
        old_case / "gates.csv",
        "criterion,question",
        '# our own remark, "kept"\n\ncriterion,question',
    )
    before = contents(old_case)
    assert cli.main(["upgrade", MKIP]) == 0
    said, after = capsys.readouterr().out, contents(old_case)
    assert {name for name in after if after[name] != before.get(name)} == {"case.toml", "gates.csv"}
    assert after["gates.csv"] == before["gates.csv"].replace(
        b",rank_acceptability,a,", b",rank_acceptability,proposed,"
    )
    assert set(after["case.toml"].splitlines()) - set(before["case.toml"].splitlines()) == {
        b"version = 3"
    }
    assert set(before["case.toml"].splitlines()) <= set(after["case.toml"].splitlines())
    assert re.search(r"^-winning option robust,.*,a,,at_least", said, re.M)
    assert re.search(r"^\+winning option robust,.*,proposed,,at_least", said, re.M)
    assert contents(old_case.with_name(f".{MKIP}.before-1")) == before
    assert not load_case(MKIP).findings
    assert cli.main(["upgrade", MKIP]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert not old_case.with_name(f".{MKIP}.before-2").exists()


def test_a_dry_run_shows_the_same_lines_and_writes_nothing(old_case, capsys):
    before = contents(old_case)
    assert cli.main(["upgrade", "--dry-run", MKIP]) == 0
    shown = capsys.readouterr().out
    assert contents(old_case) == before
    assert not old_case.with_name(f".{MKIP}.before-1").exists()
    cli.main(["upgrade", MKIP])
    written = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line[:1] in "+-@ "] == [
        line for line in written.splitlines() if line[:1] in "+-@ "
    ]


def test_lines_keep_their_ends_and_a_file_of_windows_stays_one(old_case):
    path = old_case / "gates.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    upgrade_case(MKIP)
    assert path.read_bytes() == before.replace(
        b",rank_acceptability,a,", b",rank_acceptability,proposed,"
    )


def test_a_case_with_a_fault_is_refused_with_every_fault_and_stays_as_it_is(old_case, capsys):
    edit(
        old_case / "gates.csv",
        ",savings,net_present_value,all,,at_least,0,stop",
        ",savings,net_present_value,all,,at_least,nil,stop",
    )
    edit(old_case / "partners.csv", "Maidstone,partner,", "Maidstone,leader,")
    before = contents(old_case)
    assert cli.main(["upgrade", MKIP]) == 1
    said = capsys.readouterr().err
    assert "gates.csv line 2, column threshold" in said
    assert "partners.csv line 2, column role" in said
    assert contents(old_case) == before


def test_which_option_is_meant_is_not_guessed_where_another_is_proposed(old_case):
    edit(old_case / "gates.csv", ",rank_acceptability,a,", ",rank_acceptability,b,")
    with pytest.raises(InputError, match="item 'b' is an option by its letter alone"):
        load_case(MKIP)


@pytest.mark.parametrize("version", ["4", "99"])
def test_a_case_of_a_later_release_is_refused_as_such(version, data_copy):
    edit(data_copy / MKIP / "case.toml", "version = 3", f"version = {version}")
    with pytest.raises(InputError) as refused:
        load_case(MKIP)
    assert refused.value.faults == [
        f"data/mkip-2012/case.toml, key version: version {version} is of a later release of this workbook, "
        "which reads up to 3"
    ]


@pytest.mark.parametrize("version", ["0", "-1", '"3"', "true", "1.5", "3.0"])
def test_what_can_be_no_version_is_refused(version, data_copy):
    edit(data_copy / MKIP / "case.toml", "version = 3", f"version = {version}")
    with pytest.raises(InputError, match="key version: found"):
        load_case(MKIP)


def test_an_unknown_case_is_named(data_copy, capsys):
    assert cli.main(["upgrade", "mkip-2021"]) == 2
    assert "case 'mkip-2021' is unknown; nearest: mkip-2012" in capsys.readouterr().err


def test_a_case_that_is_read_only_in_part_is_left_to_the_checks():
    assert upgraded(RawCase(None, {}, {})).raw.file is None
    raw = RawCase(
        {"preferred_option": "a"}, {}, {"gates": [{"section": "options"}, {"item": "a"}, {}]}
    )
    assert upgraded(raw).raw.tables == raw.tables


def test_flows_of_staff_follow_pay_and_a_remark_without_effect_goes():
    rows = [
        {"flow": "saving", "category": " Staff", "cashable": "false"},
        {"flow": "saving", "category": "agency"},
        {"flow": "running_cost", "category": "staff", "inflation": "prices", "cashable": "false"},
        {"flow": "one_off_cost", "category": "staff"},
    ]
    found = upgraded(RawCase({}, {}, {"flows": rows}))
    assert found.raw.tables["flows"] == [
        rows[0] | {"inflation": "pay"},
        rows[1],  # whether it follows pay is not ours to say: a finding names it
        rows[2] | {"cashable": "true"},
        rows[3] | {"inflation": "pay"},
    ]
    assert found.changes == [
        "flows.csv: cashable of a running_cost, which had no effect, is now 'true'",
        "flows.csv: inflation of the category staff is now 'pay' (2 rows)",
    ]
    assert upgraded(found.raw) == (found.raw, [])
