"""The request: every option of a run, declared once with its help text, limits and default.

The command line, the plan, the cells, their keys and ``run.json`` read options from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, TypeAdapter, ValidationError

from ... import UserError
from ...files import WEIGHTS_VARIABLE
from ...methods import Budget
from ...wording import describe_fault

Scored = Literal["train", "validation", "test", "all"]
"""Photos to score: one split, or all."""

Keep = Literal["none", "gallery", "all"]
"""Predictions to keep."""

KeepModels = Literal["none", "best", "all"]
"""Trained models to keep at the end of a run."""

Device = Literal["auto", "cpu", "cuda"]
"""Where deep methods run; ``auto`` takes a GPU if there is one."""

KEEPS: tuple[Keep, ...] = ("none", "gallery", "all")
"""Each value keeps more than the one before it."""


METHODS, PHOTOS, TRAINING = "Methods", "Photos", "Training"
SCORING, RESULTS, MACHINE = "Scoring", "Results", "Where and how it runs"
"""Panels of options in the help of a command."""

Text = Annotated[str, Field(min_length=1)]
"""An item of an option that may be repeated; an option of plain strings takes names separated by commas."""

_SIZE: TypeAdapter[ByteSize] = TypeAdapter(Annotated[ByteSize, Field(gt=0)])


def _names(value: object) -> object:
    """Split comma-separated names."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


def _counts(value: object) -> object:
    """Split whole numbers separated by commas; one number alone may also be a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    texts = [text.strip() for text in value.split(",")]
    if wrong := [text for text in texts if not (text.isascii() and text.isdigit())]:
        raise ValueError(
            f"'{wrong[0]}' is not a number of hints: give whole numbers from 0 on, separated by commas, "
            "such as 0,1,10,100"
        )
    return tuple(map(int, texts))


def _conditions(value: object) -> object:
    """Split names separated by commas, each once; strength 0 is the clean run itself."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    from ..protocol.degradations import Condition  # imports SciPy

    try:
        named = [Condition.parse(name) for text in texts for name in str(text).split(",") if name.strip()]
    except UserError as error:
        raise ValueError(str(error)) from error  # the option's name is added to it
    if texts and not named:
        raise ValueError(
            f"no degradation in '{texts[0]}'; write names such as grain,blur:0.5, or leave it out"
        )
    return tuple(dict.fromkeys(each.text for each in named if each.strength))


def _reference_choices(value: object) -> object:
    """Split names separated by commas; ``random``, with which all others are compared, is always there."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    from ..protocol.choices import REFERENCE_CHOICE  # imports Pillow

    names = [name.strip() for text in texts for name in str(text).split(",") if name.strip()]
    if unknown := [name for name in names if name not in REFERENCE_CHOICE]:
        raise ValueError(f"unknown choice '{unknown[0]}'; choose from {', '.join(REFERENCE_CHOICE)}")
    if texts and not names:
        raise ValueError(
            f"no choice in '{texts[0]}'; choose from {', '.join(REFERENCE_CHOICE)}, or leave it out"
        )
    return tuple(name for name in REFERENCE_CHOICE if name in {"random", *names}) if names else ()


def _joined(value: object) -> object:
    """Join a list of methods."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def _bytes(value: object) -> ByteSize:
    """Parse a size in bytes."""
    try:
        return _SIZE.validate_python(value)
    except ValidationError:
        raise ValueError(f"not a size: '{value}'; write 8GB or 500MiB") from None


def option(default: Any, help_: str, *, facts: bool = False, **shown: Any) -> Any:
    """Declare an option.

    Parameters
    ----------
    default
        The default value.
    help_
        One line of help.
    facts
        Whether ``run.json`` records it under ``options``.
    shown
        Limits (``ge``, ``gt``, ``le``), and for the command line ``flag``, ``metavar``, ``envvar``, the
        ``panel`` of the help, ``listed`` for values that are separated by commas, and what ``completes`` it
        in a shell, a name in `huebench.bench.cli.completion`.
    """
    limits = {name: shown.pop(name) for name in ("ge", "gt", "le") if name in shown}
    return Field(default, description=help_, json_schema_extra={"facts": facts, **shown}, **limits)


