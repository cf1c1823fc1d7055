"""The entrance: help, wrong usage, exit codes, and how the command ends when it is stopped."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from command import Musrcu

from musrcu.cli import info
from musrcu.cli.main import INTERRUPTED, VERBS, main
from musrcu.cli.terminal import printable
from musrcu.errors import MusrcuError, MusrcuWarning


def command(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "musrcu", *map(str, words)],
        capture_output=True, text=True, check=False, **options,
    )  # type: ignore[call-overload]  # fmt: skip


def test_help_names_every_verb_on_a_line(musrcu: Musrcu) -> None:
    done = musrcu("--help")
    assert done.code == 0
    for verb, text in VERBS.items():
        assert any(line.split() == [verb, *text.split()] for line in done.out.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(musrcu: Musrcu, verb: str) -> None:
    done = musrcu(verb, "--help")
    assert done.code == 0
    assert f"  musrcu {verb} " in done.out
    assert max(map(len, done.out.splitlines())) <= 100


def test_version(musrcu: Musrcu) -> None:
    from musrcu import __version__

    assert musrcu("--version").out == f"musrcu {__version__}\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "the following arguments are required: VERB; see musrcu --help"),
        (["fot"], "there is no verb 'fot'; did you mean 'fit'?; see musrcu --help"),
        (["fit"], "musrcu fit: the following arguments are required: RUN"),
        (
            ["fit", "x", "--fast"],
            "musrcu fit: unrecognized arguments: --fast; see musrcu fit --help",
        ),
        (["--fast", "fit", "x"], "unrecognized arguments: --fast; see musrcu fit --help"),
        (["fit", "x", "--pack", "2"], "unrecognized arguments: --pack"),  # no abbreviations
        (["fit", "x", "--alpha", "x"], "argument --alpha: 'x' is not a number"),
        (["fit", "x", "--alpha", "0"], "argument --alpha: 0 is not above 0"),
        (["fit", "x", "--alpha", "nan"], "argument --alpha: 'nan' is not a number"),
        (["fit", "x", "--alpha", "1e300"], "--alpha: '1e300' is too large; expected at most 1e+09"),
        (["fit", "x", "--alpha", "1e-300"], "--alpha: 1e-300 is too small; expected 1e-09 or more"),
        (["fit", "x", "--alpha", "9" * 99], f"--alpha: '{'9' * 37}...' is too large"),
        (["fit", "x", "--alpha", "x\n\x1b"], "--alpha: 'x\\n\\x1b' is not a number"),
        (["fit", "x", "--first-good", "9" * 20], "--first-good: '99999999999999999999' is too lar"),
        (["fit", "x", "--first-good", "9" * 9999], f"--first-good: '{'9' * 37}...' is not a whole"),
        (["fit", "x", "--background", "given=1,-1e308"], "--background: '-1e308' is too large"),
        (["fit", "x", "--fix", "nu2=1e308"], "argument --fix: '1e308' is too large"),
        (["fit", "x", "--a\nb"], "unrecognized arguments: --a b; see musrcu fit --help"),
        (["fit", "x", "--packing", "0"], "argument --packing: 0 is not 1 or above"),
        (["fit", "x", "--packing", "2.5"], "argument --packing: '2.5' is not a whole number"),
        (["fit", "x", "--range", "3"], "argument --range: '3' is not two numbers"),
        (["fit", "x", "--range", "3,1"], "argument --range: 3,1: the first is not below"),
        (["fit", "x", "--start", "nu2"], "argument --start: 'nu2' is not of the form nu2=1.5"),
        (["fit", "x", "--start", "a=1,a=2"], "argument --start: a is given twice"),
        (["fit", "x", "--fix", "a=1", "--fix", "a=2"], "argument --fix: a is given twice"),
        (["fit", "x", "--constrain", "A1=0.1"], "argument --constrain: 'A1=0.1' is not a name"),
        (["fit", "x", "--constrain", "A1=1,0"], "'A1=1,0': the error is not above 0; --fix holds"),
        (["fit", "x", "--cost", "poissn"], "argument --cost: invalid choice: 'poissn'"),
        (["init", "x", "--cost", "histograms"], "argument --cost: invalid choice: 'histograms'"),
        (["fit", "x", "--limit", "nu2=1"], "argument --limit: 'nu2=1' is not a name and two"),
        (["fit", "x", "--limit", "nu2=,"], "argument --limit: 'nu2=,' is not a name and two"),
        (["fit", "x", "--tie", "lambda2"], "argument --tie: 'lambda2' is not of the form"),
        (["fit", "x", "--minos", "a,,b"], "argument --minos: 'a,,b' is not a list of names"),
        (["fit", "x", "--background", "flat"], "argument --background: 'flat' is not auto, none"),
        (["fit", "x", "--background", "given=1"], "argument --background: '1' is not two numbers"),
        (["fit", "x", "--dead-time", "yes"], "argument --dead-time: 'yes' is not auto, file, none"),
        (["scan", "x", "--exponent", "big"], "argument --exponent: 'big' is not a number"),
        (["scan", "x", "--plot", "a.png", "--no-plot"], "not allowed with argument"),
        (["plot", "x"], "the following arguments are required: -o/--output"),
        (["simulate", "x"], "the following arguments are required: -o/--output"),
        (["list", "colours"], "invalid choice: 'colours'"),
    ],
)
def test_wrong_usage_is_one_line_and_two(musrcu: Musrcu, words: list[str], text: str) -> None:
    done = musrcu(*words)
    assert done.code == 2
    assert not done.out
    assert text in done.complaint


def test_errors_are_one_line_and_one(musrcu: Musrcu, here: Path) -> None:
    (here / "empty.bin").touch()
    for words in (["fit", "gone.bin"], ["info", "empty.bin"], ["reduce", "."], ["scan", "x.toml"],
                  ["order", "gone.csv"], ["init", "gone_{1-3}.bin"], ["calibrate", "empty.bin"],
                  ["plot", "empty.bin", "-o", "a.png"], ["simulate", "x.toml", "-o", "y"],
                  ["list", "models", "damped_cosin"]):  # fmt: skip
        done = musrcu(*words)
        assert done.code == 1, words
        assert done.complaint
        assert not done.out
    assert "did you mean 'damped_cosine'?" in musrcu("list", "models", "damped_cosin").complaint


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MusrcuError("two\nlines"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_how_a_verb_may_end(
    musrcu: Musrcu, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def run(arguments: object) -> int:
        raise error

    monkeypatch.setattr(info, "run", run)
    done = musrcu("info", "x")
    assert done.code == code
    assert len(done.err.splitlines()) == (code == 1)


def test_a_mistake_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(info, "run", run)
    with pytest.raises(ZeroDivisionError):
        main(["info", "x"])


def test_doubts_are_printed_once_and_stop_nothing(
    musrcu: Musrcu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(arguments: object) -> int:
        for text in ("odd", "odd", "odder"):
            warnings.warn(text, MusrcuWarning, stacklevel=2)
        return 0

    monkeypatch.setattr(info, "run", run)
    done = musrcu("info", "x")
    assert done.code == 0
    assert done.err == "musrcu: warning: odd\nmusrcu: warning: odder\n"


def test_other_warnings_are_one_line_too(musrcu: Musrcu, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: object) -> int:
        warnings.simplefilter("default")
        for _ in range(2):
            warnings.warn("divide by zero", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(info, "run", run)
    assert musrcu("info", "x").err == "musrcu: warning: divide by zero\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams(here: Path, run1: Path, closed: str) -> None:
    line = f'exec "$@" {closed}'

    def code(*words: object) -> int:
        program = ["sh", "-c", line, "sh", sys.executable, "-m", "musrcu", *map(str, words)]
        return subprocess.run(program, capture_output=True, check=False).returncode

    assert code("info", run1) == 0
    assert code("info", "gone.bin") == 1
    assert code("--help") == 0
    assert code("fit") == 2
    words = ("--alpha", "1.2", "--packing", "50", "--t-max", "5", "-o", "a.csv")
    assert code("reduce", run1, *words) == 0
    assert Path("a.csv").read_text().startswith("# run: ")


def test_the_backend_of_a_notebook_is_not_ours(here: Path, run1: Path) -> None:
    backend = "module://of_a_notebook.that_is_elsewhere"
    words = ("plot", run1, "--packing", "50", "-o", "a.png")
    done = command(*words, env={**os.environ, "MPLBACKEND": backend})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_leaves_no_half_written_file(here: Path, name: str, code: int) -> None:
    program = f"""
