"""What notebook 07 shows of the questions that auditors and scrutiny committees ask."""

from businesscase.calculations.wording import part_of
from businesscase.shown.display import Sentence
from businesscase.study import Study


def answer(study: Study) -> Sentence:
    """Say how many of the questions the case answers, and on assumptions how many of these rest."""
    table = study.scrutiny.answers
    told = table[table["said"] != ""]
    assumed = int((told["status"] == "assumed").sum())
    those = part_of(assumed, len(told), "answer", "the")
    rests = f"; {those} {'rests' if assumed < 2 else 'rest'} on assumptions"
    return Sentence(
        f"**The case answers {part_of(len(told), len(table), 'question')}** that auditors and scrutiny "
        f"committees asked of shared services{rests if len(told) else ''}."
    )
