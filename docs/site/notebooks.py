"""Runs the notebooks in docs/notebooks/, one after the other in a temporary folder, as a reader would.

python docs/site/notebooks.py           fails if a cell fails, or if its outputs are of other kinds than those that are kept
python docs/site/notebooks.py --save    keeps the new outputs
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NAMES = ("own_corpus", "tag_and_compare")
"""In the order in which they are run: the second one goes on with what the first one has trained."""
SECONDS = 900
"""Longest time of a cell."""


def run(name: str, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook and return it with its new outputs.

    Args:
        name: Name of the notebook, without suffix.
        folder: Working directory of its cells.

    Raises:
        CellExecutionError: A cell failed.
    """
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, resources=resources
    ).execute()
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [kept(output) for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def kept(output: Any) -> Any:
    """Return an output as it is kept: text without colours and the spaces that end its lines; what draws itself only drawn."""
    if output.output_type == "stream":
        plain = re.sub(r"\x1b\[[\d;]*m", "", output.text)
        output.text = re.sub(r" +$", "", plain, flags=re.MULTILINE)
    elif "text/html" in output.get("data", ()):
        del output.data["text/plain"]
    return output


def kinds(notebook: nbformat.NotebookNode) -> list[list[tuple[str, list[str]]]]:
    """Return the type and the media types of each output, by code cell."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[(output.output_type, sorted(output.get("data", []))) for output in cell.outputs] for cell in cells]


def main(words: list[str]) -> None:
    """Run all notebooks; keep their outputs if `--save` is among the words."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            print(f"{name}.ipynb", flush=True)
            notebook = run(name, Path(folder))
            if "--save" in words:
                nbformat.write(notebook, FOLDER / f"{name}.ipynb")
            elif kinds(notebook) != kinds(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)):
                sys.exit(f"{name}.ipynb: its outputs are of other kinds than those that are kept: make notebooks-save")


if __name__ == "__main__":
    main(sys.argv[1:])
