"""``python -m tieout.cli``: the same as ``tieout``."""

import sys

from tieout.cli.main import main

sys.exit(main())
