"""``manyfest doctor``: report on this installation, or on a registry."""

import os
from collections.abc import Sequence

from manyfest.cli.arguments.options import CONNECTION, AsJson, docker_command
from manyfest.cli.output import write_lines, write_text
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.doctor_report import Report, report_json, report_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.domain.errors import AccessError, UnavailableError
from manyfest.domain.references import DEFAULT_REGISTRY, Reference, Repository

_HUB_HOSTS = (DEFAULT_REGISTRY, "index.docker.io")
# Docker's own repository for the question how many pulls are left (docs.docker.com, "Pull usage").
_HUB_TEST = "docker.io/ratelimitpreview/test:latest"


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
    report: Report
    refusal: AccessError | UnavailableError | None = None
    if names:
        report, refusal = _of_registry(names[0], options)
    else:
        from manyfest.cli.flows.doctor.machine import machine_report

        report = machine_report(settings_from(options), os.environ)
    if as_json:
        write_text(report_json(report))
    else:
        write_lines(report_lines(report))
    if refusal is not None:
        raise refusal


def _of_registry(
    text: str, options: CommonOptions
) -> tuple[Report, AccessError | UnavailableError | None]:
    from manyfest.assembly.access import mirrors_of, remembered_facts
    from manyfest.cli.flows.doctor.registry import registry_report
    from manyfest.cli.wiring import open_examiner

    registry, named = _parsed(text)
    settings = settings_from(options)
    asked = named or (Reference.parse(_HUB_TEST) if registry == DEFAULT_REGISTRY else None)
    with open_examiner(settings) as examiner:
        survey = examiner.survey(registry, asked)
    facts = remembered_facts(settings, registry)
    mirrors = mirrors_of(settings, Repository(registry, "") if named is None else named)
    return registry_report(registry, asked, survey, facts, mirrors), survey.access.refusal


def _parsed(text: str) -> tuple[str, Reference | None]:
    """Parse ``HOST[:PORT]``, or a reference. Raises UsageError, InvalidReferenceError."""
    host, _, port = text.partition(":")
    is_host = "/" not in text and (port.isdecimal() or (not port and _is_like_host(host)))
    if is_host:
        return (DEFAULT_REGISTRY if text in _HUB_HOSTS else text), None
    reference = Reference.parse(text)
    if not isinstance(reference.home, Repository):
        raise UsageError(f"doctor takes a registry, not {text}")
    return reference.home.registry, reference


def _is_like_host(host: str) -> bool:
    return "." in host or host == "localhost"
