"""The command line: ``businesscase new``, ``import``, ``check``, ``report`` and more."""

import argparse
import datetime as dt
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from businesscase import __version__
from businesscase.cases.case import (
    COMPARISON,
    Case,
    described_data,
    load_case,
    unknown_case,
)
from businesscase.cases.errors import InputError, nearest_names, shown, unknown_name
from businesscase.cases.folder import settled, write_file, writing
from businesscase.cases.project import (
    IS_CHECKOUT,
    case_folder,
    case_names,
    data_folder,
    known_case_names,
    notebooks_folder,
    project_folder,
    reports_folder,
)
from businesscase.cases.validation.core import staying

MOST_CHANGES = 60  # figures that an import names; more are counted
DONE, FAILED, WRONG_NAME, BROKEN, INTERRUPTED = 0, 1, 2, 70, 130

if TYPE_CHECKING:  # slow to import
    from businesscase.shown.display import Table

# what each step of `businesscase test` runs, after `python -m`; nbval is slow to import, and its own
# warnings are not ours
TESTS = {
    "style": "ruff check .",
    "format": "ruff format --check .",
    "types": "mypy",
    "tests": "pytest -p no:nbval --numprocesses=auto --doctest-modules tests lib",
    "notebooks": "pytest --numprocesses=auto --nbval -o filterwarnings= -p no:cacheprovider notebooks",
}
LONG_TESTS = {"long tests": "pytest -p no:nbval --numprocesses=auto --dist=worksteal --long tests"}


class UsageError(InputError):
    """A command line that says what can't be: an option, a case or a scenario that doesn't exist."""


class CutOffError(InputError):
    """A batch that was cut off: what failed before, and what is left."""


# what a shell offers for a path, by shell, as shtab.FILE says it, which is slow to import
PATHS = {
    "bash": "_shtab_compgen_files",
    "fish": "(__fish_complete_path (commandline -ct))",
    "powershell": "_shtab_powershell_compgen_files",
    "tcsh": "f",
    "zsh": "_files",
}
UNKNOWN_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*?)'")
SETTINGS = """\
exit codes:
  0    all is well
  1    something is wrong with the data, or a report wasn't made
  2    the command line is wrong, or names what there isn't
  70   the workbook itself failed; --debug shows where
  130  interrupted

environment:
  BUSINESSCASE_DATA  folder of the cases; --data goes before it
  NO_COLOR           if set, no colours: commands have none, help has some from Python 3.14 on
"""


class Parser(argparse.ArgumentParser):
    """A parser that refuses a command line as all else is refused, in one sentence."""

    commands: Mapping[str, argparse.ArgumentParser] = MappingProxyType({})

    def __init__(self, *arguments, **options):
        # a part of an option's name is refused: main() looks for --json and --debug as they are
        super().__init__(*arguments, allow_abbrev=False, **options)

    def add_argument(self, *names, **options) -> argparse.Action:
        """Add an argument; a shell completes one that is a path."""
        added = super().add_argument(*names, **options)
        if options.get("type") is Path:
            added.complete = PATHS
        return added

    def error(self, message: str):
        """Refuse the command line."""
        if unknown := UNKNOWN_COMMAND.search(message):
            near = nearest_names(unknown[1], self.commands)[:1]
            hint = "".join(f"; did you mean {name}?" for name in near)
            message = f"invalid choice: {shown(unknown[1])}{hint}"
        raise UsageError(f"{self.prog}: {message}; {self.prog} --help tells what it takes")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 if all is well, 1 if something is wrong, 2 for a wrong name or command line, 70 if the workbook
    itself failed. With ``--json`` standard output holds one JSON object with what was found or made and
    the faults, and all else that is printed goes to standard error.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    debug, as_json = "--debug" in given, "--json" in given
    told: dict = {}
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code, faults = _run(given, debug, told)
        if not as_json:
            print(*faults, sep="\n" * bool(faults), end="\n" * bool(faults), file=sys.stderr)
    if as_json:
        wrong = [{"sentence": str(fault)} | getattr(fault, "details", {}) for fault in faults]
        print(json.dumps({"exit_code": code, "faults": wrong, **told}, indent=1, default=str))
    return code


