"""Writing a new scenario into a case's scenarios.toml, with all that stands there kept as it is."""

import tomllib
from pathlib import Path

import tomlkit

from businesscase.cases.case import BASE, Case, changing, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import write_file
from businesscase.cases.names import refuse_unless_printable, unsafe_name
from businesscase.cases.parameters import Parameters
from businesscase.cases.raw import nowhere
from businesscase.cases.validation import parameter_faults
from businesscase.cases.validation.rows import checked_scenarios


def write_scenario(case: str, name: str, title: str, why: str, parameters: Parameters) -> Path:
    """Add a scenario at the end of a case's scenarios.toml, as its differences from the base.

    The file is written beside and then renamed, so that it is never half-written, and only if it
    can be loaded again.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        With every fault of the name, title, reason and parameters; nothing is written then.
    OSError
        If it can't be written; what was there stays.
    """
    with changing(case) as folder:
        loaded = load_case(case)
        changed = differences(loaded, parameters)
        faults = [
            *_faults(loaded, name, title, why, changed),
            *parameter_faults(loaded.known, parameters),
        ]
        if faults:
            raise InputError(faults)
        path = folder / "scenarios.toml"
        there = path.read_bytes()
        line_end = "\r\n" if b"\r\n" in there else "\n"
        added = tomlkit.dumps({name: {"title": title.strip(), "why": why.strip(), **changed}})
        gap = "\n" if there.endswith(b"\n") else "\n\n"
        content = there + f"{gap}{added}".replace("\n", line_end).encode()
        if faults := list(_unreadable(loaded, tomllib.loads(content.decode("utf-8-sig")), name)):
            raise InputError(faults)
        write_file(path, content)
    return path


def differences(case: Case, parameters: Parameters) -> dict:
    """Return what parameters say otherwise than the case's base scenario, in their order.

    What is blank there alone is a blank text, because TOML has no None.
    """
    base = case.scenarios[BASE].parameters.model_dump()
    return {
        name: "" if value is None else value
        for name, value in parameters.model_dump().items()
        if value != base[name]
    }


def _unreadable(case: Case, scenarios: dict, name: str):
    """Yield what loading would refuse of a scenario among those of its file."""
    faults = []
    read = checked_scenarios(scenarios, nowhere, faults)
    yield from faults
    if name in read:
        yield from parameter_faults(case.known, read[name].parameters)


def _faults(case: Case, name: str, title: str, why: str, changed: dict):
    taken = {other.casefold(): other for other in case.scenarios}
    if fault := unsafe_name("name", name):
        yield fault
    elif name.casefold() in taken:
        yield f"name {name!r} is taken by scenario {taken[name.casefold()]!r}; choose another"
    for text in (title, why):
        try:
            refuse_unless_printable(text)
        except InputError as error:
            yield from error.faults
    if not title.strip():
        yield "the title is blank; say in a few words what the scenario is"
    if not why.strip():
        yield "the reason is blank; say why the scenario is plausible"
    if not changed:
        yield "nothing differs from the base scenario; move a control first"
