# pyright: reportArgumentType=false
"""The stack as a table of contents, and `python -m infra.app`, which writes it as a template."""

import argparse
from pathlib import Path

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Environment, Stack, Validations
from cdk_nag import AwsSolutionsChecks

from infra.data import Data
from infra.edge import Edge
from infra.names import QUALIFIER, STACK
from infra.refresh import Refresh
from infra.settings import InfraSettings, read_settings
from infra.site import Site
from infra.watch import Watch, topic


def build(settings: InfraSettings, package: Path, out: Path) -> None:
    """Write the stack as CloudFormation's template, with what it deploys beside it.

    Args:
        settings: the operator's.
        package: the folder that becomes the site's zip file.
        out: the folder to write to.
    """
    app = App(outdir=str(out), analytics_reporting=False)
    stack = Stack(
        app,
        STACK,
        description="Movie recommendations: data, site, scheduled refresh",
        synthesizer=DefaultStackSynthesizer(qualifier=QUALIFIER),
        env=Environment(region=settings.region),
        tags={"project": STACK},
    )
    data = Data(stack, "Data")
    site = Site(stack, "Site", settings, data, package)
    edge = Edge(stack, "Edge", settings, site.function)
    mail = topic(stack, settings)
    refresh = Refresh(stack, "Refresh", settings, data, mail)
    Watch(stack, "Watch", settings, mail, site, edge, refresh)
    for name, value in {
        "Address": edge.address,
        "Bucket": data.bucket.bucket_name,
        "JobsRole": data.jobs_role.role_arn,
        "StateMachine": refresh.state_machine.state_machine_arn,
    }.items():
        CfnOutput(stack, name, value=value)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="the site's zip, unpacked")
    parser.add_argument("--out", type=Path, required=True, help="where the template goes")
    arguments = parser.parse_args()
    build(read_settings(), arguments.package, arguments.out)
