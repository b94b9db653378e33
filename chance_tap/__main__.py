"""`python -m chance_tap` is `chance-tap`."""

import sys

from chance_tap.cli import main

sys.exit(main())
