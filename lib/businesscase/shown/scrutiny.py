"""What notebook 07 shows of the questions that auditors and scrutiny committees ask."""

from businesscase.calculations.wording import counted
from businesscase.shown.display import Sentence, Table
from businesscase.study import Study

NOT_ANSWERED = "not answered"


def answer(study: Study) -> Sentence:
    """Say how many of the questions the case answers, and on assumptions how many of these rest."""
    table = study.scrutiny.answers
    told = table[table["said"] != ""]
    assumed = int((told["status"] == "assumed").sum())
    return Sentence(
        f"**The case answers {len(told)} of {counted(len(table), 'question')}** that auditors and scrutiny "
        f"committees asked of shared services; {assumed} of the answers rest on assumptions."
    )


def questions(study: Study) -> Table:
    """Show each question with the answer of the case, where it stands, and how sound it is."""
    table = study.scrutiny.answers
    told = table["said"] != ""
    return Table(
        table.assign(
            said=table["said"].where(told, NOT_ANSWERED).str.replace("-£", "-\N{WORD JOINER}£"),
            place=table["place"].where(told, "–"),
            status=table["status"].where(told, "–"),
        ),
        "What scrutiny asks, and what the case answers",
        {
            "question": "Question",
            "said": "Answer",
            "place": "Where it stands",
            "status": "Weakest figure is",
            "asked_by": "Asked by",
        },
    )
