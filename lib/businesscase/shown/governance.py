"""What notebook 06 shows of governance: a checklist with evidence, and what published cases settled."""

import pandas as pd

from businesscase.calculations.governance import NO, PARTLY, YES
from businesscase.calculations.wording import listed
from businesscase.shown.display import PALE, Chart, Sentence, Table, absent, chart, lowered, tiles
from businesscase.study import Study

FILLS = {YES: ("#D5EBDD", "#0B0C0C"), PARTLY: (PALE, "#0B0C0C"), NO: ("#801650", "white")}
NO_PRECEDENTS = "No published case is recorded: data/ has no governance_precedents.csv"


def checklist(study: Study) -> Table:
    """Show each topic with its question, how far it is settled, and by what."""
    arrangements = study.tables["governance"]
    rows = [
        _checked(topic, question, arrangements[arrangements["topic"] == topic], study)
        for topic, question in study.governance.questions.items()
    ]
    return Table(
        pd.DataFrame(rows),
        f"Governance of the shared service: {_tally(study.governance.settled)}",
        {
            "topic": "Topic",
            "question": "Question",
            "settled": "Settled",
            "evidence": "What this case says",
            "status": "Status",
            "paragraph": "Paragraph",
        },
    )


def _checked(topic: str, question: str, rows: pd.DataFrame, study: Study) -> dict:
    several = len(rows) > 1
    said = [
        f"{row.name}: {row.arrangement}" + (f" [{row.settled}]" if several else "")
        for row in rows.set_index(pd.RangeIndex(len(rows))).itertuples(name="Row", index=False)
    ]
    return {
        "topic": topic,
        "question": question,
        "settled": study.governance.settled[topic],
        "evidence": ". ".join(said) or "Nothing is said of this",
        "status": ", ".join(rows["status"].unique()) or "–",
        "paragraph": "; ".join(rows["paragraph"].unique()) or "–",
    }


def _tally(settled: pd.Series) -> str:
    counts = settled.value_counts()
    said = [
        f"{counts.get(word, 0)} {words}"
        for word, words in ((YES, "settled"), (PARTLY, "settled in part"), (NO, "left open"))
    ]
    return f"of {len(settled)} topics {listed(said)}"


def examples(study: Study) -> Table:
    """Show how a published case settled what this one has not."""
    table = study.governance.examples
    if study.governance.matrix.empty:
        return absent(NO_PRECEDENTS)
    unmatched = [
        topic
        for topic in study.governance.settled.index[study.governance.settled != YES]
        if topic not in set(table["topic"])
    ]
    caption = "How published cases settled what is open, or settled only in part, here"
    if unmatched:
        caption += f"; none goes further on {listed(unmatched)}"
    return Table(
        table,
        caption,
        {
            "topic": "Topic",
            "here": "Settled here",
            "partnership": "Published case",
            "settled": "Settled there",
            "arrangement": "How",
            "paragraph": "Paragraph",
        },
        absent="No published case goes further than this one on any topic",
    )


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
        f"This case settles {here} of {settled.shape[1]} topics; of the published cases {best} settles "
        f"most, {count.max()}"
    )
    return f"{first}; none settles {listed(never)}" if never else first


def precedents(study: Study) -> Table:
    """Show what each published case had and lacked, topic by topic."""
    names = _partnerships(study)
    table = study.tables["governance_precedents"]
    if table.empty:
        return absent(NO_PRECEDENTS)
    said = table["settled"] + ": " + table["arrangement"] + " (" + table["paragraph"] + ")"
    texts = table.assign(said=said).pivot(index="topic", columns="case", values="said")
    texts = texts.reindex(index=study.governance.questions.index, columns=list(names))
    statuses = listed(sorted(table["status"].unique()))
    return Table(
        texts.rename_axis("topic").reset_index(),
        f"What each published case had and lacked, at the paragraph of its report in brackets ({statuses})",
        {"topic": "Topic"} | names,
    )


def rule(study: Study) -> Sentence:
    """State the rule by which a topic counts as settled."""
    return Sentence(
        "The rule: a topic is settled (**yes**) if the case says how the shared service itself "
        "will have it; **partly** if only for a time, for a stage such as the business case, or in "
        "part; **no** if it is left open or not mentioned. What is arranged comes from the paragraph "
        "named; the word is this workbook's reading of it."
    )
