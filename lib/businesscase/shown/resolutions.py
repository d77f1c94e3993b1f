"""What a report says of the draft resolutions: the numbered list, and how far the source asks for them."""

from collections.abc import Iterator

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import counted, listed
from businesscase.shown.display import literal
from businesscase.study import Study


def drafts(study: Study, council: str = ALL, with_amounts: bool = True) -> Iterator[str]:
    """Yield as Markdown the draft resolutions for the verdict, and then what they rest on.

    For one council those of the others alone are left out; each keeps its number. Without amounts, where
    the public reads it, the words that stand in their places say where they are.
    """
    verdict = study.decision.recommendation
    table = study.resolutions.resolutions if with_amounts else study.resolutions.without_amounts
    if council != ALL:
        table = table[table["partner"].isin([ALL, council])]
    if table.empty:
        yield f"No draft resolution can be put to the cabinet for “{verdict}”."
        return
    lines = [
        f"{row.Index}. {'' if row.partner == ALL else f'**{literal(row.partner)}:** '}"
        f"{literal(' '.join(row.resolution.split()))}"
        for row in table.itertuples()
    ]
    yield "\n".join(["The cabinet may resolve, with the amounts of this scenario:", "", *lines])
    asked = table.index[table["status"] == "published"]
    origin = f"The source asks for {listed(asked)} in other words" if len(asked) else ""
    own = table.index.difference(asked)
    named = listed(own) if len(asked) else "It" if len(own) == 1 else "All"
    ours = f"{named} {'is a draft' if len(own) == 1 else 'are drafts'} of the authors"
    left = len(study.resolutions.left_out)
    out = f"{counted(left, 'other')} can't be put for want of an amount" if left else ""
    said = [origin, ours if len(own) else "", out]
    yield f"{'; '.join(filter(None, said))}."
