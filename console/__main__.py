"""`python -m console` and the `deploy` command."""


def main() -> None:
    """Run the command line."""
    from console.cli.main import run

    run()


if __name__ == "__main__":
    main()
