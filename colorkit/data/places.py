"""Places365-Standard, small images (256 × 256), restricted to named classes.

`colorkit.data.download.sources` brings it (24 GB for training, half a gigabyte for validation) and
torchvision reads its lists; here only classes are chosen and the listing turned into `Entry`s.
"""

import os
from pathlib import Path

from colorkit.data.download.sources import fetch_set
from colorkit.data.folders import Entry
from colorkit.system.errors import ColorkitError


def list_places365(root: str | Path, classes: list[str], download: bool = True) -> list[Entry]:
    """List Places365's training and validation images of the named classes.

    The official validation images are the test images here: their labels are public and no
    training sees them. Validation is split off the training images, seeded (`data.splits`).

    Args:
        root: folder that holds, or will hold, the data set.
        classes: names such as `botanical_garden`, `library-indoor` or `market/outdoor`.
        download: fetch what is missing (24 GB and more), as `colorkit data fetch places365` does.

    Raises:
        ColorkitError: a class Places365 does not have (close names are given), or the data set is
            absent and cannot be downloaded.
    """
    from torchvision.datasets import Places365

    if download:
        fetch_set("places365", root)
    entries = []
    for split, name in (("train-standard", None), ("val", "test")):
        try:
            data = Places365(str(root), split=split, small=True)
        except (RuntimeError, OSError) as error:
            first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ColorkitError(
                f"Places365 ({split}) is not complete in {root}: {first_line}. Remove what is "
                f"damaged and run `colorkit data fetch places365 -o {root}`"
            ) from error
        index = match_classes(classes, data.class_to_idx)
        wanted = {number: label for label, number in index.items()}
        for file, number in data.imgs:
            if number in wanted:
                path = Path(file)
                entries.append(Entry(path, wanted[number], name, os.path.relpath(path, root)))
    return entries


def match_classes(classes: list[str], class_to_idx: dict[str, int]) -> dict[str, int]:
    """Match class names against Places365's own category file.

    The file writes `/b/botanical_garden` and `/l/library/indoor`; people write
    `botanical_garden`, `library-indoor` or `library/indoor`. Spelling is compared with hyphens,
    slashes and underscores made equal.

    Returns:
        The class's number by the name that was asked for.

    Raises:
        ColorkitError: a name the file does not have, with the closest ones it does.
    """
    from difflib import get_close_matches

    def plain(name: str) -> str:
        return name.lower().replace("-", "_").replace("/", "_")

    known = {plain(name[3:] if name[:1] == "/" else name): i for name, i in class_to_idx.items()}
    numbers = {}
    for name in classes:
        if plain(name) not in known:
            close = get_close_matches(plain(name), list(known), n=3) or sorted(known)[:3]
            raise ColorkitError(
                f"Places365 has no class {name!r}; close names are {', '.join(close)}. "
                "Correct the class in the profile"
            )
        numbers[name] = known[plain(name)]
    return numbers
