"""The Python API: all that ``import huebench`` offers besides the base classes for plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import UserError
from ..datasets.base import RGB
from ..methods.base import Budget, Method
from ..methods.spec import parse_specs
from ..reports.tables import Results
from ..reports.tables import read_results as read_tables
from ..wording import counted
from .executors.runner import choose_executor
from .fitting import fitted
from .plan.plan import make_plan
from .plan.request import Request
from .plan.resolve import resolve
from .run import execute

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..reports.analysis.comparison import Comparison

Photo = TypeVar("Photo", NDArray[np.uint8], "Image")


class Run(Results):
    """A finished run: its tables as DataFrames, its report, and its trained methods."""

    def report(self, *formats: str, out: str | Path | None = None) -> list[Path]:
        """Write the report and return its files.

        Parameters
        ----------
        formats
            Any of ``md``, ``html``, ``latex`` and ``csv``; ``md`` if none is given.
        out
            Folder to write to; the run folder by default.
        """
        from ..reports.report import write_formats

        return write_formats(self, Path(out or self.folder), formats or ("md",))

    def method(self, label: str, seed: int | None = None) -> Method:
        """Return a trained method of the run.

        Parameters
        ----------
        label
            As in the column ``method``: ``gray``, ``pixel-knn[neighbours=3]``.
        seed
            The method's seed; by default the lowest of the run.

        Raises
        ------
        UserError
            If the run has no such method, or its trained model is not in the run folder.
        """
        from .colorize.from_run import cell_of_run, load_method

        return load_method(cell_of_run(self, label, seed))

    def _repr_html_(self) -> str:
        """Return the headline table for notebooks."""
        from ..reports.analysis.material import Material
        from ..reports.formats.html import render
        from ..reports.sections.layout import headline_table

        return str(render([headline_table(Material(self))]))

    def __repr__(self) -> str:
        methods, photos = self.cells["method"].nunique(), self.images["photo"].nunique()
        what = f"{counted(methods, 'method')} on {counted(photos, 'photo')}"
        return f"<huebench run of {what}, in '{self.folder}'>"


def run(**options: Any) -> Run:
    """Run methods on a dataset, score them, and write tables and a report; the same as ``bench run``.

    It takes the options of ``bench run``, with underscores: ``methods``, ``dataset``, ``limit``, ``seeds``,
    ``budget``, ``metrics``, ``out`` …; see `huebench.bench.plan.request.Request`. Raises `UserError` if an
    option is unknown or cannot be met.

    >>> results = run(methods=["gray", "mean-ab"], limit=4, out="/tmp/some-run")  # doctest: +SKIP
    >>> results.images.groupby("method")["psnr"].mean()  # doctest: +SKIP
    """
    from .cli.console import Console, activity
    from .cli.progress import LiveProgress

    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    # Notebooks get plain lines: rich's live display needs another library there.
    console, request = Console(force_jupyter=False), Request.of(**options)
    with activity(console, f"reading the list of photos of {request.dataset}"):
        plan = make_plan(request)
    with LiveProgress(console) as progress:
        results, _ = execute(plan, choose_executor(plan.request), progress, command=f"huebench.run({given})")
    return Run(**vars(results))


def read_results(folder: str | Path) -> Run:
    """Read a run folder or a committed baseline.

    Raises `UserError` if it is not a run folder, or one of its files is missing or damaged.
    """
    return Run(**vars(read_tables(Path(folder))))


def compare(before: str | Path | Results, after: str | Path | Results) -> Comparison:
    """Compare two runs photo by photo; the same as ``bench compare``.

    Parameters
    ----------
    before, after
        Runs, or their folders.

    Raises
    ------
    UserError
        If the runs differ in their protocol or their photos.
    """
    from ..reports.analysis.comparison import compare_runs

    first, second = (each if isinstance(each, Results) else read_results(each) for each in (before, after))
    return compare_runs(first, second)


def fit(
    method: str, *, dataset: str = "samples", data_root: str | Path | None = None, budget: Budget = "quick",
    seed: int = 0, device: str = "auto",
) -> Method:  # fmt: skip
    """Train a method on the training split of a dataset, and return it.

    Parameters
    ----------
    method
        A name, optionally with parameters: ``pixel-knn[neighbours=3]``.
    dataset, data_root
        The photos, as for ``bench run``.
    budget, seed, device
        As for ``bench run``.

    Raises
    ------
    UserError
        If the method or the dataset is unknown, or cannot be used here.
    """
    request = Request.of(
        methods=method, dataset=dataset, data_root=data_root, budget=budget, device=device, seeds=[seed]
    )
    return fitted(parse_specs(method)[0], resolve(request))


def colorize(
    image: Photo, method: str | Method, *, size: int | None = None, strength: float = 1.0,
    reference: Any = None, dataset: str = "samples", seed: int = 0, device: str = "auto",
) -> Photo:  # fmt: skip
    """Colorize one photo from its lightness alone; the same as ``bench colorize``.

    Parameters
    ----------
    image
        An array, uint8 (H, W) or (H, W, 3), sRGB; or a PIL image.
    method
        A fitted `Method`, from `fit` or `Run.method`; or the name of a method, which is first trained on
        ``dataset``.
    size
        Pixels of the shorter side that the method sees, 16 to 4096; by default those of its training, or
        256.
    strength
        Factor of the predicted chroma, from 0.
    reference
        The colour photo for a method that needs one, as ``image``; by default the photo of ``dataset``
        nearest in lightness, or a random one, as the method requires.
    dataset
        The photos to learn from and to choose references from.
    seed, device
        As for ``bench run``.

    Returns
    -------
    numpy.ndarray or PIL.Image.Image
        Of the same type as ``image``: uint8 (H, W, 3), or mode RGB. It keeps the lightness of ``image``.

    Raises
    ------
    UserError
        If the image is not uint8 RGB or grey, if the method cannot be used here, or without the extra
        ``colorize``.

    Examples
    --------
    >>> colorize(np.full((4, 6), 128, np.uint8), "gray").shape
    (4, 6, 3)
    """
    from PIL import Image

    from .colorize import colorist, engine
    from .colorize.picture import Picture
    from .colorize.settings import Settings

    rgb = _pixels(image)
    given = None if reference is None else _pixels(reference)
    request = resolve(Request.of(methods="gray", dataset=dataset, device=device, seeds=[seed]))
    ready = fit(method, dataset=dataset, seed=seed, device=device) if isinstance(method, str) else method
    using = colorist.of_method(ready, request, reference=given is not None)
    settings = Settings(size=size, strength=strength, reference=given)
    made = engine.colorize(Picture.of_pixels(rgb), using, settings)
    photo = np.concatenate(list(made.rows()))
    return photo if isinstance(image, np.ndarray) else Image.fromarray(photo)


def _pixels(image: Any) -> RGB:
    from PIL import Image

    if isinstance(image, Image.Image):
        return np.asarray(image.convert("RGB"))
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise UserError(f"the image must be a PIL image or an array of uint8, not {kind}")
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise UserError(f"the image must have shape (H, W) or (H, W, 3), not {image.shape}")
    return np.ascontiguousarray(image)
