"""What a load did, per file."""

from dataclasses import dataclass, field


@dataclass
class FileReport:
    """Counts of one file. Records are areas, shapes and links between areas."""

    file: str
    rows_read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    outside_region: int = 0
    seconds: float = 0.0
    #: why nothing was loaded, in words
    note: str = ""


@dataclass
class LoadReport:
    """Every file in the order of loading, and the refresh of what lies in what."""

    region: str | None
    files: list[FileReport] = field(default_factory=list)
    areas_refreshed: int = 0
    refresh_seconds: float = 0.0
    unplaced_pc4: list[str] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Records that were not in the database before."""
        return sum(file.new for file in self.files)

    @property
    def changed(self) -> int:
        """Records that now differ from what the database held."""
        return sum(file.changed for file in self.files)
