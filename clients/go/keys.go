package latchkey

import (
	"context"
	"net/http"
	"time"
)

// Keys creates, reads, changes, rotates and revokes keys.
type Keys struct{ r *requester }

// longChange is how long a change of many keys may take, unless the call says otherwise.
const longChange = 2 * time.Minute

// Create makes a key. Its token is in the answer alone.
func (k *Keys) Create(ctx context.Context, input CreateKey, options ...CallOption) (*CreatedKey, error) {
	created := &CreatedKey{}
	return orNil(created, k.r.make(ctx, "/v1/keys", input, created, options))
}

// Derive makes a child of the calling key.
func (k *Keys) Derive(ctx context.Context, input DeriveKey, options ...CallOption) (*CreatedKey, error) {
	created := &CreatedKey{}
	return orNil(created, k.r.make(ctx, "/v1/keys/self/children", input, created, options))
}

// Get returns a key and its secrets.
func (k *Keys) Get(ctx context.Context, id string, options ...CallOption) (*KeyDetails, error) {
	path, err := pathOf("/v1/keys/%s", id)
	if err != nil {
		return nil, err
	}
	read, err := readOptions(options, "secrets after")
	if err != nil {
		return nil, err
	}
	key := &KeyDetails{}
	call := sending{method: http.MethodGet, path: path + read.query(), repeatable: true, timeout: read.timeout}
	_, err = k.r.call(ctx, call, key)
	return orNil(key, err)
}

// Self returns the calling key.
func (k *Keys) Self(ctx context.Context, options ...CallOption) (*Key, error) {
	key := &Key{}
	return orNil(key, k.r.get(ctx, "/v1/keys/self", key, options))
}

// List returns a page of keys.
func (k *Keys) List(ctx context.Context, input ListKeysQuery, options ...CallOption) (*Page[Key], error) {
	return readPage[Key](ctx, k.r, "/v1/keys"+queryOf(input), options)
}

// All gives every key of a list, page after page.
func (k *Keys) All(ctx context.Context, input ListKeysQuery, options ...CallOption) Rows[Key] {
	return readAll(func(after string) (*Page[Key], error) {
		input.After = after
		return k.List(ctx, input, options...)
	}, input.After)
}

// ListChildren returns a page of the keys that a key has made.
func (k *Keys) ListChildren(ctx context.Context, id string, input ListChildrenQuery, options ...CallOption) (*Page[Key], error) {
	path, err := pathOf("/v1/keys/%s/children", id)
	if err != nil {
		return nil, err
	}
	return readPage[Key](ctx, k.r, path+queryOf(input), options)
}

// RevokeChild revokes a child of the calling key.
func (k *Keys) RevokeChild(ctx context.Context, id string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/keys/self/children/%s", id)
	if err != nil {
		return nil, err
	}
	return orNil(k.r.end(ctx, path, options))
}

