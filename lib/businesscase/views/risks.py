"""What notebook 04 shows: the register on its matrix, and what is wrong with the register."""

import pandas as pd

from businesscase import risks
from businesscase.study import Study
from businesscase.views.display import Chart, Sentence, Table, chart, listed, printed, tiles

# bands from low to high: fill and ink keep 4.5 to 1, and the band's name stands in the cell too
BAND_COLOURS = [("#D5EBDD", "#0B0C0C"), ("#FFE8A3", "#0B0C0C"), ("#F4B6A6", "#0B0C0C"), ("#801650", "white")]  # fmt: skip


def answer(study: Study) -> Sentence:
    """Say how many risks there are, how high, and what the register lacks."""
    scored = study.scored_risks
    assessed = scored[scored["risk_score"].notna()]
    above = assessed[assessed["within_appetite"].eq(False)]
    top = assessed[assessed["risk_score"] == assessed["risk_score"].max()]
    bands = assessed["band"].value_counts()
    counted = [f"{bands[band]} {band}" for band in _ordered_bands(study) if band in bands]
    said = [
        f"**{len(assessed)} of {len(scored)} risks are assessed: {listed(counted)}.**",
        f"The highest score is {printed(top['risk_score'].iloc[0])} (risk{'s' * (len(top) > 1)} {listed(list(top['risk']))}).",
        f"Above appetite: {listed(list(above['risk']))}."
        if len(above)
        else "None is above appetite.",
    ]
    faulty = study.risk_findings["risk"].unique()
    if len(faulty):
        said.append(
            f"The register itself has {len(study.risk_findings)} gaps, in {len(faulty)} risks."
        )
    return Sentence(" ".join(said))


def _ordered_bands(study: Study) -> list[str]:
    return list(study.tables["risk_bands"].sort_values("lowest_score")["band"])


def matrix_chart(study: Study) -> Chart:
    """Draw the matrix as the report prints it: ids in the cells, bands by colour and letter."""
    levels = study.tables["risk_levels"]
    bands = study.tables["risk_bands"].sort_values("lowest_score", ignore_index=True)
    grid = study.risk_grid
    scores = {axis: rows.set_index("level")["score"] for axis, rows in levels.groupby("axis")}
    band_of = {
        (row, column): bands.index[
            (bands["lowest_score"] <= scores["likelihood"][row] * scores["impact"][column])
            & (bands["highest_score"] >= scores["likelihood"][row] * scores["impact"][column])
        ][0]
        for row in grid.index
        for column in grid.columns
    }
    texts = pd.DataFrame(
        [
            [_cell(grid.at[row, column], bands.at[band_of[row, column], "band"]) for column in grid]
            for row in grid.index
        ],
        index=[f"{scores['likelihood'][row]}  {row}" for row in grid.index],
        columns=[f"{column}  {scores['impact'][column]}" for column in grid.columns],
    )
    shades = _shades(len(bands))
    colours = [[shades[band_of[row, column]] for column in grid] for row in grid.index]
    figure = tiles(
        texts,
        [[fill for fill, _ in row] for row in colours],
        [[ink for _, ink in row] for row in colours],
    )
    figure.update_xaxes(title="Impact")
    figure.update_yaxes(title="Likelihood")
    assessed = study.scored_risks.dropna(subset="risk_score")
    above = int(assessed["within_appetite"].eq(False).sum())
    title = f"{len(assessed)} risks on the matrix, {above or 'none'} of them above appetite"
    said = [
        f"risk {row.risk} at {row.likelihood} and {row.impact}" for row in assessed.itertuples()
    ]
    return chart(
        figure, title, f"As assessed in the register: {listed(said)}.", 140 + 62 * len(grid)
    )


def _cell(ids: str, band: str) -> str:
    small = f"<span style='font-size:11px'>{band}</span>"
    return f"<b>{ids}</b><br>{small}" if ids else small


def _shades(count: int) -> list[tuple[str, str]]:
    """Return a colour for each band, the lowest first, so that the top band is always the last."""
    last = len(BAND_COLOURS) - 1 if count > 3 else 2
    return [BAND_COLOURS[min(number, last)] for number in range(count - 1)] + [BAND_COLOURS[last]]


def register(study: Study) -> Table:
    """Show the register with scores and bands, highest first."""
    table = study.scored_risks.sort_values("risk_score", ascending=False, kind="stable")
    return Table(
        table.assign(description=table["description"].replace("", "no description in the source")),
        "The register, highest score first",
        {
            "risk": "Risk",
            "description": "What could happen",
            "likelihood": "Likelihood",
            "impact": "Impact",
            "risk_score": "Score",
            "band": "Band",
            "mitigation": "Mitigation",
        },
    )


def findings(study: Study) -> Table:
    """Show what is wrong with the register itself."""
    table = study.risk_findings.groupby("finding", sort=False)["risk"].agg(
        lambda numbers: ", ".join(map(str, numbers))
    )
    return Table(
        table.reset_index(),
        "Gaps in the register" if len(table) else "The register has no gaps",
        {"finding": "Finding", "risk": "Risks"},
    )


def one_level_up(study: Study) -> Table:
    """Show how many risks fall in each band if all are more or less likely than assessed."""
    rows = []
    for shift in (-1, 0, 1, 2):
        level = study.parameters.likelihood_shift + shift
        scored = risks.scored_risks(
            study.tables["risks"], study.tables["risk_levels"], study.tables["risk_bands"], level
        ).dropna(subset="risk_score")
        counts = scored["band"].value_counts()
        name = {0: "As in this scenario"}.get(shift, f"{abs(shift)} level{'s' * (abs(shift) > 1)} {'more' if shift > 0 else 'less'} likely")  # fmt: skip
        rows.append(
            {"shift": name} | {band: int(counts.get(band, 0)) for band in _ordered_bands(study)}
        )
    return Table(
        pd.DataFrame(rows),
        "Number of risks in each band if all were more or less likely",
        {"shift": "If every risk is"} | {band: band for band in _ordered_bands(study)},
    )
