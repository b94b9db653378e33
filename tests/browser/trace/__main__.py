"""`python -m tests.browser.trace`: figures of the web app, of a game and of the first load, as they are here and now.

They judge nothing by themselves, for they depend on the machine; docs/performance.md keeps what was seen.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent

os.execv(
    sys.executable,
    [sys.executable, "-m", "pytest", "-n", "0", "-q", "-o", "python_files=traced_*.py", str(HERE), *sys.argv[1:]],
)
