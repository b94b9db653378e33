"""Where the files lie that are no Python: Lua commands, migrations, the built web app.

In a checkout, and where one is installed as editable, they are folders of their own at its top.  A wheel carries them
inside this package, in `_data`: `lua` and `migrations` at the top of `site-packages` would be anybody's names.  What
belongs to one module alone lies beside it in both, and is none of this module's.
"""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
_IN_WHEEL: Final = _PACKAGE / "_data"

CHECKOUT: Final = None if _IN_WHEEL.is_dir() else _PACKAGE.parent
"""The folder of the source; None where there is none, in an installed wheel."""

_ROOT: Final = _IN_WHEEL if CHECKOUT is None else CHECKOUT

LUA: Final = _ROOT / "lua"
MIGRATIONS: Final = _ROOT / "migrations"
WEB_APP: Final = _ROOT / "webapp" / "dist"
"""Its pages; there is no such folder in a checkout whose web app was never built."""
