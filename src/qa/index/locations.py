"""The kinds of place where Chroma keeps an index: a folder, this process's memory, a server, Chroma Cloud."""

MEMORY = ":memory:"
BATCH = 5_000  # records written or read at a time; Chroma takes 5,461 at most
CLOUD_BATCH = 300  # https://docs.trychroma.com/cloud/quotas-limits


def is_folder(location: str) -> bool:
    """Whether the location is a folder of this machine."""
    return location != MEMORY and not is_shared(location)


def is_shared(location: str) -> bool:
    """Whether other machines may be using it at the same time: a server or Chroma Cloud."""
    return "://" in location


def is_cloud(location: str) -> bool:
    """Whether it is Chroma Cloud."""
    return location.startswith("cloud://")


def batch_size(location: str) -> int:
    """How many records may be written or read there in one request."""
    return CLOUD_BATCH if is_cloud(location) else BATCH
