"""Replace opencv-python with opencv-python-headless if `import cv2` fails for want of a library.

opencv-python needs display libraries (libGL, libxcb, libglib), which servers and containers often
do not have. opencv-python-headless of the same version does not need them, and does everything that
is used here except `classify.py --show`.

    python tools/ensure_opencv.py
"""

import importlib.metadata
import subprocess
import sys


def import_error() -> str:
    """Return why `import cv2` fails in a fresh interpreter, or "" if it works."""
    result = subprocess.run(
        [sys.executable, "-c", "import cv2"],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stderr.strip().rpartition("\n")[2] if result.returncode else ""


def installed_version(package: str) -> str:
    """Return the version of an installed package, or "" if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def pip(*arguments: str) -> None:
    """Run the pip of this interpreter; raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def main() -> int:
    """Replace the package if a shared library is missing; return 1 if the import still fails."""
    reason = import_error()
    version = installed_version("opencv-python")
    if "cannot open shared object file" in reason and version:
        print(f"opencv-python cannot be imported here ({reason})", file=sys.stderr)
        print(f"installing opencv-python-headless {version} instead", file=sys.stderr)
        # Both packages own the folder cv2/, so the first must be gone before the second comes.
        pip("uninstall", "--yes", "opencv-python", "opencv-python-headless")
        pip("install", f"opencv-python-headless=={version}")
        reason = import_error()
    if reason:
        print(f"import cv2 fails: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
