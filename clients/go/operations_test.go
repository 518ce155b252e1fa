package latchkey

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// What no program calls.
var notCalled = map[string]string{
	"authorizeRequest":          "for proxies, which send the token to judge in place of their own",
	"startSession":              "a session lives in a cookie of a browser",
	"refreshSession":            "a session lives in a cookie of a browser",
	"readSignIn":                "for pages on which people sign in",
	"openPortal":                "for the customers' page, which has a token of its own",
	"readPortalSelf":            "for the customers' page, which has a token of its own",
	"listPortalKeys":            "for the customers' page, which has a token of its own",
	"createPortalKey":           "for the customers' page, which has a token of its own",
	"rotatePortalKey":           "for the customers' page, which has a token of its own",
	"revokePortalKey":           "for the customers' page, which has a token of its own",
	"readPortalUsage":           "for the customers' page, which has a token of its own",
	"showInvitation":            "for pages on which people sign in",
	"beginSignIn":               "for pages on which people sign in",
	"finishSignIn":              "for pages on which people sign in",
	"beginPasskey":              "for pages on which people sign in",
	"finishPasskey":             "for pages on which people sign in",
	"beginPasskeyRegistration":  "for pages on which people sign in",
	"finishPasskeyRegistration": "for pages on which people sign in",
	"takeGithubReport":          "for GitHub, which signs what it sends",
	"takeGitlabReport":          "for GitLab, which shows no key",
	"listGitlabTokenTypes":      "for GitLab, which shows no key",
	"verifyTrufflehogFinding":   "for TruffleHog, which calls in a form of its own",
	"readDocs":                  "a page for people",
	"readDocsStyle":             "a page for people",
	"readDocsScript":            "a page for people",
	"readConsole":               "a page for people",
	"readConsoleFile":           "a page for people",
	"readPortal":                "a page for people",
	"readEmbedFile":             "a page for people",
}

