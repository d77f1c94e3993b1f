"""Text against the schema: rows of a table, the keys of case.toml, the parameters of scenarios."""

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from businesscase.calculations.years import IS_MONTH, Month
from businesscase.cases.errors import Fault, nearest_names, shown, unknown_name
from businesscase.cases.names import unsafe_name
from businesscase.cases.parameters import Parameters, Scenario
from businesscase.cases.raw import CASE, SCENARIOS, Place, Places
from businesscase.cases.schema import CaseFile, Row, Source, plain_types, written_as

BASE = "base"
COMPARISON = "comparison"  # the folder of the report that sets all scenarios side by side


def checked_table(
    stem: str, rows: list[dict[str, str]], model: type[Row], place: Places, faults: list[Fault]
) -> pd.DataFrame:
    """Return a table's rows, typed; a fault is added for each cell that the schema refuses."""
    whole = _whole(model, tuple(tuple(cells.items()) for cells in rows))
    if whole is not None:
        return whole.copy(deep=False)
    found = []
    for index, cells in enumerate(rows):
        at = partial(place, stem, index)
        row = _validated(model, _given(model, cells), "column", at, faults)
        if row is not None:
            found.append(row)
    return _frame(found, model)


@lru_cache(maxsize=500)  # tables; most are those of the case that was read before
def _whole(model: type[Row], rows: tuple[tuple[tuple[str, str], ...], ...]) -> pd.DataFrame | None:
    """Return rows of cells, each a column and its text, as a table; None if the schema refuses one."""
    try:
        return _frame([model.model_validate(_given(model, dict(cells))) for cells in rows], model)
    except ValidationError:
        return None


def _given(model: type[Row], cells: dict[str, str]) -> dict[str, str]:
    """Return the cells of a row that say something, or that must."""
    fields = model.model_fields
    return {
        name: text
        for name, text in cells.items()
        if text.strip() or name not in fields or fields[name].is_required()
    }


def checked_file(given: dict, place: Places, faults: list[Fault]) -> CaseFile | None:
    """Return what case.toml says, or None with its faults added."""
    return _validated(CaseFile, given, "key", lambda key: place(CASE, None, key), faults)


def checked_sources(given: dict, place: Places, faults: list[Fault]) -> dict[str, Source]:
    """Return the documents of sources.toml by key."""
    found = {
        key: _validated(
            Source, fields, "key", lambda name, k=key: place("sources", k, name), faults
        )
        for key, fields in given.items()
    }
    return {key: source for key, source in found.items() if source is not None}


def checked_scenarios(
    given: dict[str, dict], place: Places, faults: list[Fault]
) -> dict[str, Scenario]:
    """Return the scenarios; each holds the base's parameters with its own differences on top."""
    if BASE not in given:
        faults.append(Fault(f"[{BASE}] is missing").at(place(SCENARIOS, None, None)))
        return {}
    if next(iter(given)) != BASE:
        faults.append(
            Fault(f"the first scenario must be [{BASE}]").at(place(SCENARIOS, None, None))
        )
        return {}
    base, inherited, scenarios, taken = {}, [], {}, {}
    for name, fields in given.items():
        where = place(SCENARIOS, name, None)
        if not isinstance(fields, dict):
            fault = Fault(f"found {shown(fields)}; a scenario is a table with title and why")
            faults.append(fault.at(where))
            continue
        faults.extend(fault.at(where) for fault in _name_faults(name, taken))
        taken[name.casefold()] = name
        own = {key: value for key, value in fields.items() if key not in ("title", "why")}
        found = []
        parameters = _validated(
            Parameters, base | own, "parameter", lambda key, n=name: place(SCENARIOS, n, key), found
        )
        if name == BASE:
            base, inherited = own, found
        # what the base has wrong is said once, of the base
        said = [fault.details.get("column") for fault in inherited]
        faults.extend(
            fault for fault in found if name == BASE or fault.details.get("column") not in said
        )
        words = {key: fields[key] for key in ("title", "why") if key in fields}
        scenario = _validated(
            Scenario,
            words | {"parameters": parameters or Parameters()},
            "key",
            lambda key, n=name: place(SCENARIOS, n, key),
            faults,
        )
        if scenario is not None:
            scenarios[name] = scenario
    return scenarios


def _name_faults(name: str, taken: dict[str, str]) -> Iterator[Fault]:
    if fault := unsafe_name("scenario", name):
        yield fault
    if name.casefold() == COMPARISON:
        yield Fault(f"{name!r} is the name of the report that compares them; use another")
    if name.casefold() in taken:
        other = taken[name.casefold()]
        yield Fault(f"{name!r} and {other!r} name one folder where case doesn't count; use another")


def _validated(model: type[BaseModel], given: dict, kind: str, place, faults: list[Fault]):
    """Return a valid model, or None with a fault added for each thing that is wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults.extend(_faults(error, model, kind, place))
        return None


def _faults(error: ValidationError, model: type[BaseModel], kind: str, place) -> Iterator[Fault]:
    for found in error.errors():
        *parents, name = found["loc"] or [""]
        field = ".".join(str(part) for part in found["loc"])
        at: Place = place(field or None)
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            # the only models within a model are the documents in the sources of case.toml
            owner = Source if parents else model
            yield unknown_name(kind, str(name), owner.model_fields).at(place(None))
        elif found["type"] == "value_error":
            refused = getattr(found["ctx"]["error"], "faults", [message])[0]
            yield Fault(refused).at(at)
        elif found["type"] == "missing":
            yield Fault(f"{kind} {field} is missing", column=field).at(place(None))
        else:
            yield _off_limits(found, message).at(at)


def _off_limits(found: ErrorDetails, message: str) -> Fault:
    allowed = message.replace("Input should be", "it should be").replace("String", "it")
    if found["type"] == "string_pattern_mismatch":  # options have the only pattern
        allowed = "it should be one lower-case letter"
    if found["type"] == "date_type":  # in TOML, where a date has no quotation marks
        allowed = "it should be a date such as 2026-04-01, without quotation marks"
    given, nearest = found["input"], []
    if found["type"] == "greater_than_equal" and str(found["loc"][-1]).endswith("_gbp"):
        allowed += "; costs and savings are both positive"
    if found["type"] == "literal_error" and isinstance(given, str):
        nearest = nearest_names(given, re.findall(r"'([^']+)'", allowed))
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    return Fault(
        f"found {shown(given)}; {allowed}{hint}",
        found=shown(given),
        allowed=allowed,
        nearest=nearest,
    )


def _frame(rows: list[Row], model: type[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            name: _series([getattr(row, name) for row in rows], column)
            for name, column in model.model_fields.items()
        }
    )
    for name, column in model.model_fields.items():
        if Month in written_as(column):
            frame[f"{name}{IS_MONTH}"] = [isinstance(getattr(row, name), Month) for row in rows]
    return frame


def _series(values: list, column: FieldInfo) -> pd.Series:
    """Return the values of a column with the type that holds what it may hold."""
    kinds = plain_types(column.annotation)
    if kinds == {dt.date}:
        return pd.to_datetime(pd.Series(values, dtype=object))
    if dt.date in kinds:
        return pd.Series(
            [pd.Timestamp(value) if isinstance(value, dt.date) else value for value in values]
        )
    if kinds == {int} and not column.is_required():
        return pd.Series(values, dtype="Int64")
    for kind in (float, int, bool):
        if kinds == {kind}:
            return pd.Series(values, dtype="int64" if kind is int else kind)
    return pd.Series([np.nan if value is None else value for value in values], dtype=object)
