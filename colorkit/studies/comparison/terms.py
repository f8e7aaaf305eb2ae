"""On what terms the photographs were given that the box's models learned from."""

from collections.abc import Iterable

TERMS = {
    "landscapes": "Intel natural-scene set (no license stated)",
    "scenes": "SUN database (pictures of the web; no license stated)",
    "photos": "Berkeley segmentation set (non-commercial research and education)",
    "people": "UTKFace (non-commercial research), Labeled Faces in the Wild (research benchmark), "
    "a mask-detection set (no license stated), Flickr8k in part (research; the photographers' "
    "rights), a human-segmentation set and GRAZ-01 (no license stated), Clothing Co-Parsing "
    "(Apache-2.0), a 19-class sports set (no license stated)",
    "things": "NIPS 2017 adversarial set (Open Images, CC BY 2.0), COCO in part (Flickr's terms), "
    "ImageNet and Imagenette (non-commercial research), Caltech-101 (CC BY 4.0), Grocery Store "
    "Dataset (MIT), clothing-dataset-small (CC0)",
    "rgbnir": "EPFL RGB-NIR Scene Dataset (research; no license stated)",
}
USES = (
    "safe, we think, for private, educational and research use; ask the owners of the data sets "
    "before selling what is made with it"
)


def describe_terms(sets: Iterable[str]) -> str:
    """Say for each data set, by the name of its folder, what it is made of and on what terms."""
    unknown = "photographs of your own, on their owners' terms"
    return "; ".join(f"{name}: {TERMS.get(name, unknown)}" for name in sets)
