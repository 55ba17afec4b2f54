"""Make `import cv2` work: swap opencv-python for its headless twin where display libraries lack.

opencv-python needs libGL, libxcb and libglib, which bare servers and containers do not have.
opencv-python-headless of the same version does everything here but `classify.py --show`.

    python tools/ensure_opencv.py
"""

import importlib.metadata
import subprocess
import sys


def import_error() -> str:
    """Return why `import cv2` fails in a fresh interpreter, or "" where it works."""
    result = subprocess.run(
        [sys.executable, "-c", "import cv2"], capture_output=True, text=True, check=False
    )
    return result.stderr.strip().rpartition("\n")[2] if result.returncode else ""


def installed(package: str) -> str:
    """Return the version of a package that is installed, or ""."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def pip(*arguments: str) -> None:
    """Run this interpreter's pip; raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def main() -> int:
    """Swap the package where a shared library is missing; return 1 if the import still fails."""
    reason = import_error()
    if not reason:
        return 0
    if "cannot open shared object file" in reason and (version := installed("opencv-python")):
        print(f"opencv-python cannot start here ({reason})", file=sys.stderr)
        print(f"installing opencv-python-headless {version} in its place", file=sys.stderr)
        # Both own the folder cv2/: all of it has to go before the other one comes.
        pip("uninstall", "--yes", "opencv-python", "opencv-python-headless")
        pip("install", f"opencv-python-headless=={version}")
        reason = import_error()
    if reason:
        print(f"import cv2 fails: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
