"""Governance as a checklist: which topics are settled, and how others settled them."""

from collections.abc import Iterable

import pandas as pd

YES, PARTLY, NO = "yes", "partly", "no"
RANKS = {NO: 0, PARTLY: 1, YES: 2}


def settled_topics(arrangements: pd.DataFrame, topics: Iterable[str]) -> pd.Series:
    """Return how far each topic is settled: as its best arrangement says, no where it has none.

    Parameters
    ----------
    arrangements : DataFrame
        ``topic`` and ``settled`` (yes, partly or no).
    topics : iterable of str
        The topics that must be settled.

    Returns
    -------
    Series, index topic
        yes, partly or no.

    Examples
    --------
    >>> rows = pd.DataFrame({"topic": ["board", "board"], "settled": ["no", "partly"]})
    >>> settled_topics(rows, ["board", "exit"]).to_dict()
    {'board': 'partly', 'exit': 'no'}
    """
    best = arrangements["settled"].map(RANKS).groupby(arrangements["topic"]).max()
    words = {rank: word for word, rank in RANKS.items()}
    found = best.reindex(list(topics), fill_value=RANKS[NO])
    return found.astype(int).map(words).astype(object).rename("settled")


def settled_matrix(precedents: pd.DataFrame, topics: Iterable[str]) -> pd.DataFrame:
    """Return how far each precedent settled each topic, case by topic (yes, partly or no).

    Examples
    --------
    >>> rows = [("north", "board", "yes"), ("north", "exit", "no"), ("south", "board", "partly"),
    ...         ("south", "exit", "no")]
    >>> table = pd.DataFrame(rows, columns=["case", "topic", "settled"])
    >>> settled_matrix(table, ["exit", "board"]).loc["south"].tolist()
    ['no', 'partly']
    """
    matrix = precedents.pivot(index="case", columns="topic", values="settled")
    return matrix.reindex(index=precedents["case"].unique(), columns=list(topics))


def examples(precedents: pd.DataFrame, settled: pd.Series, case: str) -> pd.DataFrame:
    """Return how other cases settled what one case has not.

    Parameters
    ----------
    precedents : DataFrame
        ``case``, ``topic`` and ``settled`` (yes, partly or no).
    settled : Series, index topic
        How far the case itself has settled each topic.
    case : str
        The case itself, which is no example to itself.

    Returns
    -------
    DataFrame
        Rows of ``precedents`` that settle a topic further than the case does, and as far as any
        does; topics in the order of ``settled``, with its word as ``here``.

    Examples
    --------
    >>> rows = pd.DataFrame({"case": ["north", "south"], "topic": "exit", "settled": ["no", "yes"]})
    >>> examples(rows, pd.Series({"exit": "partly"}), "west")["case"].tolist()
    ['south']
    """
    others = precedents[precedents["case"] != case]
    ranks = others["settled"].map(RANKS)
    best = ranks.groupby(others["topic"]).transform("max")
    further = ranks > others["topic"].map(settled).map(RANKS)
    found = others[further & (ranks == best)]
    order = {topic: place for place, topic in enumerate(settled.index)}
    found = found.sort_values("topic", key=lambda topics: topics.map(order), kind="stable")
    return found.assign(here=found["topic"].map(settled))
