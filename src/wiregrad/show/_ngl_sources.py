"""Segmentations that neuroglancer can show, and the viewers that open them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .._messages import did_you_mean, few

__all__ = ["NGL_SOURCES", "source_urls", "viewer_of"]

#: Segmentations by name: the URL that neuroglancer takes.
NGL_SOURCES: Mapping[str, str] = {
    "flywire": "precomputed://gs://flywire_v141_m783",
    "hemibrain": "precomputed://gs://neuroglancer-janelia-flyem-hemibrain/v1.2/segmentation",
    "malecns": "precomputed://gs://flyem-male-cns/v0.9/segmentation",
    "banc": "graphene://middleauth+https://cave.fanc-fly.com/segmentation/table/wclee_fly_cns_001",
}

_VIEWER = "https://neuroglancer-demo.appspot.com"
#: Viewer for segmentations that ask for a login.
_LOGIN_VIEWER = "https://spelunker.cave-explorer.org"


def source_urls(source: str | Sequence[str] | None) -> list[str]:
    """Return the URLs of a segmentation, or of a list of them; None is FlyWire.

    Raises
    ------
    ValueError
        If a name is unknown, or there is none.

    Examples
    --------
    >>> source_urls("maleCNS")
    ['precomputed://gs://flyem-male-cns/v0.9/segmentation']
    """
    source = "flywire" if source is None else source
    listed = [source] if isinstance(source, str) else list(source)
    if not listed:
        raise ValueError("source is empty: name a segmentation, such as 'flywire'")
    urls = [NGL_SOURCES.get(str(item).casefold(), str(item)) for item in listed]
    strangers = [url for url in urls if "://" not in url]
    if strangers:
        raise ValueError(
            f"source {strangers[0]!r} is no segmentation known here"
            f"{did_you_mean(strangers[0], NGL_SOURCES)}: there are {few(NGL_SOURCES)}; or give its "
            "URL, such as precomputed://gs://bucket/path"
        )
    return urls


def viewer_of(viewer: str | None, urls: Sequence[str]) -> str:
    """Return the address of the viewer for some sources, without a slash at its end.

    Raises
    ------
    ValueError
        If the one that is asked for is no address.
    """
    if viewer is None:
        return _LOGIN_VIEWER if any("middleauth+" in url for url in urls) else _VIEWER
    if not re.fullmatch(r"https?://\S+", viewer):
        raise ValueError(f"viewer is {viewer!r}: give an address such as {_VIEWER}")
    return viewer.rstrip("/")