def _run(given: list[str], debug: bool, told: dict) -> tuple[int, list[str]]:
    """Return the exit code of a command line, and what was wrong; what was found or made is added to told."""
    try:
        arguments = _parser().parse_args(
            given, argparse.Namespace(data=None, json=False, told=told)
        )
        with _reading(_folder_there(arguments.data)):
            _settle()
            return arguments.run(arguments), []
    except UsageError as error:
        return WRONG_NAME, error.faults
    except CutOffError as error:
        return INTERRUPTED, error.faults
    except InputError as error:
        return FAILED, error.faults
    except BrokenPipeError:  # who reads has seen enough, as `head` has
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # Python flushes it at its end
        return FAILED, []
    except OSError as error:
        return FAILED, [f"{error.filename or 'files'}: {error.strerror or error}"]
    except KeyboardInterrupt:
        return INTERRUPTED, ["interrupted"]
    except Exception as error:
        if debug:
            raise
        said = " ".join(str(error).split())
        return BROKEN, [
            f"{type(error).__name__}: {shown(said)}; this is a fault of the workbook and not of your "
            "input: run the command again with --debug and tell who looks after it what it prints"
        ]


def _settle() -> None:
    """Finish or undo what a command that was cut off left of a case, and say so."""
    with suppress(InputError):  # no project here, which the command says if it needs one
        for sentence in settled(data_folder()):
            print(sentence, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--json", action="store_true", help="tell what is found, made and wrong as JSON"
    )
    common.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    common.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="folder of the cases, before BUSINESSCASE_DATA and data/ of the project",
    )
    parser = Parser(
        prog="businesscase",
        description="The business case of a shared ICT service, made again.",
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.add_argument("-V", "--version", action="version", version=f"businesscase {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.commands = commands.choices

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        return added

    command("cases", _cases, "list the cases with their scenarios and sections")
    init = command("init", _init, "make a project of your own: data/, reports/ and notebooks/")
    new = command("new", _new, "begin a case of your own, with a worked row in every table")
    add = command("add", _add, "add the worked rows of a section to a case, such as risks")
    template = command("template", _template, "write a case as a workbook that finance can fill in")
    imports = command("import", _import, "read a case from a workbook or from CSV files")
    upgrade = command(
        "upgrade", _upgrade, "bring a case of an earlier release forward, with a diff"
    )
    check = command("check", _check, "validate the data and reconcile it to the published figures")
    check.add_argument(
        "--assurance", action="store_true", help="check how the analysis is assured instead"
    )
    backtest = command(
        "backtest", _backtest, "hold the rule against cases whose outcome is known, date by date"
    )
    report = command("report", _report, "run the notebooks for each scenario and write the reports")
    sweep = command(
        "sweep", _sweep, "draw all that is uncertain and find when the case fails; writes Parquet"
    )
    refresh = command(
        "refresh", _refresh, "write outputs into the notebooks, and the schema into data/README.md"
    )
    docs = command("docs", _docs, "write the reference pages, and those of docs/, as HTML")
    explore = command("explore", _explore, "serve the explorers as pages, on this machine only")
    lab = command("lab", _lab, "open the notebooks in JupyterLab, on this machine only")
    helped = command("help", _help, "tell what a command takes; without one, list them")
    completion = command("completion", _completion, "print what lets a shell complete commands")
    test = command("test", _test, "run the tests: style, types, tests, docstrings, notebooks")
    test.add_argument(
        "--long", action="store_true", help="run what takes long instead: fuzz, soak, every case"
    )

    helped.add_argument("command", nargs="?", metavar="COMMAND")
    completion.add_argument("shell", choices=tuple(PATHS))
    init.add_argument("folder", type=Path, metavar="FOLDER", help="such as our-council")
    new.add_argument("case", metavar="CASE", help="name of its folder, such as our-case")
    new.add_argument(
        "--small", action="store_true", help="only the tables without which there is no decision"
    )
    add.add_argument("what", metavar="WHAT", help="such as options, risks, plan, or a table")
    add.add_argument("case", metavar="CASE", help="name of its folder")
    template.add_argument("file", type=Path, metavar="FILE", help="such as inputs.xlsx")
    template.add_argument("--case", metavar="CASE", help="a case there is; worked rows if none")
    for parser_of_partners in (new, template):
        parser_of_partners.add_argument(
            "--partners",
            metavar="LIST",
            help='the authorities, "A,B,C"; the first leads',
        )
    imports.add_argument(
        "source", type=Path, metavar="SOURCE", help="workbook, CSV file or folder of CSV files"
    )
    imports.add_argument("case", metavar="CASE", help="name of its folder")
    imports.add_argument(
        "--update",
        action="store_true",
        help="the case exists: replace the tables that are in SOURCE",
    )
    imports.add_argument(
        "--suggest",
        action="store_true",
        help="draft CASE.mapping.toml from a workbook in a layout of its own, and import nothing",
    )
    imports.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="how such a workbook is read: sheets, headings, unit",
    )
    imports.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="WHAT",
        help="totals, hidden, struck-out, a sheet, or sheet.column; may repeat",
    )
    imports.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="WHAT",
        help="read totals, hidden or struck-out rows as the others; may repeat",
    )
    upgrade.add_argument("case", nargs="+", metavar="CASE")
    docs.add_argument("--output", type=Path, metavar="DIR", help="folder; site/reference/")
    upgrade.add_argument("--dry-run", action="store_true", help="show the diff and write nothing")
    for server, port in ((explore, 8866), (lab, 8888)):
        server.add_argument(
            "--port", type=_count, default=port, metavar="N", help=f"{port} if not said"
        )
        server.add_argument("--no-browser", action="store_true", help="open no browser")
    sweep.add_argument("case", metavar="CASE")
    sweep.add_argument("--draws", type=_count, default=100_000, metavar="N", help="100000 futures")
    sweep.add_argument(
        "--seed", type=_seed, metavar="N", help="a whole number; that of the reports"
    )
    sweep.add_argument("--scenario", default="base", metavar="NAME", help="base if not said")
    sweep.add_argument("--output", metavar="DIR", help="folder; reports/")
    for parser_of_cases in (check, backtest, report):
        parser_of_cases.add_argument("case", nargs="*", metavar="CASE", help="all if none is named")
    report.add_argument(
        "--scenario", action="append", metavar="NAME", default=[], help="all if none; may repeat"
    )
    report.add_argument(
        "--output", metavar="PLACE", help="folder, or address such as s3://bucket/reports; reports/"
    )
    report.add_argument(
        "--for",
        action="append",
        dest="councils",
        metavar="COUNCIL",
        default=[],
        help="an edition for a council besides, its figures first; each for every one; may repeat",
    )
    report.add_argument(
        "--edition",
        choices=("public", "exempt"),
        default="public",
        help="public leaves out what rests on exempt rows; exempt shows all, in a folder of its own",
    )
    report.add_argument("--force", action="store_true", help="make unchanged reports again too")
    report.add_argument(
        "--formats",
        type=_formats,
        default=("html",),
        metavar="LIST",
        help="html,docx,xlsx,pdf; html in any case, docx and pdf need Chrome, Chromium or Edge",
    )
    report.add_argument(
        "--template", metavar="FILE", help="Word file whose styles the Word report takes"
    )
    report.add_argument(
        "--shared-assets", action="store_true", help="one copy of the scripts for all pages"
    )
    report.add_argument("--quiet", action="store_true", help="no progress bar, for logs")
    report.add_argument(
        "--timeout", type=_count, default=600, metavar="S", help="seconds for a cell; 600"
    )
    for parser_of_clusters in (report, sweep):
        parser_of_clusters.add_argument(
            "--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://host:8786"
        )
    for parser_of_runs in (report, refresh):
        parser_of_runs.add_argument(
            "--workers", type=_count, default=os.cpu_count() or 1, metavar="N", help="processes"
        )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _formats(text: str) -> tuple[str, ...]:
    from businesscase_workbench.report.formats import FORMATS

    named = dict.fromkeys(["html", *(name.strip() for name in text.split(","))])
    unknown = [name for name in named if name not in FORMATS]
    if unknown:
        allowed = ", ".join(FORMATS)
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)!r} is no format; allowed: {allowed}")
    return tuple(named)


