"""Where each operation of the API stands in the client: the noun, the method, and what is safe to send again.

``REASONS`` names the operations that the client leaves out. The generator refuses an operation that stands in neither list.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A method of a noun."""

    noun: str
    method: str
    #: Whether it may be sent again if nobody knows whether the server did it: ``always``, ``never``, or ``revision`` for
    #: only on the condition of a revision. Reads and what goes under an Idempotency-Key always may.
    repeatable: str = "never"
    #: Seconds that it may take, if that is not what the client's other calls may.
    timeout: float | None = None


PLACES: dict[str, Place] = {
    "verifyKeys": Place("", "verify_batch", "always"),
    "settleReservation": Place("", "settle", "always"),
    "listKeys": Place("keys", "list"),
    "createKey": Place("keys", "create"),
    "deriveKey": Place("keys", "derive"),
    "listChildren": Place("keys", "list_children"),
    "revokeChild": Place("keys", "revoke_child", "always"),
    "getKey": Place("keys", "get"),
    "getOwnKey": Place("keys", "own"),
    "importKeys": Place("keys", "import_", "always"),
    "listRecipes": Place("keys", "list_recipes"),
    "listPrefixes": Place("keys", "list_prefixes"),
    "setPrefixes": Place("keys", "set_prefixes", "always"),
    "listCatalogue": Place("keys", "list_catalogue"),
    "describePermissions": Place("keys", "describe_permissions", "always"),
    "listPermissions": Place("keys", "list_permissions"),
    "readKeyPermissions": Place("keys", "read_permissions"),
    "readKeyPlaces": Place("keys", "read_places"),
    "forgetKeyPlaces": Place("keys", "forget_places", "always"),
    "previewKey": Place("keys", "preview"),
    "updateKey": Place("keys", "update", "revision"),
    "changeKeys": Place("keys", "bulk", timeout=120),
    "rotateKey": Place("keys", "rotate"),
    "endKeySecret": Place("keys", "end_secret", "always"),
    "addKeyUnits": Place("keys", "add_units"),
    "suspendKey": Place("keys", "suspend", "always"),
    "resumeKey": Place("keys", "resume", "always"),
    "revokeKey": Place("keys", "revoke", "always"),
    "revokeOwnKey": Place("keys", "revoke_self"),
    "clearKeyExposure": Place("keys", "clear_exposure", "always"),
    "reportLeaks": Place("leaks", "report", "always"),
    "findLeaks": Place("leaks", "find", "always"),
    "listOrganizations": Place("organizations", "list"),
    "createOrganization": Place("organizations", "create"),
    "getOrganization": Place("organizations", "get"),
    "updateOrganization": Place("organizations", "update", "revision"),
    "suspendOrganization": Place("organizations", "suspend", "always"),
    "resumeOrganization": Place("organizations", "resume", "always"),
    "addOrganizationUnits": Place("organizations", "add_units"),
    "listPlans": Place("plans", "list"),
    "createPlan": Place("plans", "create"),
    "getPlan": Place("plans", "get"),
    "updatePlan": Place("plans", "update", "revision"),
    "deletePlan": Place("plans", "delete", "always"),
    "getPolicy": Place("policies", "get"),
    "setPolicy": Place("policies", "set", "always"),
    "getOrganizationPolicy": Place("policies", "get_for"),
    "setOrganizationPolicy": Place("policies", "set_for", "always"),
    "deleteOrganizationPolicy": Place("policies", "delete_for", "always"),
    "listMembers": Place("members", "list"),
    "getOwnMember": Place("members", "own"),
    "updateOwnIdentity": Place("members", "update_own_identity", "always"),
    "removeOwnIdentity": Place("members", "remove_own_identity", "always"),
    "getMember": Place("members", "get"),
    "updateMember": Place("members", "update", "revision"),
    "suspendMember": Place("members", "suspend", "always"),
    "resumeMember": Place("members", "resume", "always"),
    "resetMember": Place("members", "reset"),
    "removeMember": Place("members", "remove", "always"),
    "eraseMember": Place("members", "erase", "always"),
    "listInvitations": Place("invitations", "list"),
    "createInvitation": Place("invitations", "create"),
    "getInvitation": Place("invitations", "get"),
    "renewInvitation": Place("invitations", "renew"),
    "revokeInvitation": Place("invitations", "revoke", "always"),
    "readUsage": Place("usage", "read"),
    "readKeyUsage": Place("usage", "read_key"),
    "exportUsage": Place("usage", "export"),
    "listAuditEvents": Place("audit", "list"),
    "exportAuditEvents": Place("audit", "export"),
    "eraseEvents": Place("audit", "erase", "always"),
    "readCheckpoint": Place("audit", "read_checkpoint"),
    "listCheckpoints": Place("audit", "list_checkpoints"),
    "listSealedEvents": Place("audit", "list_sealed"),
    "proveEvent": Place("audit", "prove_event"),
    "proveGrowth": Place("audit", "prove_growth"),
    "listLogSigners": Place("audit", "list_signers"),
    "rotateLogSigner": Place("audit", "rotate_signer"),
    "readEvents": Place("events", "read"),
    "createWebhook": Place("webhooks", "create"),
    "listWebhooks": Place("webhooks", "list"),
    "getWebhook": Place("webhooks", "get"),
    "updateWebhook": Place("webhooks", "update", "revision"),
    "deleteWebhook": Place("webhooks", "delete", "always"),
    "rotateWebhook": Place("webhooks", "rotate"),
    "testWebhook": Place("webhooks", "test"),
    "replayWebhook": Place("webhooks", "replay"),
    "listDeliveries": Place("webhooks", "list_deliveries"),
    "retryDelivery": Place("webhooks", "retry_delivery"),
    "listSessions": Place("sessions", "list"),
    "endSession": Place("sessions", "end"),
    "introspectToken": Place("oauth", "introspect"),
    "revokeToken": Place("oauth", "revoke", "always"),
    "readServerMetadata": Place("oauth", "read_metadata"),
    "readLatestChange": Place("verifiers", "latest_change"),
    "readFacts": Place("verifiers", "read_facts", "always"),
    "reportUses": Place("verifiers", "report_uses", "always"),
    "drawGrants": Place("verifiers", "draw", "always"),
    "reportUsage": Place("verifiers", "report", "always"),
    "checkHealth": Place("operation", "check_health"),
    "checkReadiness": Place("operation", "check_readiness"),
    "readMetrics": Place("operation", "read_metrics"),
    "readOpenApi": Place("operation", "read_openapi"),
}

