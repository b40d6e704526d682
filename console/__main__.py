"""`python -m console` and the `deploy` command."""

import gc

from console.cli.interruption import note_signals


def main() -> None:
    """Run the command line. Garbage is looked for once everything is loaded (`cli.carry_out.carry_out`): until then there is none.

    Nor is it at the end: Python would go through all that was loaded, only to let it go with the process.
    """
    gc.disable()
    note_signals()
    from console.cli.main import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
