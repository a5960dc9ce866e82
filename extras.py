"""The extras of this package: libraries that only some commands need, so that not everyone installs them."""

from importlib.util import find_spec

from . import UserError


def require(what: str, extra: str, *modules: str) -> None:
    """Refuse something that needs a library that is not installed.

    Parameters
    ----------
    what
        Who needs it: ``a film`` or ``--smooth``.
    extra
        The extra of this package that installs the modules.
    modules
        The modules that are imported.

    Raises
    ------
    UserError
        If a module is missing; it names the first one, and the command that installs the extra.
    """
    if absent := [module for module in modules if find_spec(module) is None]:
        raise UserError(f"{what} needs {absent[0]}: pip install 'huebench[{extra}]'")
