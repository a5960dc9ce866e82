import numpy as np

from huebench.reports.charts.chroma import chroma_histograms


def made(count):
    """Return histograms of one spot each."""
    histograms = {f"m{i}": np.zeros((50, 50)) for i in range(count)}
    for i, counts in enumerate(histograms.values()):
        counts[i, 2 * i] = 1 / (i + 1)
    return histograms


def test_every_histogram_is_on_one_scale():
    histograms = made(7)
    figure = chroma_histograms(histograms)
    assert [axes.get_title() for axes in figure.axes[:7]] == list(histograms)
    assert len({axes.get_images()[0].get_clim() for axes in figure.axes[:7]}) == 1


def test_a_bar_says_the_scale_and_the_outer_axes_their_values():
    figure = chroma_histograms(made(8))
    figure.draw_without_rendering()
    *histograms, bar = [axes for axes in figure.axes if axes.axison]
    assert bar.get_ylabel() == "share of pixels, log scale"
    assert bar.get_yscale() == "log"
    assert "10⁻¹" in [label.get_text() for label in bar.get_yticklabels()]
    values = ["\N{MINUS SIGN}100", "0", "100"]
    for place, axes in enumerate(histograms):
        left, bottom = place in (0, 6), place >= 2  # six a line, the last two below the first
        for axis, name, outer in ((axes.xaxis, "a*", bottom), (axes.yaxis, "b*", left)):
            shown = [tick.label1.get_text() for tick in axis.get_major_ticks() if tick.label1.get_visible()]
            assert (shown, axis.get_label_text()) == ((values, name) if outer else ([], ""))


def test_bar_and_values_leave_the_histograms_most_of_the_width():
    figure = chroma_histograms(made(6))
    figure.draw_without_rendering()
    assert sum(axes.get_position().width for axes in figure.axes[:6]) > 0.75