import os, signal, sys
from musrcu.cli import info
from musrcu.cli.main import main
from musrcu.files import replacing

# as at a terminal, whatever ran the tests: nohup and "&" ignore some of them
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

def run(arguments):
    with replacing("a.txt") as temporary:
        temporary.write_text("half")
        os.kill(os.getpid(), signal.{name})

info.run = run
sys.argv = ["musrcu", "info", "x"]
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")
    assert not list(here.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", INTERRUPTED)]
)
def test_a_signal_in_a_destructor_is_not_lost(here: Path, name: str, code: int) -> None:
    program = f"""
import os, signal, sys, time
from musrcu.cli import info
from musrcu.cli.main import main
from musrcu.files import replacing

# as at a terminal, whatever ran the tests: nohup and "&" ignore some of them
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

def run(arguments):
    with replacing("a.txt") as temporary:
        Deaf()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pass

info.run = run
sys.argv = ["musrcu", "info", "x"]
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")
    assert not list(here.iterdir())


def test_the_caller_of_main_keeps_its_own_ways(
    musrcu: Musrcu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "svg")
    before = signal.getsignal(signal.SIGTERM)
    assert musrcu("list", "formats").code == 0
    assert os.environ["MPLBACKEND"] == "svg"
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_not_utf8(musrcu: Musrcu, here: Path, run1: Path) -> None:
    name = "run\udcff.bin"
    shutil.copy(run1, name)
    quick = ("--alpha", "1.2", "--packing", "50")
    for words in (("info", name), ("info", "--json", name), ("reduce", name, *quick),
                  ("fit", name, *quick, "-o", "a.json"), ("plot", "a.json", "-o", "a.png"),
                  ("init", "--script", name, *quick, "-o", "a.py")):  # fmt: skip
        assert musrcu(*words).code == 0, words
    compile(Path("a.py").read_text(), "a.py", "exec")
    for output in ((), ("-o", "a.toml")):
        done = musrcu("init", name, *output)
        assert done.code == 1
        assert "cannot be written to TOML: it is not UTF-8; rename the file" in done.complaint
    assert "does not exist" in musrcu("info", f"no{name}").complaint
    assert "unrecognized" in musrcu("info", name, f"--{name}").complaint


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_closed_pipe_is_quiet(samples: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = [sys.executable, "-m", "musrcu", "info", str(samples / "deltat_tdc_ltf_0001.bin")]
    done = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 141


def test_the_module_is_the_command(run1: Path) -> None:
    done = command("info", run1)
    assert (done.returncode, done.stderr) == (0, "")
    assert "LTF 1" in done.stdout
    assert command("nothing").returncode == 2


def test_a_terminal_without_the_letters(here: Path, run1: Path) -> None:
    """The title of a run may hold what the terminal cannot show."""
    from musrcu.readers.registry import read
    from musrcu.writers.psi_bin import write_psi_bin

    write_psi_bin(read(run1).replace(title="\xe9\xe0"), "x.bin")
    done = command("info", "x.bin", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "\\xe9\\xe0" in done.stdout


def test_a_damaged_title_does_not_colour_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\tc\n") == "a\ufffd[31mb\ufffd\tc\n"


def test_only_the_verb_that_is_typed_is_imported() -> None:
    program = "import sys; from musrcu.cli.main import main; main(['info', '--help'])\n"
    program += "print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("musrcu.cli.")} == {
        "musrcu.cli.main", "musrcu.cli.terminal", "musrcu.cli.info",
    }  # fmt: skip
    assert not loaded & {"numpy", "scipy", "h5py", "iminuit", "matplotlib", "tqdm", "json"}
