"""What pyproject.toml cannot say: a wheel carries the folders beside the packages too.

They lie at the top of a checkout and go into `chance_tap/_data` of a wheel; `chance_tap.resources` finds them in both.
An editable install has nothing copied: there they are where they always were.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

DATA = {"lua": "**/*.lua", "migrations": "**/*.sql", "webapp/dist": "**/*"}


class BuildWhole(build_py):
    """Starts from nothing, so that a file that is no more is in no later wheel, and adds the folders."""

    def run(self) -> None:
        if not self.editable_mode:
            if not Path("webapp/dist/index.html").is_file():
                raise SetupError("The web app is not built: `make wheel` builds it, and then the package.")
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for folder, pattern in DATA.items():
                for file in filter(Path.is_file, Path(folder).glob(pattern)):
                    copy = Path(self.build_lib, "chance_tap", "_data", file)
                    self.mkpath(str(copy.parent))
                    self.copy_file(str(file), str(copy))


setup(cmdclass={"build_py": BuildWhole})
