"""`python -m oarlock` is the same as `oarlock`."""

from __future__ import annotations

from oarlock.cli.app import main

if __name__ == "__main__":
    main()
