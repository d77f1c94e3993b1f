"""What the notebooks show: ``table`` for any frame, ``chart`` for any figure, and what each says and draws.

A module a notebook has its computed sentences and its charts; what a column is called is in ``columns``.
"""

import pandas as pd

from businesscase.calculations.wording import (
    chance_in_words,
    counted,
    in_words,
    listed,
    part_of,
    percent,
    pounds,
    printed,
    words,
    year_label,
)
from businesscase.shown import (
    backtest,
    baseline,
    compare,
    decision,
    governance,
    options,
    outturn,
    plan,
    readiness,
    resolutions,
    risks,
    savings,
    scrutiny,
    start,
    sweep,
    value,
    verdicts,
)
from businesscase.shown.common import assumptions, checks, events, introduction, made_from
from businesscase.shown.display import Chart, Sentence, Table, chart, table, with_legend

__all__ = [
    "Chart",
    "Sentence",
    "Table",
    "assumptions",
    "backtest",
    "baseline",
    "chance_in_words",
    "chart",
    "checks",
    "compare",
    "counted",
    "decision",
    "events",
    "governance",
    "in_words",
    "introduction",
    "listed",
    "made_from",
    "options",
    "outturn",
    "part_of",
    "percent",
    "plan",
    "pounds",
    "printed",
    "readiness",
    "resolutions",
    "risks",
    "savings",
    "scrutiny",
    "start",
    "sweep",
    "table",
    "value",
    "verdicts",
    "with_legend",
    "words",
    "year_label",
]

pd.options.plotting.backend = "plotly"  # frame.plot() needs nothing else that is installed here