REASONS: dict[str, str] = {
    "verifyKey": "written by hand, as verify(), since its answer is what the verifier answers",
    "followChanges": "a stream, which the verifier follows",
    "authorizeRequest": "for gateways, which send the headers of a request",
    "startSession": "a session begins in a browser, which keeps it in a cookie",
    "refreshSession": "the same",
    "readSignIn": "for pages on which people sign in",
    "showInvitation": "the same",
    "beginSignIn": "the same",
    "finishSignIn": "the same",
    "beginPasskey": "the same",
    "finishPasskey": "the same",
    "beginPasskeyRegistration": "the same",
    "finishPasskeyRegistration": "the same",
    "takeGithubReport": "for GitHub, which signs what it sends",
    "takeGitlabReport": "for GitLab, which shows no key",
    "listGitlabTokenTypes": "for GitLab, which shows no key",
    "verifyTrufflehogFinding": "for TruffleHog, which calls in a form of its own",
    "readDocs": "a page",
    "readDocsStyle": "a page",
    "readDocsScript": "a page",
    "readConsole": "a page",
    "readConsoleFile": "a page",
}

#: What each noun is for.
NOUNS: dict[str, str] = {
    "keys": "Creates, reads, changes, rotates and revokes keys.",
    "organizations": "Creates, reads and changes the owners of keys.",
    "plans": "Named sets of permissions and limits, for organizations.",
    "policies": "What keys may be.",
    "members": "Reads, changes and removes the people of organizations.",
    "invitations": "Invites people, who become members.",
    "webhooks": "To where events are sent, and what became of each.",
    "audit": "Reads the audit log: every change, and its actor.",
    "events": "Reads events in the order of the log.",
    "usage": "Reads how many calls there were, and how many units they drew.",
    "leaks": "Reports tokens that stand where they must not, and tells which of them are live.",
    "sessions": "Lists and ends the sessions of the calling key.",
    "oauth": "The calls of OAuth 2.0.",
    "verifiers": "What a verifier asks of the server.",
    "operation": "Health and readiness of the server.",
}

#: The operations whose required fields may be given without their names.
BY_PLACE = {"settleReservation", "introspectToken", "revokeToken", "readFacts"}
