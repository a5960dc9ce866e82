"""Words that every part of the package prints in the same way."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "photo"), counted(4319, "photo"), counted(2, "further photo")
    ('1 photo', '4,319 photos', '2 further photos')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
