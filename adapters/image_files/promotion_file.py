"""Files of promotions, read from YAML."""

from manyfest.adapters.image_files.yaml_trees import trees
from manyfest.domain.specs.promotions import PromotionFile, promotions_in, registries_in


def read_promotions(data: bytes, name: str) -> PromotionFile:
    """Return what the file ``name`` declares. Raises SpecError: all its faults."""
    text = data.decode("utf-8", "replace")
    documents = trees(text, name, refuses_twice=True) or ([],)  # an empty file declares none
    return PromotionFile(
        tuple(each for document in documents for each in promotions_in(document, name)),
        tuple(each for document in documents for each in registries_in(document)),
    )
