"""What can go wrong while a page is put together. For developers, not for visitors."""

from pathlib import Path


class FrontendNotBuilt(RuntimeError):
    """The styles and scripts of the pages were never built."""

    def __init__(self, manifest: Path) -> None:
        super().__init__(
            f"{manifest} is missing: the front end is not built. Run: make frontend"
        )


class UnknownAsset(LookupError):
    """A template asks for a file the build does not make."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"The front end has no file {name!r}. It has: {', '.join(sorted(known))}."
        )


class UnknownIcon(LookupError):
    """A template asks for an icon that was not drawn."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"No icon {name!r}. There are: {', '.join(sorted(known))}.")


class WrongComponentValue(ValueError):
    """A component tag got a value outside its list."""

    def __init__(self, tag: str, argument: str, value: object, allowed: object) -> None:
        super().__init__(
            f"{{% {tag} %}} got {argument}={value!r}; it takes one of {allowed}."
        )