// Update changes a key. Fields that are nil stay as they are.
func (k *Keys) Update(ctx context.Context, id string, input UpdateKey, options ...CallOption) (*ChangedKey, error) {
	path, err := pathOf("/v1/keys/%s", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedKey{}
	return orNil(changed, k.r.edit(ctx, path, input, changed, options))
}

// Rotate gives a key a new token. The old one is good until its grace ends.
func (k *Keys) Rotate(ctx context.Context, id string, input RotateKey, options ...CallOption) (*RotatedKey, error) {
	path, err := pathOf("/v1/keys/%s/rotate", id)
	if err != nil {
		return nil, err
	}
	rotated := &RotatedKey{}
	return orNil(rotated, k.r.changeOnce(ctx, path, input, rotated, options, "revision"))
}

// EndSecret ends the grace of an old token now.
func (k *Keys) EndSecret(ctx context.Context, id, kid string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/keys/%s/secrets/%s", id, kid)
	if err != nil {
		return nil, err
	}
	return orNil(k.r.end(ctx, path, options))
}

// Suspend suspends a key, until it is resumed.
func (k *Keys) Suspend(ctx context.Context, id string, input Suspend, options ...CallOption) (*ChangedKey, error) {
	path, err := pathOf("/v1/keys/%s/suspend", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedKey{}
	return orNil(changed, k.r.bring(ctx, path, input, changed, options))
}

// Resume undoes a suspension.
func (k *Keys) Resume(ctx context.Context, id string, options ...CallOption) (*ChangedKey, error) {
	path, err := pathOf("/v1/keys/%s/resume", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedKey{}
	return orNil(changed, k.r.bring(ctx, path, nil, changed, options))
}

// Revoke ends a key for good.
func (k *Keys) Revoke(ctx context.Context, id string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/keys/%s", id)
	if err != nil {
		return nil, err
	}
	return orNil(k.r.end(ctx, path, options, "revision", "reason"))
}

// RevokeSelf ends the calling key for good, or, by an old token in its grace, that token alone. It takes no permission.
func (k *Keys) RevokeSelf(ctx context.Context, input RevokeOwnKey, options ...CallOption) (*ChangeDone, error) {
	done := &ChangeDone{}
	return orNil(done, k.r.change(ctx, change{method: http.MethodPost, path: "/v1/keys/self/revoke", body: input}, done, options))
}

// ClearExposure clears the mark that a key leaked.
func (k *Keys) ClearExposure(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/keys/%s/exposure", id)
	if err != nil {
		return err
	}
	return k.r.change(ctx, change{method: http.MethodDelete, path: path, repeatable: true}, nil, options)
}

// AddUnits adds units to a quota of a key, or takes some away.
func (k *Keys) AddUnits(ctx context.Context, id, limit string, input AddUnits, options ...CallOption) (*ChangedLimit, error) {
	path, err := pathOf("/v1/keys/%s/limits/%s/units", id, limit)
	if err != nil {
		return nil, err
	}
	changed := &ChangedLimit{}
	return orNil(changed, k.r.changeOnce(ctx, path, input, changed, options))
}

// Bulk changes many keys. It is never sent again: what it means may have changed.
func (k *Keys) Bulk(ctx context.Context, input BulkChange, options ...CallOption) (*BulkResult, error) {
	result := &BulkResult{}
	of := change{path: "/v1/keys/bulk", body: input, timeout: longChange, known: []string{"wait"}}
	return orNil(result, k.r.change(ctx, of, result, options))
}

// Preview tells which calls of the last 30 days a change of a key would have refused. It changes nothing.
func (k *Keys) Preview(ctx context.Context, id string, input PreviewKey, options ...CallOption) (*KeyPreview, error) {
	path, err := pathOf("/v1/keys/%s/preview", id)
	if err != nil {
		return nil, err
	}
	preview := &KeyPreview{}
	return orNil(preview, k.r.change(ctx, change{path: path, body: input}, preview, options))
}

// Import takes over tokens that another system made. The outcomes stand in the order of the keys.
func (k *Keys) Import(ctx context.Context, keys []ImportedKey, options ...CallOption) ([]ImportOutcome, error) {
	var outcomes []ImportOutcome
	err := k.r.change(ctx, change{path: "/v1/keys/import", body: keys, repeatable: true}, &outcomes, options)
	return outcomes, err
}

// ListRecipes tells how the tokens of other systems were made, and how many of each are left.
func (k *Keys) ListRecipes(ctx context.Context, options ...CallOption) ([]RecipeUse, error) {
	var recipes []RecipeUse
	err := k.r.get(ctx, "/v1/keys/recipes", &recipes, options)
	return recipes, err
}

// ListPermissions tells which permissions keys hold.
func (k *Keys) ListPermissions(ctx context.Context, input ListPermissionsQuery, options ...CallOption) ([]PermissionUse, error) {
	var permissions []PermissionUse
	err := k.r.get(ctx, "/v1/keys/permissions"+queryOf(input), &permissions, options)
	return permissions, err
}

// ReadPermissions tells which of its permissions a key needed.
func (k *Keys) ReadPermissions(ctx context.Context, id string, options ...CallOption) (*KeyPermissions, error) {
	path, err := pathOf("/v1/keys/%s/permissions", id)
	if err != nil {
		return nil, err
	}
	permissions := &KeyPermissions{}
	return orNil(permissions, k.r.get(ctx, path, permissions, options))
}

// ReadPlaces tells from where a key was used.
func (k *Keys) ReadPlaces(ctx context.Context, id string, options ...CallOption) (*KeyPlaces, error) {
	path, err := pathOf("/v1/keys/%s/places", id)
	if err != nil {
		return nil, err
	}
	places := &KeyPlaces{}
	return orNil(places, k.r.get(ctx, path, places, options))
}

// ForgetPlaces deletes what is known of from where a key was used.
func (k *Keys) ForgetPlaces(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/keys/%s/places", id)
	if err != nil {
		return err
	}
	return k.r.change(ctx, change{method: http.MethodDelete, path: path, repeatable: true}, nil, options)
}

// ListPrefixes returns the prefixes that new keys may have.
func (k *Keys) ListPrefixes(ctx context.Context, options ...CallOption) (*Prefixes, error) {
	prefixes := &Prefixes{}
	return orNil(prefixes, k.r.get(ctx, "/v1/prefixes", prefixes, options))
}

// SetPrefixes replaces the prefixes that new keys may have.
func (k *Keys) SetPrefixes(ctx context.Context, input SetPrefixes, options ...CallOption) (*Prefixes, error) {
	prefixes := &Prefixes{}
	of := change{method: http.MethodPatch, path: "/v1/prefixes", body: input, repeatable: true}
	return orNil(prefixes, k.r.change(ctx, of, prefixes, options))
}

// ListCatalogue returns the permissions that the operator has described.
func (k *Keys) ListCatalogue(ctx context.Context, options ...CallOption) ([]CatalogueEntry, error) {
	var entries []CatalogueEntry
	err := k.r.get(ctx, "/v1/permissions", &entries, options)
	return entries, err
}

// DescribePermissions changes the catalogue of permissions.
func (k *Keys) DescribePermissions(ctx context.Context, input DescribePermissions, options ...CallOption) ([]CatalogueEntry, error) {
	var entries []CatalogueEntry
	of := change{method: http.MethodPatch, path: "/v1/permissions", body: input, repeatable: true}
	err := k.r.change(ctx, of, &entries, options)
	return entries, err
}

// orNil gives an answer, or nil if there is an error.
func orNil[Answer any](answer *Answer, err error) (*Answer, error) {
	if err != nil {
		return nil, err
	}
	return answer, nil
}
