"""Makes the README's picture: the screen exports itself in the middle of a release. `python -m tests.tui.picture FILE`."""

import asyncio
import sys
from pathlib import Path

from tests.tui.scenes import scene


async def make(file: Path) -> None:
    """Write the picture, as SVG."""
    app, come_to_rest = scene("mid")
    async with app.run_test(size=(120, 34)) as pilot:
        await come_to_rest(pilot)
        file.write_text(app.export_screenshot(title="deploy production"))


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1])))
