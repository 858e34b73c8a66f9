#!/usr/bin/env python3
"""Checks that no Swift or Python file of this repository has more than 450 lines, no function more than 60, and the README no
more than 250.

    Benchmarks/sizes.py [--self-test] [FILE...]

Without files, all that git knows are checked. Lines of a function are counted from the one with its name to its last one,
functions within it included. Exit code 1 and a line for each that is longer.
"""
import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_FILE, MOST_FUNCTION, MOST_README = 450, 60, 250

# Where something begins that is no code and may have brackets in it: a comment, a string, or a regex.
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|(?<=[(=,] )/(?![ /*])(?:\\.|[^/\\\n])+/|(?<=\()/(?![ /*])(?:\\.|[^/\\\n])+/|'
                     r'#+/.*?/#+|(?P<hashes>#*)(?P<quote>"""|")', re.DOTALL)
SWIFT_FUNCTION = re.compile(r"\bfunc\s+([\w`]+|[^\s\w(]+)|(?<![.\w])(init)\b[?!]?\s*(?=[<(])|\b(deinit)\b\s*(?=\{)")


def without_strings(text):
    """The same lines without what is no code."""
    parts, place = [], 0
    while match := NO_CODE.search(text, place):
        end = end_of_string(text, match) if match["quote"] else match.end()
        parts += [text[place:match.start()], '""', "\n" * text.count("\n", match.start(), end)]
        place = end
    return "".join(parts) + text[place:]


def end_of_string(text, begin):
    """Behind the quotes that end it, with all that is interpolated, in which there may be other strings."""
    hashes, quote = begin["hashes"], begin["quote"]
    escape = "\\\\" + hashes
    inside = re.compile(f"{escape}(?P<open>\\()|{escape}.|(?P<close>{quote}{hashes})", re.DOTALL)
    place = begin.end()
    while match := inside.search(text, place):
        if match["close"]:
            return match.end()
        place = end_of_interpolation(text, match.end()) if match["open"] else match.end()
    return len(text)


def end_of_interpolation(text, place):
    depth = 1
    while depth:
        match = re.compile(r'[()]|(?P<hashes>#*)(?P<quote>"""|")').search(text, place)
        if not match:
            return len(text)
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        place = end_of_string(text, match) if match["quote"] else match.end()
    return place


def swift_functions(text):
    """(name, first line, last line) of every function with a body."""
    code = without_strings(text)
    for match in SWIFT_FUNCTION.finditer(code):
        start = body(code, match.end())
        if start is None:
            continue
        depth, end = 0, start
        for end in range(start, len(code)):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            if depth == 0:
                break
        first = code.count("\n", 0, match.start()) + 1
        yield next(name for name in match.groups() if name), first, code.count("\n", 0, end) + 1


def body(code, place):
    """Where the body begins behind the parameters and the result; None for a requirement of a protocol, which has none."""
    depth, has_parameters = 0, False
    for index in range(place, len(code)):
        character = code[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            has_parameters = True
        elif depth == 0 and character == "{":
            return index
        elif depth == 0 and character == "}":
            return None
        elif depth == 0 and has_parameters and character == "\n":
            following = code[index:].lstrip()
            if not re.match(r"[{>]|->|(async|throws|rethrows|where)\b|\)", following) and not re.search(
                    r"(->|where|,|&|\bthrows|\basync)\s*$", code[place:index]):
                return None
    return None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def too_long(name, text):
    """A line for each thing that is too long."""
    lines = len(text.splitlines())
    most = MOST_README if name == "README.md" else MOST_FILE
    if lines > most:
        yield f"{name} has {lines} lines; allowed are {most}"
    if not name.endswith((".swift", ".py")):
        return
    functions = swift_functions if name.endswith(".swift") else python_functions
    for function, first, last in functions(text):
        if last - first + 1 > MOST_FUNCTION:
            yield f"{name}:{first}: {function} has {last - first + 1} lines; allowed are {MOST_FUNCTION}"


SWIFT = '''protocol P {
    func none() -> Int
    init(_ a: Int)
}
func long(
    _ a: String = "{", _ b: () -> Void = {}
) -> Set<Int> where Int: Hashable {
    // { a comment
    let text = """
        { \\(a) {
        """
    let parts = a.split(separator: "{").map { "\\($0.map { "}" })" }
    let regex = try? #/{/#
%s    if true { return [] }
}
struct S {
    init?(_ a: Int) { return nil }
    static func == (a: S, b: S) -> Bool { true }
    deinit { }
}
'''


def self_test():
    short, long = SWIFT % "", SWIFT % ("    print()\n" * 60)
    names = [(name, last - first + 1) for name, first, last in swift_functions(short)]
    assert names == [("long", 11), ("init", 1), ("==", 1), ("deinit", 1)], names
    assert list(too_long("a.swift", short)) == []
    assert list(too_long("a.swift", long)) == ["a.swift:5: long has 71 lines; allowed are 60"], list(too_long("a.swift", long))
    python = "def f():\n" + "    pass\n" * 60
    assert list(too_long("a.py", python)) == ["a.py:1: f has 61 lines; allowed are 60"]
    assert list(too_long("a.py", "\n" * 450)) == []
    assert list(too_long("README.md", "\n" * 251)) == ["README.md has 251 lines; allowed are 250"]
    assert list(too_long("a.py", "\n" * 451)) == ["a.py has 451 lines; allowed are 450"]


def main():
    words = sys.argv[1:]
    if words == ["--self-test"]:
        return self_test()
    files = words or subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "*.swift", "*.py", "README.md"], cwd=ROOT, capture_output=True, text=True,
        check=True).stdout.split()
    found = [line for name in files for line in too_long(name, (ROOT / name).read_text(encoding="utf-8"))]
    print("\n".join(found) or f"{len(files)} files, none of them and no function in them too long")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
