-- Sends the requests of a file, one after the other, each a line of JSON without quotes to escape: method, path,
-- headers and body stand in the file as wrk shall send them, apart by tabs.
local requests = {}
local at = 0

function init(args)
  local common = { ["host"] = wrk.headers["Host"] }
  for line in io.lines(args[1]) do
    local method, path, headers, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local given = {}
    for name, value in headers:gmatch("([^|:]+): ([^|]+)") do given[name] = value end
    requests[#requests + 1] = wrk.format(method, path, given, body ~= "" and body or nil)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
