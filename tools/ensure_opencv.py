"""Make `import cv2` work: install headless OpenCV if display libraries are missing.

opencv-python needs libGL, libxcb and libglib, which bare servers and containers do not have.
opencv-python-headless of the same version can do all that is needed here, except for
`classify.py --show`.

    python tools/ensure_opencv.py
"""

import importlib.metadata
import subprocess
import sys


def import_error() -> str:
    """Return why `import cv2` fails in a new interpreter, or "" if it works."""
    result = subprocess.run(
        [sys.executable, "-c", "import cv2"], capture_output=True, text=True, check=False
    )
    return result.stderr.strip().rpartition("\n")[2] if result.returncode else ""


def installed(package: str) -> str:
    """Return the version of an installed package, or "" if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def pip(*arguments: str) -> None:
    """Run this interpreter's pip; raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def main() -> int:
    """Replace the package if a shared library is missing; return 1 if the import still fails."""
    reason = import_error()
    if not reason:
        return 0
    if "cannot open shared object file" in reason and (version := installed("opencv-python")):
        print(f"opencv-python cannot be imported ({reason})", file=sys.stderr)
        print(f"installing opencv-python-headless {version} instead", file=sys.stderr)
        # Both packages own the folder cv2/, so all of it has to go before the other is installed.
        pip("uninstall", "--yes", "opencv-python", "opencv-python-headless")
        pip("install", f"opencv-python-headless=={version}")
        reason = import_error()
    if reason:
        print(f"import cv2 fails: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
