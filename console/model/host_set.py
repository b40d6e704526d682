"""A frozen set of a run's hosts, in the order of the fleet. It is one whole number with a bit for each host: sets of thousands are joined at once."""

from collections.abc import Iterable, Iterator, Set


class HostSet(Set[str]):
    """Hosts of one run. Sets that are joined are of the same run."""

    __slots__ = ("_bits", "_names", "_places")

    def __init__(self, names: Iterable[str] = ()) -> None:
        """An empty set of hosts of a fleet of that order."""
        self._names = tuple(names)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._bits = 0

    def _of(self, bits: int) -> "HostSet":
        made = HostSet.__new__(HostSet)
        made._names, made._places, made._bits = self._names, self._places, bits
        return made

    def only(self, names: Iterable[str]) -> "HostSet":
        """Those of the names that are hosts of the fleet, whether they are in this set or not."""
        bits = 0
        for name in names:
            if name in self._places:
                bits |= 1 << self._places[name]
        return self._of(bits)

    def put(self, name: str, *, there: bool) -> "HostSet":
        """Return the set with that host, or without it."""
        bit = 1 << self._places[name]
        bits = self._bits | bit if there else self._bits & ~bit
        return self if bits == self._bits else self._of(bits)

    def __contains__(self, name: object) -> bool:
        place = self._places.get(name, -1)  # type: ignore[call-overload] # a name of another type is not there
        return bool(place >= 0 and self._bits >> place & 1)

    def __iter__(self) -> Iterator[str]:
        bits = self._bits
        while bits:
            lowest = bits & -bits
            yield self._names[lowest.bit_length() - 1]
            bits ^= lowest

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __bool__(self) -> bool:
        return self._bits != 0

    def __and__(self, other: Set[object]) -> "HostSet":
        return self._of(self._bits & other._bits) if isinstance(other, HostSet) else NotImplemented

    def __or__(self, other: Set[object]) -> "HostSet":
        return self._of(self._bits | other._bits) if isinstance(other, HostSet) else NotImplemented

    def __sub__(self, other: Set[object]) -> "HostSet":
        return self._of(self._bits & ~other._bits) if isinstance(other, HostSet) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return (self._bits, self._names) == (other._bits, other._names) if isinstance(other, HostSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # it is never a key

    def __repr__(self) -> str:
        return f"HostSet({', '.join(self)})"
