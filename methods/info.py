"""A method's metadata, and the families of methods."""

from __future__ import annotations

import re
from typing import Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from .. import UserError
from ..wording import describe_faults

Family = Literal["baseline", "classical", "deep", "published", "hinted", "exemplar"]
FAMILIES: tuple[Family, ...] = get_args(Family)

KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Lower-case words joined by hyphens."""


class MethodInfo(BaseModel):
    """A method's metadata, checked when it is made; lists, tables and reports show it.

    Attributes
    ----------
    name
        Unique and in kebab-case; what ``--methods`` takes.
    family
        ``baseline``, ``classical``, ``deep``, ``published`` (trained by others), ``hinted`` (it spreads
        colour hints; without any it answers grey, or as another method does), or ``exemplar``: it sees the
        true colour of some frames of a clip. The last two are never ranked among the others.
    source
        Citation of the paper, or another origin of the method.
    trainable
        Whether `Method.fit` learns from the training photos.
    reference
        Whether `Context.references` must hold one colour photo per target, chosen by the protocol from
        the training split: ``similar`` in lightness, or ``random``.
    oracle
        Whether `Context.true_chroma` must hold the hidden chroma. An oracle never competes.
    hints
        Whether it uses `Context.hints`.
    temporal
        Whether it carries state from one frame of a clip to the next; see `Method.start`.
    clips
        Whether it is for clips only.
    seeded
        Whether its answer depends on the seed, also through references drawn at random.
    all_threads
        Whether its numbers depend on the number of threads, so that it must always get all of them.
    requires
        Modules beyond the package's own dependencies, each with the extra that installs it:
        ``{"faiss": "bench"}``.
    weights
        Names of the pretrained weights that it may use, such as ``resnet34``.

    Raises
    ------
    UserError
        If a value is missing, unknown or not allowed.

    Examples
    --------
    >>> MethodInfo(name="Sepia", family="classical", source="an example")
    Traceback (most recent call last):
    ...
    huebench.UserError: MethodInfo of 'Sepia': name: must be in kebab-case, such as my-method
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    family: Family
    source: str = Field(min_length=1)
    trainable: bool = False
    reference: Literal["none", "similar", "random"] = "none"
    oracle: bool = False
    hints: bool = False
    temporal: bool = False
    clips: bool = False
    seeded: bool = True
    all_threads: bool = False
    requires: dict[str, str] = {}
    weights: tuple[str, ...] = ()

    @property
    def sees_colour(self) -> bool:
        """Whether it is given true colours, all or as hints or key frames, and so never competes."""
        return self.oracle or self.family in ("hinted", "exemplar")

    @field_validator("name")
    @classmethod
    def _in_kebab_case(cls, name: str) -> str:
        if not KEBAB_CASE.fullmatch(name):
            raise ValueError("must be in kebab-case, such as my-method")
        return name

    @model_validator(mode="wrap")
    @classmethod
    def _with_user_error(cls, values: object, check: ModelWrapValidatorHandler[MethodInfo]) -> MethodInfo:
        try:
            return check(values)
        except ValidationError as error:
            name = values.get("name") if isinstance(values, dict) else None
            who = f"MethodInfo of '{name}'" if name else "MethodInfo"
            raise UserError(f"{who}: {describe_faults(error)}") from error
