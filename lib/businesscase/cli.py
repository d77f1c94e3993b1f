"""The command line: ``businesscase cases``, ``check``, ``report``, ``sweep``, ``refresh`` and more."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from businesscase import __version__
from businesscase.case import (
    COMPARISON,
    Case,
    case_names,
    described_data,
    load_case,
    project_folder,
)
from businesscase.errors import InputError, unknown_name

DONE, FAILED, WRONG_NAME, INTERRUPTED = 0, 1, 2, 130

# what each step of `businesscase test` runs, after `python -m`; nbval's own warnings are not ours
TESTS = {
    "style": "ruff check .",
    "format": "ruff format --check .",
    "tests": "pytest --numprocesses=auto --dist=loadfile tests",
    "examples in docstrings": "pytest --doctest-modules lib",
    "notebooks": "pytest --nbval --nbval-kernel-name=businesscase -o filterwarnings= -p no:cacheprovider notebooks",
}


class UnknownNameError(InputError):
    """A case or scenario that the user named and that doesn't exist."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 if something is wrong, 2 for a wrong name."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except InputError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return WRONG_NAME if isinstance(error, UnknownNameError) else FAILED
    except OSError as error:
        print(f"{error.filename or 'files'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="businesscase", description="The business case of a shared ICT service, made again."
    )
    parser.add_argument("--version", action="version", version=f"businesscase {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("cases", _cases, "list the cases with their scenarios and sections")
    check = command("check", _check, "validate the data and reconcile it to the published figures")
    report = command("report", _report, "run the notebooks for each scenario and write the reports")
    refresh = command(
        "refresh", _refresh, "write outputs into the notebooks, and the schema into data/README.md"
    )
    explore = command("explore", _explore, "serve the explorers as pages, on this machine only")
    explore.add_argument("--port", type=_count, default=8866, metavar="N", help="8866 if not said")
    explore.add_argument("--no-browser", action="store_true", help="open no browser")
    sweep = command(
        "sweep", _sweep, "draw all that is uncertain and find when the case fails; writes Parquet"
    )
    sweep.add_argument("case", metavar="CASE")
    sweep.add_argument("--draws", type=_count, default=100_000, metavar="N", help="100000 futures")
    sweep.add_argument(
        "--seed", type=_seed, metavar="N", help="a whole number; that of the reports"
    )
    sweep.add_argument("--scenario", default="base", metavar="NAME", help="base if not said")
    sweep.add_argument("--output", metavar="DIR", help="folder; reports/")
    command("test", _test, "run all tests: style, tests, examples in docstrings, notebooks")

    for parser_of_cases in (check, report):
        parser_of_cases.add_argument("case", nargs="*", metavar="CASE", help="all if none is named")
    report.add_argument(
        "--scenario", action="append", metavar="NAME", default=[], help="all if none; may repeat"
    )
    report.add_argument(
        "--output", metavar="PLACE", help="folder, or address such as s3://bucket/reports; reports/"
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
    from businesscase.report.formats import FORMATS

    named = dict.fromkeys(["html", *text.split(",")])
    unknown = [name for name in named if name not in FORMATS]
    if unknown:
        allowed = ", ".join(FORMATS)
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)!r} is no format; allowed: {allowed}")
    return tuple(named)


def _template(name: str | None) -> str:
    """Return the path of a Word file; refuse what is none."""
    if not name:
        return ""
    import docx  # slow to import

    try:
        docx.Document(name)
    except Exception:  # it has one for each way in which a file can be no document
        raise InputError(f"{name}: no Word file (.docx) is there") from None
    return str(Path(name).resolve())


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _cases(arguments: argparse.Namespace) -> int:
    faults = []
    for name in case_names():
        try:
            case = load_case(name)
        except InputError as error:  # told after the cases that are in order
            faults += error.faults
            continue
        print(f"{case.name}: {case.file.title}")
        print(f"  sections: {', '.join(case.section_names())}")
        rows = [[name, scenario.title] for name, scenario in case.scenarios.items()]
        print(*_aligned(rows), "", sep="\n")
    if faults:
        raise InputError(dict.fromkeys(faults))
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from businesscase.results import reconciliation

    wrong = []
    for study in _base_studies(_known(arguments.case)):
        case = study.case
        table = reconciliation(case.tables["published"], study.results)
        agreed = int(table["agrees"].sum())
        table["agrees"] = table["agrees"].map({True: "yes", False: "NO"})
        table = table.astype(object).where(table.notna(), "").astype(str)
        if table.empty:
            print(f"{case.name}: no published figure to hold against", "", sep="\n")
            continue
        print(f"{case.name}: {agreed} of {len(table)} published figures agree")
        print(*_aligned([list(table), *table.to_numpy().tolist()]), "", sep="\n")
        if agreed < len(table):
            wrong.append(f"{case.name}: {len(table) - agreed} published figures do not agree")
    if wrong:
        raise InputError(wrong)
    return DONE


