"""A real vLLM on loopback that serves a recipe's adapter as `lmn-predict serve-command` says, and that can be killed and started again."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from click.testing import CliRunner
from paths import ROOT

from llms_meet_ner.cli.predict import main as lmn_predict

VENV = Path(os.environ.get("LMN_VLLM", ROOT / ".venv-vllm"))
"""Environment that tests/vllm/environment.sh builds."""
WINDOW = 512
"""Tokens of a prompt and its answer that the server takes; enough for every sentence of the demo."""
_STARTING = 900
"""Seconds that the server has to start; it takes half a minute on two idle cores."""


class VllmServer:
    """A vLLM that serves an adapter in float32.

    Args:
        recipe: Recipe of the adapter; relative paths start at the checkout.
        name: Name to serve the adapter under.
        log: File that gets what the server prints, of all its starts.
        more: More words of the command line.
    """

    def __init__(self, recipe: str, name: str, log: Path, *more: str) -> None:
        printed = CliRunner().invoke(lmn_predict, ["serve-command", "--recipe", recipe])
        assert printed.exit_code == 0, printed.output
        program, *words = shlex.split(printed.stdout.replace("\\\n", " "))
        assert program == "vllm"
        assert f"{name}=" in printed.stdout
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.name = name
        self.log = log
        here = ["--host", "127.0.0.1", "--port", str(self.port), "--dtype", "float32", "--max-model-len", str(WINDOW)]
        self._command = [str(VENV / "bin/vllm"), *words, *here, *more]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address up to /v1."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start the server, and wait until it answers.

        Raises:
            AssertionError: It ended, or did not answer in time.
        """
        assert self._process is None
        environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
        environment.pop("OMP_NUM_THREADS", None)  # vLLM binds a thread to each core
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._get("/health")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        self.kill()
        raise AssertionError(self.log.read_text(errors="replace")[-3000:])

    def kill(self) -> None:
        """Kill the server with all its processes."""
        if self._process:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def finished(self) -> int:
        """Return the number of requests that the server has answered since it was started."""
        rows = re.findall(r"^vllm:request_success_total\{.*\} (\S+)$", self.metrics(), re.M)
        return sum(int(float(row)) for row in rows)

    def metrics(self) -> str:
        """Return what the server counts, in the format of Prometheus."""
        return self._get("/metrics")

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())
