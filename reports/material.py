"""What the reports of one run are made from, shared by all formats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .content import Content, make_content
from .gallery import Gallery, choose
from .tables import Results

if TYPE_CHECKING:
    from .charts import Chart


@dataclass(frozen=True)
class Material:
    """A run, and what reports show of it, each part worked out when it is first asked for.

    Attributes
    ----------
    results
        The run; its ``folder`` is where kept pictures are looked for.
    """

    results: Results

    @cached_property
    def content(self) -> Content:
        """Tables and texts."""
        return make_content(self.results)

    @cached_property
    def gallery(self) -> Gallery:
        """The photos of the gallery, and what they were chosen from."""
        return choose(self.results, self.content.summary)

    @cached_property
    def charts(self) -> dict[str, Chart]:
        """The charts by name."""
        from .charts import draw  # Matplotlib takes its time to import

        return draw(self.results, self.content)

    @cached_property
    def images(self) -> dict[str, bytes]:
        """The charts as PNG, by name."""
        from . import figures

        return {name: figures.encode(chart.figure) for name, chart in self.charts.items()}
