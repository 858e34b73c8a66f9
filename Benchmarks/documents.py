#!/usr/bin/env python3
"""Checks README, guide and help texts: links lead somewhere, quoted code stands in a compiled file, and commands run.

    Benchmarks/documents.py [--bench PROGRAM] [--mpi PROGRAM] [--example PROGRAM] [TEXT...]

TEXT is a Markdown file, or `help`; without any all are checked. MNIST is needed where $BENCH_DATA says; --mpi is the program
built with the trait MPI, --example that of Tests/ExamplePackage. What is not run is listed with the reason.

A command is a line of a code block that begins with `$`, with the name of a program, or with a path of this repository; or
it stands between backquotes in a line of text and begins with `bench`. Commands of one page run in order, in one folder, so
that one may use what an earlier one wrote. They are shortened: MNIST to a fraction of an epoch, what is shown without its
output to five epochs, both to two seeds, and repetitions to two.

A command that is shown with its output is compared with it: columns and first cells of tables, and where it is not
shortened sentences without numbers; with `--compute reference`, whose figures are the same everywhere, whole lines. Output
below `<!-- results: FOLDER -->` is what `bench report` prints of that folder, to the last character. A block of YAML that
describes a cluster is read by the program, and one that describes an experiment is run: it is the page's experiment.yaml. A block of Swift below `<!-- source: PATH -->` stands in that file, which is
compiled.
"""
import argparse
import collections
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUIDE = "Sources/bench/Documentation.docc"
COMMAND = re.compile(r"^(\$ .*|(swift|bench|mpirun|srun|sudo|\./setup\.sh|\.build\S*/\S+|Benchmarks/\S+)( .*)?)$")

EXAMPLE = "swift run --package-path Tests/ExamplePackage example"

NOT_RUN = [
    (r"advise Results/run", "needs a recorded run; the page on advice tries the same with one"),
    (r"plot Results/latest", "needs a run; the page on reports tries the same with one"),
    (r"watch (Results/latest|run\.jsonl)", "needs a run that is watched; the page on watching tries the same with one"),
    (r"hostfile|\bsrun\b|--from 2", "needs several hosts"),
    (r"^sudo ", "needs root and a quiet machine"),
    (r"^mpirun .*bench calibrate", "measures a network, for which a busy machine has no patience"),
    (r"data fetch", "downloads"),
    (r"^Benchmarks/(fuzz|compare-with-peers|alternate|emulation|false-alarms)", "takes long, or needs other programs"),
    (r"^(sudo -E )?Benchmarks/(profile_torch|profile_from_trace|pricing/|profiles/)", "needs PyTorch, a GPU, or what others published"),
    (r"^swift package", "builds the engine for release, which takes minutes"),
    (r"^swift build -c release", "a release build takes minutes"),
    (r"fuzz-readers --self-test", "takes minutes, and a test does the same"),
]
CLUSTER = "name: some-cluster\nlatency: 50us\nbandwidth: 10Gbit\n"
FILES = {  # What the texts call somebody's own files.
    "my-rack.yaml": CLUSTER, "hosts.yaml": CLUSTER, "cluster.yaml": CLUSTER, "ping.csv": "seconds\n0.001\n0.002\n",
    "mine.json": '{"format": "bench-profile-1", "name": "mine", "device": "a GPU", "source": "me", "bytes_per_number": 4, '
    '"training_samples": 64000, "steps": [{"samples": 32, "forward": 0.02, "backward": 0.04, "update": 0.002}, {"samples": 64, '
    '"forward": 0.04, "backward": 0.08, "update": 0.002}], "tensors": [{"name": "a", "numbers": 5000000, "ready": 1}, '
    '{"name": "b", "numbers": 20000000, "ready": 0.3}]}\n',
    "curve.csv": "samples,accuracy\n0,10%\n100000,60%\n200000,76%\n300000,78%\n",
    "phones.csv": "name,count,speed\nnew,3,0.5\nold,7,0.1\n",
}

# `marker` is the comment before the block, as (kind, value).
Block = collections.namedtuple("Block", "language lines marker line")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blocks(text):
    """Code blocks: fenced, or indented after an empty line."""
    found, marker, block, fence, block_end = [], (None, None), None, None, None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        stripped = line.strip()
        if fence:
            if stripped == fence:
                fence = None
            else:
                block.lines.append(line)
        elif stripped.startswith("```"):
            fence, block = "```", Block(stripped[3:], [], marker, number + 1)
            found.append(block)
        elif line.startswith("    "):
            if block is None or block.language != "" or block_end != number:
                block = Block("", [], marker, number + 1)
                found.append(block)
            block.lines.append(line[4:])
            block_end = number + 1
        elif not stripped and block is not None and block.language == "" and block_end == number:
            following = next((later for later in lines[number:] if later.strip()), "")
            if following.startswith("    "):
                block.lines.append("")
                block_end = number + 1
        elif stripped:
            found += [Block("inline", [code], marker, number + 1) for code in re.findall(r"`(bench [^`]*--\w[^`]*)`", line)]
            comment = re.match(r"<!-- (source|results): (\S+) -->", stripped)
            marker = comment.groups() if comment else (None, None)
    return found


