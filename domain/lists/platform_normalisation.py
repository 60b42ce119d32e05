"""Platform rules: aliases, default variants, and supported pairs.

Tables, and the functions that look platforms up in them. Aliases are containerd's
(``platforms/database.go``); pairs are Go's ports, against which docker checks annotations.
"""

from attr import evolve

from manyfest.domain.platforms import Platform

_SYSTEMS = {"macos": "darwin"}

# Alias of an architecture: its usual name, and the variant that the alias implies. None keeps the
# variant.
_ARCHITECTURES: dict[str, tuple[str, str | None]] = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "x86": ("386", ""),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}

# Default variants are dropped, and variants of arm are written with a "v" and without ".0".
_VARIANTS = {
    ("amd64", "v1"): "",
    ("arm64", "8"): "",
    ("arm64", "8.0"): "",
    ("arm64", "v8"): "",
    ("arm64", "v8.0"): "",
    ("arm64", "9"): "v9",
    ("arm64", "9.0"): "v9",
    ("arm64", "v9.0"): "v9",
    ("arm", ""): "v7",
    ("arm", "5"): "v5",
    ("arm", "6"): "v6",
    ("arm", "7"): "v7",
    ("arm", "8"): "v8",
}

# The output of ``go tool dist list``.
_GO_PORTS = {
    "aix": "ppc64",
    "android": "386 amd64 arm arm64",
    "darwin": "amd64 arm64",
    "dragonfly": "amd64",
    "freebsd": "386 amd64 arm arm64 riscv64",
    "illumos": "amd64",
    "ios": "amd64 arm64",
    "js": "wasm",
    "linux": "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x",
    "netbsd": "386 amd64 arm arm64",
    "openbsd": "386 amd64 arm arm64 ppc64 riscv64",
    "plan9": "386 amd64 arm",
    "solaris": "amd64",
    "wasip1": "wasm",
    "windows": "386 amd64 arm arm64",
}

# Operating systems that a user may name alone, by containerd's list (``isKnownOS``).
KNOWN_SYSTEMS = frozenset(_GO_PORTS) | {"hurd", "macos", "nacl", "zos"}

# Architectures that a user may name alone, without an operating system.
KNOWN_ARCHITECTURES = frozenset(" ".join(_GO_PORTS.values()).split()) | frozenset(_ARCHITECTURES)

# Former ports of Go that docker accepts too (``cli/command/manifest/util.go``).
_FORMER_GO_PORTS = {"darwin": "386 arm"}

SUPPORTED_PAIRS = frozenset(
    (os, architecture)
    for table in (_GO_PORTS, _FORMER_GO_PORTS)
    for os, architectures in table.items()
    for architecture in architectures.split()
)


def is_supported(os: str, architecture: str) -> bool:
    """Return True if the pair is, or was, one of Go's ports.

    ``docker manifest annotate`` makes the same check with an older table of 28 of these pairs.
    """
    return (os, architecture) in SUPPORTED_PAIRS


def normalised(platform: Platform) -> Platform:
    """Normalise ``platform``, so that two spellings of one platform are equal.

    Lower case, no aliases, no default variant (``arm64/v8``, ``amd64/v1``), but ``v7`` for arm
    without variant; features sorted, each once, without empty ones. Idempotent.
    """
    os, architecture = platform.os.lower(), platform.architecture.lower()
    usual, implied = _ARCHITECTURES.get(architecture, (architecture, None))
    variant = platform.variant.lower() if implied is None else implied
    return evolve(
        platform,
        os=_SYSTEMS.get(os, os),
        architecture=usual,
        variant=_VARIANTS.get((usual, variant), variant),
        os_features=tuple(sorted(filter(None, set(platform.os_features)))),
    )
