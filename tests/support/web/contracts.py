"""Search services on the local web, each as its documentation says, as far as we use it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from support.web.local_web import Handler, LocalWeb, reply_json

KEY = "secret-key-0123456789"

BING = "/v7.0/images/search"
OPENVERSE = "/v1/images/"
COMMONS = "/w/api.php"
BRAVE = "/res/v1/images/search"


def parameters(handler: Handler) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(handler.path).query))


@dataclass(frozen=True)
class Bing:
    """https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/response-objects

    value[] from `offset`; nextOffset steps back by `overlap` so that pages share results. Gateways
    leave out nextOffset, or give no more than `page` results at a time.
    """

    urls: Sequence[str]
    overlap: int = 0
    page: int = 150
    states_next_offset: bool = True

    def __call__(self, handler: Handler) -> None:
        if handler.headers["Ocp-Apim-Subscription-Key"] != KEY:
            given = handler.headers["Ocp-Apim-Subscription-Key"]
            error = {
                "code": "InvalidAuthorization",
                "message": f"Key {given} is not recognized.",
            }
            reply_json(handler, {"_type": "ErrorResponse", "errors": [error]}, 401)
            return
        asked = parameters(handler)
        offset, count = int(asked["offset"]), int(asked["count"])
        assert asked["q"]
        assert 1 <= count <= 150
        end = min(offset + min(count, self.page), len(self.urls))
        value = [
            {
                "contentUrl": url,
                "encodingFormat": "jpeg",
                "hostPageUrl": f"https://page.example/{place}",
                "width": 640,
                "height": 480,
                "name": "a photo",
            }
            for place, url in enumerate(self.urls[offset:end], offset)
        ]
        following = end - self.overlap if end < len(self.urls) else end
        answer = {
            "_type": "Images",
            "totalEstimatedMatches": 10**6 - offset,  # an estimate, and a poor one
            "value": value,
        }
        if self.states_next_offset:
            answer["nextOffset"] = following if value else offset
        reply_json(handler, answer)


@dataclass(frozen=True)
class Openverse:
    """https://api.openverse.org/v1/#tag/images/operation/images_search

    results[] of page `page`: 20 without a token, 50 with one, and 240 in all
    (https://github.com/WordPress/openverse/blob/main/api/api/constants/restricted_features.py).
    `extension` takes the ending from the last dot of the address. Licences, by address, are CC
    BY-SA 4.0 unless given; a service that `ignores_filters` returns all of them.
    """

    urls: Sequence[str]
    licences: dict[str, str] = field(default_factory=dict)
    ignores_filters: bool = False

    def __call__(self, handler: Handler) -> None:
        asked = parameters(handler)
        page, size = int(asked["page"]), int(asked["page_size"])
        token = handler.headers["Authorization"]
        if token not in (None, f"Bearer {KEY}") or size > (50 if token else 20):
            reply_json(handler, {"detail": f"Token {token} is not valid."}, 401)
            return
        if page * size > 240:
            reply_json(handler, {"detail": "Pagination depth exceeded."}, 400)
            return
        found = [url for url in self.urls if self.ignores_filters or self.matches(url, asked)]
        found = found[:240]
        results = [
            {
                "id": f"id-{place}",
                "title": f"Photo {place}",
                "url": url,
                "foreign_landing_url": f"https://page.example/{url[-6:]}",
                "creator": "Ann Artist",
                "creator_url": "https://page.example/ann",
                "license": self.licence(url),
                "license_version": "4.0",
                "license_url": f"https://creativecommons.org/licenses/{self.licence(url)}/4.0/",
                "attribution": f'"Photo {place}" by Ann Artist is licensed under CC BY-SA 4.0.',
                "filetype": None,
                "width": 640,
                "height": 480,
            }
            for place, url in enumerate(found)
        ]
        answer = {
            "result_count": len(found),
            "page_count": -(-len(found) // size),
            "page_size": size,
            "page": page,
            "results": results[(page - 1) * size : page * size],
        }
        reply_json(handler, answer)

    def licence(self, url: str) -> str:
        return self.licences.get(url, "by-sa")

    def matches(self, url: str, asked: dict[str, str]) -> bool:
        licences = asked.get("license", "").split(",")
        endings = asked.get("extension", "").split(",")
        return (licences == [""] or self.licence(url) in licences) and (
            endings == [""] or ("." in url and url.rpartition(".")[2] in endings)
        )


@dataclass(frozen=True)
class Commons:
    """https://www.mediawiki.org/wiki/API:Imageinfo, https://www.mediawiki.org/wiki/API:Continue

    Files by gsroffset; if `split`, half of each answer's imageinfo comes one answer later. Each
    `public_step`th file is in the public domain. A search without results has no "query".
    """

    urls: Sequence[str]
    split: bool = False
    public_step: int = 3
    artist: str = '<a href="//a.example/Ann" title="b">Ann &amp;\n Bob</a>'
    metadata: dict[str, str] = field(default_factory=dict)

    def __call__(self, handler: Handler) -> None:
        asked = parameters(handler)
        assert (asked["action"], asked["generator"], asked["gsrnamespace"]) == (
            "query",
            "search",
            "6",
        )
        assert asked["prop"] == "imageinfo"
        assert set(asked["iiprop"].split("|")) == {"url", "size", "mime", "extmetadata"}
        offset, limit = int(asked.get("gsroffset", 0)), int(asked["gsrlimit"])
        assert limit <= 50
        here = list(enumerate(self.urls))[offset : offset + limit]
        second_half = "iicontinue" in asked
        wanted = asked["iiextmetadatafilter"].split("|")
        pages = []
        for place, url in here:
            page: dict[str, object] = {"pageid": place, "ns": 6, "index": place + 1}
            page["title"] = f"File:Name {place}.jpg"
            late = self.split and place % 2 == 1
            if late == second_half:
                page["imageinfo"] = [self.info(place, url, asked.get("iiurlwidth"), wanted)]
            pages.append(page)
        pages.reverse()  # pages come sorted by page id, not by rank
        answer: dict[str, object] = {"query": {"pages": pages}} if pages else {}
        more = offset + limit < len(self.urls)
        if self.split and not second_half:
            answer["continue"] = {
                "iicontinue": "Photo.jpg|2026",
                "gsroffset": offset,
                "continue": "||",
            }
        elif more:
            answer["continue"] = {"gsroffset": offset + limit, "continue": "gsroffset||"}
        else:
            answer["batchcomplete"] = True
        reply_json(handler, answer)

    def info(
        self, place: int, url: str, width: str | None, wanted: Sequence[str]
    ) -> dict[str, object]:
        public = place % self.public_step == 0
        metadata = {
            "Artist": self.artist,
            "License": "pd" if public else "cc-by-sa-4.0",
            "LicenseShortName": "Public domain" if public else "CC BY-SA 4.0",
            "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0",
            "ObjectName": f"Name {place}",
            "Credit": '<span class="int-own-work">Own work</span>',
            "AttributionRequired": "false" if public else "true",
            **self.metadata,
        }
        info: dict[str, object] = {
            "url": url,
            "descriptionurl": f"https://commons.example/wiki/File:{place}.jpg",
            "width": 4000,
            "height": 3000,
            "mime": "image/jpeg",
            "extmetadata": {
                name: {"value": value, "source": "commons-desc-page"}
                for name, value in metadata.items()
                if name in wanted
            },
        }
        if width:
            info |= {"thumburl": f"{url}?width={width}", "thumbwidth": int(width)}
            info["thumbheight"] = int(width) * 3 // 4
        return info


@dataclass(frozen=True)
class Brave:
    """https://api-dashboard.search.brave.com/api-reference/images/image_search

    All results at once, at most 200.
    """

    urls: Sequence[str]

    def __call__(self, handler: Handler) -> None:
        if handler.headers["X-Subscription-Token"] != KEY:
            detail = {"code": "SUBSCRIPTION_TOKEN_INVALID", "detail": "The token is invalid."}
            reply_json(handler, {"type": "ErrorResponse", "error": detail}, 422)
            return
        asked = parameters(handler)
        assert 1 <= int(asked["count"]) <= 200
        assert asked["safesearch"] in ("off", "strict")
        results = [
            {
                "type": "image_result",
                "title": f"Result {place}",
                "url": f"https://page.example/{place}",
                "properties": {"url": url, "width": 640, "height": 480},
            }
            for place, url in enumerate(self.urls[: int(asked["count"])])
        ]
        reply_json(handler, {"type": "images", "results": results})


def serve_photos(web: LocalWeb, bodies: Sequence[bytes]) -> list[str]:
    return [web.serve(f"/photo/{place}", body) for place, body in enumerate(bodies)]
