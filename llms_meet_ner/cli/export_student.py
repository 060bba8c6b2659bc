"""The command `lmn-train export`."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import GuardedCommand, echo
from .options import catch_errors


@click.command("export", cls=GuardedCommand)
@click.argument("folder", metavar="STUDENT", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path),
    help="Folder to write into, which does not exist or is empty.",
)  # fmt: skip
@click.option("--int8", is_flag=True, help="Keep weights in 8 bits (dynamic quantisation).")
@catch_errors
def export(folder: Path, out: Path, int8: bool) -> None:
    """Write the student in the folder STUDENT as an ONNX model, which runs on CPUs without torch.

    \b
    lmn-train export outputs/minilm_demo --out outputs/minilm_demo_onnx
    lmn-train export outputs/minilm_demo --out outputs/minilm_demo_int8 --int8

    FOLDER is then a student as STUDENT is: lmn-tag and lmn-eval take it with --adapter FOLDER, lmn-predict with output_dir=FOLDER. The
    model is compared with the student before it is kept. See docs/students.md.
    """  # noqa: D301
    from ..standard_input import kept_from_libraries
    from ..students.student_file import StudentFile

    StudentFile.load(folder)
    with kept_from_libraries():
        from ..students.onnx_export import export_student

        found = export_student(folder, out, int8=int8)
    echo(f"{found.path}: {found.size / 1e6:.1f} MB")
    differs = f"the probability of a tag differs by {found.largest:.2g} at most"
    same = f"the most probable tag is the same for {found.same:.2%}"
    echo(f"compared with {folder} on {found.subwords:,} subwords drawn at random: {differs}, and {same}")
    if int8:
        echo(f"8 bits change some answers: score it with lmn-eval --adapter {out} --corpus CARD --split SPLIT")
