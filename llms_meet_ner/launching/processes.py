"""The processes of a training: one, or several under torchrun, decided as `llamafactory-cli train` decides it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import LmnError
from ..training.launch import stop_processes
from .torchrun import exit_status

_TORCHRUN = "llms_meet_ner.launching.torchrun"
_YES = {"true", "y", "1"}


@dataclass(frozen=True, slots=True)
class Torchrun:
    """Several processes that train together.

    Attributes:
        words: Options of torchrun.
        processes: Number of processes on all machines.
        nodes: Number of machines.
    """

    words: tuple[str, ...]
    processes: int
    nodes: int

    @classmethod
    def of(cls, env: Mapping[str, str], devices: int) -> Torchrun | None:
        """Return how processes start, or None for one process.

        Args:
            env: Environment, with LLaMA-Factory's variables: `FORCE_TORCHRUN`, `NPROC_PER_NODE`, `NNODES`, `NODE_RANK`, `MASTER_ADDR`,
                `MASTER_PORT`, and for elastic launches `RDZV_ID`, `MIN_NNODES`, `MAX_NNODES`, `MAX_RESTARTS`.
            devices: Number of devices of this machine.

        Raises:
            LmnError: A variable is not a number, or asks for another launcher of LLaMA-Factory.
        """
        for name in ("USE_V1", "USE_MCA"):
            if is_on(env, name):
                raise LmnError(
                    "chooses a trainer that lmn-train does not run", name, "unset it, or use llamafactory-cli train"
                )
        other = any(is_on(env, name) for name in ("USE_RAY", "USE_KT"))
        if not is_on(env, "FORCE_TORCHRUN") and (devices <= 1 or other):
            return None
        each, nodes = _number(env, "NPROC_PER_NODE", max(1, devices)), _number(env, "NNODES", 1)
        address, port = env.get("MASTER_ADDR", "127.0.0.1"), env.get("MASTER_PORT") or str(_free_port())
        words = [f"--nproc-per-node={each}"]
        if "RDZV_ID" in env:
            elastic = "MIN_NNODES" in env and "MAX_NNODES" in env
            words += [f"--nnodes={env['MIN_NNODES']}:{env['MAX_NNODES']}" if elastic else f"--nnodes={nodes}"]
            words += [f"--rdzv-id={env['RDZV_ID']}", "--rdzv-backend=c10d", f"--rdzv-endpoint={address}:{port}"]
            words += [f"--max-restarts={_number(env, 'MAX_RESTARTS', 0)}"]
        else:
            words += [f"--nnodes={nodes}", f"--node-rank={_number(env, 'NODE_RANK', 0)}"]
            words += [f"--master-addr={address}", f"--master-port={port}"]
        return cls(tuple(words), each * nodes, nodes)

    def run(self, module: str, words: Sequence[str], env: Mapping[str, str]) -> int:
        """Run a module in all processes of this machine to their end; return the exit status, 128 and more for a signal.

        If this call ends early, by Ctrl-C or SIGTERM, all processes end too.

        Args:
            module: Module that each process runs.
            words: Its arguments.
            env: Variables to set beside those of this process.
        """
        # LLaMA-Factory sets these, too: less memory of a device is wasted
        faster = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True", "TORCH_NCCL_AVOID_RECORD_STREAMS": "1"}
        chosen = faster if is_on(os.environ, "OPTIM_TORCH", "1") else {}
        command = [sys.executable, "-m", _TORCHRUN, *self.words, "-m", module, *words]
        process = subprocess.Popen(
            command, env={**os.environ, **chosen, **env}, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            status = process.wait()
        finally:
            stop_processes(process)
        return exit_status(status) if status else 0


def is_on(env: Mapping[str, str], name: str, default: str = "0") -> bool:
    """Return whether a variable of LLaMA-Factory is switched on, as it reads them."""
    return env.get(name, default).lower() in _YES


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    """Return the number in a variable.

    Raises:
        LmnError: It holds something else.
    """
    text = env.get(name, str(default))
    if not text.isdecimal():
        raise LmnError(f"{text!r:.60} is not a whole number", name, f"unset it, or set {name}={default}")
    return int(text)


def _free_port() -> int:
    with socket.create_server(("", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def device_count() -> int:
    """Return the number of devices of this machine, as LLaMA-Factory counts them: 0 without a GPU."""
    from llamafactory.extras.misc import get_device_count

    count: int = get_device_count()
    return count
