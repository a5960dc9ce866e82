"""A method that was trained in a run and exported by ``bench export``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from ... import UserError
from ...files import unseal
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..contract import Portable
from ..spec import parse_specs

FILE: Final = "model.json"
"""The file of an exported model that names its method, its data and its figures."""


def read_model(folder: Path) -> dict[str, Any]:
    """Return what an exported model says about itself.

    Raises
    ------
    UserError
        If the folder is not an exported model, or one of its files is missing or was changed.
    """
    if not (folder / FILE).is_file():
        raise UserError(f"'{folder}' is not an exported model: it has no {FILE}; see bench export")
    model = unseal(folder / FILE)
    if model is None:
        raise UserError(f"'{folder}' is damaged: a file does not match {FILE}; export the model again")
    return model


@register
class Model(Method):
    """A model that was exported by `bench export`, with all that it learned."""

    info = MethodInfo(name="model", family="deep", source="bench export", all_threads=True)

    class Parameters(Method.Parameters):
        """The folder of the model."""

        folder: Path = Field(description="folder that bench export has written")

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._loaded: Method | None = None
        with suppress(UserError):  # `missing` says why
            exported = parse_specs(read_model(self.parameters.folder)["method"])[0].build()
            update = {"temporal": exported.info.temporal}
            self.info = type(self).info.model_copy(update=update)  # type: ignore[misc]  # as its method's

    def missing(self) -> str:
        """Return why the model cannot be used here, or ``""``."""
        try:
            model = read_model(self.parameters.folder)
            return parse_specs(model["method"])[0].missing()
        except UserError as error:
            return str(error)

    def start(self) -> None:
        """Begin a clip; see `Method.start`."""
        self._method().start()

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Colorize with the exported method; raises `UserError` if the folder is not a model."""
        return self._method().colorize(lightness, context)

    def portable(self) -> Portable | None:
        """Return the exported method's own; see `Method.portable`."""
        return self._method().portable()

    @property
    def network_size(self) -> int | None:
        """The exported method's own; see `Method.network_size`."""
        return self._method().network_size

    @network_size.setter
    def network_size(self, size: int) -> None:
        self._method().network_size = size

    @property
    def parameter_count(self) -> int | None:
        """Number of learned weights of the exported method."""
        return self._method().parameter_count

    @property
    def notes(self) -> dict[str, str]:
        """The exported method, and the data that it was trained on."""
        model = read_model(self.parameters.folder)
        return {"model": model["method"], "trained on": model["trained_on"], **self._method().notes}

    def _method(self) -> Method:
        if self._loaded is None:
            model = read_model(self.parameters.folder)
            self._loaded = parse_specs(model["method"])[0].build()
            self._loaded.load(self.parameters.folder)
        return self._loaded