def _word_template(name: str | None) -> str:
    """Return the path of a Word template; refuse what can't be one."""
    if not name:
        return ""
    if not Path(name).is_file():  # a pipe would be waited for
        raise InputError(f"{name}: no file is there")
    from businesscase_workbench.report.word_template import template_at  # slow to import

    template_at(Path(name))
    return str(Path(name).resolve())


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _cases(arguments: argparse.Namespace) -> int:
    cases, faults = _each(load_case, case_names())
    for case in cases:
        print(f"{case.name}: {case.file.title}")
        print(f"  sections: {', '.join(case.section_names())}")
        rows = [[name, scenario.title] for name, scenario in case.scenarios.items()]
        print(*_aligned(rows), "", sep="\n")
    others = [name for name in known_case_names() if name not in case_names()]
    if others:
        print("With the package come, to be named as your own:", ", ".join(others))
    arguments.told["of_the_package"] = others
    arguments.told["cases"] = [
        {
            "case": case.name,
            "title": case.file.title,
            "folder": case_folder(case.name).absolute(),
            "sections": case.section_names(),
            "scenarios": {name: scenario.title for name, scenario in case.scenarios.items()},
        }
        for case in cases
    ]
    if faults:
        raise InputError(faults)
    return DONE


def _init(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.own_project import new_project

    new_project(arguments.folder)
    print(f"{arguments.folder}: a project with data/, reports/ and notebooks/, and a README. Next:")
    print(
        f"  cd {shlex.quote(str(arguments.folder))}",
        '  businesscase new our-case --partners "Northmere,Eastholt"',
        sep="\n",
    )
    return DONE


def _new(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.own_case import new_case, partner_names
    from businesscase_workbench.starter import SMALL_TABLES

    partners = partner_names(arguments.partners)
    folder = new_case(arguments.case, partners, dt.date.today(), arguments.small)
    named = ", ".join(map(shown, partners))
    many = "s" if len(partners) > 1 else ""
    print(
        f"{folder}: a case of {len(partners)} partner{many} ({named}), worked rows in "
        f"{f'its {len(SMALL_TABLES)} tables' if arguments.small else 'every table'}"
    )
    print("Put your own rows in their place; the comments in each file say what is meant. Then:")
    print(
        f"  businesscase check {arguments.case}",
        f"  businesscase report {arguments.case}",
        sep="\n",
    )
    return DONE


def _add(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.own_case import add_worked_rows

    done = add_worked_rows(arguments.what, arguments.case)
    for stem, rows in done.rows.items():
        print(
            f"{done.folder / stem}.csv: {rows} worked row{'' if rows == 1 else 's'}, to be replaced"
        )
    for criterion in done.criteria:
        print(f"{done.folder / 'gates'}.csv: criterion {shown(criterion)}")
    print(f"{done.before}: the case as it was before")
    print(f"Next: put your own rows in their place, then businesscase check {arguments.case}")
    return DONE


def _template(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.own_case import partner_names, write_template

    if arguments.case and arguments.partners is not None:
        raise UsageError("--case and --partners: give one of them; a case has its partners")
    partners = partner_names(arguments.partners)
    write_template(arguments.file, arguments.case, partners, dt.date.today())
    print(f"{arguments.file}: a sheet a table; when it is filled in:")
    into = f"{arguments.case} --update" if arguments.case else "my-case"
    print(f"  businesscase import {arguments.file} {into}")
    return DONE


def _import(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.case_import import import_case

    if arguments.suggest:
        return _suggest(arguments)
    done = import_case(
        arguments.source,
        arguments.case,
        arguments.leave_out,
        arguments.update,
        arguments.keep,
        arguments.mapping,
    )
    print(*done.conversions, sep="\n" * bool(done.conversions), end="\n" * bool(done.conversions))
    tables = len([count for count in done.rows.values() if count])
    plural = "" if tables == 1 else "s"
    for stem, rows in done.former.items():
        if rows != done.rows[stem]:
            print(f"{stem}: {rows} row{'' if rows == 1 else 's'} before, {done.rows[stem]} now")
    print(
        *done.changes[:MOST_CHANGES], sep="\n" * bool(done.changes), end="\n" * bool(done.changes)
    )
    if len(done.changes) > MOST_CHANGES:
        print(f"and {len(done.changes) - MOST_CHANGES} more figures are others than before")
    print(f"{done.folder}: {sum(done.rows.values())} rows in {tables} table{plural}")
    if done.before:
        print(f"{done.before}: the case as it was before")
    print(f"Next: businesscase check {arguments.case}")
    return DONE


def _suggest(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.case_import import suggest_mapping

    if arguments.update or arguments.mapping:
        raise UsageError("--suggest drafts a mapping and imports nothing; give it alone")
    target = Path(f"{arguments.case}.mapping.toml")
    for sentence in suggest_mapping(arguments.source, arguments.case, target):
        print(f"{arguments.source.name}, {sentence}")
    print(f"{target}: the mapping; read what is guessed, change what is wrong. Then:")
    print(f"  businesscase import {arguments.source} {arguments.case} --mapping {target}")
    return DONE


def _upgrade(arguments: argparse.Namespace) -> int:
    from businesscase.cases.upgrading import VERSION
    from businesscase_workbench.own_case import upgrade_case

    done, faults = _each(lambda name: upgrade_case(name, arguments.dry_run), _known(arguments.case))
    for upgrade in done:
        for line in upgrade.diff:
            print(line, end="" if line.endswith("\n") else "\n\\ no line end here\n")
        if not upgrade.diff:
            print(f"{upgrade.folder}: of today's version, nothing to do")
        elif upgrade.before is None:
            print(f"{upgrade.folder}: nothing is written; without --dry-run the lines above are")
        else:
            print(f"{upgrade.folder}: brought from version {upgrade.version} to {VERSION}")
            print(f"{upgrade.before}: the case as it was before")
    if faults:
        raise InputError(faults)
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    if arguments.assurance:
        return _check_assurance(arguments)

    from businesscase.shown import assurance as show
    from businesscase.shown.outlook import outlook
    from businesscase.study.exemption import told_in_text
    from businesscase.study.results import agreement, reconciliation

    studies, wrong = _base_studies(_known(arguments.case))
    checked = arguments.told["cases"] = []
    for study in studies:
        case = study.case
        findings = [*study.findings, *told_in_text(case)]
        table = reconciliation(case.tables["published"], study.results)
        checked.append(
            {
                "case": case.name,
                "recommendation": study.decision.recommendation,
                "findings": findings,
                "missing": list(study.decision.missing.values()),
                "published": json.loads(table.to_json(orient="records")),
            }
        )
        agreed, said = int(table["agrees"].sum()), agreement(table)
        table["agrees"] = table["agrees"].map({True: "yes", False: "NO"})
        table = table.astype(object).where(table.notna(), "").astype(str)
        if worked := show.worked_rows(case.tables):
            print(f"{case.name}: {worked.plain}")
        for finding in findings:
            print(f"{case.name}: finding: {finding}")
        for missing in study.decision.missing.values():
            print(f"{case.name}: {study.decision.recommendation}: {missing}")
        if table.empty:
            state = "no fault" if findings or study.decision.missing else "in order"
            print(f"{case.name}: {state}; no figure of it is published yet")
        else:
            print(f"{case.name}: {said}")
            print(*_aligned([list(table), *table.to_numpy().tolist()]), sep="\n")
        for sentence in outlook(study) if case.name in arguments.case else ():
            print(f"{case.name}: {sentence}")
        print()
        if agreed < len(table):
            wrong.append(f"{case.name}: {len(table) - agreed} published figures do not agree")
    if wrong:
        raise InputError(wrong)
    return DONE


def _backtest(arguments: argparse.Namespace) -> int:
    from businesscase.shown import backtest as show
    from businesscase.study import backtest

    table = backtest.at_each_date(arguments.case and _known(arguments.case))
    print(show.answer(table).plain, "", sep="\n")
    told = () if table.empty else (show.by_date(table), show.said_first(table), show.scores(table))
    for each in told:
        _print_table(each)
    return DONE


def _print_table(table: "Table") -> None:
    """Print a table as a reader reads it: its caption, its columns, and its rows or that it has none."""
    read = table.as_read()
    rows = [read["labels"], *read["rows"]] if read["rows"] else [["none"]]
    print(read["caption"], *_aligned(rows), "", sep="\n")


def _check_assurance(arguments: argparse.Namespace) -> int:
    from businesscase.shown import assurance as show

    today = dt.date.today()
    studies, wrong = _base_studies(_known(arguments.case))
    checked = arguments.told["cases"] = []
    for study in studies:
        print(f"{study.case.name}: {show.verdict(study, today)}", "", sep="\n")
        for table in (show.requirements(study, today), show.outputs(study), show.moves(study)):
            _print_table(table)
        notes = [show.without_effect(study), show.past_today(study, today)]
        print(*(note for note in notes if note), "", sep="\n")
        unmet = show.unmet(study, today)
        checked.append({"case": study.case.name, "unmet": unmet})
        wrong += unmet
    if wrong:
        raise InputError(wrong)
    return DONE


def _report(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.batch import Job, Settings, failures, made, run_jobs, write_index

    template = _word_template(arguments.template)
    place = arguments.output or str(reports_folder())
    is_exempt = arguments.edition == "exempt"
    settings = Settings(
        f"{place.rstrip('/')}/exempt" if is_exempt else place,
        arguments.workers,
        arguments.timeout,
        arguments.force,
        arguments.quiet,
        arguments.scheduler,
        formats=tuple(dict.fromkeys([*arguments.formats, *(["docx"] if template else [])])),
        shared_assets=arguments.shared_assets,
        template=template,
        councils=tuple(arguments.councils),
        edition=arguments.edition,
    )
    cases, faults = _each(load_case, _known(arguments.case))
    if faults and (arguments.case or not cases):
        raise InputError(faults)
    _refuse_unknown_councils(arguments.councils, cases)
    try:
        jobs = _jobs(cases, arguments.scenario)
    except UsageError as error:  # a case that can't be read may have the scenario
        raise UsageError([*error.faults, *faults]) from None
    for case in cases if arguments.case else []:
        absent = [name for name in arguments.scenario if Job(case.name, name) not in jobs]
        if absent:
            print(f"{case.name}: has no scenario {', '.join(absent)}")
    outcomes = run_jobs(jobs, settings)
    index = write_index(settings, outcomes)
    if arguments.json:
        arguments.told.update(index=index, reports=made(settings, outcomes))
    counts = {
        "unchanged": sum(outcome.kept for outcome in outcomes),
        "failed": sum(bool(outcome.error) for outcome in outcomes),
        "not begun or cut off": sum(outcome.cut_off for outcome in outcomes),
    }
    anew = len(outcomes) - sum(counts.values())
    others = "".join(f", {count} {how}" for how, count in counts.items() if count)
    print(f"{anew} of {len(outcomes)} reports made{others}: {index}")
    if "xlsx" in settings.formats:
        for sentence in _without_workbook(made(settings, outcomes)):
            print(sentence)
    faults += failures(outcomes)
    if any(outcome.cut_off for outcome in outcomes):
        raise CutOffError([*faults, "interrupted; the same command makes what is left"])
    if faults:
        raise InputError(faults)
    return DONE


def _without_workbook(reports: list[dict]) -> Iterator[str]:
    """Yield a sentence for each case of whose reports, as ``made`` tells them, none has the workbook."""
    from businesscase_workbench.report.formats import TABLES_FILE

    done = [one for one in reports if one["state"] == "ok" and one["scenario"] != COMPARISON]
    without = [one["case"] for one in done if not any(TABLES_FILE in file for file in one["files"])]
    for case in dict.fromkeys(without):
        yield (
            f"{case}: no {TABLES_FILE} in the public edition, as it shows rows that are exempt or lines of few "
            "posts; --edition exempt makes it"
        )


def _refuse_unknown_councils(names: list[str], cases: list[Case]) -> None:
    from businesscase_workbench.batch import EACH

    partners = dict.fromkeys(name for case in cases for name in staying(case.tables["partners"]))
    unknown = [name for name in names if name not in {EACH, *partners}]
    if unknown:
        raise UsageError(unknown_name("council", name, [*partners, EACH]) for name in unknown)


def _sweep(arguments: argparse.Namespace) -> int:
    _known([arguments.case])
    case = load_case(arguments.case)
    if arguments.scenario not in case.scenarios:
        raise UsageError(unknown_name("scenario", arguments.scenario, case.scenarios))

    from businesscase.shown import sweep as show
    from businesscase.study import load_study
    from businesscase_workbench.batch.sweep import SEED, files, write_sweep

    study = load_study(case.name, arguments.scenario)
    folder = arguments.output or reports_folder()
    seed = SEED if arguments.seed is None else arguments.seed
    found = write_sweep(study, folder, arguments.draws, seed, arguments.scheduler)
    for sentence in (show.partnership(found), show.any_partner(found)):
        print(sentence.plain)
    print(*files(folder, study), sep="\n")
    arguments.told["files"] = files(folder, study)
    return DONE


def _refresh(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.batch import refresh_notebooks

    readme, notebooks = (project_folder() / name for name in ("data/README.md", "notebooks"))
    with writing(notebooks):
        if readme.is_file():
            write_file(readme, described_data(readme.read_text(encoding="utf-8")))
        failures = refresh_notebooks(notebooks, arguments.workers)
    if failures:
        raise InputError(failures)
    return DONE


def _docs(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.guide import write_guide
    from businesscase_workbench.reference import write_reference  # slow to import

    project = project_folder()
    folder = arguments.output or project / "site" / "reference"
    print(write_reference(folder))
    if arguments.output is None:
        print(write_guide(project, project / "site" / "guide"))
    return DONE


def _explore(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.explore.server import serve  # slow to import

    options = ["--no-browser"] if arguments.no_browser else []
    with _reading(_own_data()):
        serve(notebooks_folder() / "explore", [f"--port={arguments.port}", *options])
    return DONE


def _help(arguments: argparse.Namespace) -> int:
    parser = _parser()
    if arguments.command and arguments.command not in parser.commands:
        raise UsageError(unknown_name("command", arguments.command, parser.commands))
    parser.commands.get(arguments.command, parser).print_help()
    return DONE


def _completion(arguments: argparse.Namespace) -> int:
    import shtab  # slow to import

    print(shtab.complete(_parser(), arguments.shell))
    return DONE


def _test(arguments: argparse.Namespace) -> int:
    if not IS_CHECKOUT:
        raise InputError("the tests are in the checkout of the workbook; a project's notebooks are tested by pytest --nbval notebooks")  # fmt: skip
    failed = []
    for name, command in (LONG_TESTS if arguments.long else TESTS).items():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", *command.split()]
        if subprocess.run(command, cwd=project_folder()).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all tests passed")
    return FAILED if failed else DONE


def _lab(arguments: argparse.Namespace) -> int:
    from businesscase_workbench.explore.server import serve_lab  # slow to import

    options = ["--no-browser"] if arguments.no_browser else []
    with _reading(_own_data()):
        serve_lab(project_folder() / "notebooks", [f"--port={arguments.port}", *options])
    return DONE


def _folder_there(path: Path | None) -> Path | None:
    if path and not path.is_dir():
        raise UsageError(f"--data {path}: no folder is there")
    return path


@contextmanager
def _reading(data: Path | None) -> Iterator[None]:
    """Let this process, and all that it starts, read the cases of a folder; None leaves it as it is."""
    before = os.environ.get("BUSINESSCASE_DATA")
    if data is None:
        yield
        return
    os.environ["BUSINESSCASE_DATA"] = str(data.absolute())
    load_case.cache_clear()
    try:
        yield
    finally:
        load_case.cache_clear()
        os.environ.pop("BUSINESSCASE_DATA")
        if before is not None:
            os.environ["BUSINESSCASE_DATA"] = before


def _own_data() -> Path | None:
    """Return the folder of one's own cases, for kernels, which start beside their notebooks."""
    with suppress(InputError):
        return data_folder()
    return None


def _known(names: list[str]) -> list[str]:
    """Return the names of the cases chosen, all of one's own if none; refuse those that don't exist."""
    known = known_case_names()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(map(unknown_case, unknown))
    chosen = list(dict.fromkeys(names)) or case_names()
    if not chosen:
        raise InputError(f"{data_folder().name}: no case is there; `businesscase new` begins one")
    return chosen


def _base_studies(names: list[str]) -> tuple[list, list[str]]:
    """Return the cases that are in order under their base scenarios, and the faults of the others."""
    from businesscase.study import load_study

    def sound(name: str):
        study = load_study(name)
        _ = study.decision.gates  # only the results show whether what they name is there
        return study

    return _each(sound, names)


def _each(load: Callable, names: list) -> tuple[list, list[str]]:
    """Return what could be loaded, and what is wrong with the rest, each fault once."""
    found, faults = [], []
    for name in names:
        try:
            found.append(load(name))
        except InputError as error:
            faults += error.faults
    return found, list(dict.fromkeys(faults))


def _jobs(cases: list[Case], scenarios: list[str]) -> list:
    """Return a job for each scenario chosen, all if none is, of each case that has it."""
    from businesscase_workbench.batch import Job

    # one scenario alone has nothing to be compared with
    had = {
        case.name: [*case.scenarios, *[COMPARISON] * (len(case.scenarios) > 1)] for case in cases
    }
    allowed = list(dict.fromkeys(name for names in had.values() for name in names))
    faults = [unknown_name("scenario", name, allowed) for name in scenarios if name not in allowed]
    if faults:
        raise UsageError(faults)
    chosen = scenarios or allowed
    return [Job(case, name) for case, names in had.items() for name in names if name in chosen]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Return the lines of a table whose columns are as wide as their widest cell.

    Examples
    --------
    >>> _aligned([["base", "As published"], ["late-start", "Later"]])
    ['  base        As published', '  late-start  Later']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return [f"  {line}".rstrip() for line in padded]


if __name__ == "__main__":
    sys.exit(main())
