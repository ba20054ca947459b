"""The simulators as a process of a test run, and a small client for their control door.

Takes the address they shall have; knows nothing of what the service makes of them.
"""

import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from config.processes import python_module, spawn, stop

_PROJECT = Path(__file__).resolve().parent.parent
_START_SECONDS = 120.0


class SandboxProcess:
    """One simulator process at one address."""

    def __init__(self, url: str, *arguments: str) -> None:
        """`arguments` are options of `python -m connectors.sandbox` besides the port."""
        self.url = url
        self._arguments = arguments
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process runs
        self._process: subprocess.Popen[bytes] | None = None
        # Its own client: the control door is no provider, and a slow start is no failure.
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)

    def start(self) -> None:
        """Start it and wait until its control door answers."""
        port = str(urlsplit(self.url).port)
        command = python_module("connectors.sandbox", "--port", port, *self._arguments)
        self._process = spawn(command, cwd=_PROJECT, output=self._output)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._output.seek(0)
                said = self._output.read().decode(errors="replace")
                self.stop()
                raise RuntimeError(f"The sandbox did not start. It said:\n{said}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; its state is gone."""
        if self._process is not None:
            stop(self._process, signal.SIGTERM, patience=30)
            self._process = None
        self._client.close()
        self._output.close()

    def get(self, path: str, **query: Any) -> Any:
        """What the control door says at `path`, such as `/control/books/zoho_books`."""
        return self._checked(self._client.get(path, params=query))

    def post(self, path: str, body: Any = None) -> Any:
        """Tell the control door something."""
        # Escaped, so that even half an emoji can be told.
        content = json.dumps({} if body is None else body)
        headers = {"Content-Type": "application/json"}
        return self._checked(self._client.post(path, content=content, headers=headers))

    def delete(self, path: str, **query: Any) -> Any:
        """Clear what is at `path`."""
        return self._checked(self._client.delete(path, params=query))

    def restored(self, save: str) -> bool:
        """Let the simulators hold a save again; False where they cannot."""
        return self._client.post(f"/control/saves/{save}/restore").is_success

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The control door by method and path, such as ("POST", "act")."""
        return self._checked(self._client.request(method, f"/control/{path}", json=body))

    def reset(self, company: str = "manufacturing", **options: Any) -> Any:
        """A fresh company, no faults, no log."""
        return self.post("/control/reset", {"company": company, "options": options})

    def _answers(self) -> bool:
        try:
            return self._client.get("/control/health").is_success
        except httpx.TransportError:
            return False

    @staticmethod
    def _checked(answer: httpx.Response) -> Any:
        if not answer.is_success:
            said = f"{answer.status_code}: {answer.text}"
            raise AssertionError(f"{answer.request.url} answered {said}")
        return answer.json() if answer.content else None
