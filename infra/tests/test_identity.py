"""identity.yaml: who signs in how, what workers may ask for, and who sends the mail."""

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]


@pytest.fixture
def template(render: Render, any_environment: str) -> Json:
    return render(any_environment, "identity")


def test_people_sign_in_by_a_verified_address_compared_case_insensitively(template: Json) -> None:
    pool = template["Resources"]["UserPool"]["Properties"]
    assert pool["UsernameAttributes"] == pool["AutoVerifiedAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    # Else an address is somebody's before they have shown that it is theirs.
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_the_browsers_client_has_no_secret_and_the_flows_of_sign_in(template: Json) -> None:
    client = template["Resources"]["WebClient"]["Properties"]
    assert client["GenerateSecret"] is False
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_workers_get_their_scopes_by_client_credentials_and_nothing_else(template: Json) -> None:
    server = template["Resources"]["Internal"]["Properties"]
    client = template["Resources"]["WorkerClient"]["Properties"]
    assert server["Identifier"] == "skillsync"
    scopes = {f"skillsync/{scope['ScopeName']}" for scope in server["Scopes"]}
    assert scopes == {
        "skillsync/users.contact",
        "skillsync/users.erase",
        "skillsync/transactions.read",
        "skillsync/events.read",
        "skillsync/operations.read",
    }
    assert set(client["AllowedOAuthScopes"]) == scopes
    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    assert client["GenerateSecret"] is True
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert template["Resources"]["WorkerClient"]["DependsOn"] == ["Internal"]
    secret = template["Resources"]["WorkerSecret"]["Properties"]
    assert secret["SecretString"] == {"Fn::GetAtt": ["WorkerClient", "ClientSecret"]}


def test_access_tokens_live_an_hour_and_can_be_revoked(template: Json, of_type: OfType) -> None:
    clients = of_type(template, "AWS::Cognito::UserPoolClient")
    assert set(clients) == {"WebClient", "WorkerClient"}
    for client in clients.values():
        assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (60, "minutes")
        assert client["EnableTokenRevocation"] is True


def test_the_groups_are_the_roles_that_a_member_may_have_besides(template: Json, of_type: OfType) -> None:
    groups = of_type(template, "AWS::Cognito::UserPoolGroup").values()
    assert {group["GroupName"] for group in groups} == {"coordinator", "operator"}


def test_the_outputs_are_those_that_services_are_set_up_with(template: Json) -> None:
    assert {
        "UserPoolId",
        "UserPoolArn",
        "UserPoolIssuer",
        "WebClientId",
        "WorkerClientId",
        "WorkerSecretArn",
        "MailConfigurationName",
        "SenderAddress",
        "SenderIdentityArn",
        "TokenUrl",
    } <= set(template["Outputs"])
    sender = template["Outputs"]["SenderAddress"]["Value"]
    assert sender.endswith(f"@{template['Resources']['SenderIdentity']['Properties']['EmailIdentity']}")
    assert template["Outputs"]["SenderIdentityArn"]["Value"].endswith(f":identity/{sender.split('@')[1]}")


def test_mail_goes_out_by_tls_and_not_to_an_address_that_bounced(template: Json) -> None:
    configuration = template["Resources"]["MailConfiguration"]["Properties"]
    assert configuration["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    # Who complained gets required mail still: that is the notifications service's to decide.
    assert configuration["SuppressionOptions"]["SuppressedReasons"] == ["BOUNCE"]


def test_bounces_and_complaints_come_back_by_the_feedback_topic(template: Json) -> None:
    destination = template["Resources"]["MailFeedbackDestination"]["Properties"]
    assert destination["ConfigurationSetName"] == {"Ref": "MailConfiguration"}
    told = destination["EventDestination"]
    assert (told["Enabled"], sorted(told["MatchingEventTypes"])) == (True, ["bounce", "complaint"])
    assert ":MailFeedbackTopicArn" in told["SnsDestination"]["TopicARN"]


def test_prod_protects_its_pool_and_sends_codes_by_ses(render: Render) -> None:
    pool = render("prod", "identity")["Resources"]["UserPool"]["Properties"]
    assert pool["DeletionProtection"] == "ACTIVE"
    assert pool["UserPoolAddOns"] == {"AdvancedSecurityMode": "ENFORCED"}
    assert pool["EmailConfiguration"]["EmailSendingAccount"] == "DEVELOPER"
    local = render("local", "identity")["Resources"]["UserPool"]["Properties"]
    assert local["DeletionProtection"] == "INACTIVE"
    assert "UserPoolAddOns" not in local
