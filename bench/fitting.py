"""Fits a method in this process, outside a run, as `huebench.fit` and ``bench colorize`` do."""

from __future__ import annotations

from .. import UserError
from ..datasets.photos import PhotoSet
from ..methods.base import Context, Method
from ..methods.spec import MethodSpec
from .plan.photos import open_split
from .plan.request import Request


def context_of(request: Request) -> Context:
    """Return the context for methods under a resolved request: its first seed, device, budget and threads."""
    return Context(
        seed=request.seeds[0], device=request.device, budget=request.budget, threads=request.threads or 1
    )


def fitted(spec: MethodSpec, request: Request, train: PhotoSet | None = None) -> Method:
    """Return a method, trained if it learns.

    Parameters
    ----------
    spec
        The method.
    request
        A resolved request: the dataset to learn from, and what `context_of` takes.
    train
        The photos to learn from; by default the dataset's training split.

    Raises
    ------
    UserError
        If the method cannot be used here.
    """
    if reason := spec.missing():
        raise UserError(f"{spec.name}: {reason}")
    method = spec.build()
    if method.info.trainable:
        learned = open_split(request, "train") if train is None else train
        method.fit(learned, open_split(request, "validation"), context_of(request))
    return method