def is_experiment(block):
    return block.language == "yaml" and any(line.startswith("strategies:") for line in block.lines)


def commands(block):
    """Commands of a block, each with the lines that are shown below it."""
    found = []
    for line in block.lines:
        if COMMAND.match(line):
            found.append((re.sub(r"\s+# .*$", "", line.removeprefix("$ ")), []))
            is_shown = line.startswith("$ ")
        elif found and is_shown:
            found[-1][1].append(line)
    return found


def subcommands(bench):
    """The program's own, as its help lists them, so that none is forgotten here."""
    help_text = subprocess.run([bench, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+)(?: \(default\))?  +\S", help_text.partition("SUBCOMMANDS:")[2], re.MULTILINE)


def anchors(text):
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
        if not os.path.exists(os.path.join(ROOT, file)):
            yield f"a link to {target}, which is not there"
        elif anchor and anchor not in anchors(read(os.path.join(ROOT, file))):
            yield f"a link to {target}; there is no such heading"


def lost_paths(text):
    """Paths of this repository between backquotes that do not exist."""
    for path in re.findall(r"`((?:Sources|Tests|Benchmarks|Results)/[\w./+-]+)`", text):
        if not os.path.exists(os.path.join(ROOT, path)) and not re.search(r"Results/(latest|run)|[A-Z]{3}", path):
            yield f"a path {path}, which is not there"


def lost_sources(text):
    for block in blocks(text):
        kind, path = block.marker
        if kind == "source":
            code = read(os.path.join(ROOT, path))
            plain = lambda lines: "\n".join(line.strip() for line in lines)
            if plain(block.lines).strip() not in plain(code.splitlines()):
                yield f"line {block.line}: this code does not stand in {path}"


def unlinked_pages(text):
    """Pages of the guide that its contents, or the README's, leave out."""
    targets = {os.path.basename(target) for target in re.findall(r"\]\(([^)#\s]+\.md)", text)} | {"Documentation.md"}
    for page in sorted(glob.glob(f"{GUIDE}/*.md", root_dir=ROOT)):
        if os.path.basename(page) not in targets:
            yield f"no link to {page}, which is a page of the guide"


def imports_against_order(text):
    """Modules that import others than the table of modules says: those above, of the same row, or of the last row."""
    table = re.search(r"\| module \|.*?\n((?:\|.*\n)+)", text).group(1).splitlines()[1:]
    places = {name: place for place, row in enumerate(table) for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    helpers = len(table) - 1
    for module, place in places.items():
        folder = {"BenchCommands": "bench", "bench": "bench/Program"}.get(module, module)
        for path in glob.glob(f"Sources/{folder}/**/*.swift", root_dir=ROOT, recursive=True):
            if module == "BenchCommands" and "/Program/" in path:
                continue
            names = re.findall(r"^(?:@\w+(?:\(\w+\))? )*(?:\w+ )?import (?:(?:struct|class|enum|protocol|func) )?(\w+)",
                               read(os.path.join(ROOT, path)), re.MULTILINE)
            for name in names:
                if places.get(name, helpers) not in (helpers, *range(place + 1)):
                    yield f"{path} imports {name}, which the table of modules has below {module}"


def unnamed_protocols(text):
    """Public protocols, to which others conform, that the page on the library does not name."""
    for path in sorted(glob.glob("Sources/**/*.swift", root_dir=ROOT, recursive=True)):
        for name in re.findall(r"^public protocol (\w+)", read(os.path.join(ROOT, path)), re.MULTILINE):
            if f"`{name}`" not in text:
                yield f"{path} has the public protocol {name}, which is not named here"


class Texts:
    def __init__(self, options):
        self.bench, self.mpi, self.example = options.bench, options.mpi, options.example
        self.subcommands = subcommands(options.bench)
        self.has_mnist = glob.glob(os.path.join(
            os.environ.get("BENCH_DATA") or os.path.expanduser("~/.cache/distributed-training-bench"), "mnist", "train*"))
        self.environment = dict(
            os.environ, PATH=f"{os.path.dirname(options.bench)}:{os.environ['PATH']}", OMPI_ALLOW_RUN_AS_ROOT="1",
            OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        self.ci = read(os.path.join(ROOT, ".ci/run")) + read(os.path.join(ROOT, ".github/workflows/ci.yml"))

    def beside(self, program):
        return os.path.join(os.path.dirname(self.bench), program)

    def reason_not_to_run(self, command):
        for pattern, reason in NOT_RUN:
            if re.search(pattern, command):
                return reason
        if command.startswith("mpirun") and not self.mpi:
            return "needs --mpi"
        if command.startswith(EXAMPLE) and not os.path.exists(self.example):
            return "Tests/ExamplePackage/try.sh builds that program"
        if "fuzz-readers" in command and not os.path.exists(self.beside("fuzz-readers")):
            return "was not built"
        if re.search(r"--task mnist|data verify", command) and " list " not in command and not self.has_mnist:
            return "needs MNIST"
        return None

    def runnable(self, command, is_shown=False, shortened=True):
        """The command in terms of the programs that are to be tried."""
        command = re.sub(r"^swift run bench", "bench", command).replace("--mca ... ", "").replace(EXAMPLE, self.example)
        if command.startswith(".build/debug/"):
            return command.replace(".build/debug", os.path.dirname(self.bench)).replace("--seconds 120", "--seconds 2")
        if command.startswith("Benchmarks/"):
            return os.path.join(ROOT, command)
        words = re.sub(r"^mpirun .*?(?=\S*bench )", "", command).split()
        command = re.sub(r"\S*\bbench (?=-|\w)", "bench ", command, count=1)
        if command.startswith("mpirun"):
            command = re.sub(r"^mpirun (.*?)-n \d+ bench ", rf"mpirun \1--oversubscribe -n 2 {self.mpi} ", command)
        if "--help" in words or not shortened:
            return command
        kind = words[1] if len(words) > 1 and words[1] in self.subcommands else "run"
        extra = {"speed": "--repetitions 1", "calibrate": "--network-time 1s"}.get(kind, "")
        if kind == "study":
            extra = "--seeds 2 --epochs 1 --evaluate-every 0.5"
        if kind == "coalitions":
            extra = "--seeds 1 --epochs 1 --evaluate-every 1"
        if kind == "run" and "mnist" in command:
            extra = "--epochs 0.1 --evaluate-every 0.05" + ("" if "--seeds 1" in command else " --seeds 2")
        elif kind == "run" and not is_shown:
            extra = "--epochs 5 --seeds 2"
        if "--repetitions" in words:
            extra += " --repetitions 2"
        return f"{command} {extra}".strip()

    def run(self, command, shown, folder):
        """None, or what is wrong."""
        if re.match(r"\./setup\.sh|swift (build|test)", command):
            return None if command in self.ci else "neither .ci/run nor the workflow runs this line"
        line = self.runnable(command, shown)
        result = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=self.environment, capture_output=True, text=True, timeout=300)
        allowed = [0, 1] if " compare " in line else [0]
        if result.returncode not in allowed:
            return f"exit code {result.returncode}: {result.stderr.strip()[-1000:]}"
        exactly = "--compute reference" in command
        sentences = exactly or line == self.runnable(command, shown, shortened=False)
        return "\n      ".join(differences(shown, result.stdout + result.stderr, exactly, sentences)) or None

    def differs(self, results, shown, folder):
        """None if the lines are what the program tells of committed results."""
        shutil.copytree(os.path.join(ROOT, results), os.path.join(folder, "told"), dirs_exist_ok=True)
        told = subprocess.run([self.bench, "report", "told"], cwd=folder, capture_output=True, text=True)
        if told.stdout.strip() == "\n".join(shown).strip():
            return None
        return f"it prints something else:\n{told.stdout}{told.stderr}"

    def read_cluster(self, block, folder):
        text = "\n".join(block.lines) + "\n"
        given = set(re.findall(r"^(\w+):", text, re.MULTILINE))
        if not given & {"latency", "speed", "topology", "dropouts"}:
            return None
        for line in CLUSTER.splitlines():
            if line.split(":")[0] not in given:
                text = f"{line}\n{text}"
        with open(os.path.join(folder, "shown.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        return self.run("bench list --cluster shown.yaml", [], folder)

    def read_yaml(self, block, folder):
        """What a block was tried as, and what is wrong with it."""
        if not is_experiment(block):
            return "the cluster", self.read_cluster(block, folder)
        with open(os.path.join(folder, "shown.yaml"), "w", encoding="utf-8") as file:
            file.write("\n".join(block.lines) + "\n")
        return "the experiment", self.run("bench --plan shown.yaml", [], folder)

    def check(self, title, text):
        """The lines to print of one text, and how many things are wrong."""
        notes, wrong, start = [], 0, time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            for name, contents in FILES.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(contents)
            for name in ["Results/baseline", "runs/baseline"]:
                shutil.copytree(os.path.join(ROOT, "Results/baseline"), os.path.join(folder, name))
            shutil.copytree(os.path.join(ROOT, "Benchmarks/profiles"), os.path.join(folder, "Benchmarks/profiles"))
            for block in filter(is_experiment, blocks(text)):
                with open(os.path.join(folder, "experiment.yaml"), "w", encoding="utf-8") as file:
                    file.write("\n".join(block.lines) + "\n")
            count = 0
            for block in blocks(text):
                if block.language == "yaml":
                    tried = [self.read_yaml(block, folder)]
                else:
                    tried = []
                    for whole, shown in commands(block) if block.language != "inline" else [(block.lines[0], [])]:
                        for command in whole.split(" && "):
                            reason = self.reason_not_to_run(command)
                            if reason:
                                notes.append(f"  not run, {reason}: {command}")
                            else:
                                tried.append((command, self.run(command, shown, folder)))
                        if block.marker[0] == "results":
                            tried.append((f"bench report {block.marker[1]}", self.differs(block.marker[1], shown, folder)))
                count += len(tried)
                for command, problem in tried:
                    if problem:
                        wrong += 1
                        notes.append(f"  WRONG, line {block.line}: {command}\n      {problem}")
        seconds = time.monotonic() - start
        return [f"{title}: {count} commands, {wrong} wrong, {seconds:.0f} s"] + notes, wrong


def cells(line):
    return re.split(r"\s{2,}", line.strip())


def differences(shown, printed, exactly, sentences):
    """What is shown and was not printed.

    exactly: lines have to be printed as they are shown; sentences: the sentences without numbers have to be printed.
    """
    lines = printed.splitlines()
    rows = [cells(line) for line in lines]
    for line in shown:
        row = cells(line)
        if not line.strip() or re.fullmatch(r"[- ]+", line):
            continue
        if len(row) > 2:
            if not re.search(r"\d", "".join(row[1:])):
                if row not in rows:
                    yield f"no table with the columns {', '.join(row)}"
            elif not re.match(r"\d", row[0]) and row[0] not in [other[0] for other in rows]:
                yield f"no row '{row[0]}'"
        elif exactly:
            if line not in lines:
                yield f"not printed: {line}"
        elif sentences:
            for sentence in re.split(r"(?<=[.;]) ", line):
                if not re.search(r"\d|no difference|`", sentence) and sentence not in printed:
                    yield f"not printed: {sentence}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default=os.path.join(ROOT, ".build/debug/bench"))
    parser.add_argument("--mpi", help="the program, built with the trait MPI")
    parser.add_argument("--example", default=os.path.join(ROOT, ".build-example/debug/example"))
    parser.add_argument("texts", nargs="*")
    options = parser.parse_args()
    options.bench = os.path.abspath(options.bench)
    options.mpi = options.mpi and os.path.abspath(options.mpi)
    options.example = os.path.abspath(options.example)
    files = options.texts or ["README.md", *sorted(glob.glob(f"{GUIDE}/*.md", root_dir=ROOT)), "Benchmarks/README.md", "help"]
    texts, wrong = Texts(options), 0
    tasks = []
    for path in files:
        if path == "help":
            for words in [[], *([word] for word in texts.subcommands)]:
                environment = dict(os.environ, COLUMNS="1000")
                help_text = subprocess.run(
                    [options.bench, *words, "--help"], env=environment, capture_output=True, text=True, check=True).stdout
                examples = re.findall(r"^ +(bench(?: .*)?|mpirun .*)$", help_text, re.MULTILINE)
                tasks.append((" ".join(["bench", *words, "--help"]), "\n".join(f"    {line}" for line in examples)))
            continue
        text = read(os.path.join(ROOT, path))
        problems = [*broken_links(path, text), *lost_paths(text), *lost_sources(text)]
        if path == "README.md":
            problems += imports_against_order(text)
        if path == f"{GUIDE}/Library.md":
            problems += unnamed_protocols(text)
        if path in ["README.md", f"{GUIDE}/Documentation.md"]:
            problems += unlinked_pages(text)
        for problem in problems:
            wrong += 1
            print(f"{path}: {problem}")
        tasks.append((path, text))
    # Two at a time: only shapes are judged here, and no times.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for lines, count in pool.map(lambda task: texts.check(*task), tasks):
            print("\n".join(lines), flush=True)
            wrong += count
    sys.exit(1 if wrong else 0)


main()
