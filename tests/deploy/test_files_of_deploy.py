"""The service and container files: well-formed, sandboxed, and true to what the program knows."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.databases import ROOT
from tests.deploy.installation import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
CONTAINER = DEPLOY / "container"


def unit(path: Path) -> dict[str, list[str]]:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return {key: value.split() for key, value in parser["Service"].items()}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    # It looks for the program: here it lies elsewhere.
    program = tmp_path / "mingtang"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copies = []
    for path in UNITS:
        copies.append(tmp_path / path.name)
        copies[-1].write_text(path.read_text(encoding="utf-8").replace("/opt/mingtang/bin/mingtang", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if "mingtang" in line]
    assert (done.returncode, told) == (0, []), done.stderr
    for path in UNITS:
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(path)]
        rated = subprocess.run(command, capture_output=True, text=True, check=False)
        assert rated.returncode == 0, rated.stdout[-300:]


def test_units_are_sandboxed_and_apart() -> None:
    assert [path.name for path in UNITS] == [
        *(
            "mingtang-backup.service",
            "mingtang-desk.service",
            "mingtang-web.service",
            "mingtang-worker.service",
            "mingtang.service",
        )
    ]
    found = {path.stem: unit(path) for path in UNITS}
    for name, service in found.items():
        assert service["NoNewPrivileges"] == ["yes"] and service["ProtectSystem"] == ["strict"], name
        assert service["CapabilityBoundingSet"] == [] and service["User"] != ["root"], name
    assert found["mingtang-web"]["User"] != found["mingtang-desk"]["User"] == found["mingtang-worker"]["User"]
    assert found["mingtang-web"]["InaccessiblePaths"] == ["-/var/lib/mingtang/secrets"]


def test_commands_in_the_files_exist() -> None:
    commands = [unit(path)["ExecStart"][1:] for path in UNITS]
    compose = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
    commands += [service["command"] for service in compose["services"].values() if "command" in service]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    # What the parser does not know it refuses before --help is reached.
    for command in {tuple(each) for each in commands}:
        program = [sys.executable, "-m", "mingtang.cli.main", *command, "--help"]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)


def test_variables_the_files_set_are_known() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), *(DEPLOY / "nginx").glob("*.template")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    files = [*UNITS, CONTAINER / "compose.yaml", CONTAINER / "Containerfile", ROOT / "docs" / "how-to" / "deploy.md"]
    for path in files:
        for name in set(re.findall(r"MINGTANG_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))):
            assert name in source, (path.name, name)


def test_the_containers() -> None:
    compose: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"database", "migrate", "worker", "office", "web", "nginx"}
    for name in ("migrate", "worker", "office", "web"):
        assert services[name]["cap_drop"] == ["ALL"] and services[name]["read_only"] is True, name
    # Only nginx is reached from outside, and the public process holds none of the office's keys.
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert services["web"]["user"] == "mingtang-web"
    assert "mingtang_public:" in services["web"]["environment"]["MINGTANG_DATABASE_URL"]
    for name, service in services.items():
        named = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        own = {volume for volume in named if not volume.startswith(".")}
        assert own <= set(compose["volumes"]), name
        for local in set(named) - own - {"./tls"}:  # the operator's certificate
            assert (CONTAINER / local).exists(), local
        assert set(service["networks"]) <= set(compose["networks"])
    given = services["nginx"]["environment"]
    for template in (DEPLOY / "nginx").glob("*.template"):
        assert set(re.findall(r"\$\{(MINGTANG_\w+)\}", template.read_text(encoding="utf-8"))) <= given.keys()


def test_the_container_file() -> None:
    text = re.sub(r"\\\n", " ", (CONTAINER / "Containerfile").read_text(encoding="utf-8"))
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith(("#", " "))]
    names = [name for name, _ in steps]
    assert set(names) <= {
        *("FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    }
    assert names[0] == "FROM" and names.index("USER") < names.index("ENTRYPOINT")
    last_user = [rest for name, rest in steps if name == "USER"][-1]
    assert last_user == "mingtang" and "HEALTHCHECK" in names
    for name, rest in steps:
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    assert os.access(CONTAINER / "start", os.X_OK)
