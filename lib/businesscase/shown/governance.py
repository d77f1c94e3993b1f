"""What notebook 06 shows of governance: a checklist with evidence, and what published cases settled."""

import pandas as pd

from businesscase.calculations.governance import NO, PARTLY, YES
from businesscase.calculations.wording import listed, part_of
from businesscase.shown.display import Chart, Sentence, Table, absent, chart, lowered, tiles
from businesscase.shown.looks import BAD, GOOD, MIDDLE
from businesscase.study import Study

FILLS = {YES: GOOD, PARTLY: MIDDLE, NO: BAD}
NO_PRECEDENTS = "No published case is recorded"


def once(words: pd.Series) -> str:
    """Return words in their order, each once."""
    return "; ".join(words.unique())


def no_example(study: Study) -> str:
    """Say why there is no example from a published case."""
    if study.governance.matrix.empty:
        return NO_PRECEDENTS
    return "No published case goes further than this one on any topic"


def precedents_chart(study: Study) -> Chart | Table:
    """Draw which topics each published case settled, with this case's own row in bold."""
    if study.governance.matrix.empty:
        return absent(NO_PRECEDENTS)
    matrix = _with_own_row(study)
    own = matrix.index.get_loc(study.case.name)
    texts = matrix.copy()
    texts.iloc[own] = [f"<b>{word}</b>" for word in texts.iloc[own]]
    texts.index = _row_labels(study, list(matrix.index))
    figure = tiles(
        texts,
        [[FILLS[word][0] for word in row] for row in matrix.to_numpy()],
        [[FILLS[word][1] for word in row] for row in matrix.to_numpy()],
        size=13,
    )
    figure.update_xaxes(side="top", tickangle=0)
    figure.update_yaxes(ticks="outside", ticklen=6, tickcolor="white")
    said = [
        f"{label.replace('<b>', '').replace('</b>', '')} settles {_topics(row, YES)}, in part "
        f"{_topics(row, PARTLY)}"
        for label, (_, row) in zip(texts.index, matrix.iterrows(), strict=True)
    ]
    data = matrix.rename(index=_partnerships(study)).rename(index={study.case.name: "This case"})
    data = data.rename_axis(index="Case")
    height = 130 + 46 * len(matrix)
    return lowered(
        chart(figure, _matrix_title(study), f"{'; '.join(said)}.", data, height, b=10), 28
    )


def _topics(settled: pd.Series, word: str) -> str:
    topics = list(settled.index[settled == word])
    return listed(topics) if topics else "none"


def _with_own_row(study: Study) -> pd.DataFrame:
    """Return the matrix with the case's own row, first if it is none of the published cases."""
    matrix, name = study.governance.matrix, study.case.name
    own = study.governance.settled.rename(name).to_frame().T
    if name not in matrix.index:
        return pd.concat([own, matrix])
    matrix = matrix.copy()
    matrix.loc[name] = own.loc[name]
    return matrix


def _row_labels(study: Study, cases: list[str]) -> list[str]:
    names = _partnerships(study)
    return [
        f"<b>{names.get(case, 'This case')}</b>" if case == study.case.name else names[case]
        for case in cases
    ]


def _partnerships(study: Study) -> dict[str, str]:
    precedents = study.tables["governance_precedents"]
    return dict(zip(precedents["case"], precedents["partnership"], strict=True))


def _matrix_title(study: Study) -> str:
    settled = study.governance.matrix == YES
    never = list(settled.columns[~settled.any()])
    count = settled.sum(axis="columns")
    best, here = _partnerships(study)[count.idxmax()], int((study.governance.settled == YES).sum())
    first = (
        f"This case settles {part_of(here, settled.shape[1], 'topic')}; of the published cases {best} settles "
        f"most, {count.max()}"
    )
    return f"{first}; none settles {listed(never)}" if never else first


def rule(study: Study) -> Sentence:
    """State the rule by which a topic counts as settled."""
    return Sentence(
        "The rule: a topic is settled (**yes**) if the case says how the shared service itself "
        "will have it; **partly** if only for a time, for a stage such as the business case, or in "
        "part; **no** if it is left open or not mentioned. What is arranged comes from the paragraph "
        "named; the word is this workbook's reading of it."
    )
