"""Gather photos for a phrase, with their sources and licences.

    python search_bing_api.py --query "red dress"
    python search_bing_api.py -q "red dress" -o dataset/red_dress --count 200 --license modify
    python search_bing_api.py -q "red dress" --source commons --contact you@example.org
    BRAVE_SEARCH_KEY=... python search_bing_api.py -q "red dress" --source brave
    BING_SEARCH_KEY=... python search_bing_api.py -q "red dress" --source bing \\
        --endpoint https://gateway.example/v7.0/images/search

The name is the 2018 tutorial's, whose service Microsoft retired in August 2025. Prints the path
of each new photo to stdout; sources.csv in the output folder says where each comes from. Run it
again to fetch what is missing.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from pyimagesearch import console
from pyimagesearch.cli.arguments import positive_int
from pyimagesearch.console import CommandError
from pyimagesearch.gather import bing, brave, openverse
from pyimagesearch.gather.api import connect, key_from_environment
from pyimagesearch.gather.download import Search, download
from pyimagesearch.gather.fetch import Limits
from pyimagesearch.gather.options import LICENCES, SAFE_SEARCHES, SIZES, WrongArgumentError
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.services import SERVICES, Service
from pyimagesearch.gather.store import name_for, open_folder

CONTACT = "GATHER_CONTACT"
LIMITS = Limits()

LICENCE_TABLE = "\n".join(
    f"  {licence:20}{openverse.LICENCE[licence] or 'every licence':32}"
    f"{bing.LICENCE[licence] or 'no filter'}"
    for licence in LICENCES
)
EPILOG = f"""\
--license             openverse                       bing
{LICENCE_TABLE}
                      commons: all may be shared, sold and changed; public is CC0 and PD only
                      brave knows no licences: any only

--size                openverse, bing: only photos that the service calls so
                      commons: the width of the rendering, 330, 960 or (any) 1280 pixels;
                      large is the original file
                      brave: any only

--safe-search         bing: as named, by default moderate; brave: off, else strict
                      openverse: sensitive works come with off only; commons: has none

environment variables
  {bing.KEY}, {brave.KEY}, {openverse.KEY} (optional): keys; never printed
  {CONTACT}: default of --contact
  HTTPS_PROXY: used for searching; photos are always fetched directly

exit status: 0 done, 1 the work failed or no photo came, 2 wrong arguments
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description="Gather photos for a phrase into a folder that train.py can train on.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_argument_group("what to look for")
    what.add_argument("-q", "--query", type=phrase, required=True, help="the phrase to search for")
    what.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder for the photos (default: dataset/ and the query's words, as red_dress)",
    )
    what.add_argument(
        "--count", type=positive_int, default=200, help="photos to find (default: 200)"
    )
    what.add_argument("--license", choices=LICENCES, default="any", help="(default: any)")
    what.add_argument("--size", choices=SIZES, default="any", help="(default: any)")
    what.add_argument("--safe-search", choices=SAFE_SEARCHES, help="(default: see below)")

    where = parser.add_argument_group("where to search")
    where.add_argument(
        "--source", choices=SERVICES, default="openverse", help="(default: openverse)"
    )
    where.add_argument("--endpoint", help="address of the service (default: its own)")
    where.add_argument(
        "--auth-header",
        help='header for the key, as "X-Key" or "Authorization: Bearer" (default: its own)',
    )
    where.add_argument(
        "--contact",
        default=os.environ.get(CONTACT, ""),
        help="e-mail or web address that Wikimedia may write to; needed for commons",
    )

    how = parser.add_argument_group("how to download")
    how.add_argument(
        "--parallel",
        type=positive_int,
        default=LIMITS.parallel,
        help=f"photos at a time (default: {LIMITS.parallel})",
    )
    how.add_argument(
        "--per-host",
        type=positive_int,
        default=LIMITS.per_host,
        help=f"of them from one host (default: {LIMITS.per_host}; some hosts get fewer)",
    )
    how.add_argument(
        "--max-bytes",
        type=positive_int,
        default=LIMITS.max_bytes,
        help=f"largest photo taken, bytes (default: {LIMITS.max_bytes})",
    )
    how.add_argument(
        "--max-seconds",
        type=positive_int,
        default=LIMITS.seconds,
        help=f"longest transfer of a photo, seconds (default: {LIMITS.seconds:g})",
    )
    how.add_argument(
        "--allow-private-addresses",
        action="store_true",
        help="also fetch from this machine and the local network (off: a search result could "
        "point at your router)",
    )
    return parser


def phrase(text: str) -> str:
    """Return `text` without spaces around it; argparse reports what it raises."""
    stripped = text.strip()
    if not stripped or not stripped.isprintable():
        raise argparse.ArgumentTypeError("a phrase of printable characters is needed")
    return stripped


def gather(arguments: argparse.Namespace) -> None:
    """Search, download and report; raises CommandError where no photo came."""
    service = SERVICES[arguments.source]
    user_agent = agent(service, arguments.contact)
    with httpx.Client(headers={"User-Agent": user_agent}) as client:
        found = collect(photos(service, client, arguments))
    if not found:
        raise CommandError(f"{arguments.source} found nothing for {arguments.query!r}")
    limits = Limits(
        max_bytes=arguments.max_bytes,
        seconds=arguments.max_seconds,
        parallel=arguments.parallel,
        per_host=arguments.per_host,
    )
    with open_folder(arguments.output or Path("dataset") / name_for(arguments.query)) as folder:
        counts = download(
            found,
            folder,
            Search(arguments.query, arguments.source),
            limits,
            user_agent,
            arguments.allow_private_addresses,
            arrived=lambda path: console.emit(str(path)),
        )
    console.status(f"{counts.line()} -> {folder.path}")
    if not counts.in_folder():
        raise CommandError("no photo came")


def photos(
    service: Service, client: httpx.Client, arguments: argparse.Namespace
) -> Iterator[Found]:
    """Return the search; raises CommandError for what the service cannot do."""
    key = key_from_environment(service.key_variable)
    if service.needs_key and not key.value:
        raise CommandError(f"set {service.key_variable} to your key for {arguments.source}")
    auth_header = arguments.auth_header or service.auth_header
    api = connect(arguments.endpoint or service.endpoint, client, auth_header, key)
    return service.search(
        api,
        arguments.query,
        arguments.count,
        licence=arguments.license,
        size=arguments.size,
        safe_search=arguments.safe_search,
    )


def collect(search: Iterator[Found]) -> list[Found]:
    """Return what `search` finds; one that breaks off half way still gives its first half."""
    found: list[Found] = []
    try:
        found.extend(search)
    except CommandError as error:
        if not found:
            raise
        console.warn(f"{error}; going on with the {len(found)} photos found before")
    return found


def agent(service: Service, contact: str) -> str:
    """Return the User-Agent; raises WrongArgumentError where `contact` is missing or unfit."""
    if not contact and service.needs_contact:
        raise WrongArgumentError(
            "Wikimedia wants to know whom it can write to: give --contact, or set GATHER_CONTACT"
        )
    if not (contact.isascii() and contact.isprintable()):
        raise WrongArgumentError("--contact: plain ASCII text is needed")
    return f"multi-label-tagger/1.0 ({contact or 'no contact given'})"


def main() -> int:
    """Run the command and return its exit status."""
    parser = make_parser()
    arguments = parser.parse_args()

    def command() -> None:
        try:
            gather(arguments)
        except WrongArgumentError as error:
            parser.error(str(error))

    return console.run(command)


if __name__ == "__main__":
    sys.exit(main())
