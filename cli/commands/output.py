"""How the commands of the command line show what they found."""

from collections.abc import Sequence

from persistence.postgres.audit import Finding

_CLEAN = "clean: the books are right and both stores agree"


def shown(findings: Sequence[Finding]) -> str:
    """Findings for people, a line each."""
    lines = [f"{finding.rule}: {finding.subject}: {finding.detail}" for finding in findings]
    return "\n".join([*lines, f"{len(findings)} findings" if findings else _CLEAN])
