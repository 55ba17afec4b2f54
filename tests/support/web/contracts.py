"""Search services on the local web, each to the letter of its contract as far as we use it."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """value[] from `offset`; nextOffset steps back by `overlap` so that pages share results."""

    urls: Sequence[str]
    overlap: int = 0

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
        end = min(offset + count, len(self.urls))
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
            "nextOffset": following if value else offset,
            "value": value,
        }
        reply_json(handler, answer)


@dataclass(frozen=True)
class Openverse:
    """results[] of page `page`; more than 20 a page want a token."""

    urls: Sequence[str]

    def __call__(self, handler: Handler) -> None:
        asked = parameters(handler)
        page, size = int(asked["page"]), int(asked["page_size"])
        token = handler.headers["Authorization"]
        if token not in (None, f"Bearer {KEY}") or (size > 20 and not token):
            reply_json(handler, {"detail": f"Token {token} is no good."}, 401)
            return
        if page > 12:
            reply_json(handler, {"detail": "Pagination depth exceeded."}, 400)
            return
        results = [
            {
                "url": url,
                "foreign_landing_url": f"https://page.example/{url[-6:]}",
                "creator": "Ann Artist",
                "license": "by-sa",
                "license_version": "4.0",
                "license_url": "https://creativecommons.org/licenses/by-sa/4.0/",
                "attribution": '"A photo" by Ann Artist is licensed under CC BY-SA 4.0.',
                "width": 640,
                "height": 480,
            }
            for url in self.urls[(page - 1) * size : page * size]
        ]
        found = min(len(self.urls), 240)
        answer = {
            "result_count": found,
            "page_count": -(-found // size),
            "page_size": size,
            "page": page,
            "results": results,
        }
        reply_json(handler, answer)


@dataclass(frozen=True)
class Commons:
    """Files by gsroffset; where `split`, half of each answer's imageinfo comes one answer later."""

    urls: Sequence[str]
    split: bool = False

    def __call__(self, handler: Handler) -> None:
        if "@" not in handler.headers["User-Agent"]:
            reply_json(handler, {"error": {"code": "ua", "info": "Set a user agent."}}, 403)
            return
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
        pages = []
        for place, url in here:
            page: dict[str, object] = {"pageid": place, "ns": 6, "index": place + 1}
            late = self.split and place % 2 == 1
            if late == second_half:
                page["imageinfo"] = [self.info(place, url, asked.get("iiurlwidth"))]
            pages.append(page)
        pages.reverse()  # pages come sorted by page id, not by rank
        answer: dict[str, object] = {"query": {"pages": pages}}
        more = offset + limit < len(self.urls)
        if self.split and not second_half:
            answer["continue"] = {
                "iicontinue": "Photo.jpg|2026",
                "gsroffset": offset,
                "continue": "||",
            }
        elif more:
            answer["continue"] = {"gsroffset": offset + limit, "continue": "gsroffset||"}
        reply_json(handler, answer)

    def info(self, place: int, url: str, width: str | None) -> dict[str, object]:
        public = place % 3 == 0
        info: dict[str, object] = {
            "url": url,
            "descriptionurl": f"https://commons.example/wiki/File:{place}.jpg",
            "width": 4000,
            "height": 3000,
            "mime": "image/jpeg",
            "extmetadata": {
                "Artist": {"value": '<a href="//a" title="b">Ann &amp;\n Bob</a>'},
                "License": {"value": "pd" if public else "cc-by-sa-4.0"},
                "LicenseShortName": {"value": "Public domain" if public else "CC BY-SA 4.0"},
                "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
            },
        }
        if width:
            info |= {"thumburl": f"{url}?width={width}", "thumbwidth": int(width)}
            info["thumbheight"] = int(width) * 3 // 4
        return info


@dataclass(frozen=True)
class Brave:
    """All results at once, at most 200."""

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
                "url": f"https://page.example/{place}",
                "properties": {"url": url, "width": 640, "height": 480},
            }
            for place, url in enumerate(self.urls[: int(asked["count"])])
        ]
        reply_json(handler, {"type": "images", "results": results})


def serve_photos(web: LocalWeb, bodies: Sequence[bytes]) -> list[str]:
    return [web.serve(f"/photo/{place}", body) for place, body in enumerate(bodies)]
