"""Asks a PEP 517 backend for metadata, through the hook caller that pip brings along. Where it is said what the build is linked to, asks
first what the backend requires, and where that is more, for nothing else. Reads what to ask from the file that is named first, writes the answer to the file that is named second;
what the backend prints goes where it likes."""
import json
import sys

from pip._vendor.pyproject_hooks import BuildBackendHookCaller


def main(question_path, answer_path):
    with open(question_path, encoding="utf-8") as file:
        question = json.load(file)
    hooks = BuildBackendHookCaller(
        question["source"],
        question["backend"],
        backend_path=question["backend_path"] or None,
        python_executable=question["python"],
    )
    settings = question["settings"]
    linked = question["linked"]
    requires = [] if linked is None else hooks.get_requires_for_build_wheel(settings)
    if set(requires).issubset(linked or ()):
        metadata = hooks.prepare_metadata_for_build_wheel(question["folder"], settings)
        answer = {"metadata": metadata}
    else:
        answer = {"requires": requires}
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


main(*sys.argv[1:])
