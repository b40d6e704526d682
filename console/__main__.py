"""`python -m console` and the `deploy` command."""

import gc


def main() -> None:
    """Run the command line. Garbage is looked for once everything is loaded (`cli.carry_out.carry_out`): until then there is none."""
    gc.disable()
    from console.cli.main import run

    run()


if __name__ == "__main__":
    main()
