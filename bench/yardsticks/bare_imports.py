"""Imports the modules named on stdin (one line, separated by spaces), prints "imported", and waits until stdin closes."""

import importlib
import sys

for name in sys.stdin.readline().split():
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  (a module of the other process itself, or one that cannot be imported directly)
        continue
print("imported", flush=True)
sys.stdin.read()
