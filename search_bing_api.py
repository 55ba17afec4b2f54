"""Gather photos for a phrase, with their sources and licences.

    python search_bing_api.py --query "red dress"
    python search_bing_api.py -q "red dress" -o photos/red_dress --count 200 --license modify
    python search_bing_api.py -q "red dress" --source commons --contact you@example.org
    BRAVE_SEARCH_KEY=... python search_bing_api.py -q "red dress" --source brave
    BING_SEARCH_KEY=... python search_bing_api.py -q "red dress" --source bing \\
        --endpoint https://gateway.example/v7.0/images/search
    python search_bing_api.py -o photos --attribution CREDITS.md

The name is that of the 2018 tutorial, whose service Microsoft retired in August 2025. Prints the
path of each new photo to stdout; sources.csv in the output folder tells where each comes from. Run
it again to fetch what is missing. Photos that you delete stay away.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.cli.arguments import positive_int
from pyimagesearch.console import CommandError
from pyimagesearch.gather import bing, brave, commons, openverse
from pyimagesearch.gather.api import Service, connect, key_from_environment, open_client
from pyimagesearch.gather.download import download
from pyimagesearch.gather.fetch import Limits, Visitor, open_fetcher
from pyimagesearch.gather.keep import Counts, Search
from pyimagesearch.gather.provenance import PRESENT, write_credits
from pyimagesearch.gather.results import (
    LICENCES,
    SAFE_SEARCHES,
    SIZES,
    Filters,
    WrongArgumentError,
    folder_name,
    permits,
)
from pyimagesearch.gather.store import Folder, open_folder

SERVICES = {
    "openverse": openverse.SERVICE,
    "commons": commons.SERVICE,
    "brave": brave.SERVICE,
    "bing": bing.SERVICE,
}
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
                      commons: all photos may be shared, sold and changed
                      brave: knows no licences; "any" only

--size                openverse, bing: only photos that the service calls so
                      commons: the width of the rendering: 330, 960 or (any) 1280 pixels;
                      large is the original file
                      brave: "any" only

--safe-search         bing: as given, by default moderate; brave: off, otherwise strict
                      openverse: sensitive works come with "off" only; commons: has none

most results for one phrase
                      openverse 240, brave 200, commons 10,000

environment variables
  {bing.SERVICE.key_variable}, {brave.SERVICE.key_variable}, {openverse.SERVICE.key_variable} \
(optional): keys; never printed
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
    what.add_argument("-q", "--query", type=phrase, help="the phrase to search for")
    what.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder for the photos (default: named after the phrase, as photos/red_dress)",
    )
    what.add_argument(
        "--count",
        type=positive_int,
        default=200,
        help="photos of this search that the folder should contain in the end (default: 200)",
    )
    what.add_argument(
        "--license",
        choices=LICENCES,
        default="any",
        help="what you may do with the photos, see below (default: any)",
    )
    what.add_argument("--size", choices=SIZES, default="any", help="see below (default: any)")
    what.add_argument(
        "--safe-search", choices=SAFE_SEARCHES, help="see below (default: the service's own)"
    )
    what.add_argument(
        "--again", action="store_true", help="also fetch photos that you deleted earlier"
    )
    what.add_argument(
        "--attribution",
        type=Path,
        metavar="FILE.md",
        help="write the credits of all photos in --output to this file; without --query, only that",
    )

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
        help=f"your e-mail or web address; sent to Wikimedia's servers only, which may insist on "
        f"one (default: {CONTACT} of the environment)",
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
        help=f"photos at a time from one host (default: {LIMITS.per_host}; fewer from some hosts)",
    )
    how.add_argument(
        "--max-bytes",
        type=positive_int,
        default=LIMITS.max_bytes,
        help=f"largest photo to take, in bytes (default: {LIMITS.max_bytes})",
    )
    how.add_argument(
        "--max-seconds",
        type=positive_int,
        default=LIMITS.seconds,
        help=f"longest transfer of a photo, in seconds (default: {LIMITS.seconds:g})",
    )
    how.add_argument(
        "--ignore-opt-outs",
        action="store_true",
        help="also download photos whose sites forbid their use for machine learning "
        "(X-Robots-Tag: noai or noimageai)",
    )
    how.add_argument(
        "--allow-private-addresses",
        action="store_true",
        help="also fetch from this machine and the local network (off, because a search result "
        "could point at your router)",
    )
    return parser


def phrase(text: str) -> str:
    """Return `text` without spaces around it; argparse reports what it raises."""
    stripped = text.strip()
    # The joiners of Indic and Persian script are not printable, but part of words.
    if not stripped or not stripped.translate({0x200C: None, 0x200D: None}).isprintable():
        raise argparse.ArgumentTypeError("a phrase of printable characters is needed")
    return stripped


def run(arguments: argparse.Namespace) -> None:
    """Gather photos, or write the credits of those that are there, or both."""
    if not arguments.query and not arguments.attribution:
        raise WrongArgumentError("--query is needed: the phrase to search for")
    output = output_folder(arguments)
    if arguments.query:
        gather(arguments, output)
    if arguments.attribution:
        count = write_credits(output, arguments.attribution)
        console.status(f"photos credited in {arguments.attribution}: {count}")


def output_folder(arguments: argparse.Namespace) -> Path:
    """Return the folder for the photos: --output, or one named after the phrase."""
    if arguments.output:
        return Path(arguments.output)
    name = folder_name(arguments.query or "")
    if not name:
        raise WrongArgumentError("--output is needed: no folder can be named after the phrase")
    return Path("photos") / name


def gather(arguments: argparse.Namespace, output: Path) -> None:
    """Search, download and report; raises CommandError if no photo is there in the end."""
    service = SERVICES[arguments.source]
    filters = Filters(arguments.license, arguments.size, arguments.safe_search)
    if service.needs_key and not key_from_environment(service.key_variable).value:
        raise CommandError(f"--source {arguments.source} needs a key; set {service.key_variable}")
    if service.most is not None and arguments.count > service.most:
        console.warn(
            f"{arguments.source} gives at most {service.most} results for a phrase; --count "
            f"{arguments.count} cannot be reached"
        )
    # Before the search, so that no request is paid for if the folder cannot be used.
    with open_folder(output) as folder:
        report_other_licences(folder, filters)
        counts = asyncio.run(search_and_download(arguments, service, filters, folder))
    report(counts, arguments, output)


async def search_and_download(
    arguments: argparse.Namespace, service: Service, filters: Filters, folder: Folder
) -> Counts:
    """Fill `folder` with what the service finds; return what became of the results."""
    search = Search(
        arguments.query,
        arguments.source,
        arguments.count,
        lambda found: not service.states_licences or permits(found.licence, filters.licence),
        arguments.again,
    )
    limits = Limits(
        max_bytes=arguments.max_bytes,
        seconds=arguments.max_seconds,
        parallel=arguments.parallel,
        per_host=arguments.per_host,
    )
    visitor = Visitor(
        contact(arguments), arguments.allow_private_addresses, arguments.ignore_opt_outs
    )
    async with open_client() as client, open_fetcher(limits, visitor) as fetcher:
        api = connect(
            arguments.endpoint or service.endpoint,
            client,
            arguments.auth_header or service.auth_header,
            key_from_environment(service.key_variable),
            visitor.contact,
        )
        found = service.search(api, search.query, filters)
        return await download(found, folder, search, fetcher, lambda path: console.emit(str(path)))


def contact(arguments: argparse.Namespace) -> str:
    """Return --contact; raises WrongArgumentError if it cannot be part of a header."""
    text = str(arguments.contact)
    if not (text.isascii() and text.isprintable()):
        raise WrongArgumentError("--contact: plain ASCII text is needed")
    return text


def report_other_licences(folder: Folder, filters: Filters) -> None:
    """Warn of photos in the folder whose licence is not among those asked for."""
    others = {
        one.file: one.licence or "unknown"
        for one in folder.table.rows
        if one.state == PRESENT
        and one.licence != bing.found_under(filters.licence)
        and not permits(one.licence, filters.licence)
    }
    if others:
        file, licence = min(others.items())
        console.warn(
            f"{folder.path}: photos under other licences than --license {filters.licence}: "
            f"{len(others)}, such as {file} ({licence})"
        )


def report(counts: Counts, arguments: argparse.Namespace, output: Path) -> None:
    """Say what became of the results; raises CommandError if there is no photo."""
    if not counts.found:
        raise CommandError(f"{arguments.source} found nothing for {arguments.query!r}")
    console.status(counts.line())
    end = "the search broke off" if counts.broke_off else f"{arguments.source} has no more results"
    fewer = f"; {end}" if len(counts.files) < arguments.count else ""
    console.status(f"{len(counts.files)} of {arguments.count} photos are in {output}{fewer}")
    if not counts.files:
        raise CommandError("no photo came")


def main() -> int:
    """Run the command and return its exit status."""
    parser = make_parser()
    arguments = parser.parse_args()

    def command() -> None:
        try:
            run(arguments)
        except WrongArgumentError as error:
            parser.error(str(error))

    return console.run(command)


if __name__ == "__main__":
    sys.exit(main())
