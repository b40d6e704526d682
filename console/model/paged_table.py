"""A frozen dict in the order of its keys, of which another is made without copying the whole: a change copies one page of it.

What a run keeps for each host and each step stands in such tables, so that an event costs the same on a fleet of ten and of ten thousand.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import chain, islice
from typing import Generic, TypeVar, overload

V = TypeVar("V")
D = TypeVar("D")
PAGE = 32
"""Values on a page. A change copies one page, and the list of pages."""


class Table(Mapping[str, V], Generic[V]):
    """Values by name. Two tables are equal where they hold the same, as with dicts."""

    __slots__ = ("_pages", "_places", "_size")

    def __init__(self, values: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        whole = dict(values)
        self._set({name: place for place, name in enumerate(whole)}, tuple(whole.values()))

    def _set(self, places: dict[str, int], values: tuple[V, ...]) -> None:
        self._places = places
        self._size = len(values)
        self._pages = tuple(values[begin : begin + PAGE] for begin in range(0, len(values), PAGE))

    def put(self, name: str, value: V) -> "Table[V]":
        """Return the table with that value; a name that is new comes last."""
        place = self._place(name)
        if place < 0:
            return self._appended(name, value)
        number, at = divmod(place, PAGE)
        page = self._pages[number]
        return self._with(self._places, (*self._pages[:number], (*page[:at], value, *page[at + 1 :]), *self._pages[number + 1 :]), self._size)

    def put_all(self, values: Mapping[str, V]) -> "Table[V]":
        """Return the table with all those values."""
        if len(values) <= len(self._pages):
            result = self
            for name, value in values.items():
                result = result.put(name, value)
            return result
        return Table({**dict(self.items()), **values})

    def without(self, names: Iterable[str]) -> "Table[V]":
        """Return the table without those names. It copies the whole."""
        gone = frozenset(names)
        return Table((name, value) for name, value in self.items() if name not in gone)

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those names in the table's order; raises KeyError for one that is not in it."""
        return tuple(sorted(names, key=self._places.__getitem__))

    def _place(self, name: str) -> int:
        place = self._places.get(name, -1)
        return place if place < self._size else -1

    def _appended(self, name: str, value: V) -> "Table[V]":
        """Tables that came from one another share their names, of which each knows its first `_size`; one that is not the longest copies them."""
        places = self._places if len(self._places) == self._size > 0 else dict(islice(self._places.items(), self._size))
        places[name] = self._size
        last = self._pages[-1] if self._size % PAGE else ()
        return self._with(places, (*(self._pages[:-1] if last else self._pages), (*last, value)), self._size + 1)

    @staticmethod
    def _with(places: dict[str, int], pages: tuple[tuple[V, ...], ...], size: int) -> "Table[V]":
        made: Table[V] = Table.__new__(Table)
        made._places, made._pages, made._size = places, pages, size
        return made

    def __getitem__(self, name: str) -> V:
        place = self._places[name]
        if place >= self._size:
            raise KeyError(name)
        return self._pages[place // PAGE][place % PAGE]

    @overload
    def get(self, name: str, /) -> V | None: ...

    @overload
    def get(self, name: str, /, default: V | D) -> V | D: ...

    def get(self, name: str, /, default: V | D | None = None) -> V | D | None:
        """The value of that name, else the other one."""
        place = self._places.get(name, self._size)
        return self._pages[place // PAGE][place % PAGE] if place < self._size else default

    def __contains__(self, name: object) -> bool:
        return self._places.get(name, self._size) < self._size  # type: ignore[call-overload,no-any-return] # a name of another type is not there

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(islice(self._places, self._size)))

    def values(self) -> ValuesView[V]:
        """The values, in the order of their names."""
        return _Values(self)

    def items(self) -> ItemsView[str, V]:
        """Names with their values, in order."""
        return _Items(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Table) and self._pages is other._pages:
            return True
        return dict(self.items()) == dict(other.items()) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # its values need not be hashable

    def __repr__(self) -> str:
        return f"Table({dict(self.items())!r})"


class _Values(ValuesView[V]):
    _mapping: Table[V]

    def __iter__(self) -> Iterator[V]:
        return chain.from_iterable(self._mapping._pages)


class _Items(ItemsView[str, V]):
    _mapping: Table[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return zip(self._mapping, chain.from_iterable(self._mapping._pages), strict=True)
