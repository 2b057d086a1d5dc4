"""How much the browser tests do: everything in the long run, each thing once in the short one."""

import os

LONG = bool(os.environ.get("HOUSECALL_LONG"))
