"""The material of a report: a run, and the values computed from it for several sections."""

from dataclasses import dataclass, replace
from functools import cached_property

from ..tables import Results, RunFacts
from ..text import counted
from .films import KeptClip, kept_clips
from .gallery import ChosenPhotos, choose_photos
from .hints import HintCurves, hint_curves, is_hinted
from .kernels import Kernels, read_kernels
from .mistakes import Mistakes, mistakes
from .preferences import Preferences, read_preferences
from .robustness import Robustness, robustness
from .selection import ALL, Selection, only, weightless
from .significance import Significance, compare_contenders
from .statistics import Intervals, intervals
from .study import Study, read_study
from .summary import Summary, categories, summarize

FEW_NEAR_GREY = 0.05  #: With a larger share of near-grey photos, the headline leaves them out


@dataclass(frozen=True)
class Material:
    """A run and the contents of its report, each part computed on first use."""

    whole: Results  #: The run; its ``folder`` may hold kept pictures, answers and ``speed.json``
    selection: Selection = ALL  #: Its methods are already chosen in ``whole``

    @cached_property
    def weightless(self) -> list[str]:
        """The methods that were skipped because their weights are missing."""
        return weightless(self.whole.cells)

    @cached_property
    def with_hints(self) -> Results:
        """The run without `weightless` methods, of which a report says only that they were skipped.

        A run that has no other methods is whole.
        """
        return _without(self.whole, self.weightless)

    @cached_property
    def results(self) -> Results:
        """The run without `weightless` methods, and without answers to colour hints.

        Almost all of a report is about it; `hints` has the rest.
        """
        cells = self.with_hints.cells
        return _without(self.with_hints, list(cells["method"][is_hinted(cells)]))

    @cached_property
    def hints(self) -> HintCurves | None:
        """Methods by number of hints over the headline's photos, or ``None`` if there were no hints."""
        return hint_curves(self.with_hints, near_grey=not self.greyish)

    @property
    def run(self) -> RunFacts:
        """The run's facts."""
        return self.results.run

    @cached_property
    def summary(self) -> Summary:
        """The methods over all photos."""
        return self._summarize()

    @cached_property
    def intervals(self) -> Intervals:
        """The intervals of the summary's values."""
        return intervals(self.summary)

    @cached_property
    def without_near_grey(self) -> Summary:
        """The methods over all photos except those known to be near-grey."""
        return self._summarize(near_grey=False)

    @property
    def greyish(self) -> bool:
        """Whether so many photos are near-grey that the headline leaves them out."""
        left = self.without_near_grey.photos
        return 0 < left < (1 - FEW_NEAR_GREY) * self.summary.photos

    @property
    def unit(self) -> str:
        """What is counted, averaged and tested: ``photo`` or ``clip``."""
        return self.summary.unit

    @cached_property
    def clips(self) -> list[KeptClip]:
        """The clips whose pictures were kept, those with the most colour first."""
        return kept_clips(self.results, self.summary)

    @property
    def headline(self) -> Summary:
        """The methods over the photos of the headline: all, or those that are not near-grey."""
        return self.without_near_grey if self.greyish else self.summary

    @property
    def headline_photos(self) -> str:
        """The caption of the headline: which photos it is of."""
        left_out = self.summary.photos - self.headline.photos
        return (
            f"Results without {counted(left_out, f'near-grey {self.unit}')}"
            if left_out
            else f"Results on all {self.unit}s"
        )

    @cached_property
    def headline_intervals(self) -> Intervals:
        """The intervals of the headline's values."""
        return intervals(self.headline) if self.greyish else self.intervals

    @cached_property
    def categories(self) -> dict[str, tuple[Summary, Intervals]]:
        """Category → summary of its photos, without their own values, and intervals of its means.

        It is empty with fewer than two categories.
        """
        found = {}
        for name in categories(self.results):
            part = self._summarize(category=name)
            # All photos' values again would take hundreds of megabytes for 50,000 photos.
            found[name] = (replace(part, images=part.images.iloc[:0].copy()), intervals(part))
        return found

    @cached_property
    def significance(self) -> list[Significance]:
        """The tests of differences over the headline's photos, one per compared metric."""
        return compare_contenders(self.headline)

    @cached_property
    def robustness(self) -> Robustness | None:
        """The losses under degradations, or ``None`` if the run has none."""
        return robustness(self.results, self.summary)

    @cached_property
    def mistakes(self) -> Mistakes | None:
        """What is wrong with the colours of the kept pictures, or ``None`` if there are none."""
        return mistakes(self.results, self.summary)

    @cached_property
    def gallery(self) -> ChosenPhotos:
        """The photos of the gallery."""
        return choose_photos(self.results, self.summary)

    @cached_property
    def study(self) -> Study | None:
        """The human study, or ``None`` if there are no answers."""
        return read_study(self.results, self.summary)

    @cached_property
    def preferences(self) -> Preferences | None:
        """People's preferences between methods, or ``None`` if nobody has chosen."""
        return read_preferences(self.results, self.summary)

    @cached_property
    def kernels(self) -> Kernels | None:
        """The kernels' benchmark, or ``None`` if the run folder has none."""
        return read_kernels(self.results.folder)

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return int(self.summary.rows["seeds"].max())

    def _summarize(self, *, near_grey: bool = True, category: str | None = None) -> Summary:
        summary = summarize(self.results, near_grey=near_grey, category=category)
        return replace(summary, precision=self.selection.precision)


def _without(results: Results, methods: list[str]) -> Results:
    """Return a run without some methods; the whole run if it has no others."""
    others = sorted(set(results.cells["method"]) - set(methods))
    return only(results, {label: label for label in others}) if methods and others else results
