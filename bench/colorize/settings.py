"""How a photo is colorized: every setting, declared once with its help text, limits and default."""

from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ... import UserError

if TYPE_CHECKING:
    from ...datasets.base import RGB

WORKING: Final = 256
"""Shorter side in pixels at which methods see photos, unless another size is wanted."""

SIZES: Final = (16, 4096)
"""Smallest and largest size that may be wanted: at the largest, a photo already takes several gigabytes."""


def option(default: Any, help_: str, **limits: Any) -> Any:
    """Declare a setting that the command line offers.

    Parameters
    ----------
    default
        The default value.
    help_
        One line of help.
    limits
        ``min`` and ``max``, as Typer takes them.
    """
    return field(default=default, metadata={"help": help_, **limits})


@dataclass(frozen=True)
class Settings:
    """How a photo is colorized.

    Attributes
    ----------
    size
        Shorter side in pixels of what the method sees, within `SIZES`; ``None`` takes the method's own.
    strength
        Factor of the predicted chroma.
    degrain
        Whether the method sees the photo without its grain.
    crop_borders
        Whether plain borders are hidden from the method; they stay grey.
    reference
        Colour photo for methods that need one, uint8 (H, W, 3); ``None`` lets the protocol choose.

    Raises
    ------
    UserError
        If the size is not within `SIZES`.
    """

    size: int | None = option(None, "Pixels of the shorter side that the method sees, 16 to 4096.")
    strength: float = option(1.0, "Factor of the predicted colour.", min=0, max=1.5)
    degrain: bool = option(False, "Hide film grain from the method; the photo keeps its grain.")
    crop_borders: bool = option(False, "Hide plain borders from the method; they stay grey.")
    reference: "RGB | None" = None

    def __post_init__(self) -> None:
        smallest, largest = SIZES
        if self.size is not None and not smallest <= self.size <= largest:
            raise UserError(
                f"size {self.size}: give {smallest} to {largest} pixels; only the colours are made at this "
                f"size, the photo keeps its own. Methods do best near the size of their training, often "
                f"{WORKING}, and twice the size takes four times the memory"
            )

    @property
    def text(self) -> str:
        """The settings that differ from their defaults.

        >>> Settings(size=256, strength=0.8, degrain=True).text
        'size=256 strength=0.8 degrain'
        """
        values = ((each, getattr(self, each.name)) for each in fields(self))
        return " ".join(
            _in_words(each.name.replace("_", "-"), value)
            for each, value in values
            if (value is not None if each.default is None else value != each.default)
        )


def _in_words(name: str, value: Any) -> str:
    """Return a setting as text: a switch by its name, a number, or the start of an array's digest."""
    if isinstance(value, bool):
        return name
    shown = f"{value:g}" if isinstance(value, int | float) else sha256(value.tobytes()).hexdigest()[:8]
    return f"{name}={shown}"
