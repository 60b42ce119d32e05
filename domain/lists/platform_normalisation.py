"""Rules about platforms: the other names of what is one platform, and which pairs exist at all.

Tables, with the functions that look things up in them. Aliases are containerd's
(``platforms/database.go``); pairs are Go's ports, which is what docker checks annotations against.
"""

from attrs import evolve

from manyfest.domain.platforms import Platform

_SYSTEMS = {"macos": "darwin"}

# Another name of an architecture, the usual name, and the variant that the other name implies:
# None leaves the variant as it is.
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

# A variant that goes without saying is dropped, and the ones of arm are spelt with a "v".
_VARIANTS = {
    ("amd64", "v1"): "",
    ("arm64", "8"): "",
    ("arm64", "v8"): "",
    ("arm", ""): "v7",
    ("arm", "5"): "v5",
    ("arm", "6"): "v6",
    ("arm", "7"): "v7",
    ("arm", "8"): "v8",
}

# What ``go tool dist list`` names.
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

# What docker takes beside those (``cli/command/manifest/util.go``): ports that Go gave up since.
_FORMER_GO_PORTS = {"darwin": "386 arm"}

SUPPORTED_PAIRS = frozenset(
    (os, architecture)
    for table in (_GO_PORTS, _FORMER_GO_PORTS)
    for os, architectures in table.items()
    for architecture in architectures.split()
)


def is_supported(os: str, architecture: str) -> bool:
    """Whether a program for this pair can exist: it is, or was, one of Go's ports.

    Docker asks the same when it annotates, of an older list; all of its 28 pairs are among these.
    """
    return (os, architecture) in SUPPORTED_PAIRS


def normalised(platform: Platform) -> Platform:
    """``platform`` under its usual names, so that two spellings of one platform are equal.

    Lower case, no aliases, no variant that goes without saying (``arm64/v8``, ``amd64/v1``), the
    one that arm means when it says none (``v7``), features sorted and each once. Doing it twice
    changes nothing more.
    """
    os, architecture = platform.os.lower(), platform.architecture.lower()
    usual, implied = _ARCHITECTURES.get(architecture, (architecture, None))
    variant = platform.variant.lower() if implied is None else implied
    return evolve(
        platform,
        os=_SYSTEMS.get(os, os),
        architecture=usual,
        variant=_VARIANTS.get((usual, variant), variant),
        os_features=tuple(sorted(set(platform.os_features))),
    )