class Request(BaseModel):
    """The options of a run.

    `huebench.bench.plan.resolve` checks them against what is registered and fills in what depends on the
    dataset and the machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: Annotated[str, BeforeValidator(_joined)] = option(
        "all",
        "all, a family, or names with parameters: gray,pixel-knn[neighbours=3]; "
        'a value with a comma or a bracket in quotes: external[file="a,b.onnx"]; '
        "a name for a row: mine=external[file=net.onnx].",
        panel=METHODS,
        completes="methods",
    )
    dataset: str = option(
        "samples", "A name from `bench list datasets`, or folder:PATH.", panel=PHOTOS, completes="datasets"
    )
    data_root: Path | None = option(None, "Folder or archive that holds the photos.", panel=PHOTOS)
    weights_dir: Path | None = option(
        None, "Folder of pretrained weights.", envvar=WEIGHTS_VARIABLE, panel=METHODS
    )
    train_on: str = option(
        "",
        "Dataset to learn from and to take references from.",
        facts=True,
        metavar="NAME[:PATH]",
        panel=TRAINING,
        completes="datasets",
    )
    follow_links: bool = option(
        False, "Follow symbolic links in a folder of photos.", facts=True, panel=PHOTOS
    )
    split: Scored = option("test", "Split to score, or all photos.", facts=True, panel=PHOTOS)
    limit: int | None = option(
        None, "Score at most N photos, or N clips.", facts=True, ge=1, metavar="N", panel=PHOTOS
    )
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = option(
        (0,), "Seed; repeat the option for several.", facts=True, flag="--seed", panel=TRAINING
    )
    budget: Budget = option(
        "quick", "Length of training; long takes about 90 minutes a network.", facts=True, panel=TRAINING
    )
    device: Device = option("auto", "Device for deep methods.", facts=True, panel=MACHINE)
    devices: int = option(1, "GPUs that train a deep method together.", ge=1, panel=MACHINE)
    jobs: int = option(1, "Cells to run at a time; they share the threads.", facts=True, ge=1, panel=MACHINE)
    threads: int | None = option(None, "Threads to use.  [default: all]", facts=True, ge=1, panel=MACHINE)
    timeout: float | None = option(None, "Seconds that a cell may take.", facts=True, ge=1, panel=MACHINE)
    max_memory: Annotated[ByteSize, BeforeValidator(_bytes)] | None = option(
        None, "Memory that a method may take: 8GB, 500MiB.", facts=True, metavar="SIZE", panel=MACHINE
    )
    protocol: str = option(
        "huebench",
        "Protocol: a name from `bench list protocols`.",
        facts=True,
        metavar="NAME",
        panel=SCORING,
        completes="protocols",
    )
    size: int | None = option(
        None,
        "Side in pixels at which photos are scored.  [default: the protocol's; for huebench, the dataset's]",
        ge=16,
        le=4096,
        panel=SCORING,
    )
    resize: Literal["squash", "center-crop"] | None = option(
        None, "How photos are resized.  [default: the protocol's]", panel=SCORING
    )
    metrics: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = option(
        None, "Metrics, separated by commas.  [default: the protocol's]", panel=SCORING, completes="metrics"
    )
    hints: Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_counts)] = option(
        (),
        "Numbers of colour hints for methods that use them: 0,1,2,5,10,20,50,100,200.",
        facts=True,
        metavar="COUNTS",
        listed=True,
        panel=SCORING,
    )
    degrade: Annotated[tuple[Text, ...], BeforeValidator(_conditions)] = option(
        (),
        "Score under degradations of the lightness that methods see, too: grain,blur:0.5; "
        "`bench list degradations` shows all.",
        facts=True,
        flag="--degrade",
        metavar="NAME[:STRENGTH]",
        panel=SCORING,
        completes="degradations",
    )
    references: Annotated[tuple[Text, ...], BeforeValidator(_reference_choices)] = option(
        (),
        "Choices of reference photo to compare, for methods that colour by one: "
        "random,similar,category,neighbours.",
        facts=True,
        metavar="CHOICES",
        listed=True,
        panel=SCORING,
        completes="references",
    )
    plugins: tuple[Path, ...] = option(
        (), "Python file that registers a plugin.", flag="--plugin", panel=METHODS
    )
    out: Path | None = option(
        None, "Run folder.  [default: runs/DATASET, or runs/FOLDER-DIGEST]", panel=RESULTS
    )
    keep_predictions: Keep = option(
        "gallery",
        "Predictions to keep: none, those of the report's gallery (64), or all.",
        facts=True,
        panel=RESULTS,
    )
    keep_models: KeepModels = option(
        "all", "Trained models to keep at the end: none, those of the best method, or all.", panel=RESULTS
    )
    tensorboard: Path | None = option(
        None,
        "Also write training curves into this folder, for TensorBoard.",
        metavar="FOLDER",
        panel=TRAINING,
    )
    isolate: bool = option(False, "Close the file system for methods (Linux).", facts=True, panel=MACHINE)
    scheduler: str = option(
        "", "Run on the workers of this Dask scheduler.", metavar="ADDRESS", panel=MACHINE
    )
    cluster: Path | None = option(
        None,
        "Run on the cluster that this file describes: Dask's, or Slurm's job arrays.",
        metavar="YAML",
        panel=MACHINE,
    )

    @classmethod
    def of(cls, **options: Any) -> Self:
        """Make a request.

        Raises
        ------
        UserError
            If an option is unknown or its value is not allowed.
        """
        try:
            return cls(**options)
        except ValidationError as error:
            raise UserError("; ".join(_fault(fault) for fault in error.errors())) from error

    @property
    def dataset_name(self) -> str:
        """The dataset's name without a path."""
        return self.dataset.partition(":")[0]

    @property
    def remote(self) -> bool:
        """Whether cells run on a cluster."""
        return bool(self.scheduler or self.cluster)

    @classmethod
    def shown(cls, name: str) -> dict[str, Any]:
        """Return an option's facts as passed to `option`."""
        extra = cls.model_fields[name].json_schema_extra
        return dict(extra) if isinstance(extra, dict) else {}

    @property
    def facts(self) -> dict[str, Any]:
        """The options that ``run.json`` records."""
        recorded = {name for name in type(self).model_fields if self.shown(name).get("facts")}
        return self.model_dump(mode="json", include=recorded)


def _fault(fault: Any) -> str:
    """Return an option's fault as text."""
    name, *_ = fault["loc"] or ("options",)
    flag = (
        Request.shown(name).get("flag", f"--{name.replace('_', '-')}")
        if name in Request.model_fields
        else name
    )
    given = "" if fault["type"] in ("value_error", "extra_forbidden") else f", not {fault['input']!r}"
    return f"{flag}: {describe_fault(fault)}{given}"
