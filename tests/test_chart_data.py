import pandas as pd
import plotly.graph_objects as go

from businesscase.shown.display import chart, tiles
from businesscase_workbench.report.chart_data import chart_table
from businesscase_workbench.report.content import FigureShown


def table_of(figure, name="savings-chart-1"):
    """Return the table of a figure as the notebooks send it."""
    return chart_table(
        FigureShown(name, "Title", "Words.", chart(figure, "Title", "Words.").as_json())
    )


def test_lines_share_the_rows_of_their_years():
    figure = go.Figure()
    figure.add_scatter(name="A", x=["2024/25", "2025/26"], y=[1000.4, -2000], mode="lines")
    figure.add_scatter(name="B", x=["2025/26"], y=[5], mode="lines")
    figure.update_yaxes(title="Saving (£)")
    table = table_of(figure)
    assert table.labels == ("Financial year", "A", "B")
    assert table.rows == (("2024/25", "£1,000", "–"), ("2025/26", "-£2,000", "£5"))
    assert table.numeric == (False, True, True)


def test_tiles_become_the_grid_that_they_show_without_their_helper():
    texts = pd.DataFrame([["<b>1</b><br><i>Low</i>", "none"]], index=["5  likely"], columns=["Minor<br>1", "Major"])  # fmt: skip
    table = table_of(tiles(texts, [["white"] * 2], [["black"] * 2]))
    assert table.labels == ("What", "Minor 1", "Major")
    assert table.rows == (("5 likely", "1; Low", "none"),)


def test_empty_tile_has_a_dash():
    table = table_of(
        tiles(pd.DataFrame([[""]], index=["a"], columns=["b"]), [["white"]], [["black"]])
    )
    assert table.rows == (("a", "–"),)


def test_shaded_range_is_one_column_from_low_to_high():
    figure = go.Figure()
    figure.add_scatter(x=["2024/25"] * 1, y=[9], line={"width": 0}, mode="lines")
    figure.add_scatter(x=["2024/25"], y=[3], line={"width": 0}, mode="lines", fill="tonexty")
    assert table_of(figure).rows == (("2024/25", "3 to 9"),)


def test_closed_shape_is_a_range_too_and_what_is_not_drawn_is_not_told():
    figure = go.Figure()
    figure.add_bar(name="actual", x=["2024/25", "2025/26"], y=[7, None])
    figure.add_scatter(
        name="range", x=["2025/26", "2025/26"], y=[8, 2], fill="toself", line={"width": 0}, mode="lines"
    )  # fmt: skip
    assert table_of(figure).rows == (("2024/25", "7", "–"), ("2025/26", "–", "2 to 8"))


def test_curve_of_chances_is_read_at_every_twentieth():
    figure = go.Figure()
    figure.add_scatter(x=list(range(101)), y=[level / 100 for level in range(101)], mode="lines")
    figure.add_scatter(x=[50], y=[0.5], mode="markers")
    figure.update_xaxes(title="Cost (£)")
    figure.update_yaxes(title="Chance", tickformat=".0%")
    table = table_of(figure)
    assert table.labels == ("Chance", "Cost (£)")
    assert len(table.rows) == 19
    assert (table.rows[0], table.rows[9]) == (("5%", "£5"), ("50%", "£50"))


def test_bar_from_a_common_base_tells_where_it_ends_and_the_value_written_beside_it():
    figure = go.Figure()
    figure.add_bar(
        name="low", y=["Rate", "Delay"], x=[-40, 0], base=[100, 100], text=["0.33", ""], orientation="h"
    )  # fmt: skip
    figure.update_xaxes(title="Worth (£)")
    assert table_of(figure).rows == (("Rate", "£60 (0.33)"), ("Delay", "£100"))


def test_bar_between_two_values_is_a_range():
    figure = go.Figure()
    figure.add_bar(y=["Cost", "Control"], x=[1.0, 0.4], base=[0.0, 0.1], orientation="h")
    figure.update_xaxes(tickformat=".0%", title="Share")
    assert table_of(figure).rows == (("Cost", "0% to 100%"), ("Control", "10% to 50%"))


def test_rounded_label_is_not_told_beside_its_value():
    figure = go.Figure()
    figure.add_bar(y=["a", "b"], x=[52_371, 200], text=["£52,400", "of 3"], orientation="h")
    figure.update_xaxes(title="Cost (£)")
    assert table_of(figure).rows == (("a", "£52,371"), ("b", "£200 (of 3)"))


def test_day_that_a_plan_draws_at_its_end_keeps_its_date():
    figure = go.Figure()
    figure.add_scatter(name="deadline", x=["2025-04-01T00:00:00"], y=["1 Task"], mode="markers")
    figure.update_xaxes(type="date")
    assert table_of(figure, "plan-chart-1").rows == (("1 Task", "31 March 2025"),)
    assert table_of(figure, "readiness-chart-1").rows == (("1 Task", "1 April 2025"),)


def test_note_at_the_end_of_a_bar_has_a_column_unless_the_value_says_it():
    figure = go.Figure()
    figure.add_bar(y=["a", "b"], x=[1, 2], text=["", "2 users"], orientation="h")
    figure.add_annotation(x=1, y="a", text="£1<br>each")
    figure.add_annotation(x=2, y="b", text="2 users")
    table = table_of(figure)
    assert table.labels == ("What", "Value", "Note on the chart")
    assert table.rows == (("a", "1", "£1; each"), ("b", "2 users", "–"))
