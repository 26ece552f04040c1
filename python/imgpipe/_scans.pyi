_Component = tuple[int, int, int, int, bytes, bytes]
_Scan = tuple[int, int, list[int], int, int, int, int, list[bytes]]

def sequential(
    data: bytes,
    mcus: tuple[int, int],
    components: list[_Component],
    alone: int,
    scans: list[_Scan],
    head: bytes,
    most: int,
) -> bytes | None: ...
