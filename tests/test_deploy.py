"""What is in `deploy/` stays true: commands that exist, options that are taken, one set of paths and ports."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from khata.cli import app
from p2p.transport import DEFAULT_PORT

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
FOLDER, METRICS = "/var/lib/khata-relay", "127.0.0.1:7421"


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def service_command() -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", text_of("khata-relay.service"), re.MULTILINE)
    return shlex.split(line)


def container_command() -> list[str]:
    text = text_of("Containerfile")
    words: list[str] = []
    for instruction in ("ENTRYPOINT", "CMD"):
        (listed,) = re.findall(rf"^{instruction} \[(.*)\]$", text, re.MULTILINE)
        words += re.findall(r'"([^"]*)"', listed)
    return words


def check_command(words: list[str]) -> None:
    """Whether the command line takes these words: each command exists, and so does each option of it."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while rest:
        options = {name: option for option in command.params for name in [*option.opts, *option.secondary_opts]}
        word = rest.pop(0)
        if word.startswith("--"):
            assert word in options, f"{command.name} takes no {word}"
            if not getattr(options[word], "is_flag", False):
                rest.pop(0)
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
        else:
            raise AssertionError(f"{word} is no command of {command.name}")


@pytest.mark.parametrize("words", [service_command(), container_command()], ids=["systemd", "container"])
def test_what_is_run_is_a_command_with_options_it_takes(words):
    check_command(words)
    assert words[words.index("--books") + 1] == FOLDER
    assert words[words.index("--metrics") + 1] == METRICS
    assert words[words.index("--listen") + 1].endswith(f":{DEFAULT_PORT}")


def test_commands_in_the_manual_exist():
    shown = re.findall(r"^/opt/khata/bin/khata (.*)$", text_of("README.md"), re.MULTILINE)
    assert len(shown) >= 1
    for line in shown:
        check_command(["khata", *shlex.split(line)])


def test_one_folder_and_one_port_are_named_everywhere():
    unit, container, manual = (text_of(name) for name in ("khata-relay.service", "Containerfile", "README.md"))
    assert f"StateDirectory={Path(FOLDER).name}" in unit
    assert f"VOLUME {FOLDER}" in container
    assert str(DEFAULT_PORT) in container
    assert METRICS in container
    assert FOLDER in manual
    assert METRICS in manual


def test_the_unit_is_well_formed(tmp_path):
    """Where systemd is there it says so itself, apart from the program, which is not installed in that place here."""
    unit = tmp_path / "khata-relay.service"
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text_of("khata-relay.service"), flags=re.MULTILINE)
    unit.write_text(text)
    program = shutil.which("systemd-analyze")
    if program is not None:
        found = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, check=False)
        complaints = [line for line in found.stderr.splitlines() if "khata-relay" in line]
        assert not complaints, complaints
    assert text.count("[Service]") == 1