// calls has for each operation of the document the method that calls it.
var calls = map[string]func(ctx context.Context, c *Client){
	"verifyKey":                func(ctx context.Context, c *Client) { c.Verify(ctx, "", Question{}) },
	"verifyKeys":               func(ctx context.Context, c *Client) { c.VerifyBatch(ctx, nil) },
	"settleReservation":        func(ctx context.Context, c *Client) { c.Settle(ctx, "r", Units(1)) },
	"introspectToken":          func(ctx context.Context, c *Client) { c.OAuth.Introspect(ctx, Introspect{}) },
	"revokeToken":              func(ctx context.Context, c *Client) { c.OAuth.Revoke(ctx, RevokeToken{}) },
	"readServerMetadata":       func(ctx context.Context, c *Client) { c.OAuth.ReadServerMetadata(ctx) },
	"listCatalogue":            func(ctx context.Context, c *Client) { c.Keys.ListCatalogue(ctx) },
	"describePermissions":      func(ctx context.Context, c *Client) { c.Keys.DescribePermissions(ctx, DescribePermissions{}) },
	"followChanges":            func(ctx context.Context, c *Client) { c.Verifiers.FollowChanges(ctx) },
	"readLatestChange":         func(ctx context.Context, c *Client) { c.Verifiers.LatestChange(ctx) },
	"readFacts":                func(ctx context.Context, c *Client) { c.Verifiers.ReadFacts(ctx, "t") },
	"reportUses":               func(ctx context.Context, c *Client) { c.Verifiers.ReportUses(ctx, nil) },
	"drawGrants":               func(ctx context.Context, c *Client) { c.Verifiers.Draw(ctx, GrantsRequest{}) },
	"reportUsage":              func(ctx context.Context, c *Client) { c.Verifiers.Report(ctx, UsageReport{}) },
	"createKey":                func(ctx context.Context, c *Client) { c.Keys.Create(ctx, CreateKey{}) },
	"deriveKey":                func(ctx context.Context, c *Client) { c.Keys.Derive(ctx, DeriveKey{}) },
	"revokeChild":              func(ctx context.Context, c *Client) { c.Keys.RevokeChild(ctx, "id") },
	"listChildren":             func(ctx context.Context, c *Client) { c.Keys.ListChildren(ctx, "id", ListChildrenQuery{}) },
	"listKeys":                 func(ctx context.Context, c *Client) { c.Keys.List(ctx, ListKeysQuery{}) },
	"getOwnKey":                func(ctx context.Context, c *Client) { c.Keys.Self(ctx) },
	"listPermissions":          func(ctx context.Context, c *Client) { c.Keys.ListPermissions(ctx, ListPermissionsQuery{}) },
	"importKeys":               func(ctx context.Context, c *Client) { c.Keys.Import(ctx, nil) },
	"listRecipes":              func(ctx context.Context, c *Client) { c.Keys.ListRecipes(ctx) },
	"getKey":                   func(ctx context.Context, c *Client) { c.Keys.Get(ctx, "id") },
	"updateKey":                func(ctx context.Context, c *Client) { c.Keys.Update(ctx, "id", UpdateKey{}) },
	"revokeOwnKey":             func(ctx context.Context, c *Client) { c.Keys.RevokeSelf(ctx, RevokeOwnKey{}) },
	"clearKeyExposure":         func(ctx context.Context, c *Client) { c.Keys.ClearExposure(ctx, "id") },
	"findLeaks":                func(ctx context.Context, c *Client) { c.Leaks.Find(ctx, FindLeaks{}) },
	"reportLeaks":              func(ctx context.Context, c *Client) { c.Leaks.Report(ctx, ReportLeaks{}) },
	"revokeKey":                func(ctx context.Context, c *Client) { c.Keys.Revoke(ctx, "id") },
	"readKeyPermissions":       func(ctx context.Context, c *Client) { c.Keys.ReadPermissions(ctx, "id") },
	"readKeyPlaces":            func(ctx context.Context, c *Client) { c.Keys.ReadPlaces(ctx, "id") },
	"forgetKeyPlaces":          func(ctx context.Context, c *Client) { c.Keys.ForgetPlaces(ctx, "id") },
	"previewKey":               func(ctx context.Context, c *Client) { c.Keys.Preview(ctx, "id", PreviewKey{}) },
	"changeKeys":               func(ctx context.Context, c *Client) { c.Keys.Bulk(ctx, BulkChange{}) },
	"rotateKey":                func(ctx context.Context, c *Client) { c.Keys.Rotate(ctx, "id", RotateKey{}) },
	"endKeySecret":             func(ctx context.Context, c *Client) { c.Keys.EndSecret(ctx, "id", "kid") },
	"suspendKey":               func(ctx context.Context, c *Client) { c.Keys.Suspend(ctx, "id", Suspend{}) },
	"resumeKey":                func(ctx context.Context, c *Client) { c.Keys.Resume(ctx, "id") },
	"listPrefixes":             func(ctx context.Context, c *Client) { c.Keys.ListPrefixes(ctx) },
	"setPrefixes":              func(ctx context.Context, c *Client) { c.Keys.SetPrefixes(ctx, SetPrefixes{}) },
	"addKeyUnits":              func(ctx context.Context, c *Client) { c.Keys.AddUnits(ctx, "id", "name", AddUnits{}) },
	"createOrganization":       func(ctx context.Context, c *Client) { c.Organizations.Create(ctx, CreateOrganization{}) },
	"listOrganizations":        func(ctx context.Context, c *Client) { c.Organizations.List(ctx, ListOrganizationsQuery{}) },
	"getOrganization":          func(ctx context.Context, c *Client) { c.Organizations.Get(ctx, "id") },
	"updateOrganization":       func(ctx context.Context, c *Client) { c.Organizations.Update(ctx, "id", UpdateOrganization{}) },
	"suspendOrganization":      func(ctx context.Context, c *Client) { c.Organizations.Suspend(ctx, "id", Suspend{}) },
	"resumeOrganization":       func(ctx context.Context, c *Client) { c.Organizations.Resume(ctx, "id") },
	"addOrganizationUnits":     func(ctx context.Context, c *Client) { c.Organizations.AddUnits(ctx, "id", "name", AddUnits{}) },
	"createPlan":               func(ctx context.Context, c *Client) { c.Plans.Create(ctx, CreatePlan{}) },
	"listPlans":                func(ctx context.Context, c *Client) { c.Plans.List(ctx, ListPlansQuery{}) },
	"getPlan":                  func(ctx context.Context, c *Client) { c.Plans.Get(ctx, "name") },
	"updatePlan":               func(ctx context.Context, c *Client) { c.Plans.Update(ctx, "name", UpdatePlan{}) },
	"deletePlan":               func(ctx context.Context, c *Client) { c.Plans.Delete(ctx, "name") },
	"getPolicy":                func(ctx context.Context, c *Client) { c.Policies.Get(ctx) },
	"setPolicy":                func(ctx context.Context, c *Client) { c.Policies.Set(ctx, SetPolicy{}) },
	"getOrganizationPolicy":    func(ctx context.Context, c *Client) { c.Policies.GetFor(ctx, "id") },
	"setOrganizationPolicy":    func(ctx context.Context, c *Client) { c.Policies.SetFor(ctx, "id", SetPolicy{}) },
	"deleteOrganizationPolicy": func(ctx context.Context, c *Client) { c.Policies.DeleteFor(ctx, "id") },
	"listMembers":              func(ctx context.Context, c *Client) { c.Members.List(ctx, ListMembersQuery{}) },
	"getOwnMember":             func(ctx context.Context, c *Client) { c.Members.Self(ctx) },
	"updateOwnIdentity": func(ctx context.Context, c *Client) {
		c.Members.UpdateOwnIdentity(ctx, "id", UpdateOwnIdentity{Label: "Laptop"})
	},
	"removeOwnIdentity":   func(ctx context.Context, c *Client) { c.Members.RemoveOwnIdentity(ctx, "id") },
	"getMember":           func(ctx context.Context, c *Client) { c.Members.Get(ctx, "id") },
	"updateMember":        func(ctx context.Context, c *Client) { c.Members.Update(ctx, "id", UpdateMember{}) },
	"suspendMember":       func(ctx context.Context, c *Client) { c.Members.Suspend(ctx, "id", Suspend{}) },
	"resumeMember":        func(ctx context.Context, c *Client) { c.Members.Resume(ctx, "id") },
	"resetMember":         func(ctx context.Context, c *Client) { c.Members.Reset(ctx, "id", ResetMember{}) },
	"removeMember":        func(ctx context.Context, c *Client) { c.Members.Remove(ctx, "id", RemoveMemberQuery{}) },
	"eraseMember":         func(ctx context.Context, c *Client) { c.Members.Erase(ctx, "id") },
	"createInvitation":    func(ctx context.Context, c *Client) { c.Invitations.Create(ctx, CreateInvitation{}) },
	"listInvitations":     func(ctx context.Context, c *Client) { c.Invitations.List(ctx, ListInvitationsQuery{}) },
	"getInvitation":       func(ctx context.Context, c *Client) { c.Invitations.Get(ctx, "id") },
	"renewInvitation":     func(ctx context.Context, c *Client) { c.Invitations.Renew(ctx, "id") },
	"revokeInvitation":    func(ctx context.Context, c *Client) { c.Invitations.Revoke(ctx, "id") },
	"createPortalSession": func(ctx context.Context, c *Client) { c.PortalSessions.Create(ctx, CreatePortalSession{}) },
	"listPortalSessions":  func(ctx context.Context, c *Client) { c.PortalSessions.List(ctx, ListPortalSessionsQuery{}) },
	"endPortalSessions": func(ctx context.Context, c *Client) {
		c.PortalSessions.EndAll(ctx, EndPortalSessionsQuery{OrganizationID: "acme"})
	},
	"endPortalSession":  func(ctx context.Context, c *Client) { c.PortalSessions.End(ctx, "id") },
	"forgetPortalUser":  func(ctx context.Context, c *Client) { c.PortalSessions.ForgetUser(ctx, "acme", "id") },
	"readUsage":         func(ctx context.Context, c *Client) { c.Usage.Read(ctx, ReadUsageQuery{}) },
	"exportUsage":       func(ctx context.Context, c *Client) { c.Usage.Export(ctx, ExportUsageQuery{}) },
	"readKeyUsage":      func(ctx context.Context, c *Client) { c.Usage.ReadKey(ctx, "id", ReadKeyUsageQuery{}) },
	"listAuditEvents":   func(ctx context.Context, c *Client) { c.Audit.List(ctx, ListAuditEventsQuery{}) },
	"exportAuditEvents": func(ctx context.Context, c *Client) { c.Audit.Export(ctx, ExportAuditEventsQuery{}) },
	"eraseEvents":       func(ctx context.Context, c *Client) { c.Audit.Erase(ctx, EraseEvents{}) },
	"readCheckpoint":    func(ctx context.Context, c *Client) { c.Audit.ReadCheckpoint(ctx, ReadCheckpointQuery{}) },
	"listCheckpoints":   func(ctx context.Context, c *Client) { c.Audit.ListCheckpoints(ctx, ListCheckpointsQuery{}) },
	"listSealedEvents":  func(ctx context.Context, c *Client) { c.Audit.ListSealed(ctx, ListSealedEventsQuery{}) },
	"proveEvent":        func(ctx context.Context, c *Client) { c.Audit.ProveEvent(ctx, ProveEventQuery{}) },
	"proveGrowth":       func(ctx context.Context, c *Client) { c.Audit.ProveGrowth(ctx, ProveGrowthQuery{}) },
	"listLogSigners":    func(ctx context.Context, c *Client) { c.Audit.ListSigners(ctx) },
	"rotateLogSigner":   func(ctx context.Context, c *Client) { c.Audit.RotateSigner(ctx) },
	"readEvents":        func(ctx context.Context, c *Client) { c.Events.Read(ctx, ReadEventsQuery{}) },
	"createWebhook":     func(ctx context.Context, c *Client) { c.Webhooks.Create(ctx, CreateWebhook{}) },
	"listWebhooks":      func(ctx context.Context, c *Client) { c.Webhooks.List(ctx, ListWebhooksQuery{}) },
	"getWebhook":        func(ctx context.Context, c *Client) { c.Webhooks.Get(ctx, "id") },
	"updateWebhook":     func(ctx context.Context, c *Client) { c.Webhooks.Update(ctx, "id", UpdateWebhook{}) },
	"deleteWebhook":     func(ctx context.Context, c *Client) { c.Webhooks.Delete(ctx, "id") },
	"rotateWebhook":     func(ctx context.Context, c *Client) { c.Webhooks.Rotate(ctx, "id", RotateWebhook{}) },
	"testWebhook":       func(ctx context.Context, c *Client) { c.Webhooks.Test(ctx, "id") },
	"replayWebhook":     func(ctx context.Context, c *Client) { c.Webhooks.Replay(ctx, "id", ReplayWebhook{}) },
	"listDeliveries":    func(ctx context.Context, c *Client) { c.Webhooks.ListDeliveries(ctx, "id", ListDeliveriesQuery{}) },
	"retryDelivery":     func(ctx context.Context, c *Client) { c.Webhooks.RetryDelivery(ctx, "id", "delivery") },
	"listSessions":      func(ctx context.Context, c *Client) { c.Sessions.List(ctx) },
	"endSession":        func(ctx context.Context, c *Client) { c.Sessions.End(ctx, "id") },
	"checkHealth":       func(ctx context.Context, c *Client) { c.Operation.CheckHealth(ctx) },
	"checkReadiness":    func(ctx context.Context, c *Client) { c.Operation.CheckReadiness(ctx) },
	"readMetrics":       func(ctx context.Context, c *Client) { c.Operation.ReadMetrics(ctx) },
	"readOpenApi":       func(ctx context.Context, c *Client) { c.Operation.ReadOpenAPI(ctx) },
}

func TestEveryOperationOfTheServerHasItsCall(t *testing.T) {
	ctx := withTimeout(t)
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	text := must(shared.client.Operation.ReadOpenAPI(ctx))(t)
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	var asked []string
	recorder := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		asked = append(asked, request.Method+" "+request.URL.Path)
	}))
	defer recorder.Close()
	client := must(New(Options{URL: recorder.URL, Token: shared.token}))(t)
	operations := 0
	for path, methods := range document.Paths {
		for method, operation := range methods {
			id := operation.OperationID
			if _, ok := notCalled[id]; ok || id == "" {
				continue
			}
			operations++
			call, ok := calls[id]
			if !ok {
				t.Errorf("%s has no call.", id)
				continue
			}
			asked = nil
			call(ctx, client)
			wanted := strings.ToUpper(method) + " " + regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[a-z]+")
			if len(asked) != 1 || !regexp.MustCompile("^"+wanted+"$").MatchString(asked[0]) {
				t.Errorf("%s calls %v and not %s", id, asked, wanted)
			}
		}
	}
	if operations != len(calls) {
		t.Errorf("%d operations, and %d calls.", operations, len(calls))
	}
}
