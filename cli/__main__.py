"""`python -m cli` is `chance-tap`."""

import sys

from cli.main import main

sys.exit(main())
