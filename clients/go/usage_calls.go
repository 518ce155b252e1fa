package latchkey

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Usage tells how many calls there were, and how many units they drew.
type Usage struct{ r *requester }

// UsageFigures are counted calls.
type UsageFigures struct {
	Rows []UsageRow
	// AsOf is until when calls were counted.
	AsOf time.Time
	// ClosedUntil is until when nothing changes any more.
	ClosedUntil time.Time
}

// ExportedUsage is a row of an export.
type ExportedUsage struct {
	Start          time.Time `json:"start"`
	KeyID          *string   `json:"key_id"`
	OrganizationID *string   `json:"organization_id"`
	Measure        string    `json:"measure"`
	Amount         int64     `json:"amount"`
	Late           int64     `json:"late"`
}

// UsageExport is an export, read as it comes.
type UsageExport struct {
	Rows Rows[ExportedUsage]
	// ClosedUntil is until when the hours are closed: what stands there never changes.
	ClosedUntil time.Time
}

// Read returns figures of a deployment, or of an organization or a key.
func (u *Usage) Read(ctx context.Context, input ReadUsageQuery, options ...CallOption) (*UsageFigures, error) {
	return u.read(ctx, "/v1/usage"+queryOf(input), options)
}

// ReadKey returns figures of one key.
func (u *Usage) ReadKey(ctx context.Context, id string, input ReadKeyUsageQuery, options ...CallOption) (*UsageFigures, error) {
	path, err := pathOf("/v1/keys/%s/usage", id)
	if err != nil {
		return nil, err
	}
	return u.read(ctx, path+queryOf(input), options)
}

func (u *Usage) read(ctx context.Context, path string, options []CallOption) (*UsageFigures, error) {
	read, err := readOptions(options)
	if err != nil {
		return nil, err
	}
	figures := &UsageFigures{}
	call := sending{method: http.MethodGet, path: path, repeatable: true, timeout: read.timeout}
	headers, err := u.r.call(ctx, call, &figures.Rows)
	if err != nil {
		return nil, err
	}
	figures.AsOf = instantOf(headers, "Latchkey-As-Of")
	figures.ClosedUntil = instantOf(headers, "Latchkey-Closed-Until")
	return figures, nil
}

// Export gives all counts of a time in one answer, as they come.
func (u *Usage) Export(ctx context.Context, input ExportUsageQuery, options ...CallOption) (*UsageExport, error) {
	rows, headers, err := readRows[ExportedUsage](ctx, u.r, "/v1/usage/export", input, options)
	if err != nil {
		return nil, err
	}
	return &UsageExport{Rows: rows, ClosedUntil: instantOf(headers, "Latchkey-Closed-Until")}, nil
}

func instantOf(headers http.Header, name string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, headers.Get(name))
	return at
}

const longestRow = 64 << 10

// readRows reads an answer row by row, each a line of JSON. The call's time is until the answer begins; then the context bounds it.
// A part never looks like the whole: if the transfer breaks off, the last row comes with an error. Read the rows once, to their end
// or until the context is done.
func readRows[Row any](ctx context.Context, r *requester, path string, query any, options []CallOption) (Rows[Row], http.Header, error) {
	read, err := readOptions(options)
	if err != nil {
		return nil, nil, err
	}
	timeout := read.timeout
	if timeout == 0 {
		timeout = r.timeout
	}
	bounded, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(timeout, cancel)
	separator := "?"
	text := queryOf(query)
	if text != "" {
		separator = "&"
	}
	call := sending{method: http.MethodGet, path: path + text + separator + "format=jsonl", accept: "application/jsonl"}
	response, err := r.open(bounded, call, nil, "")
	if !timer.Stop() && err == nil {
		response.Body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		failure := r.toError(err, ctx, bounded)
		cancel()
		return nil, nil, failure
	}
	rows := func(yield func(Row, error) bool) {
		defer cancel()
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, longestRow)
		for lines.Scan() {
			var row Row
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				yield(row, unexpected(response.StatusCode, response.Header, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			var none Row
			failure := r.toError(err, ctx, bounded)
			if failure.Code == CodeServerUnreachable {
				failure.Detail = r.url + " ended its answer too early."
			}
			yield(none, failure)
		}
	}
	return rows, response.Header, nil
}
