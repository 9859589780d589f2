"""The program: its commands in sections, its help and its version."""

from __future__ import annotations

import click

from mlops.errors import did_you_mean

from . import jobs, models, project, workspace

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Run on this machine": (jobs.run, jobs.jobs, jobs.rollback, jobs.resume),
    "Look at the results": (
        *(models.predict, models.report, models.ui),
        *(models.query, models.load_test, models.serve_stop),
    ),
    "Work on the project": (project.check, project.notebook, project.baseline, project.pin),
    "Deploy to a workspace": (
        *(workspace.bootstrap, workspace.doctor, workspace.validate, workspace.plan),
        *(workspace.deploy, workspace.probe, workspace.integration),
        *(workspace.retrain, workspace.destroy, workspace.sweep),
    ),
}
_SHORT = 200  # characters: whole sentences, wrapped
_COMPLETION = """\b
Completion of commands and options with the Tab key:
  bash: add to ~/.bashrc   eval "$(_MLOPS_COMPLETE=bash_source mlops)"
  zsh:  add to ~/.zshrc    eval "$(_MLOPS_COMPLETE=zsh_source mlops)"
  fish: add to ~/.config/fish/completions/mlops.fish   _MLOPS_COMPLETE=fish_source mlops | source"""


class Program(click.Group):
    """The commands, in sections."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words begin with; an unknown one is a usage error with the nearest name."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, section by section."""
        longest = max(len(name) for name in self.list_commands(ctx))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{command.name:<{longest}}", command.get_short_help_str(_SHORT)) for command in commands]
                )


def _print_version(ctx: click.Context, _: click.Parameter, is_given: bool) -> None:  # noqa: FBT001 - click's signature
    if is_given and not ctx.resilient_parsing:
        from mlops.machinery_version import version

        click.echo(f"mlops {version()}")
        ctx.exit()


@click.group(
    "mlops",
    cls=Program,
    epilog=_COMPLETION,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version of the machinery and exit.",
)
def program() -> None:
    """Run the jobs of the bundle on this machine, look at their results, and deploy the bundle.

    Start it in the folder of the project, or name the folder with --root. Each command explains itself:
    mlops run --help.
    """


for section in SECTIONS.values():
    for command in section:
        program.add_command(command)
