"""A case has one writer at a time, and whatever is cut off loses none of it."""

import datetime as dt
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from businesscase.cases import folder
from businesscase.cases.case import changing, input_hash, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import read_folder, replace_parts, settled, writing
from businesscase.cases.scenario_file import write_scenario
from businesscase.cases.schema import SHARED_TABLES, TABLES
from businesscase.study import load_study
from businesscase_workbench import cli
from businesscase_workbench.case_import import import_case
from businesscase_workbench.own_case import new_case

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")

TODAY = dt.date(2026, 11, 25)
CASE, KILLED, REFUSED = "our-case", 9, 3
FILES = {f"{stem}.csv" for stem in TABLES} | {"case.toml", "scenarios.toml"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with one case, whose partners are Ea and Bee."""
    place = tmp_path_factory.mktemp("made") / "data"
    place.mkdir()
    for name in ("sources.toml", *(f"{stem}.csv" for stem in SHARED_TABLES)):
        shutil.copy(ROOT / "data" / name, place / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUSINESSCASE_DATA", str(place))
        new_case(CASE, ["Ea", "Bee"], TODAY)
    return place


@pytest.fixture
def data(made, tmp_path, monkeypatch):
    """Return a copy of it that a test may break; tables to import lie beside it."""
    copied = shutil.copytree(made, tmp_path / "data")
    monkeypatch.setenv("BUSINESSCASE_DATA", str(copied))
    monkeypatch.chdir(tmp_path)
    load_case.cache_clear()
    update(9)
    yield copied
    load_case.cache_clear()


def update(amount):
    """Write tables with an amount or text of their own, to be imported."""
    for stem, lines in {
        "service_costs": f"partner,category,funding,year,amount_gbp\nEa,staff,revenue,2027,{amount}\nBee,staff,revenue,2027,{amount}",
        "assets": f"partner,asset,owner_rule\nEa,Servers,Rule {amount}\nBee,Servers,Rule {amount}",
    }.items():
        Path(f"{stem}.csv").write_text(lines + "\n", encoding="utf-8")


def imports(stem="service_costs"):
    import_case(Path(f"{stem}.csv"), CASE, (), update=True)


def content(place):
    return {path.name: path.read_bytes() for path in place.iterdir()}


def forked(does, *arguments):
    """Call a function in a process of its own and return its number; an InputError is its exit code 3."""
    process = os.fork()
    if process:
        return process
    try:
        does(*arguments)
    except InputError:
        os._exit(REFUSED)
    except BaseException:
        os._exit(1)
    os._exit(0)


def ended(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def at_once(*calls):
    """Return the exit codes of calls that begin together, each in a process."""
    begun, begin = os.pipe()

    def waits(does, *arguments):
        os.close(begin)
        os.read(begun, 1)
        does(*arguments)

    processes = [forked(waits, *call) for call in calls]
    os.close(begin)  # all of them go on
    os.close(begun)
    return [ended(process) for process in processes]


def cut_off(before, does):
    """Call a function in a process that is killed before its so-manieth rename."""

    def killed():
        rename, renames = Path.rename, iter(range(before))

        def last(path, target):
            if next(renames, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(path, target)

        Path.rename = last
        does()

    return ended(forked(killed))


# two at once


def test_two_updates_at_once_both_arrive_and_each_keeps_the_case_before_it(data):
    for turn in range(1, 4):
        update(turn)
        assert at_once((imports, "service_costs"), (imports, "assets")) == [0, 0]
        assert set(content(data / CASE)) == FILES
        load_case.cache_clear()
        case = load_case(CASE)
        assert set(case.tables["service_costs"]["amount_gbp"]) == {turn}
        assert set(case.tables["assets"]["owner_rule"]) == {f"Rule {turn}"}
        assert {"service_costs.csv", "assets.csv"} <= {
            source.title for source in case.file.sources.values()
        }
    kept = sorted(path.name for path in data.glob(".*"))
    assert kept == sorted(f".{CASE}.before-{number}" for number in range(1, 7))
    assert all(set(content(data / name)) == FILES for name in kept)


@pytest.mark.parametrize("names", [("their-case", "their-case"), ("their-case", "Their-Case")])
def test_of_two_new_cases_of_one_name_one_is_made_whole_and_the_other_refused(data, names):
    for turn in range(4):
        calls = [(new_case, f"{name}-{turn}", ["Ea"], TODAY) for name in names]
        assert sorted(at_once(*calls)) == [0, REFUSED]
        (made,) = data.glob(f"*heir-*ase-{turn}")
        assert set(content(made)) == FILES
    assert not list(data.glob(".*"))


def test_scenarios_saved_at_once_and_beside_an_update_are_all_kept(data):
    parameters = load_study(CASE, horizon_years=7).parameters
    names = [f"saved-{number}" for number in range(3)]
    saves = [(write_scenario, CASE, name, "Title", "Why", parameters) for name in names]
    assert at_once(*saves, (imports,)) == [0] * 4
    load_case.cache_clear()
    case = load_case(CASE)
    assert set(names) <= set(case.scenarios)
    assert set(case.tables["service_costs"]["amount_gbp"]) == {9}


def test_who_waits_in_vain_is_told_who_writes(data, monkeypatch):
    def holds():
        with changing(CASE):
            Path("held").touch()
            time.sleep(60)

    process = forked(holds)
    while not Path("held").exists():
        time.sleep(0.01)
    monkeypatch.setattr(folder, "PATIENCE", 0.1)
    before = content(data / CASE)
    with pytest.raises(InputError, match=f"data/{CASE}: process {process} on .* is writing to it"):
        imports()
    assert content(data / CASE) == before and settled(data) == []
    os.kill(process, signal.SIGKILL)
    ended(process)
    imports()  # the system has freed it


def test_the_writer_itself_may_write_in_parts(data):
    raw = read_folder(data / CASE)
    with writing(data / CASE), writing(data / CASE):
        replace_parts(raw, data / CASE, ["partners"])
    assert [path.name for path in data.glob(".*")] == [f".{CASE}.before-1"]


# cut off


@pytest.mark.parametrize(
    ("renames", "new", "said"),
    [
        (0, False, "was cut off, and is undone; the case is as it was before, run it again"),
        (1, False, "was cut off, and is undone; the case is as it was before, run it again"),
        (2, True, "was cut off, and is now finished; the case as it was before is kept beside it"),
    ],
)
def test_an_update_that_is_killed_is_undone_or_finished_by_the_next_command(
    data, renames, new, said, capsys
):
    before = content(data / CASE)
    assert cut_off(renames, imports) == -signal.SIGKILL
    assert cli.main(["cases"]) == 0
    told = capsys.readouterr()
    assert said in told.err and f"{CASE}: " in told.out
    after = content(data / CASE)
    changed = {name for name in FILES if after[name] != before[name]}
    written = {"service_costs.csv", "case.toml", "assumptions.csv", "data_log.csv"}
    assert changed == (written if new else set())
    kept = {path.name: content(path) for path in data.glob(".*.before-*")}
    assert kept == ({f".{CASE}.before-1": before} if new else {})
    assert cli.main(["cases"]) == 0 and capsys.readouterr().err == ""
    assert {path.name for path in data.glob(".*") if path.is_dir()} == set(kept)


def test_an_update_after_one_that_was_killed_takes_both(data):
    assert cut_off(2, imports) == -signal.SIGKILL
    imports("assets")
    load_case.cache_clear()
    case = load_case(CASE)
    assert set(case.tables["service_costs"]["amount_gbp"]) == {9}
    assert set(case.tables["assets"]["owner_rule"]) == {"Rule 9"}


def test_a_new_case_that_is_killed_leaves_nothing_and_can_be_begun_again(data, capsys):
    arguments = ["new", "their-case", "--partners", "Ea"]
    assert cut_off(0, lambda: cli.main(arguments)) == -signal.SIGKILL
    assert cli.main(arguments) == 0
    assert (
        "their-case: a command that wrote it was cut off, and is undone" in capsys.readouterr().err
    )
    assert set(content(data / "their-case")) == FILES
    assert not list(data.glob(".*"))


def test_a_kill_while_tables_are_written_leaves_the_case_as_it_was(data, capsys):
    write = Path.write_text

    def ends_at_a_table(path, *given, **named):
        if path.suffix == ".csv":
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, *given, **named)

    def killed():
        Path.write_text = ends_at_a_table
        imports()

    before = content(data / CASE)
    assert ended(forked(killed)) == -signal.SIGKILL
    assert cli.main(["cases"]) == 0
    assert "is undone" in capsys.readouterr().err
    assert content(data / CASE) == before


@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("error", [KeyboardInterrupt, PermissionError(13, "Permission denied")])
def test_an_update_that_fails_between_its_renames_leaves_the_case_as_it_was(
    data, monkeypatch, failing, error
):
    before, rename, renames = content(data / CASE), Path.rename, iter(range(1, 9))

    def fails(path, target):
        if next(renames) == failing:
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises((KeyboardInterrupt, OSError)) as raised:
        imports()
    assert not isinstance(raised.value, OSError) or raised.value.filename == str(data / CASE)
    assert content(data / CASE) == before
    assert not list(data.glob(".*"))


def test_a_case_that_is_being_replaced_is_not_called_unknown(data):
    assert cut_off(2, imports) == -signal.SIGKILL
    load_case.cache_clear()
    with pytest.raises(InputError, match="is being replaced, or was when"):
        load_case(CASE)


def test_a_case_that_is_replaced_while_it_is_read_is_read_whole(data, monkeypatch):
    def read_while_it_is_replaced(place):
        raw = read_folder(place)
        if not list(data.glob(".*.before-1")):
            imports()
        return raw

    monkeypatch.setattr("businesscase.cases.case.read_folder", read_while_it_is_replaced)
    case = load_case.__wrapped__(CASE)
    assert set(case.tables["service_costs"]["amount_gbp"]) == {9}
    assert case.input_hash == input_hash(data / CASE)


def test_a_scenario_whose_saving_was_killed_leaves_nothing_for_the_next_writer(data):
    parameters = load_study(CASE, horizon_years=7).parameters

    def killed():
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        write_scenario(CASE, "saved", "Title", "Why", parameters)

    before = content(data / CASE)
    assert ended(forked(killed)) == -signal.SIGKILL
    write_scenario(CASE, "saved", "Title", "Why", parameters)
    after = content(data / CASE)
    assert set(after) == FILES and after["scenarios.toml"].startswith(before["scenarios.toml"])


# links


@pytest.mark.parametrize(
    "part", ["service_costs.csv", "case.toml", ""], ids=["table", "file", "case"]
)
def test_what_a_link_leads_to_is_never_written(data, part, tmp_path):
    linked, outside = data / CASE / part, tmp_path / "outside"
    shutil.move(linked, outside)
    linked.symlink_to(outside)
    before = content(data / CASE)
    led_to = outside.read_bytes() if part else content(outside)
    done = import_case(Path("service_costs.csv"), CASE, (), update=True)
    assert (outside.read_bytes() if part else content(outside)) == led_to
    assert content(done.before) == before
    assert not linked.is_symlink()
    assert set(load_case(CASE).tables["service_costs"]["amount_gbp"]) == {9}
    assert f"{linked.name}: was a link to '{outside}'" in done.conversions[-1]


def test_a_pipe_beside_the_tables_stops_no_update(data):
    os.mkfifo(data / CASE / "notes")
    imports()
    assert set(content(data / CASE)) == FILES


def test_a_folder_too_large_to_be_kept_twice_is_refused(data):
    with (data / CASE / "dump.bin").open("wb") as file:
        file.truncate(50_000_000_000)  # of holes
    with pytest.raises(InputError) as refused:
        imports()
    assert refused.value.faults == [
        f"data/{CASE}, which an update keeps whole: found 50000.1 MB; allowed is at most 1000 MB"
    ]
    (data / CASE / "dump.bin").unlink()
    assert set(content(data / CASE)) == FILES and not list(data.glob(".*"))
