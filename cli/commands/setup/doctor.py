"""``manyfest doctor``: report on this installation, or on a registry."""

import json
import os
from collections.abc import Sequence

from attr import evolve

from manyfest.cli.arguments.options import CONNECTION, AsJson, docker_command
from manyfest.cli.output import printable, write_lines, write_text
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import TERMINAL


@docker_command("doctor", "[HOST[/REPOSITORY[:TAG]]]", 0, 1, options=CONNECTION)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """Report on this installation, or on what a registry can do.

    Without an argument, show versions, the store, the configuration files, where credentials are,
    TLS roots, proxies and variables, for a bug report. Passwords, tokens and user names are never
    shown. With HOST, ask that registry by requests that change nothing and count as no pull; a
    REPOSITORY lets more be found out. Abilities that only a write would show are unknown, unless
    an earlier command learnt them. The exit code is 4 or 5 if the registry cannot be used.

    Examples:
      manyfest doctor
      manyfest doctor ghcr.io
      manyfest doctor --json docker.io/library/alpine:3
    """
    settings = evolve(settings_from(options), hooks=TERMINAL)
    if names:
        from manyfest.assembly.doctor.registry import registry_report

        report = registry_report(names[0], settings)
    else:
        from manyfest.assembly.doctor.machine import machine_report

        report = machine_report(settings, os.environ)
    if as_json:
        write_text(json.dumps(report.data, indent=2, ensure_ascii=False))
    else:
        write_lines(printable(line) for line in report.lines())
    if report.refusal is not None:
        raise report.refusal
