"""What notebook 07 shows of the questions that auditors and scrutiny committees ask."""

from businesscase.calculations.wording import counted
from businesscase.shown.display import Sentence
from businesscase.study import Study


def answer(study: Study) -> Sentence:
    """Say how many of the questions the case answers, and on assumptions how many of these rest."""
    table = study.scrutiny.answers
    told = table[table["said"] != ""]
    assumed = int((told["status"] == "assumed").sum())
    return Sentence(
        f"**The case answers {len(told)} of {counted(len(table), 'question')}** that auditors and scrutiny "
        f"committees asked of shared services; {assumed} of the answers rest on assumptions."
    )