def _report(arguments: argparse.Namespace) -> int:
    from businesscase.batch import Settings, run_jobs, write_index

    template = _template(arguments.template)
    settings = Settings(
        arguments.output or str(project_folder() / "reports"),
        arguments.workers,
        arguments.timeout,
        arguments.force,
        arguments.quiet,
        arguments.scheduler,
        formats=tuple(dict.fromkeys([*arguments.formats, *(["docx"] if template else [])])),
        shared_assets=arguments.shared_assets,
        template=template,
    )
    jobs = _jobs(_loaded(_known(arguments.case)), arguments.scenario)
    outcomes = run_jobs(jobs, settings)
    index = write_index(settings, outcomes)
    failures = [outcome for outcome in outcomes if outcome.error]
    kept = sum(outcome.kept for outcome in outcomes)
    made = len(outcomes) - len(failures) - kept
    unchanged = f", {kept} unchanged" if kept else ""
    print(f"{made} of {len(outcomes)} reports made{unchanged}: {index}")
    for outcome in failures:
        print(f"{outcome.job.case} {outcome.job.scenario}: {outcome.error}", file=sys.stderr)
    return FAILED if failures else DONE


def _sweep(arguments: argparse.Namespace) -> int:
    _known([arguments.case])
    case = _loaded([arguments.case])[0]
    if arguments.scenario not in case.scenarios:
        raise UnknownNameError(unknown_name("scenario", arguments.scenario, case.scenarios))

    from businesscase.study import load_study
    from businesscase.sweep import SEED, files, write_sweep
    from businesscase.views import sweep as show

    study = load_study(case.name, arguments.scenario)
    folder = arguments.output or project_folder() / "reports"
    seed = SEED if arguments.seed is None else arguments.seed
    found = write_sweep(study, folder, arguments.draws, seed, arguments.scheduler)
    for sentence in (show.partnership(found), show.any_partner(found)):
        print(str(sentence).replace("**", ""))
    print(*files(folder, study), sep="\n")
    return DONE


def _refresh(arguments: argparse.Namespace) -> int:
    from businesscase.batch import refresh_notebooks

    readme = project_folder() / "data" / "README.md"
    text = described_data(readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8", newline="\n")
    failures = refresh_notebooks(project_folder() / "notebooks", arguments.workers)
    if failures:
        raise InputError(failures)
    return DONE


def _explore(arguments: argparse.Namespace) -> int:
    from businesscase.explore.server import serve  # slow to import

    options = ["--no-browser"] if arguments.no_browser else []
    serve(project_folder() / "notebooks" / "explore", [f"--port={arguments.port}", *options])
    return DONE


def _test(arguments: argparse.Namespace) -> int:
    from businesscase.forking.library import kernels_path

    environment = os.environ | {"JUPYTER_PATH": kernels_path()}
    failed = []
    for name, command in TESTS.items():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", *command.split()]
        if subprocess.run(command, cwd=project_folder(), env=environment).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all tests passed")
    return FAILED if failed else DONE


def _known(names: list[str]) -> list[str]:
    """Return the names of the cases chosen, all if none; refuse those that don't exist."""
    unknown = [name for name in names if name not in case_names()]
    if unknown:
        raise UnknownNameError(unknown_name("case", name, case_names()) for name in unknown)
    return list(dict.fromkeys(names)) or case_names()


def _loaded(names: list[str]) -> list[Case]:
    """Return the cases, or refuse them with the faults of all."""
    return _each(load_case, names)


def _base_studies(names: list[str]) -> list:
    """Return the cases under their base scenarios, or refuse them with the faults of all."""
    from businesscase.study import load_study

    studies = _each(load_study, names)
    _each(lambda study: study.gates, studies)
    return studies


def _each(load: Callable, names: list) -> list:
    found, faults = [], []
    for name in names:
        try:
            found.append(load(name))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(dict.fromkeys(faults))
    return found


def _jobs(cases: list[Case], scenarios: list[str]) -> list:
    """Return a job for each scenario chosen of each case that has it, all if none is named."""
    from businesscase.batch import Job

    allowed = list(dict.fromkeys(name for case in cases for name in [*case.scenarios, COMPARISON]))
    unknown = [name for name in scenarios if name not in allowed]
    if unknown:
        raise UnknownNameError(unknown_name("scenario", name, allowed) for name in unknown)
    chosen = scenarios or allowed
    return [
        Job(case.name, name)
        for case in cases
        for name in (*case.scenarios, COMPARISON)
        if name in chosen
    ]


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
