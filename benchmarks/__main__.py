"""``python -m benchmarks [NAME ...]``: run all benchmarks, or the named ones."""

import sys
from importlib import import_module

ALL = ("pair", "crowd", "http", "age", "scripts", "fifty", "feel", "worklist", "drain")

for name in sys.argv[1:] or ALL:
    print(f"== {name}")
    import_module(f"benchmarks.{name}").main()
