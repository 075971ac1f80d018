# pyright: reportArgumentType=false
"""Who is told of what: alarms and failures by e-mail, a budget, a dashboard."""

from aws_cdk import (
    Aws,
    aws_budgets,
    aws_cloudwatch,
    aws_cloudwatch_actions,
    aws_iam,
    aws_sns,
    aws_sns_subscriptions,
)
from constructs import Construct

from infra.edge import Edge
from infra.front_door import METRIC_PERIOD
from infra.refresh import Refresh
from infra.settings import InfraSettings
from infra.site import LOG_GROUP, Site

ERRORS_MOST = 5  # in five minutes
TOPIC = "rec-platform"  # policies/state-machine.json names it


def topic(scope: Construct, settings: InfraSettings) -> aws_sns.Topic:
    """What sends e-mail, to whoever confirms the subscription."""
    made = aws_sns.Topic(scope, "Topic", topic_name=TOPIC, enforce_ssl=True)
    made.add_subscription(aws_sns_subscriptions.EmailSubscription(settings.email))
    made.add_to_resource_policy(
        aws_iam.PolicyStatement(
            sid="AlarmsMayPublish",
            principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[made.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    return made


class Watch(Construct):
    """Alarms of the site, a budget for the account, a dashboard of both site and refresh."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        settings: InfraSettings,
        topic: aws_sns.ITopic,
        site: Site,
        edge: Edge,
        refresh: Refresh,
    ) -> None:
        super().__init__(scope, name)
        throttles = site.function.metric_throttles(period=METRIC_PERIOD)
        for kind, metric, meaning in (
            ("Errors", edge.door.errors, "the site answers 500 or above"),
            ("Throttles", throttles, "more visitors than Lambda runs functions for"),
        ):
            alarm = metric.create_alarm(
                self,
                kind,
                alarm_description=f"{meaning}; its log is the group {LOG_GROUP}",
                evaluation_periods=1,
                threshold=ERRORS_MOST,
                treat_missing_data=aws_cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(topic))
        self._budget(settings)
        machine, function = refresh.state_machine, site.function
        aws_cloudwatch.Dashboard(
            self,
            "Dashboard",
            widgets=[
                [
                    _graph("Requests that no cache answered", function.metric_invocations()),
                    _graph("Milliseconds, slowest 1 %", function.metric_duration(statistic="p99")),
                    _graph("Errors", edge.door.errors, throttles),
                ],
                [
                    _graph("Refreshes", machine.metric_succeeded(), machine.metric_failed()),
                    _graph("Minutes of a refresh", machine.metric_time()),
                ],
            ],
        )

    def _budget(self, settings: InfraSettings) -> None:
        aws_budgets.CfnBudget(
            self,
            "Budget",
            budget=aws_budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=aws_budgets.CfnBudget.SpendProperty(
                    amount=settings.budget_dollars, unit="USD"
                ),
            ),
            notifications_with_subscribers=[
                aws_budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=aws_budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                    ),
                    subscribers=[
                        aws_budgets.CfnBudget.SubscriberProperty(
                            address=settings.email, subscription_type="EMAIL"
                        )
                    ],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )


def _graph(title: str, *metrics: aws_cloudwatch.IMetric) -> aws_cloudwatch.GraphWidget:
    return aws_cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)
