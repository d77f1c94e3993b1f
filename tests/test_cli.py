import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import nbformat
import pytest
import shtab
from conftest import ROOT

from businesscase import __version__
from businesscase.cases.case import case_names, load_case
from businesscase_workbench import batch, cli
from businesscase_workbench.batch import Job, notebook_paths

CASE = "durham-sunderland-2014"  # its sections are savings, readiness and decision
EVERY = [path.stem for path in notebook_paths(ROOT / "notebooks").values()]


def write_notebooks(folder, source, names=("03_savings", "06_readiness", "07_decision")):
    parameters = f'case: str = "{CASE}"  # a case\nscenario: str = "base"  # a scenario'
    for name in names:
        cells = [
            nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(source),
        ]
        kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
        nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture
def project(data_copy, monkeypatch):
    """A project of its own to run commands in."""
    folder = data_copy.parent
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("BUSINESSCASE_DATA")
    return folder


def keep_only(project, *cases):
    for path in (project / "data").iterdir():
        if path.is_dir() and path.name not in cases:
            shutil.rmtree(path)


def replace_text(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_cases_lists_scenarios_and_sections(capsys):
    assert cli.main(["cases"]) == 0
    said = capsys.readouterr().out
    assert f"{CASE}: Durham and Sunderland" in said
    assert "  sections: savings, appraisal, readiness, decision\n" in said
    assert "\n  same-pace" in said


def test_cases_starts_without_what_only_runs_need():
    code = (
        "import sys; from businesscase_workbench import cli; cli.main(['cases']);"
        "print({'papermill', 'plotly', 'nbformat', 'jinja2', 'holidays'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("imports", "slow"),
    [
        ("businesscase_workbench.spreadsheet.reader", {"pandas", "pydantic"}),
        ("businesscase, nbformat, plotly.io", {"lark"}),  # which compiles a grammar of addresses
    ],
)
def test_a_process_of_which_many_start_imports_nothing_slow_that_it_can_do_without(imports, slow):
    code = f"import sys, {imports}; print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_python_ends_with_the_exit_code_of_the_command():
    command = [sys.executable, "-m", "businesscase", "check", "mkip-2021"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_check_prints_published_beside_recomputed(capsys):
    assert cli.main(["check", "mkip-2012"]) == 0
    finding, *lines = capsys.readouterr().out.splitlines()
    assert (
        finding
        == "mkip-2012: finding: implications.csv: nothing is written on equality and data protection"
    )
    assert lines[0] == "mkip-2012: all 5 published figures agree"
    assert lines[1].split()[:4] == ["section", "measure", "item", "year"]
    assert lines[2].split() == ["savings", "total_saving", "all", "3710000", "3710000", "£", "yes", "1.3.3"]  # fmt: skip


def test_check_fails_on_a_figure_that_does_not_agree(project, capsys):
    replace_text(project / "data" / "mkip-2012" / "published.csv", "3710000", "3720000")
    assert cli.main(["check", "mkip-2012"]) == 1
    said = capsys.readouterr()
    assert "3720000    3710000     £         NO" in said.out
    assert said.err == "mkip-2012: 1 published figures do not agree\n"


def test_check_finds_an_exempt_amount_that_a_public_report_would_be_refused_for(project, capsys):
    flows = project / "data" / CASE / "flows.csv"
    header, row = flows.read_text(encoding="utf-8").splitlines()
    flows.write_text(f"{header},exempt\n{row},3\n", encoding="utf-8")
    replace_text(
        project / "data" / CASE / "case.toml", 'summary = """', 'summary = """It cost 50k. '
    )
    assert cli.main(["check", CASE]) == 0
    said = "case.toml summary: found 50k, the exempt amount of flows.csv row 1; take it out of what the public reads"
    assert f"{CASE}: finding: {CASE}/{said}" in capsys.readouterr().out.splitlines()


def test_check_prints_the_faults_of_every_case_one_a_line(project, capsys):
    keep_only(project, CASE, "mkip-2012", "dacorum-avdc-2012")
    for case in (CASE, "mkip-2012"):
        replace_text(project / "data" / case / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main(["check"]) == 1
    faults = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in faults if "decision_year is missing" in line] == [
        f"data/{CASE}/case.toml",
        "data/mkip-2012/case.toml",
    ]


def test_cases_in_order_are_listed_beside_the_faults_of_another(project, capsys):
    replace_text(project / "data" / CASE / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main(["cases"]) == 1
    said = capsys.readouterr()
    assert "mkip-2012: Mid Kent" in said.out and f"{CASE}:" not in said.out
    assert "decision_year is missing" in said.err


@pytest.mark.parametrize("command", ["check", "report"])
def test_unknown_case_is_refused_with_the_nearest(command, capsys):
    assert cli.main([command, "mkip-2021"]) == 2
    assert "case 'mkip-2021' is unknown; nearest: mkip-2012" in capsys.readouterr().err


def test_scenario_that_no_chosen_case_has_is_refused(capsys):
    assert cli.main(["report", CASE, "--scenario", "same-place"]) == 2
    assert "scenario 'same-place' is unknown; nearest: same-pace" in capsys.readouterr().err


@pytest.fixture
def asked(monkeypatch):
    """Return the reports that a command asks for, none of which is made."""
    jobs = []
    monkeypatch.setattr(batch, "run_jobs", lambda given, settings: jobs.extend(given) or [])
    return jobs


def test_scenario_is_run_for_each_chosen_case_that_has_it(asked, tmp_path):
    arguments = ["--scenario", "base", "--scenario", "cautious", "--output", str(tmp_path)]
    assert cli.main(["report", CASE, "mkip-2012", *arguments]) == 0
    assert asked == [Job(CASE, "base"), Job("mkip-2012", "base"), Job("mkip-2012", "cautious")]


def test_a_chosen_case_without_a_chosen_scenario_is_named(asked, project, capsys):
    assert cli.main(["report", CASE, "mkip-2012", "--scenario", "same-pace"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "mkip-2012: has no scenario same-pace"
    assert asked == [Job(CASE, "same-pace")]


def test_unknown_scenario_is_refused_beside_what_hides_it(project, capsys):
    replace_text(project / "data" / CASE / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main(["report", "--scenario", "same-pace"]) == 2
    said = capsys.readouterr().err
    assert "scenario 'same-pace' is unknown" in said and "decision_year is missing" in said


@pytest.mark.parametrize("command", ["check", "report"])
def test_faults_are_told_where_no_case_can_be_read_and_where_there_is_none(
    project, capsys, command
):
    keep_only(project, CASE)
    replace_text(project / "data" / CASE / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main([command]) == 1
    assert "decision_year is missing" in capsys.readouterr().err
    shutil.rmtree(project / "data" / CASE)
    assert cli.main([command]) == 1
    assert capsys.readouterr().err == "data: no case is there; `businesscase new` begins one\n"


def test_data_names_the_folder_of_the_cases_for_one_command(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("BUSINESSCASE_DATA", raising=False)
    shutil.copytree(ROOT / "data" / CASE, tmp_path / "secret-case")
    assert cli.main(["--data", str(tmp_path), "cases"]) == 0
    first, package = [line for line in capsys.readouterr().out.split("\n") if line[:1].strip()]
    assert first.startswith("secret-case: ")
    assert package.startswith("With the package come") and CASE in package
    assert cli.main(["sweep", "mkip-2012", "--draws", "1000", "--data", str(tmp_path)]) == 0
    assert (tmp_path / "reports" / "mkip-2012" / "sweep.parquet").is_file()
    capsys.readouterr()
    assert cli.main(["check", "secret-case"]) == 2
    assert "case 'secret-case' is unknown" in capsys.readouterr().err


def test_a_folder_of_cases_that_is_not_there_is_refused(tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert cli.main(["cases", "--data", str(nowhere)]) == 2
    assert capsys.readouterr().err == f"--data {nowhere}: no folder is there\n"


def test_data_goes_before_the_environment(project, tmp_path_factory, monkeypatch, capsys):
    monkeypatch.setenv("BUSINESSCASE_DATA", str(project / "data"))
    apart = tmp_path_factory.mktemp("apart")
    assert cli.main(["new", "our-case", "--data", str(apart)]) == 0
    assert (apart / "our-case").is_dir() and not (project / "data" / "our-case").exists()
    assert os.environ["BUSINESSCASE_DATA"] == str(project / "data")


def test_a_part_of_an_option_is_refused(capsys):
    assert cli.main(["check", CASE, "--js"]) == 2
    assert "--js" in capsys.readouterr().err


def test_report_runs_nothing_if_the_data_are_refused(project, capsys):
    replace_text(project / "data" / CASE / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main(["report", CASE]) == 1
    assert "decision_year is missing" in capsys.readouterr().err
    assert not (project / "reports").exists()


def test_report_says_where_the_reports_are_and_names_each_failure(project, capsys):
    write_notebooks(project / "notebooks", "assert scenario == 'base', 'not the base'")
    arguments = ["report", CASE, "--scenario", "same-pace", "--scenario", "base", "--workers", "2"]
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    index = project / "reports" / "index.html"
    assert said.out == f"1 of 2 reports made, 1 failed: {index}\n"
    error = f"{CASE} same-pace: 03_savings.ipynb, cell [3]: AssertionError: not the base"
    assert said.err == f"{error}\n"
    assert (project / "reports" / CASE / "base" / "report.html").is_file()


def test_report_into_a_file_is_refused(project, capsys):
    (project / "taken").touch()
    assert cli.main(["report", CASE, "--output", "taken"]) == 1
    assert capsys.readouterr().err.startswith(str(project / "taken"))


@pytest.mark.long
def test_every_scenario_of_every_case_is_reported(tmp_path):
    command = [sys.executable, "-m", "businesscase", "report", "--quiet", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    made = {path.parent.relative_to(tmp_path).parts for path in tmp_path.glob("*/*/report.html")}
    assert made == {
        (case, name) for case in case_names() for name in (*load_case(case).scenarios, "comparison")
    }


def start_report(project, source):
    """Start a report of two notebooks that write down their kernel's and its parent's number."""
    marker = project / "started"
    note = f"import os\nopen({str(marker)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\n"
    write_notebooks(project / "notebooks", note + source)
    command = [
        sys.executable,
        "-m",
        "businesscase_workbench.cli",
        "report",
        CASE,
        "--scenario",
        "base",
    ]
    # a shell that runs the tests in the background has them, and so the process, ignore Ctrl-C
    hear = (
        None if sys.platform == "win32" else partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    )
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear)
    wait_until(lambda: process.poll() or (marker.exists() and " " in marker.read_text()))
    assert process.poll() is None, process.communicate()[1]
    return process, [int(number) for number in marker.read_text().split()]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to one process on POSIX only")
@pytest.mark.long
def test_killed_report_leaves_no_process_behind(project):
    process, started = start_report(project, "import time\ntime.sleep(120)")
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: not any(map(is_running, started)))


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def is_running(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process_id}/stat")  # an ended process that nobody has waited for is a Z
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_refresh_names_the_notebooks_that_fail(project, monkeypatch, capsys):
    failed = ["03_savings.ipynb, cell [2]: wrong", "06_readiness.ipynb, cell [2]: wrong"]
    monkeypatch.setattr(batch, "refresh_notebooks", lambda folder, workers: failed)
    assert cli.main(["refresh"]) == 1
    assert capsys.readouterr().err.splitlines() == failed


def test_test_runs_every_step_and_names_those_that_failed(project, monkeypatch, capsys):
    steps = {"first": "no_such_module", "second": "json.tool --help"}
    monkeypatch.setattr(cli, "TESTS", steps)
    assert cli.main(["test"]) == 1
    assert capsys.readouterr().out.endswith("== second\nfailed: first\n")
    monkeypatch.setattr(cli, "TESTS", {"second": steps["second"]})
    assert cli.main(["test"]) == 0


@pytest.mark.parametrize(
    "arguments", [[], ["report", "--workers", "0"], ["report", "--workers", "x"]]
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    assert cli.main(arguments) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("businesscase") and sentence.endswith("--help tells what it takes")


def test_a_misspelt_command_or_option_is_refused_in_one_sentence(capsys):
    assert cli.main(["reprot"]) == 2
    assert "invalid choice: 'reprot'" in capsys.readouterr().err
    assert cli.main(["report", "--formtas", "pdf"]) == 2
    assert "unrecognized arguments: --formtas" in capsys.readouterr().err


def test_faults_are_told_to_a_program_as_json(project, capsys):
    keep_only(project, CASE, "mkip-2012")
    replace_text(project / "data" / "mkip-2012" / "scores.csv", ",4,", ",9,")
    replace_text(
        project / "data" / CASE / "scenarios.toml", "[same-pace]", "[same-pace]\noverrrun = 1"
    )
    assert cli.main(["check", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["exit_code"] == 1
    by_file = {fault["file"]: fault for fault in said["faults"]}
    scores = by_file["data/mkip-2012/scores.csv"]
    assert scores["sentence"].startswith(
        f"data/mkip-2012/scores.csv line {scores['line']}: score of "
    )
    scenario = by_file[f"data/{CASE}/scenarios.toml"]
    assert scenario["found"] == "overrrun"
    assert scenario["nearest"] == ["overrun"]


def test_a_wrong_command_line_is_told_to_a_program_as_json(capsys):
    assert cli.main(["report", "mkip-2021", "--json"]) == 2
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert fault["nearest"][0] == "mkip-2012"


def test_with_json_nothing_but_json_is_printed_where_all_is_well(capsys):
    assert cli.main(["cases", "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["exit_code"], told["faults"]) == (0, [])
    assert "mkip-2012: Mid Kent" in said.err
    durham = next(case for case in told["cases"] if case["case"] == CASE)
    assert durham["sections"] == ["savings", "appraisal", "readiness", "decision"]
    assert (Path(durham["folder"]) / "case.toml").is_file()
    assert set(durham["scenarios"]) == set(load_case(CASE).scenarios)


def test_a_check_tells_a_program_the_figures_of_cases_in_order_beside_the_faults(project, capsys):
    keep_only(project, "mkip-2012", CASE)
    replace_text(project / "data" / CASE / "case.toml", "decision_year = ", "decision_years = ")
    assert cli.main(["check", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (case,) = told["cases"]
    assert (case["case"], case["recommendation"]) == ("mkip-2012", "go with conditions")
    total = next(row for row in case["published"] if row["measure"] == "total_saving")
    assert (total["published"], total["recomputed"], total["agrees"]) == (
        "3710000",
        "3710000",
        True,
    )
    assert any("decision_year is missing" in fault["sentence"] for fault in told["faults"])


def test_a_report_tells_a_program_each_file_that_it_made_and_why_one_failed(project, capsys):
    write_notebooks(project / "notebooks", "assert scenario == 'base', 'not the base'")
    arguments = ["--scenario", "same-pace", "--scenario", "base", "--workers", "2"]
    assert cli.main(["report", CASE, *arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert Path(told["index"]) == project / "reports" / "index.html"
    made, failed = sorted(told["reports"], key=lambda report: report["state"] == "failed")
    assert (made["case"], made["scenario"], made["state"]) == (CASE, "base", "ok")
    files = [Path(file) for file in made["files"]]
    assert project / "reports" / CASE / "base" / "report.html" in files
    assert all(file.is_file() for file in files)
    assert (failed["scenario"], failed["files"]) == ("same-pace", [])
    assert "not the base" in failed["cause"]


def test_a_failure_of_the_workbook_itself_is_one_sentence_unless_it_is_debugged(
    monkeypatch, capsys
):
    def fail():
        raise KeyError("of the\nworkbook")

    monkeypatch.setattr(cli, "case_names", fail)
    assert cli.main(["cases"]) == 70
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("KeyError: ") and "not of your input" in sentence
    with pytest.raises(KeyError):
        cli.main(["cases", "--debug"])


def test_reports_of_cases_in_order_are_made_beside_one_that_is_not(asked, project, capsys):
    keep_only(project, CASE, "mkip-2012")
    replace_text(
        project / "data" / "mkip-2012" / "case.toml", "decision_year = ", "decision_years = "
    )
    assert cli.main(["report", "--scenario", "base"]) == 1
    said = capsys.readouterr()
    assert asked == [Job(CASE, "base")]
    assert "data/mkip-2012/case.toml: key 'decision_years' is unknown" in said.err


def test_a_criterion_that_names_no_result_stops_no_other_case(project, capsys):
    keep_only(project, CASE, "dacorum-avdc-2012")
    gates = project / "data" / CASE / "gates.csv"
    replace_text(gates, ",areas_beyond_gap,", ",areas_beyond_gab,")
    assert cli.main(["check"]) == 1
    said = capsys.readouterr()
    assert "dacorum-avdc-2012: all 5 published figures agree" in said.out
    assert "measure 'areas_beyond_gab'" in said.err


@pytest.mark.long  # a job that is refused costs no other in tests/test_batch.py
def test_a_criterion_that_names_no_result_costs_no_report_of_another_case(project, capsys):
    keep_only(project, CASE, "dacorum-avdc-2012")
    replace_text(project / "data" / CASE / "gates.csv", ",areas_beyond_gap,", ",areas_beyond_gab,")
    write_notebooks(project / "notebooks", "1", EVERY)
    assert cli.main(["report", "--scenario", "base", "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("1 of 2 reports made, 1 failed: ")
    assert said.err.startswith(f"{CASE} base: ") and "measure 'areas_beyond_gab'" in said.err


def test_a_misspelt_command_is_told_the_nearest(capsys):
    assert cli.main(["chekc"]) == 2
    assert "did you mean check?" in capsys.readouterr().err
    assert cli.main(["zzz"]) == 2
    assert "did you mean" not in capsys.readouterr().err


def test_help_tells_what_a_command_takes_as_its_own_option_does(capsys):
    assert cli.main(["help", "sweep"]) == 0
    said = capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        cli.main(["sweep", "--help"])
    assert capsys.readouterr().out == said and "--draws" in said
    assert cli.main(["help", "chekc"]) == 2
    assert "nearest: check" in capsys.readouterr().err


def test_help_lists_every_exit_code(capsys):
    assert cli.main(["help"]) == 0
    said = capsys.readouterr().out
    codes = (cli.DONE, cli.FAILED, cli.WRONG_NAME, cli.BROKEN, cli.INTERRUPTED)
    assert re.findall(r"^  (\d+) +\w", said, re.MULTILINE) == list(map(str, codes))
    assert "NO_COLOR" in said and "BUSINESSCASE_DATA" in said


def test_a_shell_completes_commands_options_and_paths(capsys, tmp_path):
    assert cli.main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    (tmp_path / "inputs.xlsx").touch()

    def offered(*words):
        line = f"COMP_WORDS=(businesscase {' '.join(words)}); COMP_CWORD={len(words)}"
        asked = f'{script}\n{line}\n_shtab_businesscase\necho "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout.split()

    assert offered("ch") == ["check"]
    assert offered("report", "--fo") == ["--for", "--force", "--formats"]
    assert offered("import", "inp") == ["inputs.xlsx"]


@pytest.mark.parametrize("shell", cli.PATHS)
def test_a_script_is_printed_for_each_shell_that_the_completion_library_knows(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    assert "backtest" in capsys.readouterr().out


def test_paths_are_completed_as_the_completion_library_does_it():
    assert cli.PATHS == shtab.FILE


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_that_of_the_package(option, capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main([option])
    assert capsys.readouterr().out == f"businesscase {__version__}\n"
