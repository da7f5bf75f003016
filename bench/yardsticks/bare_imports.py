"""Imports the modules named on stdin, one a line, says so, and stays until stdin closes."""

import importlib
import sys

for name in sys.stdin.readline().split():
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  (a module of the starting process itself, or one that is imported by another only)
        continue
print("imported", flush=True)
sys.stdin.read()
