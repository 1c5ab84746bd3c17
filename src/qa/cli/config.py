"""`qa config`: the settings in force, and who may log in to the page."""

import sys

import typer

from qa.cli.options import AuthFile, Json
from qa.cli.output import print_json
from qa.errors import PromptError, SettingsError

config = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@config.callback()
def list_settings(context: typer.Context, as_json: Json = False) -> None:
    """List the settings in force, and where each comes from. Keys are never shown."""
    from qa.answers.prompts import NAMES, prompt_file
    from qa.settings import KEYS, Settings, load_settings
    from qa.settings.resources import prompt_folders

    if context.invoked_subcommand:
        return
    settings = load_settings()
    origins = {name: settings.origin(name) for name in Settings.model_fields}
    keys = {name: settings.key_origin(name) for name in KEYS}
    folders = prompt_folders(settings.prompts)
    try:
        prompts = {name: str(prompt_file(name, *folders)) for name in NAMES}
    except PromptError as error:  # all else is to be seen, above all where that folder was named
        prompts = {}
        print(f"qa: no language model can be asked: {error}", file=sys.stderr)
    if as_json:
        print_json({**settings.shown(), "origins": origins, "keys": keys, "prompt_files": prompts})
        return
    for name, value in settings.shown().items():
        shown = "" if value is None else str(value) if str(value).isprintable() else repr(value)
        print(f"QA_{name.upper():20} {shown:20} {origins[name]:11} {Settings.model_fields[name].description}")
    for name, origin in keys.items():
        print(f"{name:23} {f'set, not shown ({origin})' if origin else 'not set'}")
    for name, file in prompts.items():
        print(f"{f'prompt {name}':23} {file}")


@config.command()
def login(name: str, auth_file: AuthFile = None) -> None:
    """Add a login to the file of those who may open the page, or give it a new password, which is asked for."""
    from qa.app.logins import add_login
    from qa.settings import load_settings

    settings = load_settings(auth_file=auth_file)
    file = settings.logins_file() or settings.home / "logins"
    add_login(file, name, _password())
    print(f"{name} may log in. Serve the page with: qa chat --auth-file {file}")


def _password() -> str:
    """The password that is typed twice, unseen; where nobody types, the first line of the input."""
    from getpass import getpass

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise SettingsError("the two passwords differ. Run the command again")
    return password
