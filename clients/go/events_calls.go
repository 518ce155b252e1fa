package latchkey

import (
	"context"
	"net/http"
	"time"
)

// Events reads and follows events in the order of the log.
type Events struct{ r *requester }

const (
	mostWaitSeconds = 30
	// Beside the time that the server waits, a call has this.
	answerTime = 10 * time.Second
)

// Read returns events behind a cursor. With WaitSeconds, it waits for the next one.
func (e *Events) Read(ctx context.Context, input ReadEventsQuery, options ...CallOption) (*EventsPage, error) {
	read, err := readOptions(options)
	if err != nil {
		return nil, err
	}
	timeout := read.timeout
	if timeout == 0 && input.WaitSeconds > 0 {
		timeout = time.Duration(min(input.WaitSeconds, mostWaitSeconds))*time.Second + answerTime
	}
	page := &EventsPage{}
	call := sending{method: http.MethodGet, path: "/v1/events" + queryOf(input), repeatable: true, timeout: timeout}
	_, err = e.r.call(ctx, call, page)
	return orNil(page, err)
}

// Follow gives every event that there is and will be, until the context is done.
func (e *Events) Follow(ctx context.Context, input ReadEventsQuery, options ...CallOption) Rows[LogEvent] {
	if input.WaitSeconds == 0 {
		input.WaitSeconds = mostWaitSeconds
	}
	return func(yield func(LogEvent, error) bool) {
		for {
			page, err := e.Read(ctx, input, options...)
			if err != nil {
				yield(LogEvent{}, err)
				return
			}
			for _, event := range page.Events {
				if !yield(event, nil) {
					return
				}
			}
			input.After = page.Cursor
		}
	}
}
