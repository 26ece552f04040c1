"""How numbers are told in the headers of a JPEG XL: ISO/IEC 18181-1, annex B."""

HALF = 16  # bits of a float


class Bits:
    """Numbers of some bits, the lowest first, from `at`, which counts bits."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self._data = data
        self.at = at

    def __call__(self, count: int) -> int:
        start = self.at
        self.skip(count)
        value = int.from_bytes(self._data[start // 8 : -(-self.at // 8)], "little")
        return value >> start % 8 & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        """Go on behind some bits, whatever they are. Raises ValueError where there are fewer."""
        if self.at + count > 8 * len(self._data):
            raise ValueError("a header that is cut short")
        self.at += count

    def one_of(self, *choices: tuple[int, int]) -> int:
        """U32: one of four ways to tell a number, each an offset and bits that are added."""
        offset, count = choices[self(2)]
        return offset + self(count)

    def enum(self) -> int:
        """A choice among few."""
        return self.one_of((0, 0), (1, 0), (2, 4), (18, 6))

    def long(self) -> int:
        """U64."""
        choice = self(2)
        if choice < 3:
            offset, count = ((0, 0), (1, 4), (17, 8))[choice]
            return offset + self(count)
        value, shift = self(12), 12
        while self(1):
            count = 4 if shift == 60 else 8
            value, shift = value + (self(count) << shift), shift + count
            if shift == 64:
                break
        return value

    def skip_extensions(self) -> None:
        """What later versions of the format may add."""
        present = self.long()
        self.skip(sum(self.long() for _ in range(present.bit_count())))

    def align(self) -> None:
        """Go on at the next whole byte."""
        self.at = -(-self.at // 8) * 8
